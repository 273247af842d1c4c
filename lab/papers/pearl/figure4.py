"""PEARL, figure 4: every method on the same streets: derained picture, its distance to clean, segmentation labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lab.nets.methods import METHODS as EVERY
from lab.papers.pearl.table1 import TABLE
from lab.reports import gallery
from lab.reports.experiment import PICTURE, Experiment
from lab.reports.report import Report
from lab.view.setting import Setting
from lab.view.view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METHODS = TABLE.methods
ABOUT = """Every method on the same pictures: the derained picture, its difference to the clean one, and the predicted
labels."""
NOTE = """The paper's caption states no attack; this is the strongest attack of its table 1 that it also trains with.
Seg and Robust Seg have no derainer: their first row is the attacked picture itself. Heat maps: mean over the three
colours."""


def figure4(eps: float = 8, steps: int = 10, indices: str = "0,1", **shared) -> list[Setting]:
    """Streets under rain and BIM, behind every method of table 1, under `threat` and under the adaptive threat.

    `indices` are the pictures, with commas between.
    """
    return gallery.settings(METHODS, indices=numbers(indices), attack="bim", eps=eps, steps=steps, **shared)


def numbers(words: str) -> list[int]:
    """'0,1' as [0, 1], each once; a single number may come as one."""
    parts = str(words).split(",")
    if not all(part.strip().isdigit() for part in parts):
        raise ValueError(f"wanted indices with commas between, such as 0,1, got {words!r}")
    return list(dict.fromkeys(map(int, parts)))


def layout(views: Sequence[View]) -> Report:
    heading = "PEARL, figure 4: derained, difference to clean, and labels"
    return gallery.report(heading, views, drawn, NOTE, ABOUT)


def drawn(views: Sequence[View]) -> Figure:
    """One street: the clean picture and its labels first, then what each method makes of it."""
    first = views[0]
    columns = {"Clean": [gallery.photo(first.clean), None, gallery.truth(first)]}
    for view in views:
        heat = gallery.heat(view.derained, view.clean)
        columns[EVERY[view.setting.method].title] = [gallery.derained(view), heat, gallery.seen(view)]
    return gallery.page(("derained", "difference", "labels"), columns, views, void=True)


EXPERIMENT = Experiment(__doc__, figure4, layout, PICTURE, gives="settings")

"""PEARL, figure 1: the derained picture and its segmentation for four methods, in the rain and under PGD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lab.nets.methods import METHODS as EVERY
from lab.reports import gallery
from lab.reports.experiment import PICTURE, Experiment
from lab.reports.report import Report
from lab.view.setting import Setting
from lab.view.view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METHODS = ("derain_seg", "nat", "pearl", "pearl_ama")
OPACITY = 0.6  # of the classes over the picture
ABOUT = "What the derainers make of one picture under rain and PGD, and what the segmenter then sees in it."
NOTE = """The paper states neither radius nor steps of its PGD. Left: the attacked picture as the first method gets it
(an attack depends on the nets it is computed on, so the others get their own), and the true classes."""


def figure1(eps: float = 8, steps: int = 10, index: int = 0, **shared) -> list[Setting]:
    """One street in the rain under PGD, behind each method, under `threat` and under the adaptive threat."""
    return gallery.settings(METHODS, indices=(index,), attack="pgd", eps=eps, steps=steps, **shared)


def layout(views: Sequence[View]) -> Report:
    heading = "PEARL, figure 1: derained and segmented under rain and PGD"
    return gallery.report(heading, views, drawn, NOTE, ABOUT)


def drawn(views: Sequence[View]) -> Figure:
    """Derained pictures above, the classes over them below; the input and the truth come first."""
    columns = {"Input": [gallery.attacked(views[0]), gallery.truth(views[0], OPACITY)]}
    for view in views:
        columns[EVERY[view.setting.method].title] = [gallery.derained(view), gallery.seen(view, OPACITY)]
    return gallery.page(("derained", "segmentation"), columns, views)


EXPERIMENT = Experiment(__doc__, figure1, layout, PICTURE, gives="settings")

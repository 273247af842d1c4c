"""PEARL, figure 3: what is left of rain and attack after deraining, as heat maps, under BIM at 4/255."""

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

METHODS = ("derain_seg", "pearl", "pearl_ama")
ABOUT = (
    "What remains of rain and attack in one picture after deraining: the brighter, the farther from the clean picture."
)
NOTE = """The pretrained derainer (Derain + Seg) against the paper's own. It states the radius of its BIM, 4/255, but
not its steps. The input is the attacked picture as the first method gets it. Heat maps: mean over the
three colours."""


def figure3(eps: float = 4, steps: int = 10, index: int = 0, **shared) -> list[Setting]:
    """One street in the rain under BIM, behind the three derainers, under `threat` and under the adaptive threat."""
    return gallery.settings(METHODS, indices=(index,), attack="bim", eps=eps, steps=steps, **shared)


def layout(views: Sequence[View]) -> Report:
    heading = "PEARL, figure 3: heat maps of what deraining leaves"
    return gallery.report(heading, views, drawn, NOTE, ABOUT)


def drawn(views: Sequence[View]) -> Figure:
    """Pictures above, how far they are from the clean one below, on one scale."""
    first = views[0]
    columns = {"Clean": [gallery.photo(first.clean), None],
               "Input": [gallery.attacked(first), gallery.heat(first.attacked, first.clean)]}  # fmt: skip
    for view in views:
        columns[EVERY[view.setting.method].title] = [gallery.derained(view), gallery.heat(view.derained, view.clean)]
    return gallery.page(("derained", "difference"), columns)


EXPERIMENT = Experiment(__doc__, figure3, layout, PICTURE, gives="settings")

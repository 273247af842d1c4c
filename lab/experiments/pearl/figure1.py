"""PEARL, figure 1: the derained picture and its segmentation for four methods, in the rain and under PGD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lab import gallery
from lab.methods import METHODS as EVERY
from lab.report import Report
from lab.scene import View
from lab.setting import Setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METHODS = ("derain_seg", "nat", "pearl", "pearl_ama")
OPACITY = 0.6  # of the classes over the picture
NOTE = """The paper states neither radius nor steps of its PGD. Left: the attacked picture as the first method meets it
(an attack depends on the nets that it is made on, so the others meet their own), and the true classes."""


def figure1(
    eps: float = 8,
    steps: int = 10,
    derain: str = "prenet",
    segmenter: str = "pspnet",
    dataset: str = "scenes",
    data_root: str | None = None,
    threat: str = "oblivious",
    index: int = 0,
    seed: int = 0,
) -> list[Setting]:
    """One street in the rain under PGD, behind each method, under `threat` and under the adaptive threat.

    `data_root` is where the data set lies; it decides no picture, so no setting holds it.
    """
    shared = {"dataset": dataset, "derain": derain, "segmenter": segmenter, "seed": seed}
    return gallery.settings(METHODS, threat, (index,), attack="pgd", eps=eps, steps=steps, **shared)


def layout(views: Sequence[View]) -> Report:
    heading = "PEARL, figure 1: derained and segmented under rain and PGD"
    return gallery.report(heading, views, drawn, NOTE)


def drawn(views: Sequence[View]) -> Figure:
    """Derained pictures above, the classes over them below; the input and the truth come first."""
    columns = {"Input": [gallery.attacked(views[0]), gallery.truth(views[0], OPACITY)]}
    for view in views:
        columns[EVERY[view.setting.method].title] = [gallery.derained(view), gallery.seen(view, OPACITY)]
    return gallery.page(("derained", "segmentation"), columns, views)

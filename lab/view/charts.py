"""The two charts of a view, as data and words; `plotly_charts` and `matplotlib_charts` draw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lab.data.titles import title
from lab.view.view import View

LOSS, ACCURACY, MARK = "#d97706", "#0f766e", "#64748b"  # told apart by the colour-blind, and on light and dark


TICKS = 11  # at most, on the axis of the points
STRIDES = (1, 2, 5, 10, 20, 50, 100)


class Line(NamedTuple):
    """One value at every point of an attack."""

    name: str  # in the legend
    axis: str  # what its axis says
    heights: list[float | None]  # None where it was not computed
    colour: str
    dotted: bool
    most: float | None = None  # where its axis ends; None: where the heights do
    unit: str = ""  # behind each height


class Lines(NamedTuple):
    """An attack, step by step: the first line has its axis on the left, the second on the right."""

    along: str  # what the points are
    lines: tuple[Line, Line]
    words: list[str]  # at each point
    marked: int | None  # the point that is shown

    @property
    def stride(self) -> int:
        """From one number on its axis to the next, in whole points: there are none in between."""
        count = len(self.words)
        return next((stride for stride in STRIDES if count <= TICKS * stride), count // TICKS)


class Bars(NamedTuple):
    """One number of each class, with and without attack."""

    axis: str
    names: list[str]
    colours: Sequence[tuple[int, int, int]]
    attacked: np.ndarray
    unattacked: np.ndarray


def trajectory(view: View) -> Lines:
    """Loss and accuracy of the nets under attack at every point; the one that is shown is marked."""
    held = [None if point.accuracy is None else 100 * point.accuracy for point in view.points]
    lines = (
        Line(f"{view.held} of the attacked nets (%)", f"{view.held} (%)", held, ACCURACY, False, 102, " %"),
        Line("loss", "loss", [point.loss for point in view.points], LOSS, True),
    )
    words = [f"{title(point.part)}, {point.gradients} gradients".lstrip(", ") for point in view.points]
    return Lines("step of the attack", lines, words, view.setting.shown)


def classes(view: View) -> Bars:
    """IoU of every class that is labelled."""
    labelled = [i for i in np.unique(view.labels) if i < len(view.classes)]
    names, colours = ([of[i] for i in labelled] for of in (view.classes, view.palette))
    return Bars("IoU (%)", names, colours, view.ious[labelled], view.unattacked_ious[labelled])

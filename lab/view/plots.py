"""The charts of one view as matplotlib figures: what `charts` draws for a page that has plotly.

The figures belong to no window and have no background, so that they stand on light pages and on dark ones.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.view.charts import ACCURACY, LOSS, MARK
from lab.view.session import View

DOTS = 160  # per inch: twice what a usual screen shows


def course(view: View) -> Figure:
    """Loss and accuracy of the nets under attack at every point; the one that is shown is marked."""
    figure, axes = empty(7, 2.6)
    right = axes.twinx()
    accuracy = drawn(axes, [None if p.accuracy is None else 100 * p.accuracy for p in view.points], ACCURACY, "-")
    loss = drawn(right, [p.loss for p in view.points], LOSS, ":")
    axes.set_ylabel(f"{view.held} (%)", color=ACCURACY)
    right.set_ylabel("loss", color=LOSS)
    axes.set_ylim(0, 102)
    axes.set_xlabel("point on the attack's way", color=MARK)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if view.setting.shown is not None:
        axes.axvline(view.setting.shown, color=MARK, linewidth=2)
    explained(figure, {f"{view.held} of the attacked nets (%)": accuracy, "loss": loss})
    return figure


def drawn(axes: Axes, values: Sequence[float | None], colour: str, dash: str) -> Artist:
    """One line over the points; a gap where nobody looked."""
    grey(axes)
    heights = [np.nan if value is None else value for value in values]
    (line,) = axes.plot(range(len(heights)), heights, dash, marker="o", markersize=3, color=colour)
    return line


def classes(view: View) -> Figure:
    """IoU of every class that is there: bars under attack, outlines without."""
    known = [i for i in np.unique(view.labels) if i < len(view.classes)]
    figure, axes = empty(4.5, 0.9 + 0.26 * len(known))
    at, colours = np.arange(len(known)), [np.divide(view.palette[i], 255) for i in known]
    after = axes.barh(at - 0.2, np.nan_to_num(view.ious[known]), 0.4, color=colours, edgecolor=MARK)
    before = axes.barh(at + 0.2, np.nan_to_num(view.unattacked_ious[known]), 0.4, color="none", edgecolor=MARK)
    axes.set_yticks(at, [view.classes[i] for i in known])
    axes.set(xlim=(0, 100), ylim=(len(known) - 0.4, -0.6))
    axes.set_xlabel("IoU (%)", color=MARK)
    explained(figure, {"under attack": after, "without attack": before})
    return figure


def empty(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of that size in inches, and its axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, grey(figure.add_subplot())


def grey(axes: Axes) -> Axes:
    axes.tick_params(colors=MARK, labelsize="small")
    axes.spines[:].set_color(MARK)
    return axes


def explained(figure: Figure, named: Mapping[str, Artist]) -> None:
    """The legend, above the axes."""
    style = {"frameon": False, "labelcolor": MARK, "fontsize": "small"}
    figure.legend(named.values(), named.keys(), loc="outside upper left", ncols=len(named), **style)


def png(figure: Figure) -> bytes:
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=DOTS, transparent=True)
    return held.getvalue()

"""The charts of one view as pictures, for notebooks.

The figures belong to no window and have no background, so that they stand on light pages and on dark ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from lab.system import draw
from lab.view.charts import MARK, Bars, Line, Lines

DOTS = 160  # per inch: twice what a usual screen shows


def trajectory(chart: Lines) -> Figure:
    figure, axes = empty(7, 2.6)
    drawn = {line.name: drawn_on(on, line) for on, line in zip((axes, axes.twinx()), chart.lines, strict=True)}
    axes.set_xlabel(chart.along, color=MARK)
    axes.xaxis.set_major_locator(MultipleLocator(chart.stride))
    if chart.marked is not None:
        axes.axvline(chart.marked, color=MARK, linewidth=2)
    explained(figure, drawn)
    return figure


def drawn_on(axes: Axes, line: Line) -> Artist:
    """One line over the points; a gap where a value was not computed."""
    grey(axes)
    heights = [np.nan if height is None else height for height in line.heights]
    style = {"linestyle": ":" if line.dotted else "-", "marker": "o", "markersize": 3, "color": line.colour}
    (drawn,) = axes.plot(range(len(heights)), heights, **style)
    axes.set_ylabel(line.axis, color=line.colour)
    if line.most is not None:
        axes.set_ylim(0, line.most)
    return drawn


def classes(chart: Bars) -> Figure:
    """Filled bars under attack, outlines without attack."""
    count = len(chart.names)
    figure, axes = empty(4.5, 0.9 + 0.26 * count)
    at, colours = np.arange(count), [np.divide(colour, 255) for colour in chart.colours]
    after = axes.barh(at - 0.2, np.nan_to_num(chart.attacked), 0.4, color=colours, edgecolor=MARK)
    before = axes.barh(at + 0.2, np.nan_to_num(chart.unattacked), 0.4, color="none", edgecolor=MARK)
    axes.set_yticks(at, chart.names)
    axes.set(xlim=(0, 100), ylim=(count - 0.4, -0.6))
    axes.set_xlabel(chart.axis, color=MARK)
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


def file(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    return draw.figure_png(figure, DOTS, transparent=True)

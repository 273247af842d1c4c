"""Bars of several methods side by side for reports, in the colours that curves give them.

Colours that look the same in grey differ in hatching. The figures belong to no window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lab.data.titles import title
from lab.nets.methods import METHODS
from lab.reports.curve_chart import SIMILARITY
from pearl_core.metrics import METRICS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROOM = 0.85  # of the way from one group of bars to the next
DARK = "#1e293b"


def bars(axes: Axes, at: Sequence[float], series: Mapping[str, pd.DataFrame]) -> None:
    """Groups of bars at `at`, in each one bar of every method: its `value`, and where it has them `low` to `high`."""
    width = ROOM / len(series)
    for place, (method, rows) in enumerate(series.items()):
        middle = np.asarray(at) + (place - (len(series) - 1) / 2) * width
        look = METHODS[method]
        style = {"color": look.colour, "hatch": look.hatch, "edgecolor": "white", "linewidth": 0}
        axes.bar(middle, rows.value, width, label=look.title, **style)
        if {"low", "high"} <= set(rows):
            axes.vlines(middle, rows.low, rows.high, color=DARK, linewidth=1)


def empty(words: str, rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, np.ndarray]:
    """A figure under `words`, `size` = (width, height) in inches, and its panels (rows * columns,), over one axis."""
    from matplotlib.figure import Figure  # a third of a second that only figures need

    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
    figure.suptitle(words, fontsize="medium")
    for axes in panels:
        axes.grid(axis="y", color="#e2e8f0", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize="small")
    return figure, panels


def explained(figure: Figure) -> Figure:
    """With one legend for all panels, below them."""
    named, words = figure.axes[0].get_legend_handles_labels()
    figure.legend(named, words, loc="outside lower center", ncols=len(words), frameon=False, fontsize="small")
    return figure


def label(metric: str) -> str:
    """A metric with its unit, as an axis has it."""
    return SIMILARITY if metric == "SSIM" else METRICS[metric].label


def heading(rows: pd.DataFrame, what: str, threat: str) -> str:
    """Data set, attack and threat of one figure."""
    return f"{title(rows.dataset.iloc[0])}: {what} at ε = {rows.eps.max():g}/255, {threat} threat"


def pooled(rows: pd.DataFrame, *by: str) -> pd.DataFrame:
    """`value`, `low` and `high` of every cell, by these columns; of several training runs the mean of each."""
    return rows.groupby(list(by))[["value", "low", "high"]].mean()


def intervals(rows: pd.DataFrame) -> str:
    """What the drawn intervals of these rows mean, in a sentence."""
    if rows.net_seed.nunique() == 1:
        return "Intervals are over images; one training run, so they say nothing about other training runs."
    return (
        "Intervals are over images; of several training runs means are drawn, "
        "and tables give mean ± standard deviation (runs)."
    )

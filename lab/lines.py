"""Lines of several methods over one number for reports, in the colours and with the marks that curves give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from lab.bars import COLOUR
from lab.methods import METHODS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARK = dict(zip(METHODS, "osDP^*", strict=True))  # `lab.curve_chart.MARKS`, by matplotlib's names


def lines(axes: Axes, series: Mapping[str, pd.DataFrame]) -> None:
    """One line for each method: `value` over the index, shaded from `low` to `high`."""
    for method, found in series.items():
        colour = COLOUR[method]
        axes.fill_between(found.index, found.low, found.high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(found.index, found.value, marker=MARK[method], color=colour, label=METHODS[method].title)

"""Lines of several methods over one number for reports, in the same colours and marks as the curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from lab.nets.methods import METHODS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# marks of methods, by matplotlib's names
MARKS = {"circle": "o", "square": "s", "diamond": "D", "cross": "P", "triangle-up": "^", "triangle-down": "v",
         "star": "*", "x": "X", "pentagon": "p", "hexagon": "h"}  # fmt: skip


def lines(axes: Axes, series: Mapping[str, pd.DataFrame]) -> None:
    """One line for each method: `value` over the index, shaded from `low` to `high`."""
    for method, rows in series.items():
        look = METHODS[method]
        colour = look.colour
        axes.fill_between(rows.index, rows.low, rows.high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(rows.index, rows.value, marker=MARKS[look.mark], color=colour, label=look.title)

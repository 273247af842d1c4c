"""A paper's main numbers for the results page: one metric by method in a few columns, as sentences, table and bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from lab.data.titles import title
from lab.measure.rows import under
from lab.nets.methods import METHODS
from lab.reports.bars import bars, empty, explained, label, pooled
from lab.reports.experiment import Experiment
from lab.reports.report import digits_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Column(NamedTuple):
    """What a column shows: a condition of the display, and the threat of its attack."""

    heading: str
    condition: str
    threat: str | None = None


@dataclass(frozen=True)
class Overview:
    """Declared by a paper as `OVERVIEW`: which numbers of which display stand on the results page.

    `sentences` hold fields such as `{scenes[seg][rain]:.1f}`: data set, method, key of a column.
    """

    display: str
    metric: str
    columns: Mapping[str, Column]
    sentences: tuple[str, ...] = ()

    def picked(self, experiment: Experiment, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows that the overview shows, with the key of their `column`."""
        rows = rows[rows.metric == self.metric]
        condition = rows.apply(experiment.condition, axis=1)
        parts = []
        for key, column in self.columns.items():
            parts.append(under(rows[condition == column.condition], column.threat).assign(column=key))
        return pd.concat(parts, ignore_index=True)

    def told(self, rows: Mapping[str, pd.DataFrame]) -> list[str]:
        """The sentences with the numbers of picked rows by data set; of several training runs their mean."""
        values = {
            name: {method: of.groupby("column").value.mean().to_dict() for method, of in picked.groupby("method")}
            for name, picked in rows.items()
        }
        return [sentence.format(**values) for sentence in self.sentences]

    def frame(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Methods x columns: the mean and, of several training runs, their standard deviation."""
        cells = dict(list(rows.groupby(["method", "column"])))
        lines = {
            look.title: {("", column.heading): spread(cells[method, key].value, digits_of(self.metric))
                         for key, column in self.columns.items()}
            for method, look in METHODS.items() if method in set(rows.method)
        }  # fmt: skip
        frame = pd.DataFrame(
            list(lines.values()), pd.MultiIndex.from_tuples([(name,) for name in lines], names=["method"])
        )
        frame.columns = pd.MultiIndex.from_tuples(frame.columns)
        return frame

    def drawn(self, rows: Mapping[str, pd.DataFrame]) -> Figure:
        """A panel for each data set: columns from left to right, the methods side by side."""
        figure, panels = empty("", 1, len(rows), (5.2 * len(rows), 3.6))
        top = 1.05 * max(picked.high.max() for picked in rows.values())
        for axes, (name, picked) in zip(panels, rows.items(), strict=True):
            cells, there = pooled(picked, "method", "column"), set(picked.method)
            series = {method: cells.loc[method].loc[list(self.columns)] for method in METHODS if method in there}
            bars(axes, np.arange(len(self.columns)), series)
            axes.set_title(title(name), fontsize="medium")
            axes.set_ylabel(label(self.metric))
            axes.set_ylim(0, top)
            names = [column.heading.replace(", ", "\n") for column in self.columns.values()]
            axes.set_xticks(np.arange(len(names)), names)
        return explained(figure)


def spread(runs: pd.Series, digits: int) -> str:
    return f"{runs.mean():.{digits}f}" + (f" ± {runs.std():.{digits}f}" if len(runs) > 1 else "")

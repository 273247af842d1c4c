"""A paper's printed numbers, tidy: one row per number, as in the `published.csv` of its folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Published:
    """All numbers of one paper's tables."""

    path: Path

    @cached_property
    def rows(self) -> pd.DataFrame:
        return pd.read_csv(self.path)

    @cached_property
    def tables(self) -> dict[int, dict[tuple[str, str, str], float]]:
        """All tables by number. Read once: claims look up hundreds of numbers when a paper is imported."""
        tables: dict[int, dict[tuple[str, str, str], float]] = {}
        for r in self.rows.itertuples():
            tables.setdefault(r.table, {})[r.method, r.condition, r.metric] = float(r.value)
        return tables

    def table(self, number: int) -> dict[tuple[str, str, str], float]:
        """One table: (method, condition, metric) -> value."""
        return dict(self.tables.get(number, {}))

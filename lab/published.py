"""The papers' printed numbers, tidy: one row per number, as in `lab/published/*.csv`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).with_name("published")


@cache
def published(paper: str) -> pd.DataFrame:
    """All numbers of one paper's tables."""
    return pd.read_csv(FOLDER / f"{paper}.csv")


def table(paper: str, number: int) -> dict[tuple[str, str, str], float]:
    """One table: (method, condition, metric) -> value."""
    rows = published(paper).query("table == @number")
    return {(r.method, r.condition, r.metric): float(r.value) for r in rows.itertuples()}

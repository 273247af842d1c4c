"""Rows of measured numbers: which have an attack, which columns are written. Only this module interprets empty cells.

A part that a trial does not have (attack, threat) is None or NaN in a pandas frame, depending on how it was made.
"""

from __future__ import annotations

import pandas as pd

CARRIED = "statistics"  # a column of arrays, from which paired differences are made; no file holds it


def attacked(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with an attack."""
    return rows[rows.attack.notna()]


def unattacked(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows without an attack."""
    return rows[rows.attack.isna()]


def threats(rows: pd.DataFrame) -> list[str]:
    """The threats that occur, in their order."""
    return list(dict.fromkeys(rows.threat.dropna()))


def under(rows: pd.DataFrame, threat: str | None) -> pd.DataFrame:
    """The rows under a threat; for None those without attack."""
    return rows[rows.threat.isna() if threat is None else rows.threat == threat]


def beside(rows: pd.DataFrame, threat: str) -> pd.DataFrame:
    """The rows without attack, followed by those under a threat."""
    return pd.concat([under(rows, None), under(rows, threat)])


def attack_of(row: pd.Series) -> str | None:
    """The attack of a row; None where it has none."""
    return None if pd.isna(row.attack) else row.attack


def made_of(row: pd.Series) -> tuple[str, str | None, int]:
    """What was done to the pictures of a row: rain, attack, steps."""
    return row.rain, attack_of(row), int(row.steps)


def csv(rows: pd.DataFrame) -> str:
    """The rows for a file."""
    return "" if rows.empty else rows.drop(columns=CARRIED, errors="ignore").to_csv(index=False)

"""Rows of measured numbers: which have an attack, and what of them is written. Here alone an empty cell has a meaning.

In a frame of pandas a part that a trial does not have (its attack, its threat) is None or NaN, as the frame was made.
"""

from __future__ import annotations

import pandas as pd

CARRIED = "statistics"  # a column of arrays, from which paired differences are made; no file holds it


def attacked(rows: pd.DataFrame) -> pd.DataFrame:
    """Those with an attack."""
    return rows[rows.attack.notna()]


def unattacked(rows: pd.DataFrame) -> pd.DataFrame:
    """Those without."""
    return rows[rows.attack.isna()]


def threats(rows: pd.DataFrame) -> list[str]:
    """The threats that occur, in their order."""
    return list(dict.fromkeys(rows.threat.dropna()))


def under(rows: pd.DataFrame, threat: str | None) -> pd.DataFrame:
    """Those under a threat; None: those without attack."""
    return rows[rows.threat.isna() if threat is None else rows.threat == threat]


def beside(rows: pd.DataFrame, threat: str) -> pd.DataFrame:
    """Those without attack, and then those under a threat."""
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

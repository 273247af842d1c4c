"""Measured rows beside the published numbers, one tidy row per number; and the part of them that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from lab.data.titles import title
from lab.measure.rows import attack_of
from lab.nets.methods import METHODS
from lab.reports.experiment import Experiment

COLUMNS = ("experiment", "dataset", "split", "images", "net_seed", "method", "condition", "threat", "metric", "unit",
           "value", "low", "high", "published", "difference", "difference_low", "difference_high", "science", "address",
           "source")  # fmt: skip
# one number: rows that agree here say it twice (without a derainer, though, two threats share one address)
SAME = ["address", "method", "threat", "images", "seed", "net_seed", "metric"]


def tidy(experiment: Experiment, rows: pd.DataFrame) -> pd.DataFrame:
    """One row per measured number of an experiment.

    The interval of the difference is the value's less the published number: it is over images of the measured value
    alone, as the papers print none.
    """
    rows = rows.drop_duplicates(SAME)
    printed = np.array(published_of(experiment, rows), dtype=float)
    return pd.DataFrame({
        "split": rows.split, "images": rows.images, "net_seed": rows.net_seed,
        "method": rows.method.map(lambda name: METHODS[name].title if name in METHODS else name),
        "condition": rows.apply(lambda row: condition_of(experiment, row), axis=1),
        "threat": rows.threat.astype(object).fillna("none"), "metric": rows.metric, "unit": rows.unit,
        "value": rows.value, "low": rows.low, "high": rows.high,
        "published": printed, "difference": rows.value - printed,
        "difference_low": rows.low - printed, "difference_high": rows.high - printed,
        "science": rows.science, "address": rows.address,
    })  # fmt: skip


def condition_of(experiment: Experiment, row: pd.Series) -> str:
    """What was done to the pictures, as the experiment's own table heads it."""
    if experiment.condition is not None:
        name = experiment.condition(row)
        return experiment.headings.get(name, name)
    if attack_of(row) is None:
        return "no attack"
    words = [title(row.attack), *([] if pd.isna(row.get("objective")) else [f"on {row.objective}"])]
    words = [" ".join(words), f"eps {row.eps:g}", f"{row.steps:g} steps"]
    words += [] if pd.isna(row.get("alpha")) else [f"step {row.alpha:.3g}"]
    return ", ".join([*words, str(row.precision), *([f"start {row.seed:g}"] if row.seed else [])])


def published_of(experiment: Experiment, rows: pd.DataFrame) -> list[float]:
    """The paper's number of each row; nan where it prints none, or under conditions that cannot be compared.

    As in a table's own layout: the paper's radius and network, and the threat its attacks are read as.
    """
    if experiment.printed is None:
        return [float("nan")] * len(rows)
    published = experiment.printed(rows)
    keys = zip(rows.method, rows.apply(experiment.condition, axis=1), rows.metric, strict=True)
    fits = rows.threat.isna() | (rows.threat == experiment.reads)
    return [published.get(key, np.nan) if fit else np.nan for key, fit in zip(keys, fits, strict=True)]


def choices(frame: pd.DataFrame, column: str) -> list[str]:
    return list(dict.fromkeys(frame[column]))


def filtered(frame: pd.DataFrame, chosen: Mapping[str, Iterable[str]], words: str = "") -> pd.DataFrame:
    """The rows that match every choice (none chosen: all) and contain every word, in small or capital letters."""
    for column, wanted in chosen.items():
        if wanted:
            frame = frame[frame[column].isin(list(wanted))]
    if words.split() and len(frame):
        texts = frame.select_dtypes(exclude="number").astype(str).agg(" ".join, axis=1).str.lower()
        for word in words.lower().split():
            texts = texts[texts.str.contains(word, regex=False)]
        frame = frame.loc[texts.index]
    return frame.reset_index(drop=True)


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows for a screen: the infinite PSNR of identical pictures stays empty."""
    return frame.replace([np.inf, -np.inf], np.nan)

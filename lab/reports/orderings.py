"""Differences of measured numbers and what they say: one mechanism for orderings, contrasts and figures.

A difference has a paired bootstrap interval, a claim has margins: it holds if the interval lies inside them, fails if
it lies wholly outside, and is undecided otherwise (`Difference.within`). An ordering is a claim whose margin is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from lab.measure.runs import paired
from pearl_core.bootstrap import Difference, runs_difference
from pearl_core.metrics import METRICS


def difference(a: pd.DataFrame, b: pd.DataFrame, metric: str, *, seed: int = 0) -> Difference:
    """One cell of a table less another, paired over their images and over the training runs that both have."""
    return runs_difference(METRICS[metric], *paired(a, b), seed=seed)


def tally(verdicts: Iterable[str]) -> dict[str, int]:
    """How many hold, fail and are undecided."""
    verdicts = list(verdicts)
    return {word: verdicts.count(word) for word in ("holds", "fails", "undecided")}


class Judged(NamedTuple):
    """One pair of methods under one condition: the paper's difference (None where it has none) and the one here."""

    pair: tuple[str, str]
    condition: str
    metric: str
    paper: float | None  # the paper's value of the first method minus that of the second
    measured: float
    low: float
    high: float
    verdict: str  # on the paper's ordering: holds, fails, undecided; empty where the paper has none


def judge(
    rows: pd.DataFrame, pairs: Sequence[tuple[str, str]], metrics: Sequence[str], published: dict, *, seed: int = 0
) -> Iterator[Judged]:
    """Every pair of methods under every condition and metric. Methods share images, so differences are paired.

    The claim is the direction of the paper's difference, whichever of the two methods is ahead in it.
    """
    cells = dict(list(rows.groupby(["method", "condition", "metric"], sort=False)))
    for metric in metrics:
        for pair in pairs:
            for condition in dict.fromkeys(rows.condition):
                keys = [(method, condition, metric) for method in pair]
                if all(key in cells for key in keys):
                    printed = [published.get(key) for key in keys]
                    paper = None if None in printed else printed[0] - printed[1]
                    estimate = difference(*(cells[key] for key in keys), metric, seed=seed)
                    yield Judged(pair, condition, metric, paper, *estimate, verdict(paper, estimate))


def verdict(paper: float | None, estimate: Difference) -> str:
    """Whether the sign the paper prints holds here. Equal numbers in the paper are no ordering."""
    if not paper:
        return ""
    turned = estimate if paper > 0 else Difference(-estimate.difference, -estimate.high, -estimate.low)
    return turned.within()

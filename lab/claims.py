"""Orderings a paper claims, judged on measured rows by the paired bootstrap over images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from pearl_core.bootstrap import paired_difference
from pearl_core.metrics import METRICS


class Judged(NamedTuple):
    """One ordering: the paper's difference (None where it has none) and what was measured here."""

    better: str
    worse: str
    condition: str
    metric: str
    paper: float | None  # the paper's value of `better` minus that of `worse`
    measured: float
    low: float
    high: float
    verdict: str  # of the paper's ordering where there is one: holds, fails, undecided


def judge(
    rows: pd.DataFrame, pairs: Sequence[tuple[str, str]], metrics: Sequence[str], published: dict, *, seed: int = 0
) -> Iterator[Judged]:
    """Every pair of methods under every condition and metric. Methods share images, so differences are paired.

    The claim is the direction the paper prints: where it prints the opposite of `pairs`, that opposite is judged.
    """
    cells = {(r.method, r.condition, r.metric): r.statistics for r in rows.itertuples()}
    for metric in metrics:
        for first, second in pairs:
            for condition in dict.fromkeys(rows.condition):
                better, worse = first, second
                values = [published.get((method, condition, metric)) for method in (better, worse)]
                paper = None if None in values else values[0] - values[1]
                if paper is not None and paper < 0:
                    better, worse, paper = worse, better, -paper
                if (better, condition, metric) in cells and (worse, condition, metric) in cells:
                    found = paired_difference(
                        METRICS[metric], cells[better, condition, metric], cells[worse, condition, metric], seed=seed
                    )
                    verdict = "" if paper is None else found.verdict
                    yield Judged(better, worse, condition, metric, paper, *found[:3], verdict)

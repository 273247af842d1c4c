"""Several training runs of one experiment: the trials of all runs whose nets are trained, and their statistics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from lab.measure.trial import Cell, Trial
from lab.nets import zoo


def over_runs(trials: Iterable[Trial], seeds: int) -> list[Trial]:
    """The trials with the nets of training seeds 0 to `seeds` - 1; runs whose nets are not trained are left out.

    Seed 0 stays in any case, so that a missing net is an error that says how to train it.
    """
    if seeds < 1:
        raise ValueError(f"wanted 1 training seed or more, got {seeds}")
    trials, there = list(trials), [seed for seed in zoo.seeds() if 0 < seed < seeds]
    return trials + [again for seed in there for trial in trials if trained(again := replace(trial, net_seed=seed))]


def trained(trial: Trial) -> bool:
    """Whether the zoo holds all nets of a trial."""
    cell = Cell(trial, None)
    try:
        return bool(cell.victim and (trial.attack is None or cell.attacked))
    except (FileNotFoundError, ValueError):  # never trained, or beside another net than is there now
        return False


def statistics_of(rows: pd.DataFrame) -> list[np.ndarray]:
    """The statistics of one cell, run by run in the order of seeds."""
    return rows.sort_values("net_seed").statistics.tolist()


def paired(a: pd.DataFrame, b: pd.DataFrame) -> tuple[Sequence[np.ndarray], Sequence[np.ndarray]]:
    """The statistics of two cells in the training runs that both have."""
    shared = sorted(set(a.net_seed) & set(b.net_seed))
    return tuple([rows[rows.net_seed == seed].statistics.iloc[0] for seed in shared] for rows in (a, b))

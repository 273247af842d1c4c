"""PEARL's table 1 at 4/255, which the paper leaves to its supplement."""

from __future__ import annotations

from dataclasses import replace

from lab.measure.trial import Trial
from lab.papers.pearl import table1
from lab.reports.experiment import Experiment

TABLE = replace(
    table1.TABLE,
    title="PEARL, table 1 at 4/255 (its supplement)",
    about="Table 1 under attacks of half the strength, for which the paper points to its supplement.",
)


def supplement(eps: float = 4, **shared) -> list[Trial]:
    """The trials of table 1 at another radius; the text says of it that AMA's effect cannot be clearly verified."""
    return TABLE.trials(eps, **shared)


EXPERIMENT = Experiment(
    __doc__, supplement, TABLE.layout, condition=TABLE.condition, headings=TABLE.headings, printed=TABLE.printed
)

"""PEARL's table 1 at 4/255, which the paper leaves to its supplement."""

from __future__ import annotations

from dataclasses import replace

from lab.experiments.pearl import table1
from lab.trial import Trial

TABLE = replace(table1.TABLE, title="PEARL, table 1 at 4/255 (its supplement)")
layout, condition, printed = TABLE.layout, TABLE.condition, TABLE.printed


def supplement(
    eps: float = 4,
    derain: str = "prenet",
    segmenter: str = "pspnet",
    dataset: str = "scenes",
    data_root: str | None = None,
    threat: str = "oblivious",
    images: int = 32,
    seed: int = 0,
    seeds: int = 1,
) -> list[Trial]:
    """The trials of table 1 at another radius; the text says of it that AMA's effect cannot be clearly verified."""
    shared = {"dataset": dataset, "derain": derain, "segmenter": segmenter, "images": images, "seed": seed}
    return TABLE.trials(eps, threat, seeds, **shared)

"""A paper: a folder of `lab/papers/` that holds all that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.reports.claim import Claim
from lab.reports.experiment import Experiment
from lab.reports.overview import Overview
from pearl_core.types import choose


@dataclass(frozen=True, eq=False)
class Paper:
    """What a paper's folder declares in its `__init__.py` as `PAPER`; displays and claims are found in its files."""

    key: str
    title: str
    citation: str
    elsewhere: Mapping[str, str] = field(default_factory=dict)  # data set -> the one its derainers never saw
    at_top: bool = False  # its notebooks lie in notebooks/ itself, and its displays are commands without its key
    remark: str = ""  # on its printed numbers beside the verdicts on its claims
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    overview: Overview | None = None

    def experiment(self, name: str) -> Experiment:
        return self.experiments[choose(f"display of {self.key}", name, self.experiments)]

    def other(self, dataset: str) -> str:
        """The data set that nets trained on `dataset` never saw: by default the built-in objects."""
        return self.elsewhere.get(dataset, "objects")

    def command(self, name: str) -> list[str]:
        """What follows `python -m lab` to measure a display."""
        return [name] if self.at_top else [self.key, name]

    def notebook(self, name: str) -> str:
        """Where its notebook lies, in notebooks/."""
        return f"{name}.ipynb" if self.at_top else f"{self.key}/{name}.ipynb"

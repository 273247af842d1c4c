"""One table or figure of a paper: what it asks to be measured, and how that is laid out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from lab.measure.measuring import run
from lab.measure.runs import over_runs
from lab.measure.trial import Trial
from lab.reports.report import Report
from lab.view.seen import seen
from lab.view.setting import Setting
from lab.view.view import View
from pearl_core.types import choose

Measured = pd.DataFrame | list[View]  # what a layout takes: rows of trials, or views of settings

# parameters that many displays share, with their defaults; a display says which of them it takes
NETS = {"derain": "prenet", "segmenter": "pspnet", "dataset": "scenes"}
TABLE = NETS | {"threat": "oblivious", "images": 32, "seed": 0, "seeds": 1}  # of a table: many pictures
PICTURE = NETS | {"threat": "oblivious", "seed": 0}  # of a figure that shows pictures


@dataclass(frozen=True, eq=False)
class Experiment:
    """A display of a paper, declared in a file of its own as `EXPERIMENT`.

    `spec` gives trials; or settings, where `gives` says "settings"; or, where trials depend on earlier results, it
    measures by itself and gives "rows". Its parameters are the positional ones of its signature, with their defaults,
    and those of `common`, which arrive as keywords; where `seeds` is among them, the trials are repeated for so many
    training runs.
    """

    about: str  # the first line says what it shows
    spec: Callable[..., Sequence[Trial] | Sequence[Setting] | pd.DataFrame]
    layout: Callable[[Measured], Report]
    common: Mapping[str, object] = field(default_factory=lambda: TABLE)
    condition: Callable[[pd.Series], str] | None = None  # a row's column in the paper
    headings: Mapping[str, str] = field(default_factory=dict)  # of those columns
    printed: Callable[[pd.DataFrame], dict] | None = None  # by method, condition, metric: what the paper prints
    gives: str = "trials"
    reads: str = "oblivious"  # the threat under which the paper's attacks are read

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.spec.__module__.rpartition(".")[2]

    @property
    def paper(self) -> str:
        """The key of its paper: that of its folder."""
        return self.spec.__module__.split(".")[-2]

    @property
    def title(self) -> str:
        return self.about.splitlines()[0]

    @property
    def numeric(self) -> bool:
        """Whether its trials are known before any of them is measured."""
        return self.gives == "trials"

    @property
    def parameters(self) -> dict[str, object]:
        """Names and defaults, its own first."""
        own = inspect.signature(self.spec).parameters.values()
        return {p.name: p.default for p in own if p.kind is p.POSITIONAL_OR_KEYWORD} | dict(self.common)

    def asked(self, **given: object) -> Sequence[Trial] | Sequence[Setting]:
        """The trials or settings. Errors: ValueError for a parameter it does not have."""
        for name in given:
            choose(f"parameter of {self.name}", name, self.parameters)
        values = self.parameters | given
        seeds = values.pop("seeds", None)
        wanted = self.spec(**values)
        return wanted if seeds is None else over_runs(wanted, seeds)

    def known(self, parameters: Mapping[str, object]) -> dict[str, object]:
        """The given parameters without those that it does not take."""
        return {name: value for name, value in parameters.items() if name in self.parameters}

    def measured(self, *, data_root: str | None = None, quiet: bool = False, **given: object) -> Measured:
        """The input of `layout`; what the store lacks is measured."""
        if self.gives == "rows":
            return self.spec(**self.parameters | given, data_root=data_root, quiet=quiet)
        asked = self.asked(**given)
        if self.gives == "settings":
            return [seen(setting, data_root=data_root) for setting in asked]
        return run(asked, data_root=data_root, quiet=quiet)

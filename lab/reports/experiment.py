"""One table or figure of a paper: what it asks to be measured, and how that is laid out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from lab.data import read_from
from lab.measure.case import Case
from lab.measure.measuring import at_hand, run
from lab.measure.runs import over_runs
from lab.measure.trial import Cell, Trial
from lab.reports.report import Report
from lab.system import parts
from lab.system.notebook import refuse_unknown_parameters
from lab.view.seen import seen, there
from lab.view.setting import Setting
from lab.view.view import View
from pearl_core.types import choose

Measured = pd.DataFrame | list[View]  # what a layout takes: rows of trials, or views of settings

# parameters that many displays share, with their defaults; a display says which of them it takes
# split None: the data set's own for evaluation
COMMON = {"derain": "prenet", "segmenter": "pspnet", "dataset": "scenes", "split": None}
TABLE = COMMON | {"threat": "oblivious", "images": 32, "seed": 0, "seeds": 1}  # of a table: many pictures
PICTURE = COMMON | {"threat": "oblivious", "seed": 0}  # of a figure that shows pictures


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
        """The trials or settings. Errors: ValueError for a parameter it does not have, or of another kind."""
        values = self.values(**given)
        seeds = values.pop("seeds", None)
        wanted = self.spec(**values)
        return wanted if seeds is None else over_runs(wanted, seeds)

    def values(self, **given: object) -> dict[str, object]:
        """Its parameters, those that are given and the others as they are by default."""
        for name in given:
            choose(f"parameter of {self.name}", name, self.parameters)
        return {name: like(name, given.get(name, default), default) for name, default in self.parameters.items()}

    def known(self, parameters: Mapping[str, object]) -> dict[str, object]:
        """The given parameters without those that it does not take."""
        return {name: value for name, value in parameters.items() if name in self.parameters}

    def sets(self, **given: object) -> set[str]:
        """The data sets that it is asked about, and those that borrowed nets learned on."""
        return sets_of(self.values(**given), [] if self.gives == "rows" else self.asked(**given))

    def ready(self, *, data_root: str | None = None, **given: object) -> Sequence[Trial] | Sequence[Setting]:
        """As `asked`, and raises what `measured` would raise: every net and file is looked for, nothing is computed.

        Where it gives "rows", its own function does that first, and there are none of these.
        """
        asked = [] if self.gives == "rows" else self.asked(**given)
        read_from(data_root, sets_of(self.values(**given), asked))
        if self.gives == "trials":
            self.scored(at_hand(asked, data_root))
        elif self.gives == "settings":
            there(asked, data_root)
        return asked

    def scored(self, cells: Sequence[Cell]) -> None:
        """A ValueError where the usual metrics are asked for, and nobody labelled the pictures they are made of."""
        for cell in cells:
            if cell.trial.metrics is None and cell.victim[1] is not None and not cell.data.labelled:
                raise ValueError(f"wanted labelled pictures for {self.name}, got {cell.data.name} {cell.data.split}")

    def measured(self, *, data_root: str | None = None, quiet: bool = False, **given: object) -> Measured:
        """The input of `layout`; what the store lacks is measured, what can be refused is refused before a picture."""
        refuse_unknown_parameters()
        asked = self.ready(data_root=data_root, **given)
        if self.gives == "rows":
            return self.spec(**self.values(**given), data_root=data_root, quiet=quiet)
        if self.gives == "settings":
            return [seen(setting, data_root=data_root) for setting in asked]
        return run(asked, data_root=data_root, quiet=quiet)


def sets_of(values: Mapping[str, object], cases: Sequence[Case]) -> set[str]:
    """The data sets of a display's parameters and cases."""
    named = values.get("dataset"), *(case.dataset for case in cases), *(case.derain_on for case in cases)
    return set(filter(None, named))


def like(name: str, value: object, default: object) -> object:
    """A value of the kind of its default, where none is a name that may be left out. Errors: ValueError, one line."""
    kind = float if name == "eps" else str if default is None else type(default)
    if kind is str:
        return None if value is None and default is None else str(value)
    return parts.checked(name, value, parts.Kind(kind))

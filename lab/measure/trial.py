"""A trial: everything that can change one cell of one table; and the cell, with its nets and data at hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import signature

import torch

from lab.data import Dataset, dataset, reader
from lab.measure.store import address_of
from lab.nets.methods import METHODS, UNDEFENDED
from lab.nets.pipelines import THREATS, attacked_nets, nets
from lab.system.device import facts as device_facts
from lab.system.device import here
from pearl_core import SCIENCE
from pearl_core.attacks.compose import Attack
from pearl_core.attacks.ensembles import WorstOf
from pearl_core.attacks.zoo import ATTACKS, OBJECTIVES, STEPWISE
from pearl_core.precision import resolve
from pearl_core.types import choose


@dataclass(frozen=True)
class Trial:
    """Everything that can change one cell of one table, and nothing else. eps and alpha in 1/255."""

    method: str
    dataset: str = "scenes"
    split: str | None = None  # None: the data set's own for evaluation
    rain: str = "pearl"  # or "none"
    derain: str = "prenet"
    segmenter: str = "pspnet"
    attack: str | None = None
    objective: str | None = None  # None: the attack's own
    eps: float = 0
    steps: int = 0
    alpha: float | None = None
    threat: str | None = None
    source: str | None = None  # of a transfer attack
    images: int = 32
    seed: int = 0  # of attack starts and bootstrap
    net_seed: int = 0  # of the training run
    derain_on: str | None = None  # data set and segmenter that the derainer learned with, where they are others
    derain_with: str | None = None
    precision: str = "auto"  # of the gradients; scores are float32

    def __post_init__(self):
        for name, kind in NUMBERS.items():
            object.__setattr__(self, name, number(name, getattr(self, name), kind))  # 8 and 8.0 are one eps
        choose("method", self.method, METHODS)
        if self.images < 1:
            raise ValueError(f"wanted 1 image or more, got {self.images}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"wanted a seed from 0 to {2**32 - 1}, got {self.seed}")
        if self.attack is None:
            if self.threat or self.source or self.objective or self.eps or self.steps:
                raise ValueError(f"wanted an attack for this threat, source, objective, eps or steps, got none: {self}")
            return
        choose("threat", str(self.threat), THREATS)
        if self.threat != "transfer" and self.source is not None:
            raise ValueError(f"only a transfer attack has a source, got {self.source!r} for threat {self.threat!r}")
        if self.threat == "transfer":
            object.__setattr__(self, "source", self.source or UNDEFENDED)
        if self.method == self.source:
            raise ValueError(f"a transfer attack needs another source than its victim, got {self.method!r} for both")
        if self.attack == "fgsm":
            object.__setattr__(self, "steps", 1)
        self.made()  # refuses what the attack refuses, before anything is computed

    @property
    def nets(self) -> tuple[str, str, str, int]:
        return self.dataset, self.derain, self.segmenter, self.net_seed

    @property
    def borrowed(self) -> dict[str, str | None]:
        return {"derain_on": self.derain_on, "derain_with": self.derain_with}

    def made(self) -> Attack | None:
        """The attack, or None where there is none or it cannot move a pixel."""
        if self.attack is None:
            return None
        known = signature(ATTACKS[choose("attack", self.attack, ATTACKS)]).parameters
        if self.alpha is not None and "alpha" not in known:
            raise ValueError(f"wanted no alpha for {self.attack}, which sets its own step, got {self.alpha}")
        if self.objective is not None and "objective" not in known:
            raise ValueError(f"wanted no objective for {self.attack}, which has its own, got {self.objective!r}")
        options = {name: getattr(self, name) for name in ("steps", "alpha") if name in known}
        if options.get("alpha", 0) is None:
            del options["alpha"]  # the attack's own
        if self.objective is not None:
            options["objective"] = OBJECTIVES[choose("objective", self.objective, OBJECTIVES)]
        found = ATTACKS[self.attack](self.eps, seed=self.seed, precision=self.precision, **options)
        starts = self.steps > 0 or settings_of(found)["random_start"]
        return found if self.eps > 0 and starts else None


def both(threat: str) -> tuple[str, ...]:
    """The threat that a display is asked for, and the adaptive one, which stands beside it in any case."""
    return tuple(dict.fromkeys((threat, "adaptive")))


def attacked(methods: Iterable[str], threat: str, **how) -> list[Trial]:
    """One attack on each method; the source of a transfer attack is no target of its own."""
    source = how.pop("source", None) or (UNDEFENDED if threat == "transfer" else None)
    return [Trial(method, threat=threat, source=source, **how) for method in methods if method != source]


def settings_of(attack: Attack | None, device: str | None = None) -> dict:
    """What a row says of its attack beside the trial: alpha in 1/255, start, precision on that device (here)."""
    if attack is None:
        return {"precision": "float32", "alpha": None, "random_start": None}
    first = next(iter(attack.members.values())) if isinstance(attack, WorstOf) else attack
    alpha = getattr(first.search, "alpha", None)
    return {
        "alpha": None if alpha is None else 255 * alpha,
        "random_start": first.random_start,
        "precision": str(resolve(first.precision, device or here().type) or torch.float32).removeprefix("torch."),
    }


NUMBERS = {"eps": float, "steps": int, "images": int, "seed": int, "net_seed": int}


def number(name: str, value: object, kind: type) -> float:
    """`value` as a float or a whole number; anything else is a ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or kind(value) != value:
        wanted = "a number" if kind is float else "a whole number"
        raise ValueError(f"wanted {wanted} for {name}, got {value!r}")
    return kind(value)


@dataclass(frozen=True, eq=False)
class Cell:
    """A trial with its nets and data at hand."""

    trial: Trial
    data: Dataset

    @cached_property
    def victim(self) -> tuple:
        return nets(self.trial.method, *self.trial.nets, **self.trial.borrowed)

    @cached_property
    def attacked(self) -> tuple:
        t = self.trial
        return attacked_nets(t.method, t.threat, t.source, *t.nets, **t.borrowed)

    @cached_property
    def attack(self) -> Attack | None:
        return self.trial.made()

    @cached_property
    def perturbation(self) -> dict | None:
        """What the attack depends on; where its first steps are those of a shorter one, but for their number.

        Cells that agree here share one run of it.
        """
        if self.attack is None:
            return None
        made = settings_of(self.attack)
        return {
            "on": [None if net is None else net.sha256 for net in self.attacked],
            "name": self.trial.attack,
            "objective": self.trial.objective,
            "eps": self.trial.eps,
            "alpha": made["alpha"],
            "seed": self.trial.seed if made["random_start"] else None,
            "precision": "torch." + made["precision"],
        } | ({} if self.trial.attack in STEPWISE else {"of": self.trial.steps})

    @cached_property
    def facts(self) -> dict:
        """All that decides the statistics of an image."""
        return {
            "science": SCIENCE,
            "data": self.data.fingerprint,
            "victim": [None if net is None else net.sha256 for net in self.victim],
            "attack": self.perturbation and self.perturbation | {"steps": self.trial.steps},
            **device_facts(),
        }

    @cached_property
    def address(self) -> str:
        return address_of(self.facts)


def steps_of(cell: Cell) -> int:
    return 0 if cell.attack is None else cell.trial.steps


def cells_of(trials: Iterable[Trial], data_root: str | None) -> list[Cell]:
    """The trials with their data opened, each data set once; `data_root` is for those that are not built in."""
    opened: dict[tuple, Dataset] = {}
    cells = []
    for trial in trials:
        place = trial.dataset, trial.split, trial.rain
        if place not in opened:
            root = None if reader(trial.dataset).built_in else data_root
            opened[place] = dataset(trial.dataset, trial.split, data_root=root, rain=trial.rain)
        cells.append(Cell(replace(trial, split=opened[place].split), opened[place]))
    return cells

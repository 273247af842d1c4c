"""A case: this system, on this data, under this attack. What a trial, a picture and a curve have in common."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import ClassVar

import torch

from lab.data import names, reader
from lab.nets.methods import UNDEFENDED
from lab.nets.pipelines import Nets, System
from lab.nets.zoo import SEEDS
from lab.system import parts
from lab.system.device import here
from lab.system.threats import THREATS
from pearl_core.attacks.catalogue import Entry
from pearl_core.attacks.compose import Attack
from pearl_core.attacks.ensembles import WorstOf
from pearl_core.attacks.zoo import CATALOGUE, OBJECTIVES, targeted
from pearl_core.precision import PRECISIONS, resolve
from pearl_core.types import PROTOCOLS, choose


@dataclass(frozen=True)
class Case:
    """A system on data under an attack. eps and alpha in 1/255. Errors: one-line ValueErrors, before anything is done.

    Subclasses add what tells one trial, one picture from another, and may begin with other values.
    """

    method: str = UNDEFENDED
    dataset: str = "scenes"
    split: str | None = None  # None: the data set's own for evaluation
    _: KW_ONLY
    derain: str = "prenet"
    segmenter: str = "pspnet"
    attack: str | None = None
    objective: str | None = None  # None: the attack's own
    eps: float = 0
    steps: int = 0
    alpha: float | None = None
    threat: str | None = None
    source: str | None = None  # of a transfer attack: a method, or a whole system as `System.text` writes it
    seed: int = 0  # of attack starts and bootstrap
    net_seed: int = 0  # of the training run
    derain_on: str | None = None  # data set and segmenter that the derainer learned with, where they are others
    derain_with: str | None = None
    precision: str = "auto"  # of the gradients; scores are float32
    protocol: str = PROTOCOLS[0]
    label: int | None = None  # the class that a targeted attack wants everywhere
    starts: int = 1  # random starts of the attack, the worst of which counts
    variant: str | None = None  # of the nets

    ALWAYS: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self):
        parts.check(self)
        splits = reader(choose("data set", self.dataset, names())).splits
        if self.split is not None:
            choose("split", self.split, splits)
        choose("precision", self.precision, PRECISIONS)
        choose("protocol", self.protocol, PROTOCOLS)
        for name in ("seed", "net_seed"):
            if not 0 <= getattr(self, name) < SEEDS:
                raise ValueError(f"wanted a {name.replace('_', ' ')} from 0 to {SEEDS - 1}, got {getattr(self, name)}")
        self.settle()

    def settle(self) -> None:
        """Set parts without influence to one value, so that equivalent cases are equal; refuse contradictions."""
        victim = self.victim
        if self.attack is None:
            self.without_attack()
            return
        entry = self.entry
        if choose("threat", str(self.threat), THREATS) != "transfer" and self.source is not None:
            raise ValueError(f"only a transfer attack has a source, got {self.source!r} for threat {self.threat!r}")
        if self.threat == "black_box" and not entry.queries:
            by_answers = ", ".join(sorted(name for name, entry in CATALOGUE.items() if entry.queries))
            raise ValueError(f"wanted an attack by answers alone for black_box ({by_answers}), got {self.attack!r}")
        if self.threat == "transfer":
            source = victim.other(self.source or UNDEFENDED)
            if source == victim:
                got = f"{victim.method!r} for both"
                raise ValueError(f"a transfer attack needs another source than its victim, got {got}")
            object.__setattr__(self, "source", source.text(victim))
        if not entry.takes("steps"):
            object.__setattr__(self, "steps", 1)
        Case.made(self)  # refuses what the attack refuses, before anything is computed

    def without_attack(self) -> None:
        """Without an attack, no part may describe one."""
        asked = self.threat, self.source, self.objective, self.label, self.eps, self.steps, self.starts - 1
        if any(asked):
            raise ValueError(f"wanted an attack for this threat, source, objective, eps or steps, got none: {self}")

    @property
    def entry(self) -> Entry:
        """What the catalogue says of the attack."""
        return CATALOGUE.choose(self.attack)

    @property
    def system(self) -> System:
        """The system that is given the attacked pictures."""
        return System(**{name: getattr(self, name) for name in parts.kinds(System)})

    @property
    def victim(self) -> System:
        """The nets that the attack is meant for."""
        return self.system

    @property
    def attacked(self) -> Nets:
        """The nets that the attack is computed on."""
        part = self.entry.target.part
        return self.victim.attacked(self.threat, self.source, part if part == "derain" else None)

    # ---- the attack ----

    def made(self) -> Attack | None:
        """The attack; None if there is none, or if it cannot change a pixel (eps 0, no steps)."""
        if self.attack is None:
            return None
        entry, options = self.entry, self.options()
        if not entry.sized:
            return self.aimed(entry.make(**options)) if self.steps > 0 else None
        attack = entry.make(self.eps, seed=self.seed, **options)
        starts = settings_of(attack)["random_start"]
        if self.starts > 1 and not starts:
            raise ValueError(f"wanted one start of {self.attack}, which does not begin at random, got {self.starts}")
        return self.aimed(attack) if self.eps > 0 and (self.steps > 0 or starts) else None

    def options(self) -> dict:
        """Settings of the attack that are not its own, by the names of its function."""
        takes = self.entry.takes
        if self.entry.needs:
            raise ValueError(f"wanted an attack that needs no {', '.join(self.entry.needs)}, got {self.attack}")
        if self.alpha is not None and not takes("alpha"):
            raise ValueError(f"wanted no alpha for {self.attack}, which sets its own step, got {self.alpha}")
        if self.objective is not None and not takes("objective"):
            raise ValueError(f"wanted no objective for {self.attack}, which has its own, got {self.objective!r}")
        if self.protocol != PROTOCOLS[0] and not takes("protocol"):
            raise ValueError(f"wanted no protocol for {self.attack}, which has one form, got {self.protocol!r}")
        if self.starts < 1:
            raise ValueError(f"wanted 1 start or more, got {self.starts}")
        options = {name: getattr(self, name) for name in ("steps", "alpha") if takes(name)}
        if options.get("alpha", 0) is None:
            del options["alpha"]  # the attack's own
        if self.objective is not None:
            options["objective"] = OBJECTIVES.choose(self.objective)
        if self.protocol != PROTOCOLS[0]:
            options["protocol"] = self.protocol
        return options | {"precision": self.precision}

    def aimed(self, attack: Attack) -> Attack:
        return attack if self.label is None else targeted(attack)

    def members(self) -> dict[str, Case]:
        """The cases of which this one is the worst, image by image; none where it is no ensemble."""
        if self.attack is None:
            return {}
        if self.starts > 1:
            seeds = range(self.seed, self.seed + self.starts)
            return {f"start {seed}": replace(self, starts=1, seed=seed) for seed in seeds}
        members = {} if self.made() is None else self.entry.members_of(self.protocol)
        return {name: replace(self, attack=attack, **options) for name, (attack, options) in members.items()}


def settings_of(attack: Attack | None, device: str | None = None) -> dict:
    """What a row says of its attack beside the trial: alpha in 1/255, start, precision on that device (here)."""
    if attack is None:
        return {"precision": "float32", "alpha": None, "random_start": None}
    first = next(iter(attack.members.values())) if isinstance(attack, WorstOf) else attack
    alpha = getattr(getattr(first, "search", None), "alpha", None)
    return {
        "alpha": None if alpha is None else 255 * alpha,
        "random_start": getattr(first, "random_start", None),
        "precision": str(resolve(first.precision, device or here().type) or torch.float32).removeprefix("torch."),
    }

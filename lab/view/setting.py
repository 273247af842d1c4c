"""A setting: everything a view of one picture depends on, as dialled, as JSON and as the address of a page."""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from inspect import signature
from math import isfinite
from typing import Any, get_args, get_type_hints

from lab.data import names, reader
from lab.nets.methods import METHODS
from lab.nets.pipelines import THREATS
from pearl_core.attacks.compose import Attack
from pearl_core.attacks.zoo import ATTACKS, MINIMUM_NORM, STEPWISE
from pearl_core.derain import DERAINERS
from pearl_core.precision import PRECISIONS
from pearl_core.segment import SEGMENTERS
from pearl_core.types import choose

REGIONS = ("everywhere", "rain", "box")
CATALOGUE = ChainMap(ATTACKS, MINIMUM_NORM)
# the most that can be dialled
LIMITS = {"eps": (0, 16), "steps": (0, 100), "amount": (0, 3), "angle": (-60, 60)}
NETS = ("method", "derain", "segmenter", "threat", "source", "on")  # parts that only choose networks
Box = tuple[int, int, int, int]  # top, left, bottom, right in pixels, half open


@dataclass(frozen=True)
class Setting:
    """What is looked at, in which rain, behind which defence, under which attack. eps in 1/255."""

    dataset: str = "scenes"
    split: str | None = None  # None: the data set's own for evaluation
    index: int = 0
    image: str | None = None  # digest of a picture of one's own, which takes the place of the data set's
    amount: float = 1.0  # times the rain of the papers
    angle: float = 0.0  # of the wind, degrees from vertical
    rain_seed: int | None = None  # other drops; None: those of the tables
    method: str = "derain_seg"
    derain: str = "prenet"
    segmenter: str = "pspnet"
    attack: str = "bim"
    eps: float = 8.0  # counts for nothing where the attack has no eps
    steps: int = 10
    threat: str = "oblivious"
    source: str | None = None  # of a transfer attack
    on: str | None = None  # the defence that the attack was made for, where another one meets it
    region: str = "everywhere"
    box: Box | None = None
    seed: int = 0
    precision: str = "float32"  # of the gradients; scores are float32
    shown: int | None = None  # which point of the attack's course is looked at; None: what the attack returns

    def __post_init__(self):
        for field in fields(self):
            object.__setattr__(self, field.name, checked(field.name, getattr(self, field.name)))
        how = reader(choose("data set", self.dataset, names()))
        if self.split is not None:
            choose("split", self.split, how.splits)
        choose("method", self.method, METHODS)
        choose("derain net", self.derain, DERAINERS)
        choose("segmenter", self.segmenter, SEGMENTERS)
        choose("attack", self.attack, CATALOGUE)
        choose("threat", self.threat, THREATS)
        choose("region", self.region, REGIONS)
        choose("precision", self.precision, PRECISIONS)
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"wanted {name} from {low} to {high}, got {value}")
        for name in ("index", "seed", "rain_seed", "shown"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 2**32:
                raise ValueError(f"wanted {name} of 0 or more, got {value}")
        self.settle()

    def settle(self) -> None:
        """Parts that decide nothing get one value, so that equal views have equal settings; what clashes is refused."""
        if self.on is not None:
            object.__setattr__(self, "on", choose("method", self.on, METHODS) if self.on != self.method else None)
        if self.threat != "transfer":
            object.__setattr__(self, "source", None)
        else:
            object.__setattr__(self, "source", choose("method", self.source or "seg", METHODS))
            if self.source == self.against:
                raise ValueError(f"a transfer attack needs another source than its victim, got {self.source!r} twice")
        if self.region != "box":
            object.__setattr__(self, "box", None)
        elif self.box is None or not (0 <= self.box[0] < self.box[2] and 0 <= self.box[1] < self.box[3]):
            raise ValueError(f"wanted a box as top, left, bottom, right in pixels, got {self.box}")
        if self.attack == "fgsm":
            object.__setattr__(self, "steps", 1)

    # ---- the attack ----

    @property
    def against(self) -> str:
        """The defence that the attack was made for."""
        return self.on or self.method

    @property
    def stepwise(self) -> bool:
        """Whether the attack with more steps begins with the steps of this one."""
        return self.attack in STEPWISE and self.attack != "fgsm"

    @property
    def with_eps(self) -> bool:
        """Whether the attack has a radius to be dialled."""
        return self.attack in ATTACKS

    def made(self) -> Attack | None:
        """The attack, with as many steps as can be dialled if its first ones do not depend on it; None for none."""
        if (self.with_eps and self.eps == 0) or (not self.with_eps and self.steps == 0):
            return None
        make = CATALOGUE[self.attack]
        steps = {"steps": self.course.steps} if "steps" in signature(make).parameters else {}
        if not self.with_eps:
            return make(**steps, precision=self.precision)
        return make(self.eps, **steps, seed=self.seed, precision=self.precision)

    @property
    def course(self) -> Setting:
        """The same for all views into one run of the attack on the same nets, whoever defends, however far it went."""
        steps = {"steps": LIMITS["steps"][1]} if self.stepwise else {}
        nets = {f.name: f.default for f in fields(self) if f.name in NETS}
        return replace(self, shown=None, **nets, **steps)

    # ---- as text ----

    def changed(self) -> dict[str, Any]:
        """What differs from the setting a visitor starts with."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) != f.default}

    def text(self) -> str:
        """The whole setting as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"

    def query(self) -> dict[str, str]:
        """What differs from the start, as an address carries it."""
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in self.changed().items()}


def read(text: str) -> Setting:
    """The setting of a JSON text; whatever it lacks is as at the start. Errors: one-line ValueErrors."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"wanted a setting as JSON, got something else: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"wanted a setting as a JSON object, got {type(found).__name__}")
    return of(found)


def from_query(query: Mapping[str, str]) -> Setting:
    """The setting of an address; what is no part of a setting there belongs to the page."""
    return of({name: parsed(name, text) for name, text in query.items() if name in KINDS})


def parsed(name: str, text: str) -> Any:
    """One value of an address."""
    if str in KINDS[name]:
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise ValueError(f"wanted {wanted(name)} for {name}, got {text!r}") from None


def of(values: Mapping[str, Any]) -> Setting:
    for name in values:
        choose("part of a setting", name, KINDS)
    return Setting(**values)


def kinds() -> dict[str, tuple[type, ...]]:
    """What each part may be, read from the class."""
    found = get_type_hints(Setting)
    return {field.name: get_args(found[field.name]) or (found[field.name],) for field in fields(Setting)}


def checked(name: str, value: Any) -> Any:
    """`value` in the type of that part, a whole number for a float too; else a one-line ValueError."""
    allowed = KINDS[name]
    if value is None and type(None) in allowed:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        if float in allowed:
            return float(value)
        if int in allowed and value == int(value):
            return int(value)
    if name == "box" and isinstance(value, list | tuple) and len(value) == 4 and all(type(v) is int for v in value):
        return tuple(value)
    if isinstance(value, str) and str in allowed:
        return value
    raise ValueError(f"wanted {wanted(name)} for {name}, got {value!r}")


def wanted(name: str) -> str:
    words = {str: "a name", int: "a whole number", float: "a number"}
    return next((words[kind] for kind in KINDS[name] if kind in words), "four whole numbers")


KINDS = kinds()

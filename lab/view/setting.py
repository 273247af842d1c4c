"""A setting: everything a view of one picture depends on, as dialled, as JSON and as the address of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from lab.measure.case import Case
from lab.nets.pipelines import System
from lab.nets.zoo import SEEDS
from lab.system import parts
from pearl_core.attacks.compose import Attack
from pearl_core.types import choose

REGIONS = ("everywhere", "rain", "box")
# the most that can be dialled
LIMITS = {"eps": (0, 16), "steps": (0, 100), "amount": (0, 3), "angle": (-60, 60)}
NETS = ("threat", "source", "on", *(name for name in parts.kinds(System) if name != "dataset"))  # only choose networks
Box = tuple[int, int, int, int]  # top, left, bottom, right in pixels, half open


@dataclass(frozen=True, kw_only=True)
class Setting(Case):
    """Which picture, rain, defence and attack a view shows. eps in 1/255."""

    method: str = "derain_seg"
    attack: str = "bim"
    eps: float = 8.0  # counts for nothing where the attack has no eps
    steps: int = 10
    threat: str = "oblivious"
    precision: str = "float32"  # of the gradients; scores are float32
    index: int = 0
    image: str | None = None  # digest of a picture of one's own, which takes the place of the data set's
    amount: float = 1.0  # times the rain of the papers
    angle: float = 0.0  # of the wind, degrees from vertical
    rain_seed: int | None = None  # other drops; None: those of the tables
    on: str | None = None  # the defence that the attack was made for, where another one meets it
    region: str = "everywhere"
    box: Box | None = None
    shown: int | None = None  # which point of the attack's trajectory is looked at; None: what the attack returns

    ALWAYS: ClassVar = (
        "dataset", "split", "index", "image", "amount", "angle", "rain_seed", "method", "derain", "segmenter", "attack",
        "eps", "steps", "threat", "source", "on", "region", "box", "seed", "precision", "shown",
    )  # fmt: skip

    def settle(self) -> None:
        choose("region", self.region, REGIONS)
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"wanted {name} from {low} to {high}, got {value}")
        for name in ("index", "rain_seed", "shown"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < SEEDS:
                raise ValueError(f"wanted {name} of 0 or more, got {value}")
        if self.on == self.method:
            object.__setattr__(self, "on", None)
        if self.threat != "transfer":
            object.__setattr__(self, "source", None)
        if self.region != "box":
            object.__setattr__(self, "box", None)
        elif self.box is None or not (0 <= self.box[0] < self.box[2] and 0 <= self.box[1] < self.box[3]):
            edges = "top, left, bottom, right in pixels, top before bottom and left before right"
            raise ValueError(f"wanted a box as {edges}, got {self.box}")
        super().settle()

    # ---- the attack ----

    @property
    def victim(self) -> System:
        return replace(self.system, method=self.against)

    @property
    def against(self) -> str:
        """The defence that the attack was made for."""
        return self.on or self.method

    @property
    def stepwise(self) -> bool:
        """Whether the attack with more steps begins with the steps of this one."""
        return self.entry.stepwise and self.attack != "fgsm"

    @property
    def with_eps(self) -> bool:
        """Whether the attack has a radius to be dialled."""
        return self.entry.sized

    def made(self) -> Attack | None:
        """The attack, with as many steps as can be dialled if its first ones do not depend on it; None for none."""
        return Case.made(self.course)

    @property
    def course(self) -> Setting:
        """What identifies a run of the attack: equal for all defences and all numbers of steps that share it."""
        steps = {"steps": LIMITS["steps"][1]} if self.stepwise else {}
        return replace(self, shown=None, **{name: parts.default(Setting, name) for name in NETS}, **steps)

    # ---- as text ----

    def changed(self) -> dict[str, Any]:
        """What differs from the setting a visitor starts with."""
        return parts.changed(self)

    def text(self) -> str:
        """The whole setting as JSON."""
        return parts.to_json(self)

    def query(self) -> dict[str, str]:
        """The parts that differ from the start setting, as the texts of an address."""
        return {name: parts.text_of(value) for name, value in self.changed().items()}


KINDS = parts.kinds(Setting)


def read(text: str) -> Setting:
    """The setting of a JSON text; parts that it lacks are as in the start setting. Errors: one-line ValueErrors."""
    return parts.from_json(Setting, text)


def of(values: Mapping[str, Any]) -> Setting:
    return parts.of_parts(Setting, values)


def readable(query: Mapping[str, str]) -> tuple[Setting, dict[str, str]]:
    """What can be shown of an address that somebody else wrote, and why not the rest, by the name of each part."""
    return parts.readable(Setting, {name: text for name, text in query.items() if name in KINDS})


def from_query(query: Mapping[str, str]) -> Setting:
    """The setting of an address; other entries of the address belong to the page and are ignored."""
    return parts.from_texts(Setting, {name: text for name, text in query.items() if name in KINDS})

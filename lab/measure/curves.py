"""Curves: what is left of a defence as the attack grows, over its strength (eps) or over its steps.

A setting says all that decides the picture. It goes to JSON, to an address and to a command, and comes back the same.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from lab.data import names
from lab.measure.measuring import BATCH, TABLED
from lab.measure.trial import Trial, number
from lab.nets.methods import METHODS
from lab.nets.pipelines import THREATS
from pearl_core.attacks.zoo import ATTACKS
from pearl_core.derain import DERAINERS
from pearl_core.types import choose

SOURCE = "seg"  # what a transfer attack is made on
IMAGES = range(BATCH, 101, BATCH)  # whole batches, so that none is attacked for nothing
MOST_STEPS = 1000
MOST_VALUES = 40  # on one curve
SEVERAL = {"methods": METHODS, "threats": THREATS}
AMOUNTS = {"eps": float, "steps": int}  # several of one of them, one of the other


@dataclass(frozen=True)
class CurveSetting:
    """Everything that decides the picture, and nothing else; eps in 1/255. The curve runs over what is several."""

    metric: str = "mIoU"
    methods: tuple[str, ...] = ("seg", "derain_seg", "nat", "pearl")
    threats: tuple[str, ...] = ("oblivious",)
    attack: str = "bim"
    eps: tuple[float, ...] = (0.0, 2.0, 4.0, 8.0, 16.0)
    steps: tuple[int, ...] = (10,)
    derain: str = "prenet"
    dataset: str = "scenes"
    images: int = 32
    seed: int = 0

    def __post_init__(self):
        choose("metric", self.metric, TABLED)
        choose("attack", self.attack, ATTACKS)
        choose("derain net", self.derain, DERAINERS)
        choose("data set", self.dataset, names())
        for name, choices in SEVERAL.items():
            found = [choose(name.removesuffix("s"), one, choices) for one in listed(name, getattr(self, name))]
            object.__setattr__(self, name, tuple(dict.fromkeys(found)))
        for name, kind in AMOUNTS.items():
            found = {counted(name, one, kind) for one in listed(name, getattr(self, name))}
            object.__setattr__(self, name, tuple(sorted(found)))
        for name in ("images", "seed"):
            object.__setattr__(self, name, counted(name, getattr(self, name), int))
        refuse(self)
        points(self)  # refuses what a trial refuses, before anything is computed

    @property
    def over(self) -> str:
        """What the curve runs over: "eps" or "steps"."""
        return "steps" if len(self.steps) > 1 else "eps"

    @property
    def values(self) -> tuple[float, ...]:
        """Where its points lie, ascending."""
        return getattr(self, self.over)


DEFAULT = {field.name: field.default for field in fields(CurveSetting)}


def listed(name: str, found: object) -> tuple:
    if not isinstance(found, tuple | list) or not found:
        raise ValueError(f"wanted a list of one or more for {name}, got {repr(found) if found else 'none'}")
    return tuple(found)


def counted(name: str, value: object, kind: type) -> float:
    """`value` as `kind`; where it is no such number, or beyond all numbers, a ValueError."""
    try:
        return number(name, value, kind)
    except OverflowError:
        raise ValueError(f"wanted a number that can be counted to for {name}, got {value!r:.20}") from None


def refuse(setting: CurveSetting) -> None:
    """A ValueError where there is no curve to draw, or no end to it."""
    counts = {name: len(getattr(setting, name)) for name in AMOUNTS}
    if (counts["eps"] > 1) == (counts["steps"] > 1):
        got = f"{counts['eps']} eps and {counts['steps']} steps"
        raise ValueError(f"wanted several eps and one number of steps, or several steps and one eps, got {got}")
    if len(setting.values) > MOST_VALUES:
        raise ValueError(f"wanted at most {MOST_VALUES} points on a curve, got {len(setting.values)}")
    if max(setting.steps) > MOST_STEPS:
        raise ValueError(f"wanted at most {MOST_STEPS} steps, got {max(setting.steps)}")
    if setting.attack == "fgsm" and setting.over == "steps":
        raise ValueError("fgsm always takes one step, got several numbers of them; choose several eps, or bim")
    if setting.images not in IMAGES:
        raise ValueError(f"wanted from {IMAGES[0]} to {IMAGES[-1]} images, in steps of {BATCH}, got {setting.images}")


# ---- trials ----


def points(setting: CurveSetting) -> list[Trial]:
    """Curve by curve, and along each its values; a transfer attack leaves out the defence it is made on."""
    shared = {name: getattr(setting, name) for name in ("attack", "derain", "dataset", "images", "seed")}
    found = [
        Trial(method, threat=threat, source=SOURCE if threat == "transfer" else None, eps=eps, steps=steps, **shared)
        for threat in setting.threats for method in setting.methods if (threat, method) != ("transfer", SOURCE)
        for eps in setting.eps for steps in setting.steps
    ]  # fmt: skip
    if not found:
        title = METHODS[SOURCE].title
        raise ValueError(f"wanted a defence beside {title}, on which the transfer attack is made, got {title} alone")
    return found


def left_out(setting: CurveSetting) -> list[str]:
    """What was asked for and cannot be measured, a sentence each."""
    title = METHODS[SOURCE].title
    asked = "transfer" in setting.threats and SOURCE in setting.methods
    return [f"{title} under transfer is left out: the attack is made on {title} itself."] if asked else []


def curve(
    methods: str = "seg,derain_seg,nat,pearl",
    threats: str = "oblivious",
    attack: str = "bim",
    eps: str | float = "0,2,4,8,16",
    steps: str | int = 10,
    derain: str = "prenet",
    dataset: str = "scenes",
    data_root: str | None = None,
    images: int = 32,
    seed: int = 0,
) -> list[Trial]:
    """The trials of the curves. Lists have commas; several eps or several steps, the curve runs over those.

    `data_root` is where the data set lies; it decides no number, so no trial holds it.
    """
    given = dict(locals())
    del given["data_root"]
    return points(from_strings({name: text_of(value) for name, value in given.items()}))


# ---- as text ----


def to_strings(setting: CurveSetting) -> dict[str, str]:
    """For an address or a command: lists with commas."""
    return {name: text_of(value) for name, value in asdict(setting).items()}


def from_strings(given: Mapping[str, str]) -> CurveSetting:
    """Back from `to_strings`; what is not named keeps its default. Errors: one-line ValueErrors."""
    return CurveSetting(
        **{name: parsed(name, given[name], DEFAULT[choose("setting", name, DEFAULT)]) for name in given}
    )


def text_of(value: object) -> str:
    if isinstance(value, tuple | list):
        return ",".join(map(text_of, value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def parsed(name: str, text: str, example: object) -> object:
    """`text` as what `example` is; a tuple where that is one."""
    if isinstance(example, tuple):
        return tuple(parsed(name, part, example[0]) for part in text.split(",") if part.strip())
    try:
        return type(example)(text.strip())
    except ValueError:
        wanted = "a whole number" if isinstance(example, int) else "a number"
        raise ValueError(f"wanted {wanted} for {name}, got {text.strip()!r}") from None


def to_json(setting: CurveSetting) -> str:
    return json.dumps(asdict(setting), indent=2) + "\n"


def from_json(text: str) -> CurveSetting:
    """Back from `to_json`, strictly; what is not named keeps its default. Errors: one-line ValueErrors."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"wanted a setting as JSON, got something else: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"wanted a setting as a JSON object, got a {type(found).__name__}")
    return CurveSetting(**{choose("setting", name, DEFAULT): value for name, value in found.items()})


def command(setting: CurveSetting, data_root: str | None = None) -> str:
    """The notebook's run that measures the same trials; the metric is chosen in it, as every run measures all."""
    words, plain = ["papermill", "notebooks/curve.ipynb", "out.ipynb"], to_strings(CurveSetting())
    for name, text in to_strings(setting).items():
        if name != "metric" and text != plain[name]:
            words += ["-p", name, text]
    return shlex.join([*words, "-r", "data_root", data_root] if data_root else words)

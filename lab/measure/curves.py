"""Curves: what is left of a defence as the attack grows, over its strength (eps) or over its steps.

A setting says all that decides the picture. It goes to JSON, to an address and to a command, and comes back the same.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lab.measure.measuring import BATCH
from lab.measure.trial import TABLED, Trial, attacked
from lab.nets.methods import METHODS, UNDEFENDED
from lab.system import parts
from lab.system.notebook import refuse_unknown_parameters
from pearl_core.attacks.zoo import CATALOGUE
from pearl_core.types import choose

IMAGES = range(BATCH, 101, BATCH)  # whole batches, so that no attacked picture goes unused
MOST_STEPS = 1000
MOST_VALUES = 40  # on one curve


@dataclass(frozen=True)
class CurveSetting:
    """Everything that decides the picture; eps in 1/255. Several values of eps or of steps: that one is the x axis."""

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
    split: str | None = None  # None: the data set's own for evaluation

    ALWAYS: ClassVar = (
        "metric", "methods", "threats", "attack", "eps", "steps", "derain", "dataset", "images", "seed"
    )  # fmt: skip

    def __post_init__(self):
        parts.check(self)
        choose("metric", self.metric, TABLED)
        choose("attack", self.attack, attacks())
        for name in ("eps", "steps"):
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        for name in ("methods", "threats"):
            object.__setattr__(self, name, tuple(dict.fromkeys(getattr(self, name))))
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


DEFAULT = {name: parts.default(CurveSetting, name) for name in CurveSetting.ALWAYS}


def refuse(setting: CurveSetting) -> None:
    """A ValueError if there is nothing to draw, or too many values."""
    counts = {name: len(getattr(setting, name)) for name in ("eps", "steps")}
    if (counts["eps"] > 1) == (counts["steps"] > 1):
        got = f"{counts['eps']} for eps and {counts['steps']} for steps"
        raise ValueError(f"wanted several values for eps or for steps, and one for the other, got {got}")
    if len(setting.values) > MOST_VALUES:
        raise ValueError(f"wanted at most {MOST_VALUES} points on a curve, got {len(setting.values)}")
    if max(setting.steps) > MOST_STEPS:
        raise ValueError(f"wanted at most {MOST_STEPS} steps, got {max(setting.steps)}")
    if setting.attack == "fgsm" and setting.over == "steps":
        raise ValueError("FGSM always takes one step, got several values for steps; choose several for eps, or BIM")
    if setting.images not in IMAGES:
        raise ValueError(f"wanted from {IMAGES[0]} to {IMAGES[-1]} images, in steps of {BATCH}, got {setting.images}")


def attacks() -> list[str]:
    """Those that a curve can run over: the ones with a radius, on any picture."""
    return sorted(name for name, entry in CATALOGUE.items() if entry.sized and not entry.needs)


# ---- trials ----


def points(setting: CurveSetting) -> list[Trial]:
    """Curve by curve, and along each its values; a transfer attack leaves out the defence it is made on."""
    shared = {name: getattr(setting, name) for name in ("attack", "derain", "dataset", "split", "images", "seed")}
    trials = [
        trial
        for threat in setting.threats for method in setting.methods
        for eps in setting.eps for steps in setting.steps
        for trial in attacked([method], threat, eps=eps, steps=steps, **shared)
    ]  # fmt: skip
    if not trials:
        title = METHODS[UNDEFENDED].title
        raise ValueError(f"wanted a defence beside {title}, on which the transfer attack is made, got {title} alone")
    return trials


def left_out(setting: CurveSetting) -> list[str]:
    """What was asked for but cannot be measured, one sentence each."""
    title = METHODS[UNDEFENDED].title
    asked = "transfer" in setting.threats and UNDEFENDED in setting.methods
    return [f"{title} under transfer is left out: the attack is made on {title} itself."] if asked else []


def curve(
    methods: str = "seg,derain_seg,nat,pearl",
    threats: str = "oblivious",
    attack: str = "bim",
    eps: str | float = "0,2,4,8,16",
    steps: str | int = 10,
    derain: str = "prenet",
    dataset: str = "scenes",
    split: str | None = None,
    data_root: str | None = None,
    images: int = 32,
    seed: int = 0,
) -> list[Trial]:
    """The trials of the curves. Lists have commas; several eps or several steps, the curve runs over those.

    `data_root` is where the data set lies. It is not part of a trial: it does not affect results.
    """
    given = dict(locals())
    refuse_unknown_parameters()
    del given["data_root"]
    return points(from_strings({name: parts.text_of(value) for name, value in given.items()}))


# ---- as text ----


def to_strings(setting: CurveSetting) -> dict[str, str]:
    """For an address or a command: lists with commas."""
    return parts.to_texts(setting)


def from_strings(given: Mapping[str, str]) -> CurveSetting:
    """Back from `to_strings`; what is not named keeps its default. Errors: one-line ValueErrors."""
    return parts.from_texts(CurveSetting, given)


def readable(given: Mapping[str, str]) -> tuple[CurveSetting, dict[str, str]]:
    """What can be drawn of an address that somebody else wrote, and why not the rest, by the name of each part."""
    return parts.readable(CurveSetting, given)


def to_json(setting: CurveSetting) -> str:
    return parts.to_json(setting)


def name(setting: CurveSetting) -> str:
    """What the files of a curve are called, such as 'curve-eps-0to16-10steps-bim-oblivious-scenes-32images'."""
    along = f"{setting.over}-{setting.values[0]:g}to{setting.values[-1]:g}"
    other = f"{setting.steps[0]}steps" if setting.over == "eps" else f"eps{setting.eps[0]:g}"
    said = [along, other, setting.attack, *setting.threats, setting.dataset, f"{setting.images}images"]
    later = [setting.split or "", f"seed{setting.seed}" if setting.seed else ""]
    return "-".join(["curve", *said, *filter(None, later)])


def command(setting: CurveSetting, data_root: str | None = None) -> str:
    """The notebook's run that measures the same trials; the metric is chosen in it, as every run measures all."""
    words, plain = ["papermill", "notebooks/curve.ipynb", "out.ipynb"], to_strings(CurveSetting())
    for name, text in to_strings(setting).items():
        if name != "metric" and text != plain.get(name, ""):
            words += ["-p", name, text]
    return shlex.join([*words, "-r", "data_root", data_root] if data_root else words)

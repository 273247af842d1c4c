"""SEA with and without `stop="ensemble"`, which spares a picture that one loss brought to zero the later ones."""

from __future__ import annotations

import time
from typing import NamedTuple

from torch import nn

from lab.bench.measure import machine, watched
from lab.data import dataset
from lab.nets.pipelines import System, build
from lab.system.progress import bar
from pearl_core.attacks import zoo
from pearl_core.attacks.compose import Attack
from pearl_core.attacks.ensembles import accuracy_of
from pearl_core.types import Sample

STOPS = ("member", "ensemble")
LIMIT = 0.25  # gradients under "ensemble" over those under "member", of pictures that reach zero


class Run(NamedTuple):
    """SEA on one picture."""

    accuracy: float  # that is left
    gradients: int
    seconds: float


Both = dict[str, Run]  # by where it stops


def sea(images: int = 32, steps: int = 100, eps: float = 8, precision: str = "auto") -> str:
    """Both ways on clean test pictures of the scenes, on the undefended net, one picture at a time."""
    if not (images > 0 and steps > 0):
        raise ValueError(f"wanted 1 image and 1 step or more, got {images} and {steps}")
    model = build(System("seg").nets)
    data = dataset("scenes", rain="none", count=images)
    attacks = {stop: zoo.sea(eps, steps, stop=stop, precision=precision) for stop in STOPS}
    pictures = bar([data.sample([i]) for i in range(len(data))], what="attacking", unit="picture", leave=False)
    runs = [{stop: run(attack, model, sample) for stop, attack in attacks.items()} for sample in pictures]
    zero = [both for both in runs if both["member"].accuracy == 0]
    return "\n".join([
        machine(),
        f"SEA, {len(zoo.SEA_LOSSES)} x {steps} steps at {eps:g}/255 in {precision}, undefended net, clean pictures"
        " of the scenes one at a time",
        f"{'':20}{'pictures':>9}{'share':>8}{'gradients: member':>20}{'ensemble':>10}{'ratio':>7}"
        f"{'seconds: member':>18}{'ensemble':>10}{'ratio':>7}",
        line("all", runs, runs),
        *([line("reach exactly 0", zero, runs), verdict(zero)] if zero else ["no picture reaches exactly 0"]),
    ])  # fmt: skip


def run(attack: Attack, model: nn.Module, sample: Sample) -> Run:
    with watched(model) as seen:
        started = time.perf_counter()
        attacked = attack(model, sample.clean, sample.labels)
        seconds = time.perf_counter() - started
    return Run(accuracy_of(model, attacked, sample.labels).item(), seen.gradients, seconds)


def line(title: str, runs: list[Both], everyone: list[Both]) -> str:
    gradients, seconds = ([total(runs, stop, what) for stop in STOPS] for what in ("gradients", "seconds"))
    return (
        f"{title:20}{len(runs):9}{len(runs) / len(everyone):8.1%}"
        f"{gradients[0]:20}{gradients[1]:10}{gradients[1] / gradients[0]:7.3f}"
        f"{seconds[0]:18.1f}{seconds[1]:10.1f}{seconds[1] / seconds[0]:7.3f}"
    )


def verdict(zero: list[Both]) -> str:
    member, ensemble = (total(zero, stop, "gradients") for stop in STOPS)
    held = "held" if ensemble <= LIMIT * member else "missed"
    return f"limit: gradients of those that reach exactly 0: {ensemble / member:.3f}, at most {LIMIT}: {held}"


def total(runs: list[Both], stop: str, what: str) -> float:
    return sum(getattr(both[stop], what) for both in runs)

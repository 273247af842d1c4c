"""ALMA-prox, corrected and published, beside bisection of eps with APGD at as many gradients: whose is smallest."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from statistics import median

from torch import nn

from lab.bench.measure import machine
from lab.data import dataset
from lab.nets.pipelines import System, build
from lab.system.progress import bar
from pearl_core.attacks import zoo
from pearl_core.attacks.compose import Attack
from pearl_core.attacks.ensembles import accuracy_of
from pearl_core.types import PROTOCOLS, Sample

THRESHOLD = 0.99  # share of the labelled pixels that must be wrong
ROUNDS = 8  # of the bisection
FIRST, FINEST, LARGEST = 8.0, 0.1, 255.0  # its eps at first, and the least and most that an attack takes, in 1/255
NAMES = (*PROTOCOLS, "bisection")  # the first of them shall not be larger than the others

Lengths = dict[str, float]  # by name, the largest change of a pixel in 1/255; inf where too few pixels turned


def alma(worlds: tuple[str, ...] = ("scenes", "objects"), images: int = 8, steps: int = 500) -> str:
    """Clean test pictures of built-in worlds, on the undefended net of each, one picture at a time, in float32.

    Many steps, as ALMA-prox takes by default: it overshoots at first, and with 200 it is still shrinking at its end.
    """
    if not (images > 0 and steps >= ROUNDS):
        raise ValueError(f"wanted 1 image and {ROUNDS} steps or more, got {images} and {steps}")
    pictures = [(world, index) for world in worlds for index in range(images)]
    rows = {
        f"{world} {index}": measured(world, index, steps)
        for world, index in bar(pictures, what="attacking", unit="picture", leave=False)
    }
    return "\n".join([
        machine(),
        f"smallest perturbation that turns {THRESHOLD:.0%} of the labelled pixels, in 1/255, with {steps} gradients"
        f" (bisection: {ROUNDS} x {steps // ROUNDS} of APGD on Mask-CE); undefended nets, clean pictures",
        f"{'':14}" + "".join(f"{name:>11}" for name in NAMES) + "".join(f"{'/ ' + name:>13}" for name in NAMES[1:]),
        *(line(title, lengths) for title, lengths in rows.items()),
        line("medians", {name: median(lengths[name] for lengths in rows.values()) for name in NAMES}),
        *(verdict(list(rows.values()), other) for other in NAMES[1:]),
    ])  # fmt: skip


def measured(world: str, index: int, steps: int) -> Lengths:
    """All of them on one picture."""
    model, sample = build(System("seg", dataset=world).nets), dataset(world, rain="none").sample([index])
    attacks = {protocol: zoo.alma_prox(steps, THRESHOLD, protocol=protocol) for protocol in PROTOCOLS}
    lengths = {protocol: length(attack, model, sample) for protocol, attack in attacks.items()}
    return lengths | {"bisection": min(bisected(model, sample, steps // ROUNDS))}


def bisected(model: nn.Module, sample: Sample, steps: int) -> Iterator[float]:
    """What each round finds: from FIRST on eps doubles until it finds something, then what is left is halved."""
    eps, low, high = FIRST, 0.0, inf
    for _ in range(ROUNDS):
        yield (reached := length(zoo.apgd(eps, steps, zoo.OBJECTIVES["mask_ce"]), model, sample))
        low, high = (eps, high) if reached == inf else (low, min(eps, reached))
        eps = min(2 * eps, LARGEST) if high == inf else max((low + high) / 2, FINEST)


def length(attack: Attack, model: nn.Module, sample: Sample) -> float:
    attacked = attack(model, sample.clean, sample.labels)
    turned = 1 - accuracy_of(model, attacked, sample.labels).item()
    return 255 * (attacked - sample.clean).abs().max().item() if turned >= THRESHOLD else inf


def ratio(lengths: Lengths, other: str) -> float:
    """How many times as large as another; 1 where neither turned enough."""
    ours, theirs = lengths[NAMES[0]], lengths[other]
    return 1.0 if ours == theirs else ours / theirs if theirs else inf


def line(title: str, lengths: Lengths) -> str:
    columns = "".join(f"{lengths[name]:11.3f}" for name in NAMES)
    return f"{title:14}{columns}" + "".join(f"{ratio(lengths, other):13.3f}" for other in NAMES[1:])


def verdict(rows: list[Lengths], other: str) -> str:
    ratios = [ratio(lengths, other) for lengths in rows]
    larger = sum(value > 1 for value in ratios)
    held = "held" if median(ratios) <= 1 else "missed"
    return (
        f"limit: {NAMES[0]} over {other}, median of {len(ratios)}: {median(ratios):.3f}, at most 1: {held}"
        f" (larger on {larger})"
    )

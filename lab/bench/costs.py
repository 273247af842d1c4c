"""What one attack costs on one batch, beside the floor of its gradients: seconds and memory.

The floor is one raw forward pass and one backward pass to the input, in plain float32. The time of an attack is that of
the whole call over its gradient evaluations, so the passes without a gradient by which it scores its last points are in
it: one for APGD, three for red-eps, 16 for SEA. The more steps, the less they weigh, so red-eps gets 30 where APGD gets
20. "auto" works on a folded copy of the net, which is kept from one attack to the next; the first, which folds it and
makes the kernels, is not timed. Beside the whole stands the median time from one gradient to the next where no other
pass lies between. The floor of an attack is the median of a few gradients just before it and just after it. Memory is
the most that a fresh process grows by.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.bench.measure import times, watched
from lab.bench.memory import fresh, grown
from pearl_core.attacks import zoo
from pearl_core.attacks.compose import Attack
from pearl_core.pipeline import Pipeline
from pearl_core.segment.pspnet import PSPNet

CLASSES = 19
EPS = 0.1  # so small that no picture, labelled as the net sees it, is finished early and shrinks its batch
# What surrounds the net is the same in every precision, so one attack tells how much faster the other one is.
LONGER = {"red_eps_apgd": 1.5}  # times the steps
ATTACKS = {"float32": ("pgd", "apgd", "red_eps_apgd", "sea"), "auto": ("pgd",)}


class Case(NamedTuple):
    """A PSPNet and the size (H, W) of its pictures."""

    depth: int
    width: int
    size: tuple[int, int]


class Key(NamedTuple):
    """An attack and the precision of its gradients."""

    attack: str
    precision: str


class Cost(NamedTuple):
    """Seconds and bytes of one attack on one batch, beside those of the floor."""

    floor: float  # seconds of one gradient of the batch
    whole: float  # seconds of the whole attack, per gradient of the batch
    step: float  # seconds from one gradient to the next, median
    gradients: float  # per picture
    wanted: int  # gradients, if no picture is finished early
    others: float  # passes without a gradient, per picture
    memory: int = 0
    floor_memory: int = 0


def measured(case: Case, batch: int, steps: int, precisions: tuple[str, ...]) -> Iterator[tuple[Key, Cost]]:
    """Times in this process, the memory of each attack in one of its own."""
    floor_memory = fresh(peak, case, batch, None)
    for key, cost in timed(case, batch, steps, precisions):
        yield key, cost._replace(memory=fresh(peak, case, batch, key), floor_memory=floor_memory)


def timed(case: Case, batch: int, steps: int, precisions: tuple[str, ...]) -> Iterator[tuple[Key, Cost]]:
    """Floor, attack, floor, attack, ..., floor in one process."""
    net, images, labels = inputs(case, batch)
    model = Pipeline(None, net)

    def floor() -> list[float]:
        return times(lambda: raw_gradient(net, images, labels), max(steps // 4, 2))

    floor()
    before = floor()
    for precision in precisions:
        made(Key("pgd", precision), 1)(model, images, labels)  # kernels and copies are made on their first use
        for name in ATTACKS[precision]:
            each, members = shared(name, steps)
            attack = made(Key(name, precision), each)
            with watched(model) as seen:
                (seconds,) = times(lambda attack=attack: attack(model, images, labels), 1)
            after = floor()
            others = (seen.forward - seen.gradients) / batch
            whole, gradients = seconds / seen.gradients * batch, seen.gradients / batch
            cost = Cost(median(before + after), whole, median(seen.steps), gradients, each * members, others)
            yield Key(name, precision), cost
            before = after


def shared(name: str, steps: int) -> tuple[int, int]:
    """Steps of each member, and members. SEA's share `steps`, four at least: two in the last of red-eps' balls."""
    members = len(zoo.CATALOGUE[name].members_of()) or 1
    return (int(LONGER.get(name, 1) * steps) if members == 1 else max(steps // members, 4)), members


def made(key: Key, steps: int) -> Attack:
    return zoo.attack(key.attack, EPS, steps=steps, precision=key.precision)


def peak(case: Case, batch: int, key: Key | None) -> int:
    """Bytes that an attack, or the floor, needs beside its net and pictures. For a fresh process."""
    net, images, labels = inputs(case, batch)
    raw_gradient(net, images[:1, :, :33, :33], labels[:1, :33, :33])  # loads what torch loads on first use
    if key is None:
        return grown(lambda: raw_gradient(net, images, labels))
    attack = made(
        key, 4 if key.attack in ("red_eps_apgd", "sea") else 2
    )  # what is held after the second step is all there is
    return grown(lambda: attack(Pipeline(None, net), images, labels))


def inputs(case: Case, batch: int) -> tuple[nn.Module, Tensor, Tensor]:
    """A frozen net, pictures laid out as the lab's data sets have them, and what the net sees in them as labels."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        net = PSPNet(CLASSES, case.depth, case.width, aux=False).eval().requires_grad_(False)
        images = torch.rand(batch, 3, *case.size).contiguous(memory_format=torch.channels_last)
    return net, images, torch.cat([net(image[None]).argmax(1) for image in images])


def raw_gradient(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    point = images.detach().requires_grad_(True)
    return torch.autograd.grad(F.cross_entropy(net(point), labels, reduction="sum"), point)[0]

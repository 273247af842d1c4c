"""Signs that a robust accuracy is too good: each with the number that raised it, and what to do.

The limits were declared before any shipped net was read. A flag says that a number may flatter, not that it does;
attacks that hold on (Athalye et al. 2018; Carlini et al. 2019) decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from ..adapters import Adapted, adapted
from ..attacks.compose import Ascent
from ..attacks.ensembles import Attacked, accuracy_of
from ..attacks.objectives import cross_entropy
from ..attacks.zoo import apgd, bim, square
from ..chance import answer, uniform_like
from ..layers import IMAGENET_MEAN, IMAGENET_STD
from ..pipeline import Pipeline, frozen
from ..registry import Registry
from ..types import VOID

STEPS = 30  # of the attacks that look for flags
POINT = 0.01  # of accuracy, which is a share here
LEFT = 0.05  # an accuracy up to here is none: nothing hides behind it


class Flag(NamedTuple):
    """One sign.

    Example:
        >>> from pearl_core.evaluation import Flag
        >>> print(Flag("random", 0.2, 1e-4, "two passes differ", "use wrappers.Expectation"))
        random: two passes differ (0.2, limit 0.0001); use wrappers.Expectation
    """

    name: str  # in `FLAGS`
    number: float  # what was measured
    limit: float  # above which it is told
    words: str  # what the number is
    advice: str  # what to do

    def __str__(self) -> str:
        return f"{self.name}: {self.words} ({self.number:.3g}, limit {self.limit:g}); {self.advice}"


@dataclass(frozen=True)
class Check:
    """What raises a flag: `measure(probe)` above `limit`."""

    measure: Callable[[Probe], float]
    limit: float  # declared before any shipped net was read
    words: str
    advice: str


FLAGS: Registry[Check] = Registry("flag")


@dataclass(frozen=True)
class Probe:
    """A few pictures under the largest eps, and what the evaluation's own attacks left of them.

    Example:
        >>> from pearl_core.attacks.ensembles import Attacked, accuracy_of
        >>> from pearl_core.evaluation.flags import FLAGS, Probe
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> worst = Attacked(sample.rainy, accuracy_of(net, sample.rainy, sample.labels))
        >>> probe = Probe(net, sample.rainy, sample.labels, 8.0, worst, {})
        >>> FLAGS["random"].measure(probe)
        0.0
    """

    model: torch.nn.Module  # adapted
    images: Tensor  # (B, 3, H, W)
    labels: Tensor  # (B, H, W)
    eps: float  # in 1/255
    worst: Attacked  # of the evaluation's own attacks
    options: dict  # of the attacks: norm, seed, precision
    known: dict[tuple, float] = field(default_factory=dict, init=False)

    def accuracy(self, images: Tensor) -> float:
        return accuracy_of(self.model, images, self.labels).mean().item()

    @cached_property
    def clean(self) -> float:
        return self.accuracy(self.images)

    @cached_property
    def white(self) -> float:
        """The accuracy that the evaluation found."""
        return self.worst.left.mean().item()

    @property
    def broken(self) -> bool:
        """Whether the evaluation's attacks leave nothing that a hidden gradient could protect."""
        return self.white <= LEFT

    def under(self, eps: float, steps: int = STEPS) -> float:
        """Accuracy under one attack at another radius or length; each is made once."""
        if (eps, steps) not in self.known:
            attack = apgd(min(eps, 255), steps, **self.options)
            self.known[eps, steps] = self.accuracy(attack(self.model, self.images, self.labels))
        return self.known[eps, steps]


def flags(probe: Probe) -> list[Flag]:
    """The flags that these pictures raise.

    Args:
        probe: the model, pictures and what the evaluation's attacks left of them.

    Returns:
        Flags in the order of `FLAGS`.

    Example:
        >>> import torch
        >>> from pearl_core import evaluate
        >>> blind = lambda images: torch.stack([images.round().mean(1), images.round().amax(1)], 1)
        >>> loader = [(torch.rand(1, 3, 32, 32), torch.ones(1, 32, 32, dtype=torch.long))]
        >>> evaluate(blind, loader, eps=8, budget="quick", precision="float32").flags[0].name
        'no gradient'
    """
    measured = {name: check.measure(probe) for name, check in FLAGS.items()}
    return [
        Flag(name, measured[name], check.limit, check.words, check.advice)
        for name, check in FLAGS.items()
        if measured[name] > check.limit
    ]


# ---- the checks ----


def _check(name: str, limit: float, words: str, advice: str) -> Callable:
    def put(measure: Callable[[Probe], float]) -> Callable[[Probe], float]:
        FLAGS.add(name, Check(measure, limit, words, advice))
        return measure

    return put


@_check(
    "no gradient", 0.5, "share of the picture's values whose gradient is zero or tiny",
    "put the layer without gradient into wrappers.StraightThrough",
)  # fmt: skip
def no_gradient(probe: Probe) -> float:
    with frozen(probe.model), torch.enable_grad():
        point = probe.images.detach().clone().requires_grad_(True)
        loss = cross_entropy(probe.model(point), probe.labels, 1.0).sum()
        (slope,) = torch.autograd.grad(loss, point, allow_unused=True) if loss.requires_grad else (None,)
    if slope is None:
        return 1.0
    return (slope.abs() < 1e-8).float().mean().item()


@_check("random", 1e-4, "two passes of one picture differ", "attack wrappers.Expectation(model, draws) instead")
def random(probe: Probe) -> float:
    first, second = (answer(probe.model, probe.images, seed=seed).logits for seed in (0, 1))
    return ((first - second).abs().max() / first.abs().max().clamp(min=1e-12)).item()


@_check("constant", 0.99, "share of the pixels that get one class", "train the model, or check how its answer is read")
def constant(probe: Probe) -> float:
    predicted, seen = answer(probe.model, probe.images).predicted, probe.labels[probe.labels != VOID]
    if not seen.numel() or (seen == seen[0]).all():
        return 0.0
    return (predicted.flatten().bincount().max() / predicted.numel()).item()


@_check(
    "normalisation", 10 * POINT, "accuracy gained with ImageNet's mean and std inside the model",
    "give evaluate(mean=..., std=...)",
)  # fmt: skip
def normalisation(probe: Probe) -> float:
    inner = probe.model.given if isinstance(probe.model, Adapted) else None
    if inner is None:  # a pipeline of this lab normalises inside
        return 0.0
    other = adapted(inner, scores=probe.model.scores, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    return accuracy_of(other, probe.images, probe.labels).mean().item() - probe.clean


@_check("more steps", 3 * POINT, "accuracy lost by twice as many steps", "take a larger budget")
def more_steps(probe: Probe) -> float:
    if probe.broken:
        return 0.0
    once, twice = (probe.under(probe.eps, steps) for steps in (STEPS, 2 * STEPS))
    return min(once, probe.white) - min(twice, probe.white)


@_check("noise", POINT, "accuracy under random noise below that under the attack", "the gradient misleads: see BPDA")
def noise(probe: Probe) -> float:
    if probe.broken:
        return 0.0
    ball = bim(probe.eps, 1, **probe.options).ball
    points = [ball.random(uniform_like(probe.images, seed)) for seed in range(10)]
    return probe.white - min(probe.accuracy((probe.images + point).clamp(0, 1)) for point in points)


@_check(
    "black box", 2 * POINT, "accuracy under queries alone (Square) below that under the gradient",
    "the gradient misleads: put what hides it into wrappers.StraightThrough, and compare",
)  # fmt: skip
def black_box(probe: Probe) -> float:
    if probe.broken:
        return 0.0
    attack: Ascent = square(probe.eps, 10 * STEPS, **probe.options)
    return probe.white - probe.accuracy(attack(probe.model, probe.images, probe.labels))


@_check(
    "transfer", 2 * POINT, "accuracy under an attack on the segmenter alone below that on the whole model",
    "the derainer hides the gradient: put it into wrappers.StraightThrough, and compare",
)  # fmt: skip
def transfer(probe: Probe) -> float:
    model = probe.model
    if probe.broken or not isinstance(model, Pipeline) or model.derain is None or model.segment is None:
        return 0.0
    source = apgd(probe.eps, STEPS, **probe.options)
    return probe.white - probe.accuracy(source(Pipeline(None, model.segment), probe.images, probe.labels))


@_check("far", LEFT, "accuracy left at 64/255, where a picture can be made anything", "no attack works: see BPDA, EOT")
def far(probe: Probe) -> float:
    return probe.under(64)


@_check("flat", 0.999, "accuracy at twice the radius over that at this one", "the attack is stuck: see BPDA, EOT")
def flat(probe: Probe) -> float:
    if probe.broken or (here := probe.under(probe.eps)) <= LEFT:
        return 0.0
    return probe.under(2 * probe.eps) / here


@_check("inside", 0.1, "share of the radius that the attack leaves", "the attack is stuck: see BPDA, EOT")
def inside(probe: Probe) -> float:
    standing = probe.worst.left > LEFT
    if not standing.any():
        return 0.0
    reached = (probe.worst.images - probe.images)[standing].abs().amax()
    return 1 - (reached * 255 / probe.eps).item()


@_check(
    "loss without effect", 0.5, "how many times the loss grew while accuracy stayed", "attack another loss, or the mIoU"
)
def loss_without_effect(probe: Probe) -> float:
    if probe.broken:
        return 0.0
    course = bim(probe.eps, 10, **probe.options).trace(probe.model, probe.images, probe.labels)
    first, last = course.loss[0].mean().item(), course.loss[-1].mean().item()
    fell = (course.accuracy[0] - course.accuracy[-1]).mean().item()
    return 0.0 if fell > POINT else max(0.0, last / max(first, 1e-9) - 1)

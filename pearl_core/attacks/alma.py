"""ALMA-prox: the smallest perturbation that turns nearly all pixels (Rony et al. 2023). It has no ball.

Every pixel with a label is a constraint, met where it is wrong. An augmented Lagrangian weighs them, gradient steps in
a diagonal metric lower it, and a proximal step shortens the perturbation's largest component meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..adapters import adapted
from ..chance import Steady, drawing, key_of
from ..pipeline import frozen
from ..precision import PRECISIONS, lowered
from ..types import VOID, Output, choose
from .compose import Trajectory, ready, with_gradients
from .judging import check_classes, refuse_nonsense
from .objectives import gap
from .searches import wide

Slope = Callable[[Tensor, Tensor, Tensor], Tensor]
Ask = Callable[[Tensor, Tensor, int], Output]


def penalty_slope(y: Tensor, rho: Tensor, mu: Tensor) -> Tensor:
    """By y, of the penalty mu y + mu rho y^2 + rho^2 y^3 / 6 where y >= 0, mu y / (1 - max(1, rho) y) below."""
    broken = mu + 2 * mu * rho * y + rho**2 * y**2 / 2
    met = mu / (1 - rho.clamp(min=1) * y.clamp(max=0)) ** 2
    return torch.where(y >= 0, broken, met)


def published_penalty_slope(y: Tensor, rho: Tensor, mu: Tensor) -> Tensor:
    """The same as the authors' code has it: mu y in place of mu, so that a constraint nearly met hardly pushes."""
    return torch.where(y >= 0, penalty_slope(y, rho, mu) - mu + mu * y, penalty_slope(y, rho, mu))


class Step(NamedTuple):
    """A perturbation looked at, and what was seen there of each image."""

    delta: Tensor  # (B, 3, H, W)
    share: Tensor  # (B,) of the labelled pixels that are turned
    loss: Tensor  # (B,) what the attack raises: minus the constraints, mean over the labelled pixels


@dataclass(frozen=True)
class AlmaProx:
    """The attack with its settings, by default the authors'; lr is in units of the picture.

    It returns the smallest perturbation under which `threshold` of the labelled pixels are wrong (with `towards`: have
    the wanted class). If none is found, it returns the one under which most are. Pixels are judged in the precision of
    the gradients. Raises ValueError for impossible settings.

    Example:
        >>> from pearl_core.attacks.alma import AlmaProx
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> AlmaProx(steps=5)(net, sample.rainy, sample.labels).shape
        torch.Size([2, 3, 32, 40])
    """

    steps: int = 500
    threshold: float = 0.99
    towards: bool = False  # the target is the wanted label map
    lr: float = 1e-3  # falls from half of the steps on, or from a success before that
    lr_end: float = 0.1  # to this share of it, in (0, 1)
    mu: float = 1.0
    floor: float = 1e-12  # multipliers lie between this and 1
    rho: float = 0.01
    check_every: int = 10
    tau: float = 0.95  # a constraint that did not shrink to this since the last check
    gamma: float = 2.0  # gets its rho multiplied by this
    alpha: float = 0.8  # memory of the multipliers and of the metric
    scale: tuple[float, float] = (0.1, 1.0)  # of the constraints: starts at the top
    scale_rate: float = 0.02
    tolerance: float = 1e-4  # by how much of a logit a pixel must be wrong
    slope: Slope = penalty_slope
    together: bool = False  # as the authors' code: a batch is searched as finely as its largest image needs, and fails
    # where its images differ so much in void that only some may keep pixels
    precision: str = "float32"

    def __post_init__(self):
        if self.steps < 1 or not 0 < self.threshold <= 1:
            raise ValueError(f"wanted 1 step or more and a threshold in (0, 1], got {self.steps} and {self.threshold}")
        if not 0 < self.lr_end < 1:
            raise ValueError(f"wanted an lr_end in (0, 1), got {self.lr_end}")
        choose("precision", self.precision, PRECISIONS)

    def __call__(self, model: nn.Module, images: Tensor, target: Tensor, *, mask: Tensor | None = None) -> Tensor:
        """The attacked pictures (B, 3, H, W). Only pixels where `mask` (B, H, W) is true may change."""
        images, target = ready(images, target, mask)
        best = Best(images)
        for step in self.walk(model, images, target, mask=mask):
            best.offer(step.delta, step.share, self.threshold)
        return (images + best.delta).clamp(0, 1)

    def iterates(self, model: nn.Module, images: Tensor, target: Tensor, **options) -> Iterator[Tensor]:
        """The attacked pictures at the start and after every step, each (B, 3, H, W), whatever it would return."""
        images, target = ready(images, target, options.get("mask"))
        for step in self.walk(model, images, target, **options):
            yield (images + step.delta).clamp(0, 1)

    def trace(
        self, model: nn.Module, images: Tensor, target: Tensor, *, mask: Tensor | None = None, iterates: bool = False
    ) -> Trajectory:
        """The attack with its course, in no more passes; points are compared by their length, which `tracked` is."""
        images, target = ready(images, target, mask)
        best, steps, points = Best(images), [], []
        for step in self.walk(model, images, target, mask=mask):
            best.offer(step.delta, step.share, self.threshold)
            accuracy = step.share if self.towards else 1 - step.share
            steps.append((step.loss, step.delta.abs().amax((1, 2, 3)), accuracy))
            points += [(images + step.delta).clamp(0, 1)] if iterates else []
        columns = (torch.stack(column) for column in zip(*steps, strict=True))
        return Trajectory((images + best.delta).clamp(0, 1), *columns, torch.stack(points) if iterates else None)

    def walk(self, model: nn.Module, images: Tensor, target: Tensor, *, mask: Tensor | None = None) -> Iterator[Step]:
        """Every perturbation looked at, the picture itself first.

        An image that needs no perturbation (it is at the goal already, or has no label) leaves the batch. One that
        reaches the goal later stays, and its perturbation goes on shrinking.
        """
        images, target = ready(images, target, mask)
        yield from with_gradients(self.looks(adapted(model), images, target, mask))

    def looks(self, model: nn.Module, images: Tensor, target: Tensor, mask: Tensor | None) -> Iterator[Step]:
        ask = asking(model, images, self.precision)
        if self.together:
            yield from self.search(model, ask, images, target, mask)
            return
        with frozen(model), torch.no_grad():
            constraints, _, share = self.seen(ask(images, images, 0), target)
            loss = self.mean(constraints, target != VOID)
        refuse_nonsense(0, constraint=constraints)
        left = ((share < self.threshold) & (target != VOID).flatten(1).any(1)).nonzero().flatten()
        nothing = torch.zeros_like(images)
        if not len(left):
            yield Step(nothing, share, loss)
            return
        everyone = Step(nothing, share, loss)
        for step in self.search(model, ask, images[left], target[left], None if mask is None else mask[left]):
            yield Step(*(whole.index_copy(0, left, some) for whole, some in zip(everyone, step, strict=True)))

    def search(self, model: nn.Module, ask: Ask, images: Tensor, target: Tensor, mask: Tensor | None) -> Iterator[Step]:
        """The same for images that all need a perturbation."""
        valid = target != VOID
        lower, upper = (edge if mask is None else edge * mask.unsqueeze(1) for edge in (-images, 1 - images))
        counts = valid.flatten(1).sum(1)
        delta, square = torch.zeros_like(images), torch.zeros_like(images)
        mu = torch.full(target.shape, self.mu, dtype=torch.float64, device=images.device)
        rho, turned_since = torch.full_like(mu, self.rho), torch.zeros_like(valid)
        scale = torch.full((len(images),), self.scale[1], device=images.device)
        slows = torch.full_like(scale, self.steps // 2)  # the step from which on lr falls: a late success is no news
        before = None
        for step in range(self.steps):
            with frozen(model), torch.enable_grad():
                point = (images + delta).detach().requires_grad_(True)
                constraints, turned, share = self.seen(ask(images, point, step), target)
                loss = self.mean(constraints.detach(), valid)
                there = share >= self.threshold
                slows = torch.where(there, slows.clamp(max=step), slows)
                scale = (scale / torch.where(there, 1 + self.scale_rate, 1 - self.scale_rate)).clamp(*self.scale)
                constraints = scale.view(-1, 1, 1) * constraints
                now = constraints.detach().double()
                asked = self.asked(now, valid, counts, step)
                turned_since |= turned
                if step == 0:
                    before = now
                elif (step + 1) % self.check_every == 0:
                    better = now * asked <= self.tau * before
                    rho = torch.where(turned_since | better, rho, self.gamma * rho)
                    before, turned_since = now, torch.zeros_like(valid)
                if step:  # of a pixel that may stay mu falls, so that it hardly pushes when it is asked again
                    mu = torch.lerp(mu, self.slope(now, rho, mu) * asked, 1 - self.alpha).clamp(self.floor, 1)
                weights = (self.slope(now, rho, mu) * asked).to(constraints)
                (gradient,) = torch.autograd.grad((weights * constraints).sum(), point)
            refuse_nonsense(step, gradient=gradient)
            yield Step(delta, share, loss)
            lr = self.rate(step, slows).to(images)
            square = self.alpha * square + (1 - self.alpha) * gradient**2
            metric = (square / (1 - self.alpha ** (step + 1))).sqrt().clamp(min=1e-8)
            ahead = delta - wide(lr) * gradient / metric
            delta = proximal(ahead, lr, lower, upper, metric, together=self.together)

    def rate(self, step: int, slows: Tensor) -> Tensor:
        """The step size (B,): from step `slows` on it falls, to reach `lr_end` of itself one step after the last."""
        pace = (self.steps - slows).clamp(min=1) * (self.lr_end / (1 - self.lr_end))
        return self.lr * (pace / ((step - slows).clamp(min=0) + pace))  # the authors' order: in float32 it shows

    @staticmethod
    def mean(constraints: Tensor, valid: Tensor) -> Tensor:
        return -(constraints * valid).flatten(1).sum(1) / valid.flatten(1).sum(1).clamp(min=1)

    def seen(self, output: Output, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The constraints and which pixels are turned (B, H, W), and their share of the labelled ones (B,)."""
        check_classes(target, output)
        valid, turned = target != VOID, (output.predicted == target) == self.towards
        share = (turned & valid).flatten(1).sum(1) / valid.flatten(1).sum(1).clamp(min=1)
        return self.constraints(output.logits, target), turned, share

    def constraints(self, logits: Tensor, target: Tensor) -> Tensor:
        """Difference of logits ratio with a tolerance, below zero where a pixel is turned: (B, H, W)."""
        top = logits.topk(min(4, logits.shape[1]), dim=1).values
        if top.shape[1] < 3 + self.towards:
            raise ValueError(f"wanted {3 + self.towards} classes or more, got {logits.shape[1]}")
        third = (top[:, 2] + top[:, 3]) / 2 if self.towards else top[:, 2]
        ahead = gap(logits, target) if self.towards else -gap(logits, target)
        return (ahead + (-self.tolerance if self.towards else self.tolerance)) / (top[:, 0] - third + 1e-8)

    def asked(self, constraints: Tensor, valid: Tensor, counts: Tensor, step: int) -> Tensor:
        """The labelled pixels without those that may stay: more of the worst the further the attack is."""
        spare = ((1 - self.threshold) * counts * (step / max(self.steps - 1, 1))).long()
        if not spare.any():
            return valid
        if self.together and not spare.all():
            raise IndexError(f"wanted images with as many labelled pixels, got {counts.tolist()}: published code fails")
        worst = constraints.masked_fill(~valid, -torch.inf).flatten(1).sort(1, descending=True).values
        edge = worst.gather(1, (spare - 1).clamp(min=0).unsqueeze(1))  # of each image by itself
        return valid & ((constraints <= edge.view(-1, 1, 1)) | (spare == 0).view(-1, 1, 1))


def asking(model: nn.Module, images: Tensor, precision: str) -> Ask:
    """(pictures, points, step) -> the model's answers at the points; random numbers inside come from the others."""
    with drawing(0, images.device):  # folding looks at the model's answers
        call = lowered(model, images, precision)
    steady = Steady()
    return lambda pictures, points, step: steady(
        call, points, lambda: [key_of(picture, f"look {step}") for picture in pictures]
    )


class Best:
    """The smallest perturbation that reached the goal; until one has, the one that came nearest."""

    def __init__(self, images: Tensor):
        self.delta = torch.zeros_like(images)
        self.length = images.new_full((len(images),), torch.inf)
        self.share = images.new_zeros(len(images))
        self.found = torch.zeros_like(self.share, dtype=torch.bool)

    def offer(self, delta: Tensor, share: Tensor, threshold: float) -> None:
        length, there = delta.abs().amax((1, 2, 3)), share >= threshold
        better = there & (length <= self.length) | ~self.found & ~there & (share >= self.share)
        self.delta = torch.where(wide(better), delta, self.delta)
        self.length = torch.where(better & there, length, self.length)
        self.share, self.found = torch.where(better, share, self.share), self.found | there


def proximal(
    delta: Tensor,
    weight: Tensor,
    lower: Tensor,
    upper: Tensor,
    metric: Tensor | None = None,
    *,
    together: bool = False,
) -> Tensor:
    """argmin over p in [lower, upper] of weight |p|_inf + |p - delta|^2 / 2 in the metric (its diagonal), per image.

    By ternary search for the largest component to 1e-6; `weight` is (B,), the others (B, 3, H, W). `together` searches
    every image as often as the one that needs most, so that results depend on the batch.
    """
    inside = delta.clamp(lower, upper)
    left = torch.zeros_like(inside[:, :1, :1, :1])
    right = inside.abs().amax((1, 2, 3), keepdim=True)
    cuts = (torch.log(1e-6 / right.clamp(min=1e-6)) / math.log(2 / 3)).ceil()
    cuts = cuts.max().expand_as(cuts) if together else cuts

    def cost(edge: Tensor) -> Tensor:
        apart = (inside.clamp(-edge, edge) - delta) ** 2
        apart = apart if metric is None else apart * metric
        return 2 * wide(weight) * edge + apart.sum((1, 2, 3), keepdim=True)

    for cut in range(int(cuts.max())):
        low, high = torch.lerp(left, right, 1 / 3), torch.lerp(left, right, 2 / 3)
        beyond, open_ = cost(low) >= cost(high), cut < cuts
        left, right = torch.where(open_ & beyond, low, left), torch.where(open_ & ~beyond, high, right)
    edge = (left + right) / 2
    return inside.clamp(-edge, edge)

"""Searches own the loop of an attack. They see a problem and a ball, never the model or the labels.

A search is a generator: it yields the perturbation (B, 3, H, W) at the start and after every step, so that a caller who
wants the attack after 3, 5 and 10 steps runs it once. `Problem` lists what it may ask. An attack runs a search; see
`compose.ascend`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from .balls import Ball


class Reading(NamedTuple):
    """What a search sees at one point, per image. Finished images keep their last values, with gradient zero.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.searches import Reading
        >>> loss = torch.tensor([0.5])
        >>> Reading(loss, gradient=torch.ones(1, 3, 1, 1), tracked=loss, accuracy=None).loss
        tensor([0.5000])
    """

    loss: Tensor  # (B,) the objective, mean over all pixels of the image
    gradient: Tensor | None  # (B, 3, H, W) of the sum over the pixels
    tracked: Tensor  # (B,) the loss by which points are compared; by default the objective itself
    accuracy: Tensor | None  # (B,) share of the pixels with a label that are right; None where it is not needed


class Problem(Protocol):
    """What a search may ask; `problem.ImageProblem` answers for pictures and a model."""

    kept: Tensor | None  # (B, 3, H, W), the best point since `reopen`; None if the attack returns its last point

    def start(self, ball: Ball) -> Tensor:
        """Where to begin, (B, 3, H, W)."""

    def look(self, delta: Tensor, progress: float, *, gradient: bool = True) -> Reading:
        """Loss, gradient and accuracy at a point; `gradient=False` spares the backward pass."""

    def project(self, delta: Tensor, ball: Ball) -> Tensor:
        """The nearest allowed point: in the ball, the picture in [0, 1], unchanged outside the mask."""

    def generators(self) -> list[torch.Generator]:
        """A source of random numbers for each picture."""

    def reopen(self) -> None:
        """Forget the best point, and go on with the images that were finished."""


Search = Callable[[Problem, Ball], Iterator[Tensor]]


@dataclass(frozen=True)
class FixedSteps:
    """Steps of one length along the steepest direction (BIM, Kurakin et al. 2017; MI-FGSM, Dong et al. 2018).

    The first n steps do not depend on `steps`, unless the objective looks at `progress`: one run then serves every
    smaller number of steps.

    Args:
        alpha: length of a step, in units of the picture.
        steps: number of steps.
        momentum: what remains of the sum of earlier gradients at every step; each gradient is divided by the mean of
            its absolute values first. 0: the direction is that of the last gradient.

    Example:
        >>> from pearl_core.attacks.balls import Linf
        >>> from pearl_core.attacks.compose import ascend
        >>> from pearl_core.attacks.objectives import cross_entropy
        >>> from pearl_core.attacks.searches import FixedSteps
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> attack = ascend(cross_entropy, Linf(0.03), FixedSteps(alpha=0.01, steps=2))
        >>> attack(net, sample.rainy, sample.labels).shape
        torch.Size([2, 3, 32, 40])
    """

    alpha: float
    steps: int
    momentum: float = 0.0

    def __call__(self, problem: Problem, ball: Ball) -> Iterator[Tensor]:
        delta, memory = problem.start(ball), 0.0
        yield delta
        for step in range(self.steps):
            direction = problem.look(delta, step / self.steps).gradient
            if self.momentum:
                size = direction.abs().mean((1, 2, 3), keepdim=True)
                direction = memory = self.momentum * memory + direction / size.where(size > 0, 1)
            delta = problem.project(delta + self.alpha * ball.steepest(direction), ball)
            yield delta


# ---- APGD ----


class Checks(NamedTuple):
    """When APGD checks whether to halve its step, and what counts as progress there.

    Example:
        >>> from pearl_core.attacks.searches import Checks
        >>> Checks((3, 6), origin=True, strict=True, fresh=True).at
        (3, 6)
    """

    at: tuple[int, ...]  # after how many steps, ascending
    origin: bool  # True: the first step is compared with the loss at the start; False: with 0
    strict: bool  # whether the step is kept if exactly a share rho of the steps raised the loss
    fresh: bool  # whether the first check can halve the step because the best point did not improve


def checks(steps: int) -> Checks:
    """The checks of the paper's text: after 22 % of the steps, then at shorter and shorter distances.

    From Croce & Hein 2020, section 3.

    Args:
        steps: number of steps of the whole search.

    Returns:
        When and how to check.

    Example:
        >>> from pearl_core.attacks.searches import checks
        >>> checks(100).at
        (22, 41, 57, 70, 80, 87, 93, 99)
    """
    before, share, at = 0.0, 0.22, []
    while share < 1 and len(at) < steps:
        at.append(math.ceil(round(share * steps, 9)))  # 0.22 * 50 is a hair over 11
        before, share = share, share + max(share - before - 0.03, 0.06)
    return Checks(tuple(dict.fromkeys(at)), origin=True, strict=True, fresh=True)


def published_checks(steps: int) -> Checks:
    """The checks of the authors' code: windows of whole steps, and the first step is compared with a loss of 0.

    Args:
        steps: number of steps of the whole search.

    Returns:
        When and how to check.

    Example:
        >>> from pearl_core.attacks.searches import published_checks
        >>> published_checks(100).at
        (22, 41, 57, 70, 80, 87, 93, 99, 105)
    """
    window, fewer, least = (max(int(share * steps), 1) for share in (0.22, 0.03, 0.06))
    at = []
    while sum(at) < steps:
        at.append(window)
        window = max(window - fewer, least)
    return Checks(tuple(sum(at[: i + 1]) for i in range(len(at))), origin=False, strict=False, fresh=False)


@dataclass(frozen=True)
class APGD:
    """PGD that finds its own step: it begins with twice the radius and is halved when it fails (Croce & Hein 2020).

    At each check every image is looked at by itself. If its tracked loss rose in less than a share `rho` of the steps
    since the last check, or if neither its best point nor its step changed since then, it returns to its best point
    and halves its step.

    Args:
        steps: number of steps.
        momentum: weight of the new step; the step before it gets the rest, 1 - momentum.
        rho: share of the steps that must raise the loss, from 0 to 1.
        checks: number of steps -> when and how to check; `checks` or `published_checks`.

    Example:
        >>> from pearl_core.attacks.balls import Linf
        >>> from pearl_core.attacks.compose import ascend
        >>> from pearl_core.attacks.objectives import cross_entropy
        >>> from pearl_core.attacks.searches import APGD
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> attack = ascend(cross_entropy, Linf(0.03), APGD(steps=2))
        >>> attack(net, sample.rainy, sample.labels).shape
        torch.Size([2, 3, 32, 40])
    """

    steps: int
    momentum: float = 0.75
    rho: float = 0.75
    checks: Callable[[int], Checks] = checks

    def __call__(self, problem: Problem, ball: Ball, start: Tensor | None = None) -> Iterator[Tensor]:
        plan = self.checks(self.steps)
        here = before = problem.start(ball) if start is None else start
        yield here
        state = None
        for step in range(self.steps):
            reading = problem.look(here, step / self.steps)
            if state is None:
                state = Progress.begin(here, reading, 2 * ball.radius, plan)
            else:
                state.note(here, reading)
            gradient = reading.gradient
            if step in plan.at:
                back = state.check(self.rho)
                here, gradient = torch.where(back, state.best, here), torch.where(back, state.gradient, gradient)
            goal = problem.project(here + state.step * ball.steepest(gradient), ball)
            pull = self.momentum if step else 1.0
            there = problem.project(here + pull * (goal - here) + (1 - pull) * (here - before), ball)
            here, before = there, here
            yield here


@dataclass
class Progress:
    """What APGD remembers of each image: its best point, its step, how often its loss rose since the last check."""

    best: Tensor  # (B, 3, H, W)
    gradient: Tensor  # there
    loss: Tensor  # (B,) there
    step: Tensor  # (B, 1, 1, 1)
    last: Tensor  # (B,) loss of the point before
    rises: Tensor  # (B,) since the last check
    steps: int  # since the last check
    loss_then: Tensor  # (B,) best loss at the last check
    halved_then: Tensor  # (B,) whether the last check halved the step
    plan: Checks

    @classmethod
    def begin(cls, start: Tensor, reading: Reading, step: float, plan: Checks) -> Progress:
        loss, none = reading.tracked, torch.zeros_like(reading.tracked)
        length = torch.full_like(start[:, :1, :1, :1], step)
        last = loss if plan.origin else none
        return cls(start, reading.gradient, loss, length, last, none, 0, loss, none.bool() | (not plan.fresh), plan)

    def note(self, here: Tensor, reading: Reading) -> None:
        """One more point."""
        better = reading.tracked > self.loss
        self.best = torch.where(wide(better), here, self.best)
        self.gradient = torch.where(wide(better), reading.gradient, self.gradient)
        self.loss = torch.where(better, reading.tracked, self.loss)
        self.rises = self.rises + (reading.tracked > self.last)
        self.last = reading.tracked
        self.steps += 1

    def check(self, rho: float) -> Tensor:
        """Halve the step of the images that need it; which ones, (B, 1, 1, 1)."""
        enough = rho * self.steps
        stuck = self.rises < enough if self.plan.strict else self.rises <= enough
        stuck |= ~self.halved_then & (self.loss_then >= self.loss)
        self.step = torch.where(wide(stuck), self.step / 2, self.step)
        self.loss_then, self.halved_then = self.loss, stuck
        self.rises, self.steps = torch.zeros_like(self.rises), 0
        return wide(stuck)


@dataclass(frozen=True)
class RedEps:
    """APGD in balls that shrink to the wanted one; each stage begins at the best point of the last (SEA, section 2.3).

    Args:
        steps: number of steps of all stages together.
        stages: pairs (how many times as wide as the ball, share of the steps); the last stage takes the steps that
            are left.
        checks: as for `APGD`.

    Raises:
        ValueError: the last stage is not as wide as the ball.

    Example:
        >>> from pearl_core.attacks.searches import RedEps
        >>> RedEps(steps=30).stages
        ((2.0, 0.3), (1.5, 0.3), (1.0, 0.4))
    """

    steps: int
    stages: tuple[tuple[float, float], ...] = ((2.0, 0.3), (1.5, 0.3), (1.0, 0.4))
    checks: Callable[[int], Checks] = checks

    def __post_init__(self):
        if self.stages[-1][0] != 1:
            raise ValueError(f"wanted a last stage as wide as the ball, got one {self.stages[-1][0]} times as wide")

    def __call__(self, problem: Problem, ball: Ball) -> Iterator[Tensor]:
        parts = [int(round(share * self.steps, 9)) for _, share in self.stages[:-1]]
        parts.append(self.steps - sum(parts))
        delta = None
        for (factor, _), steps in zip(self.stages, parts, strict=True):
            room = ball.scaled(factor)
            if delta is None:
                start = problem.start(room)
            else:
                problem.look(delta, 1.0, gradient=False)  # the last point of a stage counts like the others
                start = problem.project(delta if problem.kept is None else problem.kept, room)
            problem.reopen()
            for delta in APGD(steps, checks=self.checks)(problem, room, start):
                yield delta


def wide(mask: Tensor) -> Tensor:
    """A number for each image, in a shape that fits pictures.

    Args:
        mask: (B,).

    Returns:
        (B, 1, 1, 1).

    Example:
        >>> import torch
        >>> from pearl_core.attacks.searches import wide
        >>> wide(torch.tensor([True, False])).shape
        torch.Size([2, 1, 1, 1])
    """
    return mask.view(-1, 1, 1, 1)

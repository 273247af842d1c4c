"""Searches own the loop of an attack. They see a problem and a ball, never the model or the labels.

A search is a generator: it yields the perturbation at the start and after every step, so that a caller who wants the
attack after 3, 5 and 10 steps runs it once. What it may ask of a problem:

    start(ball)                     where to begin, (B, 3, H, W)
    look(delta, progress)           what is to be seen there, per image: a `Reading`
    look(delta, progress, gradient=False)    the same by a forward pass alone
    project(delta, ball)            the nearest allowed point: in the ball, the picture in [0, 1], inside the mask
    kept                            the best point since `reopen`, by what the attack keeps; None if it keeps the last
    generators()                    a source of random numbers for each picture
    reopen()                        forget it, and bring back the images that were finished
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
    """One look at a point, per image. Images that are finished keep their last values, with gradient zero."""

    loss: Tensor  # (B,) the objective, mean over all pixels of the image
    gradient: Tensor | None  # (B, 3, H, W) of the sum over the pixels
    tracked: Tensor  # (B,) the loss by which points are compared; the objective itself where nothing else is asked for
    accuracy: Tensor | None  # (B,) share of the pixels with a label that are right; None where it is not needed


class Problem(Protocol):
    kept: Tensor | None

    def start(self, ball: Ball) -> Tensor: ...
    def look(self, delta: Tensor, progress: float, *, gradient: bool = True) -> Reading: ...
    def project(self, delta: Tensor, ball: Ball) -> Tensor: ...
    def generators(self) -> list[torch.Generator]: ...
    def reopen(self) -> None: ...


Search = Callable[[Problem, Ball], Iterator[Tensor]]


@dataclass(frozen=True)
class FixedSteps:
    """`steps` steps of length `alpha` (in units of the picture) along the steepest direction.

    With `momentum` the direction is that of all gradients so far, each brought to mean size 1, faded by `momentum` at
    every step (MI-FGSM, Dong et al. 2018). The first n steps are the same whatever the budget, as long as the
    objective does not look at `progress`: one run then serves every smaller number of steps.
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
    """When APGD asks whether to halve its step, and what it takes for progress there."""

    at: tuple[int, ...]  # after how many steps, ascending
    origin: bool  # whether the start counts as the point before the first step; if not, a loss of 0 stands there
    strict: bool  # whether exactly rho of the steps having gained is too few; if not it is enough
    fresh: bool  # whether the first check can halve because the best point did not improve


def checks(steps: int) -> Checks:
    """As the paper's text has them (Croce & Hein 2020, section 3): at 22 % of the steps, then ever sooner."""
    before, share, at = 0.0, 0.22, []
    while share < 1 and len(at) < steps:
        at.append(math.ceil(round(share * steps, 9)))  # 0.22 * 50 is a hair over 11
        before, share = share, share + max(share - before - 0.03, 0.06)
    return Checks(tuple(dict.fromkeys(at)), origin=True, strict=True, fresh=True)


def published_checks(steps: int) -> Checks:
    """As the authors' code has them: whole windows, the first of which compares the first loss with zero."""
    window, fewer, least = (max(int(share * steps), 1) for share in (0.22, 0.03, 0.06))
    at = []
    while sum(at) < steps:
        at.append(window)
        window = max(window - fewer, least)
    return Checks(tuple(sum(at[: i + 1]) for i in range(len(at))), origin=False, strict=False, fresh=False)


@dataclass(frozen=True)
class APGD:
    """PGD that finds its own step: from twice the radius, halved where it does not pay (Croce & Hein 2020).

    At each check an image whose tracked loss rose in fewer than `rho` of the steps since the last one, or whose best
    point is still the same although its step is too, goes back to that point with half the step.
    """

    steps: int
    momentum: float = 0.75  # weight of the new step against the last one
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
    """APGD in balls that shrink to the wanted one, each begun where the last one did best (red-eps, SEA section 2.3).

    `stages` are pairs (how many times as wide, share of the steps); the last stage takes the steps that are left.
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
    """(B,) -> (B, 1, 1, 1)."""
    return mask.view(-1, 1, 1, 1)

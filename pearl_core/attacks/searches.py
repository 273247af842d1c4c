"""Searches own the loop of an attack. They see slopes and a ball, never the model or the labels.

A search is a generator: it yields the perturbation after every step, so that a caller who wants the attack
after 3, 5 and 10 steps runs it once. `slope(delta, progress)` returns the loss per image (B,) and its
gradient (B, 3, H, W); `project` keeps delta inside the ball and the picture inside [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from .balls import Linf

Slope = Callable[[Tensor, float], tuple[Tensor, Tensor]]
Project = Callable[[Tensor], Tensor]


class Step(NamedTuple):
    delta: Tensor  # (B, 3, H, W), after the step
    loss: Tensor  # (B,), before it


Search = Callable[[Slope, Linf, Project, Tensor], Iterator[Step]]


@dataclass(frozen=True)
class FixedSteps:
    """`steps` steps of length `alpha` (in units of the picture) along the steepest direction; the last point counts.

    The first n steps are the same whatever the budget, as long as the objective does not look at `progress` (none of
    the zoo's does): one run then serves every smaller number of steps.
    """

    alpha: float
    steps: int

    def __call__(self, slope: Slope, ball: Linf, project: Project, start: Tensor) -> Iterator[Step]:
        delta = start
        for step in range(self.steps):
            loss, gradient = slope(delta, step / self.steps)
            delta = project(delta + self.alpha * ball.steepest(gradient))
            yield Step(delta, loss)

"""attack = objective x ball x search. An attack is a function (model, images, target) -> images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..precision import PRECISIONS
from ..types import VOID, choose
from .balls import Ball
from .objectives import Objective
from .problem import ImageProblem, Keep, Share, share_right
from .searches import Search

Attack = Callable[[nn.Module, Tensor, Tensor], Tensor]


class Trajectory(NamedTuple):
    """An attack with what was seen on the way, one row per point looked at: the start, every step."""

    images: Tensor  # (B, 3, H, W), what the attack returns
    loss: Tensor  # (T + 1, B), the objective, mean over the pixels
    tracked: Tensor  # (T + 1, B), the loss the search compares points by
    accuracy: Tensor | None  # (T + 1, B), share of the pixels with a label that are right; None without labels
    iterates: Tensor | None  # (T + 1, B, 3, H, W), where asked for


@dataclass(frozen=True)
class Ascent:
    """The attack that climbs `objective` inside `ball` (and [0, 1]) by `search`; call it, or walk its `iterates`.

    It starts at the picture, or uniformly in the ball with `random_start`. Random numbers of a picture come from
    `seed` and the picture alone, so they do not depend on the batch it is in. `track` is the loss by which the search
    compares points (None: the objective). `keep` picks the point returned (None: the last). `share` counts accuracy.
    `precision` is that of the gradients (see `precision.lowered`). `finite=False` lets nan and inf of a published loss
    pass; else they are a FloatingPointError that names the step.
    """

    objective: Objective
    ball: Ball
    search: Search
    random_start: bool = False
    seed: int = 0
    precision: str = "float32"
    track: Objective | None = None
    keep: Keep | None = None
    share: Share = share_right
    finite: bool = True

    def __post_init__(self):
        choose("precision", self.precision, PRECISIONS)

    def __call__(self, model: nn.Module, images: Tensor, target, *, mask: Tensor | None = None) -> Tensor:
        """The attacked pictures (B, 3, H, W). Only pixels where `mask` (B, H, W) is true may change."""
        problem = self.problem(model, images, target, mask)
        for delta in self.search(problem, self.ball):  # noqa: B007 - the last one counts
            pass
        return self.finish(problem, delta)

    def iterates(self, model: nn.Module, images: Tensor, target, *, mask: Tensor | None = None) -> Iterator[Tensor]:
        """The attacked pictures at the start and after every step, each (B, 3, H, W), whatever `keep` would return."""
        for delta in self.search(self.problem(model, images, target, mask), self.ball):
            yield (images + delta).clamp(0, 1)

    def trace(
        self, model: nn.Module, images: Tensor, target, *, mask: Tensor | None = None, iterates: bool = False
    ) -> Trajectory:
        """The attack with its course, for one forward pass more than the attack where it keeps its last point."""
        problem = self.problem(model, images, target, mask, watch=True)
        points = []
        for delta in self.search(problem, self.ball):
            if iterates:
                points.append((images + delta).clamp(0, 1))
        problem.look(delta, 1.0, gradient=False)
        columns = ([getattr(r, name) for r in problem.log] for name in ("loss", "tracked", "accuracy"))
        seen = (None if column[0] is None else torch.stack(column) for column in columns)
        kept = delta if self.keep is None else problem.kept
        return Trajectory((images + kept).clamp(0, 1), *seen, torch.stack(points) if iterates else None)

    def problem(
        self, model: nn.Module, images: Tensor, target, mask: Tensor | None = None, watch=False
    ) -> ImageProblem:
        """This attack's problem on these pictures; counts what is computed on it."""
        check(images, target, mask)
        return ImageProblem(model, images, target, self, mask=mask, watch=watch)

    def finish(self, problem: ImageProblem, delta: Tensor) -> Tensor:
        if self.keep is not None:
            problem.look(delta, 1.0, gradient=False)
            delta = problem.kept
        return (problem.images + delta).clamp(0, 1)


def ascend(objective: Objective, ball: Ball, search: Search, **options) -> Ascent:
    """Compose an attack of its parts; `options` are the other fields of `Ascent`."""
    return Ascent(objective, ball, search, **options)


def restarted(attack: Ascent, starts: int) -> tuple[Ascent, ...]:
    """The attack from `starts` random points, for `ensembles.worst_of`."""
    if starts < 1:
        raise ValueError(f"wanted 1 start or more, got {starts}")
    return tuple(replace(attack, random_start=True, seed=attack.seed + i) for i in range(starts))


def check(images: Tensor, target, mask: Tensor | None = None) -> None:
    """A one-line ValueError where pictures, target and mask do not fit together."""
    if not isinstance(target, Tensor):
        target.check(images)
    elif images.shape[:1] + images.shape[2:] != target.shape:
        raise ValueError(f"wanted labels (B, H, W) for pictures {tuple(images.shape)}, got {tuple(target.shape)}")
    elif not images.is_floating_point() or target.is_floating_point():
        raise ValueError(f"wanted float pictures and integer labels, got {images.dtype} and {target.dtype}")
    elif (target < 0).any():
        raise ValueError(f"wanted labels from 0 up and void {VOID}, got {int(target.min())}")
    if images.numel() and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"wanted pictures in [0, 1], got [{images.min():.3g}, {images.max():.3g}]")
    if mask is not None and mask.shape != images.shape[:1] + images.shape[2:]:
        raise ValueError(f"wanted a mask (B, H, W) for pictures {tuple(images.shape)}, got {tuple(mask.shape)}")

"""attack = objective x ball x search. An attack is a function (model, images, target) -> images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    """An attack with what was seen on the way, one row per look: the start, every step, and the end of each stage."""

    images: Tensor  # (B, 3, H, W), what the attack returns
    loss: Tensor  # (T + stages, B), the objective, mean over the pixels
    tracked: Tensor  # of the same shape, the loss the search compares points by
    accuracy: Tensor | None  # of the same shape, share of the pixels with a label that are right; None without labels
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

    def __call__(self, model: nn.Module, images: Tensor, target, **options) -> Tensor:
        """The attacked pictures (B, 3, H, W). `options`: those of `problem`."""
        problem = self.problem(model, images, target, **options)
        for delta in self.search(problem, self.ball):  # noqa: B007 - the last one counts
            pass
        return self.finish(problem, delta)

    def iterates(self, model: nn.Module, images: Tensor, target, **options) -> Iterator[Tensor]:
        """The attacked pictures at the start and after every step, each (B, 3, H, W), whatever `keep` would return."""
        problem = self.problem(model, images, target, **options)
        for delta in self.search(problem, self.ball):
            yield (problem.images + delta).clamp(0, 1)

    def trace(self, model: nn.Module, images: Tensor, target, *, iterates: bool = False, **options) -> Trajectory:
        """The attack with its course, for one forward pass more than the attack where it keeps its last point."""
        problem = self.problem(model, images, target, watch=True, **options)
        points = []
        for delta in self.search(problem, self.ball):
            if iterates:
                points.append((problem.images + delta).clamp(0, 1))
        problem.look(delta, 1.0, gradient=False)
        columns = ([getattr(r, name) for r in problem.log] for name in ("loss", "tracked", "accuracy"))
        seen = (None if column[0] is None else torch.stack(column) for column in columns)
        kept = delta if self.keep is None else problem.kept
        return Trajectory((problem.images + kept).clamp(0, 1), *seen, torch.stack(points) if iterates else None)

    def problem(
        self,
        model: nn.Module,
        images: Tensor,
        target,
        *,
        mask: Tensor | None = None,
        keys: Sequence[str] | None = None,
        watch: bool = False,
    ) -> ImageProblem:
        """This attack's problem on these pictures; counts what is computed on it.

        Only pixels where `mask` (B, H, W) is true may change. `keys`, one name per picture, decide its random numbers
        in place of its pixels.
        """
        images, target = ready(images, target, mask, keys)
        return ImageProblem(model, images, target, self, mask=mask, keys=keys, watch=watch)

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


def ready(images: Tensor, target, mask: Tensor | None = None, keys: Sequence[str] | None = None):
    """Pictures apart from what made them, and labels as int64. Errors: one-line ValueErrors of what does not fit."""
    check(images, target, mask, keys)
    return images.detach(), target.long() if isinstance(target, Tensor) else target


def check(images: Tensor, target, mask: Tensor | None = None, keys: Sequence[str] | None = None) -> None:
    """A one-line ValueError where pictures, target, mask and keys do not fit together."""
    kind = target.dtype if isinstance(target, Tensor) else None
    if not images.is_floating_point() or (kind is not None and kind.is_floating_point):
        raise ValueError(f"wanted float pictures and integer labels, got {images.dtype} and {kind}")
    if not len(images):
        raise ValueError("wanted one picture or more, got none")
    if not isinstance(target, Tensor):
        if not hasattr(target, "check"):
            raise ValueError(f"wanted labels, a Reference or Patches as the target, got {type(target).__name__}")
        target.check(images)
    elif images.shape[:1] + images.shape[2:] != target.shape:
        raise ValueError(f"wanted labels (B, H, W) for pictures {tuple(images.shape)}, got {tuple(target.shape)}")
    elif (target < 0).any():
        raise ValueError(f"wanted labels from 0 up and void {VOID}, got {int(target.min())}")
    if not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"wanted pictures in [0, 1], got [{images.min():.3g}, {images.max():.3g}]")
    if mask is not None and mask.shape != images.shape[:1] + images.shape[2:]:
        raise ValueError(f"wanted a mask (B, H, W) for pictures {tuple(images.shape)}, got {tuple(mask.shape)}")
    if keys is not None and len(keys) != len(images):
        raise ValueError(f"wanted a key for each of {len(images)} pictures, got {len(keys)}")

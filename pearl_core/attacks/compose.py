"""attack = objective x ball x search. An attack is a function (model, images, target) -> images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..pipeline import frozen, lowered
from ..types import VOID
from .balls import Linf
from .objectives import Objective
from .searches import Search

Attack = Callable[[nn.Module, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Ascent:
    """The attack that climbs `objective` inside `ball` (and [0, 1]) by `search`; call it, or walk its `iterates`.

    It starts at the picture, or uniformly in the ball with `random_start`. Random numbers of a picture come from
    `seed` and the picture alone, so they do not depend on the batch it is in. `dtype` is the precision of the
    gradients (None: that of the model).
    """

    objective: Objective
    ball: Linf
    search: Search
    random_start: bool = False
    seed: int = 0
    dtype: torch.dtype | None = None

    def __call__(self, model: nn.Module, images: Tensor, target: Tensor) -> Tensor:
        attacked = images
        for attacked in self.iterates(model, images, target):  # noqa: B007 - the last one counts
            pass
        return attacked

    def iterates(self, model: nn.Module, images: Tensor, target: Tensor) -> Iterator[Tensor]:
        """The attacked pictures at the start and after every step, each (B, 3, H, W). Model and flags stay as found."""
        check(images, target)

        def project(delta: Tensor) -> Tensor:
            return (images + self.ball.project(delta)).clamp(0, 1) - images

        start = torch.zeros_like(images)
        if self.random_start:
            start = project(self.ball.random(uniform_like(images, self.seed)))
        yield (images + start).clamp(0, 1)
        slope = slope_of(lowered(model, self.dtype), self.objective, images, target)
        steps = self.search(lambda *point: within(model, slope, *point), self.ball, project, start)
        for step in steps:
            yield (images + step.delta).clamp(0, 1)


def ascend(objective: Objective, ball: Linf, search: Search, **options) -> Ascent:
    """Compose an attack of its parts; `options` are `random_start`, `seed`, `dtype`."""
    return Ascent(objective, ball, search, **options)


def within(model: nn.Module, slope, delta: Tensor, progress: float) -> tuple[Tensor, Tensor]:
    """One slope with the model frozen, and only then: whoever holds an unfinished attack holds an untouched model."""
    with frozen(model):
        return slope(delta, progress)


def slope_of(model, objective: Objective, images: Tensor, target: Tensor):
    """slope(delta, progress) -> loss per image (B,) and gradient of each image's own loss (B, 3, H, W)."""

    def slope(delta: Tensor, progress: float) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            point = (images + delta).detach().requires_grad_(True)
            output = model(point)
            check_classes(target, output.logits.shape[1])
            loss = objective(output, target, progress).flatten(1).sum(1)
            (gradient,) = torch.autograd.grad(loss.sum(), point)
        return loss.detach(), gradient

    return slope


def uniform_like(images: Tensor, seed: int) -> Tensor:
    """Numbers uniform in [0, 1), per image from (seed, hash of its pixels): the same alone and in any batch."""
    rows = []
    for image in images.detach().cpu():
        digest = hashlib.blake2b(image.contiguous().numpy().tobytes(), key=str(seed).encode(), digest_size=8).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
        rows.append(torch.rand(image.shape, generator=generator, dtype=image.dtype))
    return torch.stack(rows).to(images.device)


def check(images: Tensor, target: Tensor) -> None:
    """A one-line ValueError where pictures and labels do not fit together."""
    if images.shape[:1] + images.shape[2:] != target.shape:
        raise ValueError(f"wanted labels (B, H, W) for pictures {tuple(images.shape)}, got {tuple(target.shape)}")
    if not images.is_floating_point() or target.is_floating_point():
        raise ValueError(f"wanted float pictures and integer labels, got {images.dtype} and {target.dtype}")
    if images.numel() and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"wanted pictures in [0, 1], got [{images.min():.3g}, {images.max():.3g}]")
    if (target < 0).any():
        raise ValueError(f"wanted labels from 0 up and void {VOID}, got {int(target.min())}")


def check_classes(target: Tensor, classes: int) -> None:
    """A one-line ValueError where a label is none of the model's classes, which torch would report in its own words."""
    beyond = (target >= classes) & (target != VOID)
    if beyond.any():
        raise ValueError(f"wanted labels from 0 to {classes - 1} and void {VOID}, got {int(target[beyond][0])}")

"""What a search may ask about a batch of pictures under attack; every pass through the model is made here.

So this file ensures what holds for all attacks: void pixels get no gradient, a picture's result does not depend on its
batch, the model is left unchanged, and no pass is made that is not needed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from ..adapters import adapted
from ..chance import Steady, drawing, key_of, uniform_like
from ..pipeline import frozen
from ..precision import lowered
from ..types import Output
from .balls import Ball
from .judging import Keep, Share, check_classes, for_answers, refuse_nonsense, select, share_of
from .objectives import Objective
from .searches import Reading, wide


class How(Protocol):
    """The settings of an attack that decide what it computes; see the fields of `compose.Ascent`."""

    objective: Objective
    random_start: bool
    seed: int
    precision: str
    track: Objective | None
    keep: Keep | None
    share: Share
    finite: bool


class ImageProblem:
    """The `searches.Problem` of attacking a model on a batch of pictures. `compose.Ascent.problem` makes it.

    Args:
        model: images (B, 3, H, W) -> `Output`.
        images: (B, 3, H, W) in [0, 1].
        target: a label map (B, H, W), or a named tuple of tensors (B, ...) for objectives that want more.
        how: the attack, which has the fields of `How`.
        mask: (B, H, W), true where pixels may change; None: everywhere.
        keys: a name for each picture, which decides its random numbers; None: its pixels do.
        watch: whether to log every reading.

    Example:
        >>> from pearl_core.attacks.zoo import bim
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> problem = bim(eps=8).problem(net, sample.rainy, sample.labels)
        >>> reading = problem.look(0 * sample.rainy, progress=0.0)
        >>> reading.gradient.shape, problem.passes, problem.gradients
        (torch.Size([2, 3, 32, 40]), 2, 2)
    """

    def __init__(
        self,
        model: Callable,
        images: Tensor,
        target,
        how: How,
        *,
        mask: Tensor | None,
        keys: Sequence[str] | None,
        watch: bool,
    ):
        self.model = adapted(model, part="segment" if isinstance(target, Tensor) else "derain")
        self.how = how
        self.images, self.target, self.keys = images, target, keys
        self.mask = None if mask is None else mask.to(images).unsqueeze(1)
        self.watch = isinstance(target, Tensor) and (watch or (how.keep is not None and how.keep.counts))
        self.log: list[Reading] | None = [] if watch else None  # without gradients
        self.passes = self.gradients = 0  # of single images: forward, forward and back
        self.looks = self.asked = 0  # with a gradient, and all
        self.steady = Steady()
        self.reopen()

    @cached_property
    def call(self) -> Callable[[Tensor], Output]:
        """The model in the precision of the gradients; made once, at the first look."""
        with drawing(self.how.seed, self.images.device):  # folding looks at the model's answers
            return lowered(self.model, self.images, self.how.precision)

    def seeds(self) -> list[int]:
        """Seeds of the active pictures, for a model with random numbers inside: from (seed, picture, step)."""
        names = self.images if self.keys is None else self.keys
        return [key_of(names[i], f"{self.how.seed}, look {self.asked}") for i in self.active.tolist()]

    def reopen(self) -> None:
        self.active = torch.arange(len(self.images), device=self.images.device)
        self.last: Reading | None = None
        self.kept = self.worth = None

    # ---- points ----

    def start(self, ball: Ball) -> Tensor:
        if not self.how.random_start:
            return torch.zeros_like(self.images)
        return self.project(ball.random(uniform_like(self.images, self.how.seed, self.keys)), ball)

    def generators(self) -> list[torch.Generator]:
        """A source of random numbers for each picture, from the seed and the picture alone."""
        names = self.images if self.keys is None else self.keys
        return [torch.Generator().manual_seed(key_of(name, self.how.seed)) for name in names]

    def project(self, delta: Tensor, ball: Ball) -> Tensor:
        delta = delta if self.mask is None else delta * self.mask
        return (self.images + ball.project(delta)).clamp(0, 1) - self.images

    # ---- readings ----

    def look(self, delta: Tensor, progress: float, *, gradient: bool = True) -> Reading:
        """Loss, gradient and accuracy at a point. Between two calls the model is as its owner left it, not frozen."""
        whole = len(self.active) == len(self.images)
        if len(self.active):
            pick = (lambda t: t) if whole else (lambda t: t[self.active])
            with torch.inference_mode(False), frozen(self.model):
                seen = self.evaluate(pick(self.images), pick(delta), select(self.target, pick), progress, gradient)
            self.gradients += len(self.active) * gradient
            self.passes += len(self.active)
        else:
            seen = None
        reading = seen if whole else self.spread(seen, delta, gradient)
        self.last = reading
        if self.log is not None:
            self.log.append(reading._replace(gradient=None))
        if self.how.keep:
            self.choose(delta, reading)
        self.looks += bool(gradient or not self.gradients)  # the step that a search is at, with gradients or by answers
        self.asked += 1
        return reading

    def evaluate(self, images: Tensor, delta: Tensor, target, progress: float, gradient: bool) -> Reading:
        """The same for the active images alone: one forward pass, and one backward pass if a gradient is wanted."""
        with torch.set_grad_enabled(gradient):
            point = (images + delta).detach().requires_grad_(gradient)
            output = self.steady(self.call, point, self.seeds)
            draws = len(output.derained) // len(images)
            target = for_answers(target, draws)
            check_classes(target, output)
            losses = self.losses(self.how.objective, output, target, progress, draws)
            total = losses.sum()
        loss = losses.detach().mean(1)
        with torch.no_grad():
            tracked = loss
            if self.how.track not in (None, self.how.objective):
                tracked = self.losses(self.how.track, output, target, progress, draws).mean(1)
            right = share_of(output, target, draws, self.how.share, self.last is None) if self.watch else None
        seen = (output.derained if output.logits is None else output.logits).detach().sum()  # finite if all of them are
        del output  # so that the backward pass holds no more memory than it needs
        slope = _slope(total, point) if gradient else None
        if self.how.finite:
            refuse_nonsense(self.looks, loss=loss, gradient=slope, prediction=seen)
        if slope is not None and self.mask is not None:
            slope = slope * (self.mask if len(images) == len(self.images) else self.mask[self.active])
        return Reading(loss, slope, tracked, right)

    @staticmethod
    def losses(objective: Objective, output: Output, target, progress: float, draws: int) -> Tensor:
        """The objective of each image's pixels, averaged over the model's answers: (B, H * W), or (B, 1)."""
        loss = objective(output, target, progress)
        loss = loss.reshape(len(loss), -1)
        return loss if draws == 1 else loss.view(draws, -1, loss.shape[1]).mean(0)

    # ---- images that are finished ----

    def spread(self, seen: Reading | None, delta: Tensor, gradient: bool) -> Reading:
        """A reading of all images: new values for the active ones, the last values for the others."""
        slope = torch.zeros_like(delta) if gradient else None
        if seen is None:
            return self.last._replace(gradient=slope)
        put = lambda old, new: None if new is None else old.index_copy(0, self.active, new)  # noqa: E731
        return Reading(
            put(self.last.loss, seen.loss),
            put(slope, seen.gradient),
            put(self.last.tracked, seen.tracked),
            put(self.last.accuracy, seen.accuracy),
        )

    def choose(self, delta: Tensor, reading: Reading) -> None:
        """Keep the best point of the active images; `how.keep.ties` says which of two equally good ones."""
        worth = self.how.keep.worth(reading)
        if self.kept is None:
            self.kept, self.worth = delta, worth
        looked_at = torch.zeros_like(worth, dtype=torch.bool).index_fill(0, self.active, True)
        better = looked_at & (worth <= self.worth if self.how.keep.ties else worth < self.worth)
        self.kept, self.worth = torch.where(wide(better), delta, self.kept), torch.where(better, worth, self.worth)
        self.active = (self.worth > self.how.keep.enough).nonzero().flatten()


def _slope(total: Tensor, point: Tensor) -> Tensor:
    """The gradient; zero, with a warning, where the model cuts it off: such a model only looks robust."""
    slope = torch.autograd.grad(total, point, allow_unused=True)[0] if total.requires_grad else None
    if slope is None:
        warnings.warn(
            "the model's answer has no gradient in its input (detached?): no gradient attack can work; put the part "
            "that cuts it off into wrappers.StraightThrough",
            stacklevel=2,
        )
        return torch.zeros_like(point)
    return slope

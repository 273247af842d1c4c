"""What a search may ask about a batch of pictures under attack: where to begin, what is to be seen, what is allowed.

Here is everything an attack computes with the model, so here stands what must hold for all of them: void does not
push, pictures do not depend on their batch, the model does not change, and no pass is made that is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from ..adapters import adapted
from ..chance import Steady, drawing, key_of, uniform_like
from ..pipeline import frozen
from ..precision import lowered
from ..types import VOID, Output
from .balls import Ball
from .objectives import Objective
from .searches import Reading, wide

Share = Callable[[Tensor, Tensor, Tensor, bool], Tensor]


class Keep(NamedTuple):
    """Which of the points looked at an attack returns: the lowest `worth` (B,); at `enough` an image is finished."""

    worth: Callable[[Reading], Tensor]
    enough: float = -torch.inf
    counts: bool = False  # whether it asks for the accuracy
    ties: bool = True  # whether of two as good the later is taken, which has climbed for longer


LOWEST_ACCURACY = Keep(lambda reading: reading.accuracy, 0.0, True)  # at zero every pixel is misclassified
HIGHEST_ACCURACY = Keep(lambda reading: -reading.accuracy, -1.0, True)  # towards a target: every pixel has its class
HIGHEST_LOSS = Keep(lambda reading: -reading.tracked)
TURNED = {LOWEST_ACCURACY: HIGHEST_ACCURACY, HIGHEST_ACCURACY: LOWEST_ACCURACY}


def turned(keep: Keep | None) -> Keep | None:
    """What to keep where the loss is turned round."""
    if keep is None or (other := TURNED.get(keep._replace(ties=True))) is None:
        return keep
    return other._replace(ties=keep.ties)


def share_right(right: Tensor, void: Tensor, pixels: Tensor, first: bool) -> Tensor:
    """Right pixels over those with a label; 1 where an image has none."""
    return torch.where(pixels > void, right / (pixels - void).clamp(min=1), 1)


def published_share_right(right: Tensor, void: Tensor, pixels: Tensor, first: bool) -> Tensor:
    """SEA's code: void is wrong at the start, right at every later point; an image with much of it stays there."""
    return (right if first else right + void) / pixels


class How(Protocol):
    """What an attack says of its looks; the fields of `compose.Ascent` of the same names."""

    objective: Objective
    random_start: bool
    seed: int
    precision: str
    track: Objective | None
    keep: Keep | None
    share: Share
    finite: bool


class ImageProblem:
    """Pictures (B, 3, H, W) in [0, 1], what is wanted of them, the model under attack, and `how`. See `searches`.

    `target` is a label map (B, H, W), or a named tuple of tensors (B, ...) for objectives that want more.
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
        """The model in the precision of the gradients; made at the first look, once for the whole attack."""
        with drawing(self.how.seed, self.images.device):  # folding looks at the model's answers
            return lowered(self.model, self.images, self.how.precision)

    def seeds(self) -> list[int]:
        """For a model with random numbers inside: from (seed, picture, step)."""
        names = self.images if self.keys is None else self.keys
        return [key_of(names[i], f"{self.how.seed}, look {self.asked}") for i in self.active.tolist()]

    def reopen(self) -> None:
        self.active = torch.arange(len(self.images), device=self.images.device)
        self.last: Reading | None = None
        self.kept = self.worth = None

    # ---- where ----

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

    # ---- what ----

    def look(self, delta: Tensor, progress: float, *, gradient: bool = True) -> Reading:
        """What is seen at a point. The model is frozen only meanwhile, so an attack under way leaves it unchanged."""
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
        """The same for a batch by itself: one forward pass, and one backward pass where a gradient is asked for."""
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
        seen = (output.derained if output.logits is None else output.logits).detach().sum()  # nan where one is, or inf
        del output  # the backward pass holds what it needs of it, and no more
        slope = torch.autograd.grad(total, point)[0] if gradient else None
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
        """A reading of the active images among the last values of the others."""
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
        """Keep the best point of the active images."""
        worth = self.how.keep.worth(reading)
        if self.kept is None:
            self.kept, self.worth = delta, worth
        looked_at = torch.zeros_like(worth, dtype=torch.bool).index_fill(0, self.active, True)
        better = looked_at & (worth <= self.worth if self.how.keep.ties else worth < self.worth)
        self.kept, self.worth = torch.where(wide(better), delta, self.kept), torch.where(better, worth, self.worth)
        self.active = (self.worth > self.how.keep.enough).nonzero().flatten()


def select(target, pick: Callable[[Tensor], Tensor]):
    """The target with `pick` applied to each of its tensors."""
    if isinstance(target, Tensor) or target is None:
        return target if target is None else pick(target)
    parts = [select(part, pick) for part in target]
    return type(target)(*parts) if hasattr(target, "_fields") else tuple(parts)


def for_answers(target, draws: int):
    """The target of a model that answers several times for each picture: see `wrappers.Expectation`."""
    return target if draws == 1 else select(target, lambda t: t.repeat(draws, *[1] * (t.dim() - 1)))


def share_of(output: Output, target: Tensor, draws: int = 1, share: Share = share_right, first: bool = False) -> Tensor:
    """Share of each picture's pixels that are right, mean over the model's answers: (B,) float32."""
    right = (output.predicted == target).flatten(1).sum(1).float()
    void = (target == VOID).flatten(1).sum(1).float()
    return share(right, void, torch.full_like(right, target[0].numel()), first).view(draws, -1).mean(0)


def refuse_nonsense(step: int, **values: Tensor | None) -> None:
    """A one-line FloatingPointError that names the step and what is nan or inf there."""
    for name, numbers in values.items():
        if numbers is not None and not numbers.isfinite().all():
            where = f"step {step}" if step else "the start"
            raise FloatingPointError(f"wanted finite numbers, got a {name} of nan or inf at {where} of the attack")


def check_classes(target, output: Output) -> None:
    """A one-line ValueError where labels and answers do not fit together, which torch would say in its own words."""
    if not isinstance(target, Tensor):  # nothing to do with classes
        return
    if output.logits is None:
        raise ValueError("wanted a model that segments for a target of labels, got one that only derains")
    if len(output.logits) != len(target):
        raise ValueError(f"wanted one answer for each of {len(target)} pictures, got {len(output.logits)}")
    classes = output.logits.shape[1]
    beyond = (target >= classes) & (target != VOID)
    if beyond.any():
        raise ValueError(f"wanted labels from 0 to {classes - 1} and void {VOID}, got {int(target[beyond][0])}")

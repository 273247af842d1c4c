"""Square attack for dense outputs: a random square is kept if fewer pixels are right (Andriushchenko et al. 2020).

It asks for answers alone, never for a gradient: a defence that resists attacks by gradient but not this one hides its
gradient. The score is the pixel accuracy of the image; the paper classifies whole images and has a margin there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .balls import Ball, Linf
from .catalogue import declared
from .compose import Ascent, ascend
from .judging import LOWEST_ACCURACY
from .objectives import cross_entropy
from .searches import Problem
from .units import ball_of, whole

HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)  # of 10,000 queries: after these the share is halved
TILES = 5  # in l2 the first perturbation is a board of so many tiles a side


@dataclass(frozen=True)
class Square:
    """At every step it changes one square of the best point; positions and signs are random, squares become smaller.

    Args:
        steps: how often the model is asked; the first step changes the whole picture.
        share: of the picture that the first squares cover.

    Example:
        >>> from pearl_core.attacks.square import Square
        >>> [Square(steps=100).side(step, 100, 100) for step in (1, 50, 99)]
        [45, 8, 4]
    """

    steps: int
    share: float = 0.8

    def __call__(self, problem: Problem, ball: Ball) -> Iterator[Tensor]:
        delta, generators = problem.start(ball), problem.generators()
        moves = Signs(ball.radius) if isinstance(ball, Linf) else Pyramids(ball)
        yield delta
        for step in range(self.steps):
            problem.look(delta, step / self.steps, gradient=False)
            if step == 0:
                moved = [moves.first(each, g) for each, g in zip(delta, generators, strict=True)]
            else:
                side = self.side(step, *delta.shape[2:])
                moved = [moves.next(each, side, g) for each, g in zip(problem.kept, generators, strict=True)]
            delta = problem.project(torch.stack(moved), ball)
            yield delta

    def side(self, step: int, height: int, width: int) -> int:
        """The side of the square at a step, in pixels."""
        halved = sum(step / self.steps * 10_000 > at for at in HALVINGS)
        side = round(math.sqrt(self.share / 2**halved * height * width))
        return max(1, min(side, height, width))


# ---- what is done to one picture, (3, H, W) ----


@dataclass(frozen=True)
class Signs:
    """In the l-infinity ball: every value of the square lies at the edge, one sign for each channel."""

    radius: float

    def first(self, delta: Tensor, generator: torch.Generator) -> Tensor:
        """Vertical stripes, one pixel wide."""
        channels, _, width = delta.shape
        return (self.radius * signs((channels, 1, width), generator)).to(delta).expand_as(delta)

    def next(self, delta: Tensor, side: int, generator: torch.Generator) -> Tensor:
        rows, columns = window(delta.shape, side, generator)
        delta = delta.clone()
        delta[:, rows, columns] = (self.radius * signs((len(delta), 1, 1), generator)).to(delta)
        return delta


@dataclass(frozen=True)
class Pyramids:
    """In an l2 ball: two pyramids of opposite signs take the length that another square gives up."""

    ball: Ball

    def first(self, delta: Tensor, generator: torch.Generator) -> Tensor:
        """A board of pyramids, each with a sign for each channel."""
        channels, height, width = delta.shape
        side = max(min(height, width) // TILES, 1)
        board = torch.zeros(channels, height, width)
        for top in range(0, height - side + 1, side):
            for left in range(0, width - side + 1, side):
                tile = pyramid(side, side) * signs((channels, 1, 1), generator)
                board[:, top : top + side, left : left + side] = tile
        return self.filled(board.to(delta))

    def next(self, delta: Tensor, side: int, generator: torch.Generator) -> Tensor:
        side = max(side, min(3, *delta.shape[1:]))
        (rows, columns), given = (window(delta.shape, side, generator) for _ in range(2))
        delta, whole_length = delta.clone(), self.ball.length(delta.shape)
        both = torch.zeros_like(delta)
        both[:, rows, columns] = 1
        both[(slice(None), *given)] = 1
        spare = (whole_length**2 - delta.square().sum()).clamp(min=0) / len(delta)
        length = (spare + (delta * both).square().sum((1, 2), keepdim=True)).sqrt()  # of each channel
        old, old_length = delta[:, rows, columns], delta[:, rows, columns].norm(dim=(1, 2), keepdim=True)
        new = (dipole(side, generator) * signs((len(delta), 1, 1), generator)).to(delta) + old / (old_length + 1e-12)
        delta[(slice(None), *given)] = 0
        delta[:, rows, columns] = new / (new.norm(dim=(1, 2), keepdim=True) + 1e-12) * length
        return self.filled(delta)

    def filled(self, delta: Tensor) -> Tensor:
        """The same direction as long as the ball allows."""
        return delta * (self.ball.length(delta.shape) / (delta.norm() + 1e-12))


def window(shape: Sequence[int], side: int, generator: torch.Generator) -> tuple[slice, slice]:
    """A random square of a picture (3, H, W): its rows and columns."""
    starts = (int(torch.randint(whole_side - side + 1, (), generator=generator)) for whole_side in shape[1:])
    return tuple(slice(start, start + side) for start in starts)


def signs(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return 2.0 * torch.randint(2, shape, generator=generator) - 1


def pyramid(height: int, width: int) -> Tensor:
    """Highest in the middle, of length 1: the ring k from the middle has the sum of 1 / (i + 1)^2 over i >= k."""
    rows, columns = (torch.arange(side) - side // 2 for side in (height, width))
    ring = torch.maximum(rows.abs()[:, None], columns.abs()[None])
    parts = 1 / (torch.arange(int(ring.max()) + 1) + 1.0).square()
    values = parts.flip(0).cumsum(0).flip(0)[ring]
    return values / values.norm()


def dipole(side: int, generator: torch.Generator) -> Tensor:
    """Two pyramids side by side with opposite signs, of length 1; one above the other in half of the cases."""
    halves = [pyramid(height, side) for height in (side // 2, side - side // 2) if height]
    values = torch.cat([half * sign for half, sign in zip(halves, (1, -1), strict=False)])
    values = values / values.norm()
    return values.T if torch.randint(2, (), generator=generator) else values


@declared("Square", "Changes random squares and sees only how many pixels stay right.", queries=True)
def square(eps: float = 8, steps: int = 1000, *, share: float = 0.8, **options) -> Ascent:
    """Square attack by queries alone, scored by the pixel accuracy of each image (Andriushchenko et al. 2020).

    Args:
        eps: radius in 1/255.
        steps: how often the model is asked for an answer.
        share: of the picture that the first squares cover, in (0, 1].
        **options: fields of `compose.Ascent`, or `norm`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W), the point of lowest pixel accuracy.

    Raises:
        ValueError: a negative eps or number of steps, or a share outside (0, 1].

    Example:
        >>> from pearl_core.attacks.zoo import square
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> square(eps=8, steps=20)(net, sample.rainy, sample.labels).shape
        torch.Size([2, 3, 32, 40])
    """
    if not 0 < share <= 1:
        raise ValueError(f"wanted a share of the picture in (0, 1], got {share}")
    keep = LOWEST_ACCURACY._replace(ties=False)  # so that a picture in which nothing counts stays as it is
    return ascend(cross_entropy, ball_of(eps), Square(whole(steps), share), keep=keep, **options)

"""Balls: how far an attack may go. Radii here are in units of the picture, that is eps / 255.

Every image has its own ball. A point projected onto a ball and then clamped to [0, 1] is still in the ball, since the
picture in the middle lies in [0, 1] too: each coordinate moves towards it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Ball:
    """All perturbations (B, 3, H, W) no longer than `radius`."""

    radius: float

    def scaled(self, factor: float):
        """The ball of the same shape, `factor` times as wide."""
        return replace(self, radius=factor * self.radius)


class Linf(Ball):
    """Every channel of every pixel moves by at most `radius`."""

    def random(self, uniform: Tensor) -> Tensor:
        """A point uniform in the ball, from numbers uniform in [0, 1), same shape."""
        return (2 * uniform - 1) * self.radius

    def steepest(self, gradient: Tensor) -> Tensor:
        """The unit step along which a linear loss grows most."""
        return gradient.sign()

    def project(self, delta: Tensor) -> Tensor:
        """The nearest point of the ball."""
        return delta.clamp(-self.radius, self.radius)


class L2(Ball):
    """The Euclidean length of an image's whole perturbation is at most `radius`."""

    def length(self, shape: Sequence[int]) -> float:
        """The Euclidean radius, whatever the shape of the pictures."""
        return self.radius

    def random(self, uniform: Tensor) -> Tensor:
        """A point of the ball in a uniform direction, from numbers uniform in [0, 1), same shape.

        One number per coordinate leaves none for the length: it is that of the edge, where nearly all of a ball of
        so many dimensions lies.
        """
        tiny = torch.finfo(uniform.dtype).eps
        normal = torch.erfinv((2 * uniform - 1).clamp(tiny - 1, 1 - tiny))
        return self.radius * self.steepest(normal)

    def steepest(self, gradient: Tensor) -> Tensor:
        """The unit step along which a linear loss grows most; none where the gradient is zero."""
        length = lengths(gradient)
        return gradient / length.where(length > 0, 1)

    def project(self, delta: Tensor) -> Tensor:
        """The nearest point of the ball."""
        length = lengths(delta)
        return torch.where(length > self.radius, delta * (self.radius / length.where(length > 0, 1)), delta)


class RootMeanSquare(L2):
    """The root mean square of an image's whole perturbation is at most `radius`: an l2 ball for any size of picture.

    At one radius it holds the l-infinity ball; all of its length may lie in few pixels.
    """

    def steepest(self, gradient: Tensor) -> Tensor:
        """The step of root mean square 1 along which a linear loss grows most; none where the gradient is zero."""
        return super().steepest(gradient) * math.sqrt(gradient[0].numel())

    def project(self, delta: Tensor) -> Tensor:
        """The nearest point of the ball."""
        return L2(self.length(delta.shape[1:])).project(delta)

    def length(self, shape: Sequence[int]) -> float:
        """The Euclidean radius for pictures of a shape (3, H, W)."""
        return self.radius * math.sqrt(math.prod(shape))


NORMS = {"linf": Linf, "l2": RootMeanSquare}


def lengths(delta: Tensor) -> Tensor:
    """Euclidean length of each image's perturbation, (B, 1, 1, 1)."""
    return torch.linalg.vector_norm(delta, dim=(1, 2, 3), keepdim=True)

"""Balls: how far an attack may go. Radii here are in units of the picture, that is eps / 255.

Every image has its own ball. A point that is projected onto the ball and then clamped to [0, 1] is still in the ball:
clamping moves each coordinate towards the picture, which lies in [0, 1] itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Ball:
    """All perturbations (B, 3, H, W) no longer than `radius`; `Linf` and `L2` say in which norm.

    Args:
        radius: in units of the picture.

    Example:
        >>> from pearl_core.attacks.balls import Linf
        >>> Linf(0.25).scaled(2)
        Linf(radius=0.5)
    """

    radius: float

    def scaled(self, factor: float):
        """The ball in the same norm, `factor` times as wide."""
        return replace(self, radius=factor * self.radius)


class Linf(Ball):
    """The l-infinity ball: every channel of every pixel moves by at most `radius`.

    Args:
        radius: in units of the picture.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.balls import Linf
        >>> Linf(0.25).project(torch.tensor([0.5, -0.125]))
        tensor([ 0.2500, -0.1250])
    """

    def random(self, uniform: Tensor) -> Tensor:
        """A uniformly random point of the ball, made of numbers uniform in [0, 1) of the same shape."""
        return (2 * uniform - 1) * self.radius

    def steepest(self, gradient: Tensor) -> Tensor:
        """The unit step along which a linear loss grows most."""
        return gradient.sign()

    def project(self, delta: Tensor) -> Tensor:
        """The nearest point of the ball."""
        return delta.clamp(-self.radius, self.radius)


class L2(Ball):
    """The Euclidean ball: the length of an image's whole perturbation is at most `radius`.

    Args:
        radius: in units of the picture.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.balls import L2
        >>> L2(2.5).project(torch.tensor([3.0, 4.0, 0.0]).view(1, 3, 1, 1)).flatten()
        tensor([1.5000, 2.0000, 0.0000])
    """

    def length(self, shape: Sequence[int]) -> float:
        """The Euclidean radius; it does not depend on the shape of the pictures."""
        return self.radius

    def random(self, uniform: Tensor) -> Tensor:
        """A point on the surface of the ball in a random direction, made of numbers uniform in [0, 1), same shape.

        It is on the surface because no random number is left for the length; nearly all of the volume of a ball of so
        many dimensions lies there.
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
    """The l2 ball for pictures of any size: the root mean square of an image's whole perturbation is at most `radius`.

    It contains the l-infinity ball of the same radius, but a few pixels may change by far more.

    Args:
        radius: in units of the picture.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.balls import RootMeanSquare
        >>> RootMeanSquare(1.0).project(torch.tensor([2.0, 0.0, 0.0, 0.0]).view(1, 4, 1, 1)).flatten()
        tensor([2., 0., 0., 0.])
    """

    def steepest(self, gradient: Tensor) -> Tensor:
        """The step of root mean square 1 along which a linear loss grows most; 0 if the gradient is zero."""
        return super().steepest(gradient) * math.sqrt(gradient[0].numel())

    def project(self, delta: Tensor) -> Tensor:
        """The nearest point of the ball."""
        return L2(self.length(delta.shape[1:])).project(delta)

    def length(self, shape: Sequence[int]) -> float:
        """The Euclidean radius for pictures of a shape (3, H, W)."""
        return self.radius * math.sqrt(math.prod(shape))


NORMS = {"linf": Linf, "l2": RootMeanSquare}


def lengths(delta: Tensor) -> Tensor:
    """Euclidean length of each image's perturbation.

    Args:
        delta: (B, 3, H, W).

    Returns:
        (B, 1, 1, 1).

    Example:
        >>> import torch
        >>> from pearl_core.attacks.balls import lengths
        >>> lengths(torch.ones(2, 3, 1, 3)).flatten()
        tensor([3., 3.])
    """
    return torch.linalg.vector_norm(delta, dim=(1, 2, 3), keepdim=True)

"""Balls: how far an attack may go. Radii here are in units of the picture, that is eps / 255."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Linf:
    """Every channel of every pixel moves by at most `radius`."""

    radius: float

    def random(self, uniform: Tensor) -> Tensor:
        """A point of the ball from numbers uniform in [0, 1), same shape."""
        return (2 * uniform - 1) * self.radius

    def steepest(self, gradient: Tensor) -> Tensor:
        """The unit step along which a linear loss grows most."""
        return gradient.sign()

    def project(self, delta: Tensor) -> Tensor:
        return delta.clamp(-self.radius, self.radius)

"""Random numbers that are the same under every numpy version: only RandomState's uniform doubles are used."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """The random numbers of a scene, as plain Python numbers: numpy scalars could change the type of a result."""

    def __init__(self, text: str):
        seed = np.frombuffer(hashlib.blake2b(text.encode(), digest_size=32).digest(), "<u4")
        self._random = np.random.RandomState(seed).random_sample

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * float(self._random())

    def chance(self, p: float) -> bool:
        return float(self._random()) < p

    def whole(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(float(self._random()) * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.whole(0, len(choices) - 1)]

    def side(self) -> int:
        return 1 if self.chance(0.5) else -1

    def near(self, colour: Sequence[float], spread: float = 0.06) -> tuple[float, float, float]:
        """A colour close to the given one: another brightness, and a slightly different hue."""
        gain = self.between(1 - 2 * spread, 1 + 2 * spread)
        red, green, blue = (min(1.0, max(0.0, c * gain + self.between(-spread, spread) / 2)) for c in colour)
        return red, green, blue

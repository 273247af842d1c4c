"""Two fixed noise fields that repeat without a seam. All textures use them, so noise does not depend on the size."""

from __future__ import annotations

import numpy as np

SIDE = 256  # a power of two: indices wrap with a bit mask


def _octave(random: np.random.RandomState, cells: int) -> np.ndarray:
    """Bilinear noise on a lattice of cells x cells, which repeats without a seam."""
    lattice = random.random_sample((cells, cells))
    at = np.arange(SIDE) * (cells / SIDE)
    low = np.floor(at).astype(np.int64)
    high, part = (low + 1) % cells, at - low
    rows = lattice[low] * (1 - part)[:, None] + lattice[high] * part[:, None]
    return rows[:, low] * (1 - part) + rows[:, high] * part


def _cloudy() -> np.ndarray:
    random = np.random.RandomState(19)
    total = np.zeros((SIDE, SIDE))
    for power in range(2, 8):
        total += _octave(random, 2**power) * 0.6**power
    total -= total.min()
    return (total / total.max()).astype(np.float32)


WHITE = np.random.RandomState(7).random_sample((SIDE, SIDE)).astype(np.float32)
CLOUDY = _cloudy()


def sample(field: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The value of the field at (x, y), real numbers that are rounded down to cells; arrays are broadcast."""
    column = np.floor(x).astype(np.int32) & (SIDE - 1)
    row = np.floor(y).astype(np.int32) & (SIDE - 1)
    return field[row, column]

"""Rainy and clean pictures in pairs, of two sizes, with labels."""

from __future__ import annotations

import numpy as np

from lab.data import READERS
from lab.data.base import Dataset, Picture, Reader
from lab.data.files import Size

SIZES = ((32, 48), (48, 32))
CLASSES, PALETTE = ("left", "right"), ((200, 30, 30), (30, 30, 200))


def read(split: str, i: int) -> Picture:
    height, width = SIZES[i % len(SIZES)]
    random = np.random.RandomState([len(split), i])
    labels = np.zeros((height, width), np.uint8)
    labels[:, width // 2 :] = 1
    clean = np.clip(80 + 90 * labels[..., None] + random.randint(-20, 20, (height, width, 3)), 0, 255).astype(np.uint8)
    rainy = np.where(random.rand(height, width, 1) < 0.1, 250, clean).astype(np.uint8)
    return Picture(clean, labels, f"toy/{split}/{i}", rainy)


def open_split(root: None, split: str, size: Size | None, count: int | None) -> Dataset:
    keys = tuple(f"toy/{split}/{i}" for i in range(count or 32))
    return Dataset("toy_pairs", split, None, CLASSES, PALETTE, keys, lambda i: read(split, i), lambda: ("1",))


READERS.add(
    "toy_pairs", Reader("toy_pairs", ("train", "val", "test"), "test", None, open_split, built_in=True, classes=CLASSES)
)

"""The built-in street scenes."""

from __future__ import annotations

from lab.data import worlds
from lab.data.base import Dataset, Reader
from lab.data.files import Size
from pearl_core.worlds.scenes import CLASSES, PALETTE, SPLITS, scene

LENGTHS = {"train": 1200, "val": 100, "test": 200}  # by default: `count` may ask for fewer, or for more


def open_split(root: None, split: str, size: Size, count: int | None) -> Dataset:
    count = LENGTHS[split] if count is None else count
    return worlds.opened("scenes", scene, split, size, count, CLASSES, PALETTE, probe=1, small=(32, 64))


READER = Reader(
    "scenes", SPLITS, "test", (128, 256), open_split, built_in=True, classes=CLASSES, titled="built-in scenes"
)

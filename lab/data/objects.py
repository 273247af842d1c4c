"""The built-in pictures of objects, with PASCAL VOC's classes."""

from __future__ import annotations

from lab.data import worlds
from lab.data.base import Dataset, Reader
from lab.data.files import Size
from pearl_core.worlds.objects import CLASSES, PALETTE, SPLITS, drawn

LENGTHS = {"train": 1200, "val": 200, "test": 200}  # by default: `count` may ask for fewer, or for more


def open_split(root: None, split: str, size: Size, count: int | None) -> Dataset:
    count = LENGTHS[split] if count is None else count
    return worlds.opened("objects", drawn, split, size, count, CLASSES, PALETTE, probe=8, small=(32, 40))


READER = Reader(
    "objects", SPLITS, "test", (128, 160), open_split, built_in=True, classes=CLASSES, titled="built-in objects"
)

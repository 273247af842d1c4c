"""How alike pictures are: copies within and across splits, also resized or compressed again; neighbours of a film.

A picture is compared by its thumbnail, the mean colours of 32 x 32 areas. Two are the same picture if nearly all areas
are nearly the same, whatever the mean says: another car in the same street hardly moves the mean. Measured on CamVid
and Rain100H: of copies (JPEG down to quality 20, a quarter to four times the pixels, other proportions), 99 % of the
areas are within 14/255 of the original; of two frames of one film, 17/255 and more, even where the camera stands still.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image

SIDE = 32  # areas of a thumbnail, in each direction
SIGNS = 240  # of a thumbnail: which of 16 x 16 areas are brighter than their left neighbours
OTHER_SIGNS = 36  # copies differ in no more of them; pictures of different places in about 100
NEAR, NEARLY_ALL = 14, 0.99  # in 1/255, and the share of areas
ROWS, PAIRS = 1000, 2000  # looked at together, so that memory stays small


class Pictures(NamedTuple):
    """The pictures of a split, as thumbnails."""

    split: str
    keys: list[str]
    thumbnails: np.ndarray  # (N, 32, 32, 3) uint8

    @classmethod
    def of(cls, split: str, thumbnails: Mapping[str, np.ndarray]) -> Pictures:
        """From the thumbnails by key."""
        every = [np.zeros((0, SIDE, SIDE, 3), np.uint8), *(thumb[None] for thumb in thumbnails.values())]
        return cls(split, list(thumbnails), np.concatenate(every))


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """The mean colours of the areas of a picture (H, W, 3) uint8."""
    return np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX))


def copies(some: np.ndarray, others: np.ndarray) -> list[tuple[int, int]]:
    """All (i, j) for which picture i of `some` and picture j of `others` are the same, both as thumbnails."""
    wanted, pairs = signs(others), []
    for start in range(0, len(some), ROWS):
        unlike = (SIGNS - signs(some[start : start + ROWS]) @ wanted.T) / 2
        pairs += [(start + i, j) for i, j in np.argwhere(unlike <= OTHER_SIGNS).tolist()]
    return [
        pair for first in range(0, len(pairs), PAIRS) for pair in confirmed(some, others, pairs[first : first + PAIRS])
    ]


def signs(thumbnails: np.ndarray) -> np.ndarray:
    """(N, 240) of 1 and -1."""
    gray = thumbnails.mean(-1, dtype=np.float32).reshape(-1, SIDE // 2, 2, SIDE // 2, 2).mean((2, 4))  # (N, 16, 16)
    return np.where(gray[:, :, 1:] > gray[:, :, :-1], np.float32(1), np.float32(-1)).reshape(-1, SIGNS)


def confirmed(some: np.ndarray, others: np.ndarray, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those pairs in which nearly all areas are nearly the same: signs alone say nothing of a wall."""
    left, right = (np.int16(pictures[[pair[side] for pair in pairs]]) for side, pictures in enumerate((some, others)))
    same = (np.abs(left - right) <= NEAR).mean((1, 2, 3)) >= NEARLY_ALL
    return [pair for pair, so in zip(pairs, same, strict=True) if so]


def difference(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How far pictures are apart, the first from the first and so on, or all from one: mean over areas, in 1/255."""
    return np.abs(np.int16(some) - np.int16(others)).mean((1, 2, 3))


def nearest(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How far each of `some` is from the one of `others` that is most like it."""
    return np.array([difference(others, picture[None]).min() for picture in some])

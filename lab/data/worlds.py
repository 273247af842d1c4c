"""What the built-in worlds share: pictures drawn when asked for, the same on every machine, so nothing to download."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from lab.data.base import Dataset, Picture
from lab.data.files import Size

MOST = 100_000  # as many as their names have digits for
Draw = Callable[..., tuple]  # (split, index, height=, width=) -> image, labels, key first


def opened(
    name: str,
    draw: Draw,
    split: str,
    size: Size,
    count: int,
    classes: tuple,
    palette: tuple,
    *,
    probe: int,
    small: Size,
) -> Dataset:
    """The first `count` pictures of a split. The first `probe`, at size `small`, show if the drawing has changed."""
    if not 1 <= count <= MOST:
        raise ValueError(f"wanted a count of pictures from 1 to {MOST}, got {count}")
    keys = tuple(f"{name}/{split}/{i:05d}" for i in range(count))  # as `draw` names them

    def drawn(i: int, size: Size) -> Picture:
        picture = draw(split, i, height=size[0], width=size[1])
        return Picture(picture.image, picture.labels, picture.key)

    def contents() -> tuple[str]:
        digest = hashlib.sha256()
        for i in range(probe):
            picture = drawn(i, small)
            digest.update(picture.clean.tobytes() + picture.labels.tobytes())
        return (digest.hexdigest(),)

    return Dataset(name, split, size, classes, palette, keys, lambda i: drawn(i, size), contents)

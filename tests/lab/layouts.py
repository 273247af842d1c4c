"""Small data sets on the disk in the official layouts, drawn so that a net can learn them: a class has a colour.

Every picture is a wall of tiles that shows all classes and void; `shift` turns the order of the tiles, so that no two
pictures are alike.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from lab.data import cityscapes, voc
from pearl_core.types import VOID

STATIC = 4  # one of the official Cityscapes ids that are void
BORDER = (224, 224, 192)  # VOC's colour of void
ROWS, COLUMNS = 5, 6  # of tiles


def cityscapes_tree(
    folder: Path, train: int = 4, val: int = 2, size: tuple[int, int] = (64, 128), test: int = 0
) -> Path:
    """folder/cityscapes with so many pictures a split, (H, W) = `size`, in two cities each; test has no labels."""
    root = folder / "cityscapes"
    on_disk = np.full(256, STATIC, np.uint8)
    on_disk[: len(cityscapes.OFFICIAL)] = cityscapes.OFFICIAL
    cities = {"train": ("aachen", "zurich"), "val": ("frankfurt", "munster"), "test": ("berlin", "munich")}
    for shift, (split, i) in enumerate(numbered(train=train, val=val, test=test)):
        city = cities[split][i % 2]
        key = f"{city}_{i:06}_000019"
        labels = tiles(len(cityscapes.CLASSES), size, shift)
        picture = coloured(labels, cityscapes.PALETTE)
        save(root / "leftImg8bit" / split / city / f"{key}_leftImg8bit.png", picture)
        if split != "test":
            save(root / "gtFine" / split / city / f"{key}_gtFine_labelIds.png", on_disk[labels])
            save(root / "gtFine" / split / city / f"{key}_gtFine_color.png", picture)
    return root


def voc_tree(
    folder: Path, train: int = 4, val: int = 2, aug: int = 0, sizes: tuple[tuple[int, int], ...] = ((60, 80), (80, 56))
) -> Path:
    """folder/voc/VOCdevkit/VOC2012 with so many pictures a split, of these (H, W) in turn; gives folder/voc.

    `aug` more pictures are SBD's: train_aug lists train and them, by two paths a line.
    """
    base = folder / "voc" / "VOCdevkit" / "VOC2012"
    splits: dict[str, list[str]] = {"train": [], "val": [], "aug": []}
    for shift, (split, i) in enumerate(numbered(train=train, val=val, aug=aug)):
        key = f"20{'07' if split == 'train' else '08'}_{shift:06}"
        splits[split].append(key)
        labels = tiles(len(voc.CLASSES), sizes[i % len(sizes)], shift)
        save(base / "JPEGImages" / f"{key}.jpg", coloured(labels, voc.PALETTE))
        if split != "aug":
            save(base / "SegmentationClass" / f"{key}.png", labels, voc.PALETTE)
        if aug:
            save(base / "SegmentationClassAug" / f"{key}.png", labels)
    lists = {"train": splits["train"], "val": splits["val"], "trainval": sorted(splits["train"] + splits["val"])}
    if aug:
        keys = splits["train"] + splits["aug"]
        lists["train_aug"] = [f"/JPEGImages/{key}.jpg /SegmentationClassAug/{key}.png" for key in keys]
    for name, lines in lists.items():
        path = base / "ImageSets" / "Segmentation" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))
    return folder / "voc"


def numbered(**counts: int) -> list[tuple[str, int]]:
    return [(split, i) for split, count in counts.items() for i in range(count)]


def tiles(classes: int, size: tuple[int, int], shift: int) -> np.ndarray:
    """(H, W) uint8 labels: all classes and void, in tiles."""
    row, column = (np.arange(side) * parts // side for side, parts in zip(size, (ROWS, COLUMNS), strict=True))
    numbers = (row[:, None] * COLUMNS + column + 7 * shift) % (classes + 1)
    return np.where(numbers == classes, VOID, numbers).astype(np.uint8)


def coloured(labels: np.ndarray, palette: tuple[tuple[int, int, int], ...]) -> np.ndarray:
    """(H, W, 3) uint8: every class in its colour, void gray, brighter to the right."""
    table = np.full((256, 3), 120.0)
    table[: len(palette)] = palette
    return (20 + 0.7 * table[labels] + np.linspace(0, 30, labels.shape[1])[None, :, None]).astype(np.uint8)


def save(path: Path, pixels: np.ndarray, palette: tuple[tuple[int, int, int], ...] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    if palette is not None:
        image.putpalette([value for colour in (*palette, *[BORDER] * (256 - len(palette))) for value in colour])
    image.save(path, **{".jpg": {"quality": 95}, ".webp": {"lossless": True}}.get(path.suffix, {}))


def one_line(error) -> str:
    """What pytest.raises caught, in words; faults of a user's folder are told in one line."""
    words = str(error.value)
    assert words and "\n" not in words
    return words

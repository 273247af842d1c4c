"""CamVid in SegNet's layout: {split}/, {split}annot/, {split}.txt (Brostow et al. 2009; Badrinarayanan et al. 2017)."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from lab.data import files
from lab.data.base import Dataset, Picture, Reader
from lab.data.files import Size
from pearl_core.types import VOID

COLOURS = {
    "sky": (128, 128, 128),
    "building": (128, 0, 0),
    "pole": (192, 192, 128),
    "road": (128, 64, 128),
    "pavement": (60, 40, 222),
    "tree": (128, 128, 0),
    "sign_symbol": (192, 128, 128),
    "fence": (64, 64, 128),
    "car": (64, 0, 128),
    "pedestrian": (64, 64, 0),
    "bicyclist": (0, 128, 192),
}
CLASSES, PALETTE = tuple(COLOURS), tuple(COLOURS.values())
NUMBERS = {**{number: number for number in (*range(len(CLASSES)), VOID)}, len(CLASSES): VOID}  # void is 11 on the disk
NOTES = {
    "train": "CamVid is CC BY-NC 4.0: for research, not for commercial use",
    "val": "val shares a sequence with train",
}


def open_split(root: Path, split: str, size: Size | None, count: int | None) -> Dataset:
    """The pictures that {split}.txt lists, in its order."""
    ids, images, labels = _index(root, split)
    ids = files.first(ids, count)
    missing = [
        f"{split}.txt lists {files.few(lost)}, but {folder}/ has no such picture"
        for folder, paths in ((split, images), (f"{split}annot", labels))
        if (lost := set(ids) - set(paths))
    ]
    if missing:
        raise ValueError(f"camvid in {root}: {'; '.join(missing)}")

    def read(i: int) -> Picture:
        return _read(ids[i], images[ids[i]], labels[ids[i]], size)

    def contents() -> tuple:
        return files.contents(*(folder[key] for key in ids for folder in (images, labels)))

    return Dataset("camvid", split, size, CLASSES, PALETTE, ids, read, contents, note=NOTES.get(split, ""))


def holds(root: Path, split: str) -> bool:
    """Whether this copy has the split: many copies lack test."""
    return (root / split).exists() or (root / f"{split}.txt").exists()


def remarks(root: Path, split: str) -> list[str]:
    """Files that {split}.txt does not list and that are therefore not read."""
    ids, images, labels = _index(root, split)
    return [
        f"{folder}/ holds {files.few(extra)}, not listed in {split}.txt and not read"
        for folder, paths in ((split, images), (f"{split}annot", labels))
        if (extra := set(paths) - set(ids))
    ]


def _index(root: Path, split: str) -> tuple[tuple[str, ...], dict[str, Path], dict[str, Path]]:
    files.expect("camvid", root, (split, f"{split}annot", f"{split}.txt"))
    images = files.find(root / split)
    return files.listed(root / f"{split}.txt", images), images, files.find(root / f"{split}annot")


def _read(key: str, image_path: Path, labels_path: Path, size: Size | None) -> Picture:
    image, labels = files.read_image(image_path), files.read_labels(labels_path)
    files.same_size(image, image_path, labels, labels_path)
    clean = files.resize(image, size, Image.Resampling.BOX)  # the area under each new pixel
    labels = files.renumbered(labels, labels_path, NUMBERS)
    return Picture(clean, files.resize(labels, size, Image.Resampling.NEAREST), key)


READER = Reader(
    "camvid",
    ("train", "val", "test"),
    "val",
    (176, 240),
    open_split,
    holds=holds,
    remarks=remarks,
    classes=CLASSES,
    titled="CamVid",
    film=lambda key: key.rpartition("_")[0],  # 0016E5_08151 is a frame of 0016E5
    credit="Picture: CamVid (Brostow et al. 2009), CC BY-NC 4.0; rain and attack added, made smaller.",
)

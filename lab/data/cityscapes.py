"""Cityscapes in its official layout: leftImg8bit/{split}/CITY/, gtFine/{split}/CITY/ (Cordts et al. 2016).

The 19 classes are the train ids; every other official id is void. The labels of test are the benchmark's own secret
(gtFine/test holds dummies), so test is a split without labels.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from lab.data import files
from lab.data.base import Dataset, Picture, Reader
from lab.data.files import Size
from pearl_core.types import VOID
from pearl_core.worlds.scenes import CLASSES, PALETTE

COUNTS = {"train": 2975, "val": 500, "test": 1525}
OFFICIAL = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)  # the label id of each class
LABEL_IDS = range(34)  # and -1, the licence plate, which is 255 in eight bits
TRAIN_ID = dict.fromkeys((*LABEL_IDS, VOID), VOID) | {number: i for i, number in enumerate(OFFICIAL)}
IMAGE = "_leftImg8bit"
LABELS = {  # endings of label pictures, the first that exists is read; and the class of each number in them
    "_gtFine_labelIds": TRAIN_ID,
    "_gtFine_labelTrainIds": {number: number for number in (*range(len(CLASSES)), VOID)},
}
NOTES = {"train": "Cityscapes is for research, not for commercial use"}


def open_split(root: Path, split: str, size: Size | None, count: int | None) -> Dataset:
    """All pictures of a split, in the order of their ids (CITY_SEQUENCE_FRAME)."""
    images, labels, numbers = _index(root, split)
    keys = files.first(tuple(images), count)

    def read(i: int) -> Picture:
        return _read(keys[i], images[keys[i]], labels.get(keys[i]), numbers, size)

    def contents() -> tuple:
        return files.contents(*(folder[key] for key in keys for folder in (images, labels) if key in folder))

    return Dataset("cityscapes", split, size, CLASSES, PALETTE, keys, read, contents, note=NOTES.get(split, ""))


def holds(root: Path, split: str) -> bool:
    """Whether this copy has the split's pictures: the archive of labels alone brings folders for all three."""
    return (root / "leftImg8bit" / split).is_dir()


def remarks(root: Path, split: str) -> list[str]:
    """That the copy is incomplete, and which pictures are not read because their names do not fit the layout."""
    folder = root / "leftImg8bit" / split
    read = set(_named(folder, IMAGE).values())
    every = {p for p in folder.rglob("*") if p.suffix.lower() in files.SUFFIXES and not p.name.startswith(".")}
    notes = [f"{len(read)} pictures, the official {split} has {COUNTS[split]}"] if len(read) != COUNTS[split] else []
    if extra := {path.relative_to(folder).as_posix() for path in every - read}:
        notes.append(f"leftImg8bit/{split}/ holds {files.few(extra)}, not CITY/CITY_SEQ_FRAME{IMAGE} and not read")
    return notes


def _index(root: Path, split: str) -> tuple[dict[str, Path], dict[str, Path], dict[int, int]]:
    """Pictures by id, labels by id, and the class of each number in the label pictures."""
    pictures, truth = f"leftImg8bit/{split}", f"gtFine/{split}"
    files.expect("cityscapes", root, [pictures] if split == "test" else [pictures, truth])
    images = _named(root / pictures, IMAGE)
    if not images:
        raise ValueError(f"{root / pictures}: wanted CITY/CITY_SEQ_FRAME{IMAGE}.png, got no such picture")
    if split == "test":
        return images, {}, {}
    kinds = {ending: _named(root / truth, ending) for ending in LABELS}
    ending = next((ending for ending, paths in kinds.items() if paths), next(iter(LABELS)))
    labels = kinds[ending]
    alone = [
        f"{folder}/ alone has {files.few(extra)}"
        for folder, extra in ((pictures, set(images) - set(labels)), (truth, set(labels) - set(images)))
        if extra
    ]
    if alone:
        raise ValueError(f"cityscapes in {root}: wanted pairs ID{IMAGE}, ID{ending}, but {'; '.join(alone)}")
    return images, labels, LABELS[ending]


def _named(folder: Path, ending: str) -> dict[str, Path]:
    """id -> file, for each CITY/ID`ending` in `folder`."""
    paths: dict[str, Path] = {}
    for city in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for name, path in files.find(city).items():
            key = name.removesuffix(ending)
            if key == name:
                continue
            if key in paths:
                raise ValueError(f"{folder}: wanted every id once, got {key} in {paths[key].parent.name}, {city.name}")
            paths[key] = path
    return dict(sorted(paths.items()))


def _read(key: str, image_path: Path, labels_path: Path | None, numbers: dict[int, int], size: Size | None) -> Picture:
    image = files.read_image(image_path)
    clean = files.resize(image, size, Image.Resampling.BOX)  # the area under each new pixel
    if labels_path is None:
        return Picture(clean, None, key)
    labels = files.read_labels(labels_path)
    files.same_size(image, image_path, labels, labels_path)
    labels = files.renumbered(labels, labels_path, numbers)
    return Picture(clean, files.resize(labels, size, Image.Resampling.NEAREST), key)


READER = Reader(
    "cityscapes",
    tuple(COUNTS),
    "val",
    (512, 1024),
    open_split,
    holds=holds,
    remarks=remarks,
    classes=CLASSES,
    titled="Cityscapes",
)

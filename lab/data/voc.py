"""PASCAL VOC 2012 segmentation in its official layout, with SBD's labels as train_aug (Everingham et al. 2010).

JPEGImages/, SegmentationClass/, ImageSets/Segmentation/{split}.txt under VOCdevkit/VOC2012; train_aug (Hariharan et
al. 2011) reads SegmentationClassAug/, gray pictures of class numbers. The pictures differ in size, and a batch wants
one: each is scaled to fit the working size, so that nothing of it is cut off or distorted, and filled up at the right
and at the bottom, the picture by its border, the labels by void. Scores of labels do not count the filling, PSNR does.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from lab.data import files
from lab.data.base import Dataset, Picture, Reader
from lab.data.files import Size
from pearl_core.types import VOID
from pearl_core.worlds.objects import CLASSES, PALETTE

NUMBERS = {number: number for number in (*range(len(CLASSES)), VOID)}
COUNTS = {"train": 1464, "val": 1449, "trainval": 2913, "train_aug": 10582}
LISTS = {"train_aug": ("train_aug", "trainaug")}  # both names are in use
NOTES = {
    **dict.fromkeys(("train", "trainval", "train_aug"), "VOC's pictures are from flickr and under its terms of use"),
    "val": "PSNR counts the filled border of each picture",
}


def open_split(root: Path, split: str, size: Size | None, count: int | None) -> Dataset:
    """The pictures that the split's list names, in its order."""
    base = _base(root)
    listing, folder = _list(base, split), _labels(split)
    files.expect("voc", base, ("JPEGImages", folder, listing.relative_to(base).as_posix()))
    images, labels = files.find(base / "JPEGImages"), files.find(base / folder)
    ids = files.first(files.listed(listing, images), count)
    missing = [
        f"{listing.name} lists {files.few(lost)}, but {place}/ has no such picture"
        for place, paths in (("JPEGImages", images), (folder, labels))
        if (lost := set(ids) - set(paths))
    ]
    if missing:
        raise ValueError(f"voc in {base}: {'; '.join(missing)}")

    def read(i: int) -> Picture:
        return _read(ids[i], images[ids[i]], labels[ids[i]], size)

    def contents() -> tuple:
        return files.contents(*(paths[key] for key in ids for paths in (images, labels)))

    return Dataset("voc", split, size, CLASSES, PALETTE, ids, read, contents, note=NOTES[split])


def holds(root: Path, split: str) -> bool:
    """Whether this copy has the split: SBD's labels are a download of their own."""
    base = _base(root)
    return _list(base, split).is_file() and (base / _labels(split)).is_dir()


def remarks(root: Path, split: str) -> list[str]:
    """An unusual number of pictures, pictures that val also scores, and labels that are in no list."""
    base = _base(root)
    listing, val, images = _list(base, split), _list(base, "val"), files.find(base / "JPEGImages")
    ids = set(files.listed(listing, images))
    scored = set(files.listed(val, images)) if val.is_file() else set()
    notes = []
    if len(ids) != COUNTS[split]:
        notes.append(f"{listing.name} lists {len(ids)} pictures, the usual list {COUNTS[split]}")
    if split in ("train", "train_aug") and ids & scored:
        notes.append(f"{listing.name} lists {files.few(ids & scored)}, and so does {val.name}: trained on and scored")
    if split in ("trainval", "train_aug") and (extra := set(files.find(base / _labels(split))) - ids - scored):
        notes.append(f"{_labels(split)}/ holds {files.few(extra)}, not listed in {listing.name} and not read")
    return notes


def _base(root: Path) -> Path:
    """The folder VOC2012, in `root` or `root` itself."""
    places = (root / "VOCdevkit" / "VOC2012", root / "VOC2012", root)
    return next((place for place in places if place.is_dir()), root)


def _list(base: Path, split: str) -> Path:
    paths = [base / "ImageSets" / "Segmentation" / f"{name}.txt" for name in LISTS.get(split, (split,))]
    return next((path for path in paths if path.is_file()), paths[0])


def _labels(split: str) -> str:
    return "SegmentationClassAug" if split == "train_aug" else "SegmentationClass"


def _read(key: str, image_path: Path, labels_path: Path, size: Size | None) -> Picture:
    image, labels = files.read_image(image_path), files.read_labels(labels_path)
    files.same_size(image, image_path, labels, labels_path)
    clean = files.fit(image, size, Image.Resampling.BOX)  # the area under each new pixel
    labels = files.renumbered(labels, labels_path, NUMBERS)
    return Picture(clean, files.fit(labels, size, Image.Resampling.NEAREST, fill=VOID), key)


# The longer side of nearly all pictures is 500. The working size is that of the authors' training crops.
READER = Reader(
    "voc",
    tuple(COUNTS),
    "val",
    (473, 473),
    open_split,
    holds=holds,
    remarks=remarks,
    classes=CLASSES,
    titled="PASCAL VOC",
    parts={"trainval": ("train", "val"), "train_aug": ("train",)},
)

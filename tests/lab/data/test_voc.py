"""VOC 2012 and SBD as they unpack: whole pictures in one size, the right labels, every fault of a copy one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab.data import dataset, files, voc
from lab.data.check import check

from ..layouts import coloured, one_line, save, tiles, voc_tree

SIZE = (48, 64)
TRAIN = tuple(f"2007_{i:06}" for i in range(4))
VAL = ("2008_000004", "2008_000005")
COLOURS = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 8: (64, 0, 0), 15: (192, 128, 128), 20: (0, 64, 128)}


@pytest.fixture
def root(tmp_path) -> Path:
    return voc_tree(tmp_path, aug=2)


def base(root: Path) -> Path:
    return root / "VOCdevkit" / "VOC2012"


def listing(root: Path, split: str = "val") -> Path:
    return base(root) / "ImageSets" / "Segmentation" / f"{split}.txt"


def labels(root: Path, key: str = VAL[1]) -> Path:
    return base(root) / "SegmentationClass" / f"{key}.png"


def opened(root: Path, split: str = "val", **how):
    return dataset("voc", split, data_root=root, **{"rain": "none", "size": SIZE} | how)


# --- reading


def test_colours_are_those_of_the_devkit(root):
    assert {number: voc.PALETTE[number] for number in COLOURS} == COLOURS
    data = opened(root)
    assert data.classes[0] == "background" and data.classes[15] == "person" and len(data.classes) == 21
    assert len(set(data.palette)) == 21


def test_the_list_decides_what_is_read_and_in_which_order(root):
    assert opened(root, "train").keys == TRAIN and opened(root).keys == VAL
    assert opened(root, "trainval").keys == TRAIN + VAL
    listing(root, "train").write_text(f"{TRAIN[2]}\n\n{TRAIN[0]} \n")
    assert opened(root, "train").keys == (TRAIN[2], TRAIN[0])
    assert opened(root, "train", count=1).keys == (TRAIN[2],)


@pytest.mark.parametrize("name", ["train_aug", "trainaug"])
@pytest.mark.parametrize("two_paths", [True, False])
def test_sbd_has_a_list_and_labels_of_its_own(root, name, two_paths):
    keys = (*TRAIN, "2008_000006", "2008_000007")
    lines = listing(root, "train_aug").read_text()
    assert lines.startswith(f"/JPEGImages/{TRAIN[0]}.jpg /SegmentationClassAug/{TRAIN[0]}.png\n")
    listing(root, "train_aug").unlink()
    listing(root, name).write_text(lines if two_paths else "\n".join(keys))
    save(base(root) / "SegmentationClassAug" / f"{TRAIN[0]}.png", np.full((60, 80), 3, np.uint8))
    data = opened(root, "train_aug")
    assert data.keys == keys and (data[0].labels == 3).all()
    assert np.array_equal(data[1].labels, opened(root, "train")[1].labels)


@pytest.mark.parametrize("shape", [(60, 80), (80, 56)])
def test_palette_and_gray_labels_are_the_same(root, shape):
    numbers = tiles(21, shape, 9)
    read = []
    for palette in (voc.PALETTE, None):
        save(labels(root), numbers, palette)
        save(base(root) / "JPEGImages" / f"{VAL[1]}.jpg", coloured(numbers, voc.PALETTE))
        read.append(opened(root, size=shape)[1].labels)
    assert np.array_equal(*read) and np.array_equal(read[0], numbers)


@pytest.mark.parametrize(
    "shape, size, kept",
    [
        ((60, 80), (48, 64), (48, 64)),  # the same proportions: nothing is filled
        ((60, 80), (40, 40), (30, 40)),
        ((80, 60), (40, 40), (40, 30)),
        ((10, 20), (40, 40), (20, 40)),  # smaller ones grow
        ((500, 3), (20, 20), (20, 1)),
    ],
)
def test_a_picture_is_fitted_whole_and_filled_at_the_right_and_below(shape, size, kept):
    numbers = tiles(21, shape, 0)
    fitted = files.fit(Image.fromarray(numbers), size, Image.Resampling.NEAREST, fill=255)
    inside = fitted[: kept[0], : kept[1]]
    assert fitted.shape == size and np.array_equal(
        inside, np.array(Image.fromarray(numbers).resize(kept[::-1], Image.Resampling.NEAREST))
    )
    assert (fitted[kept[0] :] == 255).all() and (fitted[:, kept[1] :] == 255).all()
    picture = files.fit(Image.fromarray(coloured(numbers, voc.PALETTE)), size, Image.Resampling.BOX)
    assert picture.shape == (*size, 3)
    assert (picture[:, kept[1] :] == picture[:, kept[1] - 1 : kept[1]]).all()
    assert (picture[kept[0] :] == picture[kept[0] - 1]).all()


def test_pictures_of_all_shapes_make_one_batch(root):
    data = opened(root, size=None)
    sample = data.sample([0, 1])
    assert data.size == (473, 473) and sample.clean.shape == (2, 3, 473, 473) and sample.labels.shape == (2, 473, 473)
    assert (sample.labels[0, 355:] == 255).all() and (sample.labels[1, :, 331:] == 255).all()
    assert set(sample.labels[0, :355].unique().tolist()) == {*range(21), 255}


def test_the_root_may_be_any_folder_above(root):
    prints = {opened(place).fingerprint for place in (root.parent, root, root / "VOCdevkit", base(root))}
    assert len(prints) == 1


def test_the_fingerprint_follows_the_data_not_the_folder(root, tmp_path):
    first = opened(root).fingerprint
    moved = shutil.move(root, tmp_path / "elsewhere")
    assert opened(moved).fingerprint == first
    prints = {first, opened(moved, size=None).fingerprint}
    prints |= {opened(moved, split).fingerprint for split in ("train", "trainval", "train_aug")}
    save(labels(moved), np.zeros((80, 56), np.uint8))
    assert len({*prints, opened(moved).fingerprint}) == 6


# --- faults


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-60])


def in_colour(path: Path) -> None:
    save(path, coloured(tiles(21, (80, 56), 0), voc.PALETTE))


@pytest.mark.parametrize(
    "place, breaks, says",
    [
        ("JPEGImages/{}.jpg", truncated, r"2008_000005.jpg: cannot be read as a picture \(.+\)"),
        ("SegmentationClass/{}.png", truncated, r"2008_000005.png: cannot be read as a picture \(.+\)"),
        ("SegmentationClass/{}.png", in_colour, r"wanted labels as class numbers .*got a RGB"),
        (
            "SegmentationClass/{}.png",
            lambda path: save(path, np.zeros((56, 80), np.uint8)),
            r"wanted one size \(H x W\), got 80x56 and 56x80",
        ),
        (
            "SegmentationClass/{}.png",
            lambda path: save(path, np.full((80, 56), 21, np.uint8)),
            r"2008_000005.png: wanted labels 0..20 \(or 255 for void\), got 21",
        ),
    ],
)
def test_a_broken_picture_is_named_by_reader_and_check(root, place, breaks, says):
    breaks(base(root) / place.format(VAL[1]))
    listing(root, "trainval").unlink()
    data = opened(root)
    assert data[0].key == VAL[0]
    for reading in (lambda: data[1], lambda: check("voc", root)):
        with pytest.raises(ValueError, match=says) as error:
            reading()
        one_line(error)


@pytest.mark.parametrize(
    "lines, says",
    [
        ("", r"val.txt: wanted one picture per line, got an empty list"),
        (f"{VAL[0]}\n{VAL[1]}\n{VAL[0]}\n", rf"val.txt: wanted every id once, got {VAL[0]} again"),
        ("a\nb\nc\nd\n", r"val.txt lists a, b, c, ... \(4 in all\), but JPEGImages/ has .*; .* SegmentationClass/"),
        ("2008_000006\n", r"val.txt lists 2008_000006, but SegmentationClass/ has no such picture$"),
    ],
)
def test_lists_and_folders_must_agree(root, lines, says):
    listing(root).write_text(lines)
    with pytest.raises(ValueError, match=says) as error:
        opened(root)
    one_line(error)


@pytest.mark.parametrize(
    "split, lost, wanted",
    [
        ("val", "ImageSets/Segmentation/val.txt", "ImageSets/Segmentation/val.txt"),
        ("val", "JPEGImages", "JPEGImages"),
        ("train_aug", "SegmentationClassAug", "SegmentationClassAug"),
        ("train_aug", "ImageSets/Segmentation/train_aug.txt", "ImageSets/Segmentation/train_aug.txt"),
    ],
)
def test_another_layout_says_what_it_wanted(root, split, lost, wanted):
    path = base(root) / lost
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(FileNotFoundError, match=rf"^voc: wanted {wanted} in .*VOC2012, found Image") as error:
        opened(root, split)
    one_line(error)


def test_an_empty_folder_says_the_whole_layout(tmp_path):
    wanted = "JPEGImages, SegmentationClass, ImageSets/Segmentation/val.txt"
    with pytest.raises(FileNotFoundError, match=rf"^voc: wanted {wanted} in .*, found nothing$"):
        opened(tmp_path)


# --- check and rain


def test_check_reports(root):
    report = check("voc", root.parent)
    assert "train: 4 pictures (H x W): 2 of 60x80, 2 of 80x56" in report and report.endswith("all of it reads")
    assert "train_aug: 6 pictures" in report and "note: val.txt lists 2 pictures, the usual list 1449" in report
    background = 100 * np.mean([(tiles(21, shape, i + 4) == 0).sum() for i, shape in enumerate([(60, 80), (80, 56)])])
    assert f"background {background / ((60 * 80 + 80 * 56) / 2):.2f}" in report.split("\nval: ")[1].splitlines()[1]
    shutil.rmtree(base(root) / "SegmentationClassAug")
    assert "train_aug: not there" in check("voc", root)


def test_check_names_a_few_of_many_sizes(tmp_path):
    root = voc_tree(tmp_path, train=9, val=1, sizes=tuple((60, 70 + i) for i in range(8)))
    line = check("voc", root).splitlines()[1]
    assert line.startswith("train: 9 pictures (H x W): 2 of 60x70, 1 of") and line.endswith(", 3 of 3 other sizes")


def test_what_is_trained_on_and_scored_is_remarked(root):
    save(base(root) / "SegmentationClassAug" / "extra.png", np.zeros((60, 80), np.uint8))
    with listing(root, "train_aug").open("a") as lines:
        lines.write(f"{VAL[1]}\n")
    report = check("voc", root)
    assert f"train_aug.txt lists {VAL[1]}, and so does val.txt: trained on and scored" in report
    assert "SegmentationClassAug/ holds extra, not listed in train_aug.txt and not read" in report
    assert report.count("scored") == report.count("not read") == 1
    assert f"val and train_aug share 1 picture: {VAL[1]}\nall of it reads, but two splits share pictures" in report


def test_rain_wants_a_calibration(root, tmp_path, monkeypatch):
    monkeypatch.setenv("PEARL_HOME", str(tmp_path / "home"))
    with pytest.raises(ValueError, match=r"no strength .* voc at 473x473; find it with .*data calibrate voc") as error:
        opened(root, size=None, rain="heavy")
    one_line(error)

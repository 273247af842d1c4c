"""Cityscapes as its archives unpack: every official id has its place, every fault of a copy is one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from lab.cli import main
from lab.data import dataset, rainy, scenes
from lab.data.check import check
from pearl_core.rain import preset

from ..layouts import cityscapes_tree, coloured, one_line, save, tiles

SIZE = (64, 128)
KEYS = ("frankfurt_000000_000019", "munster_000001_000019")
PICTURE = f"leftImg8bit/val/munster/{KEYS[1]}_leftImg8bit.png"
LABELS = f"gtFine/val/munster/{KEYS[1]}_gtFine_labelIds.png"
NAMED = {  # the official table: id, class
    7: "road", 8: "sidewalk", 11: "building", 12: "wall", 13: "fence", 17: "pole", 19: "traffic light",
    20: "traffic sign", 21: "vegetation", 22: "terrain", 23: "sky", 24: "person", 25: "rider", 26: "car", 27: "truck",
    28: "bus", 31: "train", 32: "motorcycle", 33: "bicycle",
}  # fmt: skip


@pytest.fixture
def root(tmp_path) -> Path:
    return cityscapes_tree(tmp_path, test=1)


def opened(root: Path, split: str = "val", **how):
    return dataset("cityscapes", split, data_root=root, **{"rain": "none", "size": SIZE} | how)


def of_val(root: Path) -> list[Path]:
    """The label pictures of val by official ids, in order."""
    return sorted(root.glob("gtFine/val/*/*_labelIds.png"))


# --- reading


def test_pictures_come_in_the_order_of_their_ids(root):
    data = opened(root)
    assert data.keys == KEYS and [p.key for p in data] == list(KEYS)
    assert opened(root, "train").keys == tuple(sorted(opened(root, "train").keys)) and len(opened(root, "train")) == 4
    assert opened(root, "train", count=3).keys == opened(root, "train").keys[:3]
    assert (data.classes, data.palette) == (dataset("scenes").classes, scenes.PALETTE) and data.ignore == 255
    for shift, picture in enumerate(data, start=4):  # after the four of train
        labels = tiles(19, SIZE, shift)
        assert np.array_equal(picture.labels, labels) and np.array_equal(picture.clean, coloured(labels, data.palette))


def test_every_official_id_is_its_class_or_void(root):
    on_disk = np.resize([*range(34), 255], SIZE).astype(np.uint8)
    save(root / LABELS, on_disk)
    data = opened(root)
    classes = {int(number): set(data[1].labels[on_disk == number].tolist()) for number in np.unique(on_disk)}
    assert classes == {n: {data.classes.index(NAMED[n])} if n in NAMED else {255} for n in (*range(34), 255)}


def test_train_ids_are_read_where_there_is_nothing_else(root):
    before = opened(root).preload().labels
    train_ids = [path.with_name(path.name.replace("labelIds", "labelTrainIds")) for path in of_val(root)]
    for path in train_ids:
        save(path, np.zeros(SIZE, np.uint8))
    assert np.array_equal(opened(root).preload().labels, before)
    for path, numbers in zip(train_ids, before, strict=True):
        save(path, numbers)
    for path in of_val(root):
        path.unlink()
    assert np.array_equal(opened(root).preload().labels, before)
    save(root / LABELS.replace("labelIds", "labelTrainIds"), np.full(SIZE, 19, np.uint8))
    with pytest.raises(ValueError, match=r"labelTrainIds.png: wanted labels 0..18 \(or 255 for void\), got 19"):
        opened(root)[1]


def test_the_working_size_is_half_the_official_one_and_labels_are_never_blended(root):
    assert opened(root, size=None).size == (512, 1024)
    half = opened(root, size=(32, 64))
    whole = opened(root)[0]
    assert np.array_equal(half[0].labels, whole.labels[1::2, 1::2])
    areas = whole.clean.reshape(32, 2, 64, 2, 3).mean((1, 3))
    assert np.abs(half[0].clean - areas).max() <= 1


def test_test_has_no_labels_whatever_lies_in_its_folder(root):
    save(root / "gtFine/test/berlin/berlin_000000_000019_gtFine_labelIds.png", np.zeros(SIZE, np.uint8))
    data = opened(root, "test")
    assert data.keys == ("berlin_000000_000019",) and data[0].labels is None and data.sample([0]).labels is None


@pytest.mark.parametrize("suffix", ["webp", "jpg"])
def test_pictures_may_be_of_another_format(root, suffix):
    save((root / PICTURE).with_suffix(f".{suffix}"), coloured(tiles(19, SIZE, 5), scenes.PALETTE))
    (root / PICTURE).unlink()
    data = opened(root)
    assert data.keys == KEYS and np.abs(data[1].clean - coloured(data[1].labels, data.palette).astype(int)).mean() < 4


def test_the_root_may_be_the_set_or_its_parent(root):
    assert opened(root.parent).fingerprint == opened(root).fingerprint


def test_the_fingerprint_follows_the_data_not_the_folder(root, tmp_path):
    first = opened(root).fingerprint
    moved = shutil.move(root, tmp_path / "elsewhere")
    assert opened(moved).fingerprint == first
    others = [opened(moved, "train"), opened(moved, "test"), opened(moved, size=None), opened(moved, count=1)]
    prints = {first, *(data.fingerprint for data in others)}
    for path, pixels in ((PICTURE, np.zeros((*SIZE, 3), np.uint8)), (LABELS, np.full(SIZE, 7, np.uint8))):
        save(moved / path, pixels)
        prints.add(opened(moved).fingerprint)
    assert len(prints) == 7


# --- faults


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-60])


def as_jpeg(path: Path) -> None:
    path.unlink()
    save(path.with_suffix(".jpg"), tiles(19, SIZE, 0))


@pytest.mark.parametrize(
    "path, breaks, says",
    [
        (PICTURE, truncated, r"_leftImg8bit.png: cannot be read as a picture \(.+\)"),
        (LABELS, truncated, r"_labelIds.png: cannot be read as a picture \(.+\)"),
        (LABELS, lambda path: save(path, np.zeros((64, 127), np.uint8)), r"wanted one size .*64x128 and 64x127"),
        (
            LABELS,
            lambda path: save(path, np.array([[34, 99] * 64] * 64, np.uint8)),
            r"munster_\S+_labelIds.png: wanted labels 0..33 \(or 255 for void\), got 34, 99",
        ),
        (
            LABELS,
            lambda path: save(path, coloured(tiles(19, SIZE, 0), scenes.PALETTE)),
            r"wanted labels as class numbers .*got a RGB",
        ),
        (LABELS, as_jpeg, r"_labelIds.jpg: wanted labels as class numbers, got a JPEG"),
    ],
)
def test_a_broken_picture_is_named_by_reader_and_check(root, path, breaks, says):
    breaks(root / path)
    data = opened(root)
    assert data[0].key == KEYS[0]
    for reading in (lambda: data[1], lambda: check("cityscapes", root)):
        with pytest.raises(ValueError, match=says) as error:
            reading()
        one_line(error)


@pytest.mark.parametrize(
    "path, says",
    [
        (LABELS, rf"wanted pairs ID_leftImg8bit, ID_gtFine_labelIds, but leftImg8bit/val/ alone has {KEYS[1]}$"),
        (PICTURE, rf"but gtFine/val/ alone has {KEYS[1]}$"),
    ],
)
def test_a_picture_or_labels_alone_are_refused(root, path, says):
    (root / path).unlink()
    with pytest.raises(ValueError, match=says) as error:
        opened(root)
    one_line(error)


def test_one_id_in_two_cities_is_refused(root):
    shutil.copy(root / PICTURE, root / "leftImg8bit/val/frankfurt")
    with pytest.raises(ValueError, match=rf"wanted every id once, got {KEYS[1]} in frankfurt, munster"):
        opened(root)


def test_a_split_without_pictures_is_refused(root):
    for path in root.glob("leftImg8bit/val/*/*"):
        path.unlink()
    with pytest.raises(ValueError, match=r"val: wanted CITY/CITY_SEQ_FRAME_leftImg8bit.png, got no such picture"):
        opened(root)


@pytest.mark.parametrize(
    "lost, wanted",
    [("gtFine", "gtFine/val"), ("leftImg8bit", "leftImg8bit/val"), ("leftImg8bit/val", "leftImg8bit/val")],
)
def test_another_layout_says_what_it_wanted(root, lost, wanted):
    shutil.rmtree(root / lost)
    with pytest.raises(FileNotFoundError, match=rf"^cityscapes: wanted {wanted} in .*cityscapes, found ") as error:
        opened(root)
    one_line(error)


# --- check and rain


def test_check_reports(root):
    save(root / "leftImg8bit/val/frankfurt/frankfurt.png", np.zeros((*SIZE, 3), np.uint8))
    report = check("cityscapes", root.parent)
    assert "train: 4 pictures (H x W): 4 of 64x128" in report and report.endswith("all of it reads")
    assert "note: 2 pictures, the official val has 500" in report and "test: 1 pictures" in report
    assert "leftImg8bit/val/ holds frankfurt/frankfurt.png, not CITY/CITY_SEQ_FRAME_leftImg8bit" in report
    road = 100 * np.mean([tiles(19, SIZE, shift) == 0 for shift in range(4)])
    assert f"share of pixels in %: road {road:.2f}, sidewalk" in report
    for split in ("train", "test"):
        shutil.rmtree(root / "leftImg8bit" / split)  # the archive of labels brings folders for all splits
    assert "train: not there\ntest: not there" in check("cityscapes", root)


def test_rain_wants_a_calibration_and_gets_one(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PEARL_HOME", str(tmp_path / "home"))
    with pytest.raises(
        ValueError, match=r"no strength .* cityscapes at 512x1024; find it with .*data calibrate"
    ) as error:
        opened(root, size=None, rain="pearl")
    one_line(error)
    assert not main(["data", "calibrate", "cityscapes", "--data-root", str(root.parent), "--size", "32x64"])
    printed = capsys.readouterr().out
    calibrations = rainy.records()["cityscapes"]["32x64"]
    assert calibrations.keys() == {"pearl", "heavy"} and f"{calibrations['pearl']['strength']:.4f}" in printed
    assert opened(root, size=(32, 64), rain="pearl").rain == preset("pearl", calibrations["pearl"]["strength"])

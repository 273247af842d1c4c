"""Every data set reads alike; every fault of a user's folder is one clear line."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lab.data import Dataset, dataset, names, rainy, reader
from lab.data.calibrate import TARGETS, calibrate_dataset, misses, quality
from lab.data.check import check
from pearl_core.rain import preset
from pearl_core.worlds.scenes import scene

from ..layouts import cityscapes_tree, one_line, voc_tree

REAL = os.environ.get("PEARL_DATA")
needs_real = [pytest.mark.data, pytest.mark.skipif(not REAL, reason="PEARL_DATA is not set")]
SHARES = {  # README of the development data: CamVid train, in %
    "sky": 16.85, "building": 23.26, "pole": 0.98, "road": 31.66, "pavement": 4.49, "tree": 9.72, "sign_symbol": 1.17,
    "fence": 1.13, "car": 5.87, "pedestrian": 0.64, "bicyclist": 0.29, "void": 3.95,
}  # fmt: skip
H, W = 36, 48


def picture(seed: int, shape: tuple[int, int] = (H, W)) -> np.ndarray:
    """A smooth picture, so that rain on it is rougher."""
    ramp = np.linspace(40, 160, shape[0])[:, None, None] + np.linspace(0, 30, shape[1])[None, :, None]
    return (ramp + [seed, 2 * seed, 0]).astype(np.uint8)


def save(path: Path, pixels: np.ndarray, mode: str | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, **({"lossless": True} if path.suffix == ".webp" else {}))


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No test sees the user's folders or his strengths of rain."""
    monkeypatch.delenv("PEARL_DATA", raising=False)
    monkeypatch.setenv("PEARL_HOME", str(tmp_path / "home"))


@pytest.fixture
def camvid(tmp_path) -> Path:
    """train 3, val 2: all 12 labels, png and webp mixed."""
    root = tmp_path / "camvid"
    for split, count in (("train", 3), ("val", 2)):
        for i in range(count):
            labels = ((np.arange(H * W).reshape(H, W) // W + i) % 12).astype(np.uint8)
            save(root / split / f"{split}_{i}.{('png', 'webp')[i % 2]}", picture(i))
            save(root / f"{split}annot" / f"{split}_{i}.png", labels)
        (root / f"{split}.txt").write_text("".join(f"{split}_{i}\n" for i in range(count)))
    return root


@pytest.fixture
def pairs(tmp_path) -> Path:
    """norain-1, 2, 10; the last one upright."""
    root = tmp_path / "rain100h"
    for number, shape in ((1, (H, W)), (2, (H, W)), (10, (W, H))):
        clean = picture(number, shape)
        wet = clean.copy()
        wet[:, ::5] = 230
        save(root / "norain" / f"norain-{number}.png", clean)
        save(root / "rain" / f"norain-{number}.webp", wet)
    return root


@pytest.fixture
def folders(camvid, pairs, tmp_path) -> Path:
    """All sets that have a folder, in one."""
    cityscapes_tree(tmp_path, train=1)
    voc_tree(tmp_path, train=1)
    return tmp_path


# --- what every data set is


def test_the_registry_finds_one_reader_per_file():
    assert names() == ("camvid", "cityscapes", "objects", "rain100h", "scenes", "voc")
    assert [reader(name).default_split for name in names()] == ["val", "val", "test", "test", "test", "val"]


@pytest.mark.parametrize("name", names())
def test_all_read_alike(name, folders):
    data = dataset(
        name,
        data_root=None if reader(name).built_in else folders,
        size=None if name == "rain100h" else (H, W),
        rain="none",
        count=2,
    )
    assert isinstance(data, Dataset) and data.name == name and len(data) == len(data.keys) == 2
    assert len(data.classes) == len(data.palette) and data.ignore == 255
    sample = data.sample([1, 0])
    assert sample.keys == (data.keys[1], data.keys[0]) == (data[1].key, data[0].key)
    assert sample.clean.shape == sample.rainy.shape == (2, 3, H, W)
    assert sample.clean.dtype == sample.rainy.dtype == torch.float32 and sample.clean.max() <= 1
    assert sample.clean.is_contiguous() and sample.rainy.is_contiguous()
    assert np.array_equal(sample.clean[0].permute(1, 2, 0).mul(255).round().byte(), data[1].clean)
    if name == "rain100h":
        assert sample.labels is None
    else:
        assert sample.labels.dtype == torch.int64 and sample.labels.shape == (2, H, W)
        assert torch.equal(sample.rainy, sample.clean)
        assert set(sample.labels.unique().tolist()) <= {*range(len(data.classes)), 255}
    assert [p.key for p in data] == list(data.keys) and data[-1].key == data.keys[-1]


@pytest.mark.parametrize("name", names())
def test_preloading_changes_nothing(name, folders):
    open_it = lambda: dataset(  # noqa: E731
        name,
        data_root=None if reader(name).built_in else folders,
        size=None if name == "rain100h" else (H, W),
        rain="none",
        count=2,
    )
    held, fresh = open_it(), open_it()
    arrays = held.preload()
    assert arrays.clean.shape == (2, H, W, 3) and arrays.clean.dtype == np.uint8
    assert held.preload() is arrays and held.fingerprint == fresh.fingerprint
    for preloaded, read in zip(held.sample([0, 1]), fresh.sample([0, 1]), strict=True):
        assert preloaded == read if not isinstance(preloaded, torch.Tensor) else torch.equal(preloaded, read)


def test_unknown_names_say_the_choices(camvid):
    with pytest.raises(ValueError, match=r"unknown data set 'kitti'; choose one of camvid, .*rain100h, scenes"):
        dataset("kitti")
    with pytest.raises(ValueError, match=r"unknown split 'dev'; choose one of test, train, val"):
        dataset("camvid", "dev", data_root=camvid)
    with pytest.raises(ValueError, match=r"unknown rain 'fog'; choose one of heavy, none, pearl"):
        dataset("scenes", rain="fog")


def test_count_takes_the_first(camvid):
    assert dataset("camvid", "train", data_root=camvid, rain="none", count=2).keys == ("train_0", "train_1")
    with pytest.raises(ValueError, match=r"wanted the first 4 pictures, but the split has 3"):
        dataset("camvid", "train", data_root=camvid, count=4)
    assert len(dataset("scenes", "val", count=130)) == 130
    with pytest.raises(ValueError, match=r"from 1 to 100000, got 0"):
        dataset("scenes", count=0)


def test_the_fingerprint_follows_the_data_not_the_folder(camvid, tmp_path):
    def print_of(root=camvid, split="val", **how) -> str:
        return dataset("camvid", split, data_root=root, **{"rain": "none"} | how).fingerprint

    first = print_of()
    moved = camvid.rename(tmp_path / "elsewhere")
    assert print_of(moved) == first and len(first) == 64
    others = [print_of(moved, split="train"), print_of(moved, size=(18, 24)), print_of(moved, count=1)]
    others += [print_of(moved, rain=preset("pearl", s)) for s in (0.5, 0.6)]
    save(moved / "val" / "val_0.png", picture(9)[::-1] // 2)
    assert len({first, *others, print_of(moved)}) == 7


# --- scenes


def test_scenes_are_the_scenes():
    data = dataset("scenes", "val", rain="none")
    drawn = scene("val", 3)
    assert data.keys[3] == data[3].key == drawn.key and np.array_equal(data[3].clean, drawn.image)
    assert np.array_equal(data[3].labels, drawn.labels) and data.size == (128, 256)
    assert [len(dataset("scenes", s, rain="none")) for s in ("train", "val", "test")] == [1200, 100, 200]


# --- CamVid


def test_camvid_follows_its_list(camvid):
    (camvid / "train.txt").write_text(
        "/SegNet/CamVid/train/train_2.png /SegNet/CamVid/trainannot/train_2.png\n\ntrain_0\n"
    )
    assert dataset("camvid", "train", data_root=camvid, rain="none").keys == ("train_2", "train_0")


def test_camvid_void_is_255_and_labels_are_never_blended(camvid):
    data = dataset("camvid", "train", data_root=camvid, size=(20, 30), rain="none")
    labels = data.preload().labels
    assert labels.shape == (3, 20, 30) and set(np.unique(labels)) == {*range(11), 255}
    assert dataset("camvid", data_root=camvid, rain="none").size == (176, 240)
    assert "sequence" in dataset("camvid", data_root=camvid, rain="none").note


@pytest.mark.parametrize("suffix, mode", [("png", "P"), ("png", "L"), ("webp", "RGB")])
def test_label_pictures_may_be_gray_or_palette(camvid, suffix, mode):
    labels = (np.arange(H * W).reshape(H, W) % 11).astype(np.uint8)
    (camvid / "valannot" / "val_0.png").unlink()
    image = Image.fromarray(labels)
    if mode == "P":
        image.putpalette([9, 200, 3] * 256)
    image.save(camvid / "valannot" / f"val_0.{suffix}", **({"lossless": True} if suffix == "webp" else {}))
    data = dataset("camvid", data_root=camvid, size=(H, W), rain="none")
    assert np.array_equal(data[0].labels, labels)


def in_colour(root):
    save(root / "valannot" / "val_1.png", picture(1))


def truncated(root):
    path = root / "val" / "val_1.webp"
    path.write_bytes(path.read_bytes()[:60])


def truncated_labels(root):
    path = root / "valannot" / "val_1.png"
    path.write_bytes(path.read_bytes()[:-40])


def no_picture(root):
    (root / "val" / "val_1.webp").write_text("not a picture")


def other_size(root):
    save(root / "valannot" / "val_1.png", np.zeros((H, W - 1), np.uint8))


def pipe(root, of="val/val_1.webp"):
    """Whoever opens it waits for ever."""
    (root / of).unlink()
    os.mkfifo(root / of)


def pipe_of_labels(root):
    pipe(root, "valannot/val_1.png")


def device(root):
    (root / "val/val_1.webp").unlink()
    (root / "val/val_1.webp").symlink_to("/dev/zero")


def folder(root):
    (root / "val/val_1.webp").unlink()
    (root / "val/val_1.webp").mkdir()


def outside(root):
    save(root / "valannot" / "val_1.png", np.full((H, W), 37, np.uint8))


@pytest.mark.parametrize(
    "breaks, says",
    [
        (in_colour, r"val_1.png: wanted labels as class numbers .*got a RGB"),
        (truncated, r"val_1.webp: cannot be read as a picture \(.+\)"),
        (truncated_labels, r"val_1.png: cannot be read as a picture \(.+\)"),
        (no_picture, r"val_1.webp: cannot be read as a picture \(cannot identify"),
        (pipe, r"val_1.webp: cannot be read as a picture \(wanted a file, got a pipe"),
        (pipe_of_labels, r"val_1.png: cannot be read as a picture \(wanted a file, got a pipe"),
        (device, r"val_1.webp: cannot be read as a picture \(wanted a file, got a device"),
        (folder, r"val_1.webp: cannot be read as a picture \(wanted a file, got a folder"),
        (other_size, r"val_1.webp and .*val_1.png: wanted one size .*36x48 and 36x47"),
        (outside, r"val_1.png: wanted labels 0..11 .*got 37"),
    ],
)
def test_a_broken_picture_is_named_by_reader_and_check(camvid, breaks, says):
    breaks(camvid)
    data = dataset("camvid", data_root=camvid, rain="none")
    assert data[0].clean.shape == (176, 240, 3)
    with pytest.raises(ValueError, match=says) as error:
        data[1]
    one_line(error)
    with pytest.raises(ValueError, match=says) as error:
        check("camvid", camvid)
    assert one_line(error).startswith("val: 1 of 2 pictures cannot be used")


def test_a_wrong_label_on_one_pixel_is_seen_at_every_size(camvid):
    labels = np.zeros((H, W), np.uint8)
    labels[5, 7] = 77  # a pixel that the nearest neighbour of a smaller picture leaves out
    save(camvid / "valannot" / "val_1.png", labels)
    for size in (None, (H, W), (9, 12), (3, 4)):
        with pytest.raises(ValueError, match=r"val_1.png: wanted labels 0..11 .*got 77"):
            dataset("camvid", data_root=camvid, size=size, rain="none")[1]
    with pytest.raises(ValueError, match=r"val_1.png: wanted labels 0..11 .*got 77"):
        check("camvid", camvid)


@pytest.mark.parametrize("how", [{"size": (4, 5)}, {}], ids=["small", "as on disk"])
@pytest.mark.parametrize("name", ["voc", "cityscapes"])
def test_so_it_is_of_other_sets(name, how, tmp_path):
    root = {"voc": voc_tree, "cityscapes": cityscapes_tree}[name](tmp_path)
    path = next(
        path for path in sorted(root.rglob("*.png")) if "SegmentationClass" in str(path) or "labelIds" in str(path)
    )
    labels = np.array(Image.open(path))
    labels[1, 1] = 77
    save(path, labels)
    with pytest.raises(ValueError, match=rf"{path.name}: wanted labels 0"):
        data = dataset(name, "train", data_root=root, rain="none", **how)
        [data[i] for i in range(len(data))]


@pytest.mark.parametrize(
    "lines",
    [
        "my picture 1\ntrain_0\n",
        "my picture 1.png\ntrain_0.png\n",
        "/Seg Net/train/my picture 1.png /Seg Net/trainannot/my picture 1.png\ntrain_0.PNG train_0.png\n",
        "\ufeffmy picture 1\r\ntrain_0 train_0\r\n",
    ],
    ids=["bare", "endings", "two paths", "of Windows"],
)
def test_names_may_hold_spaces(lines, camvid):
    for folder in ("train", "trainannot"):
        save(camvid / folder / "my picture 1.png", picture(1) if folder == "train" else np.zeros((H, W), np.uint8))
    (camvid / "train.txt").write_text(lines, encoding="utf-8", newline="")
    data = dataset("camvid", "train", data_root=camvid, rain="none")
    assert data.keys == ("my picture 1", "train_0") and data[0].clean.shape == (176, 240, 3)


def test_a_list_is_a_file(camvid):
    (camvid / "val.txt").unlink()
    os.mkfifo(camvid / "val.txt")
    with pytest.raises(ValueError, match=r"wanted a file, got a pipe at .*val.txt"):
        dataset("camvid", data_root=camvid)


def test_a_huge_picture_is_refused_before_it_is_decoded(camvid, monkeypatch):
    monkeypatch.setattr("lab.data.files.MAX_PIXELS", H * W - 1)
    with pytest.raises(ValueError, match=r"val_0.png: .*wanted at most 1727 pixels, got 48x36"):
        dataset("camvid", data_root=camvid, rain="none")[0]


def test_lists_and_folders_must_agree(camvid):
    (camvid / "val.txt").write_text("val_0\n" + "".join(f"gone_{i}\n" for i in range(5)))
    with pytest.raises(ValueError, match=r"val.txt lists gone_0, gone_1, gone_2, ... \(5 in all\), but val/") as error:
        dataset("camvid", data_root=camvid)
    assert "but valannot/" in one_line(error)
    (camvid / "val.txt").write_text("val_0\n")
    assert "val/ holds val_1, not listed in val.txt and not read" in check("camvid", camvid)
    (camvid / "val.txt").write_text("val_0\nval_0\n")
    with pytest.raises(ValueError, match=r"wanted every id once, got val_0 again"):
        dataset("camvid", data_root=camvid)
    (camvid / "val.txt").write_text("\n")
    with pytest.raises(ValueError, match=r"got an empty list"):
        dataset("camvid", data_root=camvid)


def test_two_files_of_one_name_are_refused(camvid):
    save(camvid / "val" / "val_1.png", picture(1))
    with pytest.raises(ValueError, match=r"one file per picture, got val_1.png and val_1.webp"):
        dataset("camvid", data_root=camvid)


# --- where data lie


def test_the_root_may_be_the_set_its_parent_or_the_environment(camvid, monkeypatch):
    for root in (camvid, camvid.parent, str(camvid)):
        assert len(dataset("camvid", data_root=root, rain="none")) == 2
    monkeypatch.setenv("PEARL_DATA", str(camvid.parent))
    assert len(dataset("camvid", rain="none")) == 2


def test_a_missing_root_says_how_to_give_it(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"--data-root DIR .*PEARL_DATA") as error:
        dataset("camvid")
    one_line(error)
    with pytest.raises(FileNotFoundError, match=r"given by data_root, got nothing at .*nowhere"):
        dataset("rain100h", data_root=tmp_path / "nowhere")
    monkeypatch.setenv("PEARL_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"given by PEARL_DATA"):
        check("camvid")


@pytest.mark.parametrize("name, wanted", [("camvid", "val, valannot, val.txt"), ("rain100h", "rain, norain")])
def test_another_layout_says_what_it_wanted_and_found(tmp_path, name, wanted):
    root = tmp_path / "strange"
    (root / "images").mkdir(parents=True)
    for reading in (lambda: dataset(name, data_root=root), lambda: check(name, root)):
        with pytest.raises(
            (FileNotFoundError, ValueError), match=f"wanted {wanted} in .*strange, found images"
        ) as error:
            reading()
        one_line(error)


# --- pairs


def test_pairs_keep_their_own_rain_and_sizes(pairs):
    data = dataset("rain100h", data_root=pairs)
    assert data.keys == ("norain-1", "norain-2", "norain-10") and data.size is None
    sample = data.sample([0], rain_seed="other")
    assert (sample.rainy[..., ::5] > 0.9).all() and (sample.clean < 0.9).all()
    assert data.sample([2]).clean.shape == (1, 3, W, H) and data.sample([0, 1]).clean.shape == (2, 3, H, W)
    with pytest.raises(ValueError, match=r"pictures of one size .*36x48, 48x36"):
        data.sample([0, 2])
    with pytest.raises(ValueError, match=r"wanted no size .*got 10x20"):
        dataset("rain100h", data_root=pairs, size=(10, 20))


def test_swapped_pairs_are_refused(pairs):
    (pairs / "rain").rename(pairs / "keep")
    (pairs / "norain").rename(pairs / "rain")
    (pairs / "keep").rename(pairs / "norain")
    with pytest.raises(ValueError, match=r"rain and norain look swapped.*3 of 3 pairs") as error:
        dataset("rain100h", data_root=pairs)
    one_line(error)


def test_unmatched_pairs_are_listed(pairs):
    (pairs / "rain" / "norain-2.webp").unlink()
    save(pairs / "rain" / "norain-7.png", picture(7))
    with pytest.raises(ValueError, match=r"rain/ alone has norain-7; norain/ alone has norain-2"):
        dataset("rain100h", data_root=pairs)


def test_pairs_of_two_sizes_are_refused(pairs):
    save(pairs / "norain" / "norain-2.png", picture(2, (H, W + 2)))
    with pytest.raises(ValueError, match=r"norain-2.webp and .*norain-2.png: wanted one size .*36x48 and 36x50"):
        dataset("rain100h", data_root=pairs)[1]


# --- rain


def test_evaluation_rain_is_fixed_and_training_rain_is_fresh():
    data = dataset("scenes", "val", size=(64, 96), rain=preset("pearl", 1.0), count=4)
    fixed = data.sample([0, 1]).rainy
    assert torch.equal(fixed, data.sample([0, 1]).rainy)
    assert torch.equal(fixed[1], data.sample([1]).rainy[0]), "a picture's rain does not depend on its batch"
    fresh = data.sample([0, 1], rain_seed="epoch 1")
    assert torch.equal(fresh.clean, data.sample([0, 1]).clean)
    assert torch.equal(fresh.rainy, data.sample([0, 1], rain_seed="epoch 1").rainy)
    others = [fixed, fresh.rainy, data.sample([0, 1], rain_seed="epoch 2").rainy]
    assert all(not torch.equal(a, b) for i, a in enumerate(others) for b in others[:i])


def test_an_unrecorded_size_names_the_command():
    with pytest.raises(ValueError, match=r"calibrate scenes --size 40x50") as error:
        dataset("scenes", size=(40, 50))
    one_line(error)


def test_a_changed_rain_model_is_noticed(monkeypatch):
    assert dataset("scenes").rain.strength > 0
    changed = replace(preset("pearl"), veil=3 * preset("pearl").veil)
    monkeypatch.setattr(rainy, "preset", lambda name, strength: replace(changed, strength=strength))
    with pytest.raises(ValueError, match=r"has changed since .* redo .*calibrate scenes"):
        dataset("scenes")


def test_a_calibration_is_kept_whole_or_not_at_all(monkeypatch):
    rainy.record("scenes", (40, 52), {"pearl": {"strength": 1.0, "probe": 20.0}})
    before = rainy.own().read_bytes()
    calibration = {"pearl": {"strength": 2.0, "probe": rainy.probe(preset("pearl", 2.0))}}

    def full(path, text):
        path.write_bytes(text[:10].encode())
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk, pytest.raises(OSError, match=r"No space"):
        disk.setattr(Path, "write_text", full)
        rainy.record("scenes", (40, 50), calibration)
    assert rainy.own().read_bytes() == before and [p.name for p in rainy.own().parent.iterdir()] == ["rain.json"]
    rainy.record("scenes", (40, 50), calibration)
    assert dataset("scenes", size=(40, 50)).rain == preset("pearl", 2.0)
    assert rainy.records()["scenes"].keys() == {"40x50", "40x52", "128x256"}


def test_the_users_own_strengths_come_first_and_the_shipped_ones_stay():
    shipped, before = rainy.RECORDS.read_bytes(), dataset("scenes").rain
    rainy.record("scenes", (128, 256), {"pearl": {"strength": 2.0, "probe": rainy.probe(preset("pearl", 2.0))}})
    assert dataset("scenes").rain == preset("pearl", 2.0)
    rainy.own().unlink()
    assert dataset("scenes").rain == before and rainy.RECORDS.read_bytes() == shipped


def test_calibration_of_a_small_set(camvid):
    shipped = rainy.RECORDS.read_bytes()
    calibrations = calibrate_dataset("camvid", data_root=camvid, size=(H, W))
    assert rainy.records()["camvid"]["36x48"] == calibrations and misses(calibrations, "train") == []
    assert rainy.RECORDS.read_bytes() == shipped, "an installed package was written to"
    data = dataset("camvid", "train", data_root=camvid, size=(H, W))
    assert quality(data, [0, 1, 2])[0] == pytest.approx(calibrations["pearl"]["psnr_train"], abs=1e-3)
    assert misses({rain: {"psnr_val": 16.0} for rain in TARGETS}, "val") == [
        "rain 'pearl' on val: wanted 17.45 +- 0.3 dB, got 16.00 dB",
        "rain 'heavy' on val: wanted 12.05 +- 0.4 dB, got 16.00 dB",
    ]


def test_a_home_that_cannot_be_written_to_is_refused_before_a_picture_is_read(camvid, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PEARL_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr(Dataset, "__getitem__", lambda *_: pytest.fail("a picture was read"))
    with pytest.raises(OSError, match=r"wanted a folder to write to at .*home") as error:
        calibrate_dataset("camvid", data_root=camvid, size=(H, W))
    one_line(error)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"scenes": {"1x2": {"pearl": {"strength": "1"}}}}', '{"scenes": 3}'])
def test_a_damaged_file_of_strengths_is_named_before_a_picture_is_read(camvid, monkeypatch, text):
    rainy.own().parent.mkdir()
    rainy.own().write_text(text)
    monkeypatch.setattr(Dataset, "__getitem__", lambda *_: pytest.fail("a picture was read"))
    for use in (lambda: dataset("scenes"), lambda: calibrate_dataset("camvid", data_root=camvid, size=(H, W))):
        with pytest.raises(ValueError, match=r"home/rain\.json holds no strengths of rain .*; move it away") as error:
            use()
        one_line(error)
    assert rainy.own().read_text() == text


def test_sets_with_rain_of_their_own_are_not_calibrated(pairs):
    with pytest.raises(ValueError, match=r"without rain, but rain100h comes with its own"):
        calibrate_dataset("rain100h", data_root=pairs)


@pytest.mark.parametrize("rain", TARGETS)
def test_the_committed_strength_on_scenes_is_right(rain):
    target, tolerance = TARGETS[rain]
    psnr, _ = quality(dataset("scenes", "test", rain=rain), list(range(0, 200, 8)))
    assert abs(psnr - target) < tolerance + 0.5, "25 pictures of test know the mean to about 0.5 dB"


# --- check


def test_check_reports(camvid, pairs):
    report = check("camvid", camvid.parent)
    assert "train: 3 pictures (H x W): 3 of 36x48" in report and "test: not there" in report
    assert "sky 8.33" in report and "void 8.33" in report
    assert "test: 3 pictures (H x W): 2 of 36x48, 1 of 48x36" in check("rain100h", pairs)
    (camvid / "trainannot" / "train_0.png").unlink()
    outside(camvid)
    with pytest.raises(ValueError, match=r"train.txt lists train_0, but trainannot/.*\nval: 1 of 2"):
        check("camvid", camvid)


@pytest.mark.parametrize("name, sizes", [("camvid", {"train": 367, "val": 101}), ("rain100h", {"test": 50})])
class TestReal:
    pytestmark = needs_real

    def test_counts(self, name, sizes):
        assert {s: len(dataset(name, s, data_root=REAL, rain="none")) for s in sizes} == sizes

    def test_it_all_reads(self, name, sizes):
        assert "all of it reads" in check(name, REAL)


class TestRealCamVid:
    pytestmark = needs_real

    def test_class_shares(self):
        line = check("camvid", REAL).split("\ntrain: ")[1].splitlines()[1]
        shares = dict(entry.rsplit(" ", 1) for entry in line.split("%: ")[1].split(", "))
        assert {name: float(share) for name, share in shares.items()} == pytest.approx(SHARES, abs=0.05)


def test_a_folder_for_the_built_in_scenes_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^scenes is built in and has no folder, got data_root"):
        dataset("scenes", data_root=tmp_path)

"""Pictures that two splits share are found, also resized or compressed again; others are not."""

import io
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab.data import camvid, leaks
from lab.data.alike import Pictures, copies, thumbnail
from lab.data.check import check
from pearl_core.worlds.scenes import scene

from ..layouts import voc_tree

REAL = os.environ.get("PEARL_DATA")
needs_real = [pytest.mark.data, pytest.mark.skipif(not REAL, reason="PEARL_DATA is not set")]


@cache
def street(index: int, split: str = "train") -> Image.Image:
    return Image.fromarray(scene(split, index, height=192, width=256).image)


def encoded(image: Image.Image, kind: str, **how) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return Image.open(buffer).convert("RGB")


def resized(image: Image.Image, width: int, height: int, how: Image.Resampling) -> Image.Image:
    return image.resize((width, height), how)


def brighter(image: Image.Image) -> Image.Image:
    return image.point(lambda value: min(255, round(1.03 * value)))


COPIES = {
    "the file again": lambda image: image,
    "JPEG": lambda image: encoded(image, "JPEG", quality=75),
    "a bad JPEG": lambda image: encoded(image, "JPEG", quality=30),
    "WebP": lambda image: encoded(image, "WEBP", quality=60),
    "larger": lambda image: resized(image, 512, 384, Image.Resampling.LANCZOS),
    "smaller": lambda image: resized(image, 128, 96, Image.Resampling.BOX),
    "of other proportions": lambda image: resized(image, 250, 150, Image.Resampling.BILINEAR),
    "smaller, and then JPEG": lambda image: encoded(image.resize((192, 144)), "JPEG", quality=60),
    "a little brighter": brighter,
}


@pytest.fixture(scope="module")
def streets() -> list[Image.Image]:
    return [street(index) for index in range(6)]


def thumbnails(images) -> np.ndarray:
    return np.stack([thumbnail(np.asarray(image)) for image in images])


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES)
def test_a_copy_is_found_whatever_was_done_to_its_file(streets, change):
    changed = [change(image) for image in streets]
    assert copies(thumbnails(streets), thumbnails(changed)) == [(i, i) for i in range(len(streets))]


def with_another_car(image: Image.Image) -> Image.Image:
    """The same street a moment later: nothing but a car in the distance has moved."""
    pixels = np.array(image)
    pixels[100:124, 110:134] = 255 - pixels[100:124, 110:134]
    return Image.fromarray(pixels)


def test_other_pictures_are_no_copies_nor_is_the_next_frame_of_a_film(streets):
    others = thumbnails([street(index, "val") for index in range(6)])
    assert copies(thumbnails(streets), others) == []
    assert copies(thumbnails(streets), thumbnails(map(with_another_car, streets))) == []
    walls = np.stack([np.full((32, 32, 3), value, np.uint8) for value in (0, 60, 120)])
    assert copies(walls, walls) == [(0, 0), (1, 1), (2, 2)], "they have the same signs"


def test_thousands_of_pictures_are_compared_in_seconds():
    random = np.random.RandomState(0)
    train, val = (random.randint(0, 256, (count, 32, 32, 3), np.uint8) for count in (3000, 1500))
    val[::100] = train[:15]
    assert copies(train, val) == [(i, 100 * i) for i in range(15)]


# ---- what the check says ----


def named(split: str, *keys: str, images=None) -> Pictures:
    made = images or [street(int(key.rpartition("_")[2]), split) for key in keys]
    return Pictures.of(split, dict(zip(keys, thumbnails(made), strict=True)))


def test_what_two_splits_share_is_counted_and_named_but_for_splits_that_are_made_of_each_other():
    train, val = named("train", "a_1", "a_2", "b_3"), named("val", "c_1", "c_2")
    both = Pictures("both", train.keys + val.keys, np.concatenate([train.thumbnails, val.thumbnails]))
    parts = {"both": ("train", "val")}
    assert leaks.across([train, val, both], parts, None) == (["train and val share no picture"], False)
    leaking = Pictures("val", ["c_1", "a_2", "x_9"], np.concatenate([val.thumbnails[:1], train.thumbnails[1:]]))
    lines, found = leaks.across([train, leaking], {}, None)
    assert found and lines == ["train and val share 2 pictures: a_2, x_9 as b_3"]
    assert leaks.within(train, None) == []
    twice = Pictures("train", ["a", "b", "c"], train.thumbnails[[0, 1, 0]])
    assert leaks.within(twice, None) == ["  1 picture there again: c as a"]


def test_neighbours_of_a_film_and_the_nearest_of_a_shared_one_are_told():
    film = camvid.READER.film
    train, val = named("train", "a_1", "a_2", "b_3", "b_4"), named("val", "a_5", "c_6")
    (line,) = leaks.within(train, film)
    first, second, third, fourth = np.float64(train.thumbnails)
    apart = np.median([np.abs(first - second).mean(), np.abs(third - fourth).mean()])
    assert line.startswith(f"  neighbours of one film differ by {apart:.1f}/255, pictures of two films by ")
    assert leaks.within(val, film) == [], "no film has two pictures"
    ((line,), _) = leaks.across([train, val], {}, film)
    assert line.startswith("train and val share no picture; both show a: from a picture of val the nearest of train")
    others = named("val", "c_5")
    assert leaks.across([train, others], {}, film) == (["train and val share no picture"], False)


def test_the_check_says_that_two_splits_share_pictures(tmp_path):
    root = voc_tree(tmp_path)
    base = root / "VOCdevkit" / "VOC2012" / "JPEGImages"
    assert check("voc", root).splitlines()[-2:] == ["train and val share no picture", "all of it reads"]
    train, val = sorted(base.glob("2007*"))[1], sorted(base.glob("2008*"))[1]
    with Image.open(train) as image:
        kept = image.convert("RGB")
    labels = root / "VOCdevkit" / "VOC2012" / "SegmentationClass" / f"{val.stem}.png"
    with Image.open(labels) as image:
        kept.resize(image.size).save(val, quality=95)
    *_, line, last = check("voc", root).splitlines()
    assert line == f"train and val share 1 picture: {val.stem} as {train.stem}"
    assert last == "all of it reads, but two splits share pictures"


def test_the_splits_of_a_built_in_world_share_nothing(monkeypatch):
    monkeypatch.setattr("lab.data.check.BUILT_IN", 2)
    lines = check("objects").splitlines()
    assert lines[-1] == "all of it reads" and lines.count("train and val share no picture") == 1


@pytest.mark.parametrize("name", [pytest.param("camvid", marks=needs_real), pytest.param("rain100h", marks=needs_real)])
def test_real_sets_hold_what_was_counted_in_them(name):
    report = check(name, Path(REAL))
    if name == "camvid":
        assert "train and val share no picture; both show 0016E5: from a picture of val the nearest of train" in report
        assert "  neighbours of one film differ by 4.5/255\n" in report
    else:
        assert "  5 pictures there again: norain-14 as norain-5, " in report

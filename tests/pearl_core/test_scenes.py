"""The built-in street scenes: the same everywhere, different in each split, with every class and honest boxes."""

import hashlib
from functools import cache

import numpy as np
import pytest

from pearl_core.types import VOID
from pearl_core.worlds.scenes import CLASSES, PALETTE, SPLITS, scene

PERSON = CLASSES.index("person")


draw = cache(scene)


def many(split, count):
    return [draw(split, index) for index in range(count)]


def digest(*arrays):
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()[:16]


def shares(labels):
    return np.bincount(labels.ravel(), minlength=256) / labels.size


def test_shapes_types_and_key():
    street = scene("val", 12)
    assert (street.image.shape, street.image.dtype) == ((128, 256, 3), np.uint8)
    assert (street.labels.shape, street.labels.dtype) == ((128, 256), np.uint8)
    assert street.boxes.ndim == 2 and street.boxes.shape[1] == 4 and street.boxes.dtype.kind == "i"
    assert street.key == "scenes/val/00012"
    assert len(CLASSES) == len(PALETTE) == len(set(PALETTE)) == 19


@pytest.mark.parametrize(
    ("split", "index", "size", "image", "labels"),
    [
        ("train", 0, (128, 256), "7c1c8befb7e4c8cd", "31fcc1be2f31e894"),
        ("val", 0, (128, 256), "34290bd8860ef9ee", "9bf39da20881a66d"),
        ("val", 7, (128, 256), "ff00aff2987789c0", "1af02bb563f2e1fb"),
        ("test", 1, (128, 256), "2534c5289f8016a0", "7d5e7bae18cb3563"),
        ("val", 7, (96, 160), "15cc80ec37fb8157", "ba87ce64b6f3efbd"),
        ("test", 2, (256, 512), "8e7c13579f0052c7", "53a98273b8ac3273"),
    ],
)
def test_bytes_are_pinned(split, index, size, image, labels):
    """Results are stored by key: the pixels behind a key must never change by accident."""
    street = scene(split, index, height=size[0], width=size[1])
    assert (digest(street.image), digest(street.labels, street.boxes)) == (image, labels)


def test_the_same_call_gives_the_same_scene():
    a, b = scene("test", 3), scene("test", 3)
    assert digest(a.image, a.labels, a.boxes) == digest(b.image, b.labels, b.boxes)


def test_no_scene_occurs_twice_within_or_between_splits():
    scenes = [street for split in SPLITS for street in many(split, 60)]
    assert len({digest(street.labels) for street in scenes}) == len({digest(street.image) for street in scenes}) == 180


def test_every_class_is_frequent_enough_to_learn():
    seen = np.stack([shares(street.labels) for street in many("train", 80)])
    often = (seen > 0).mean(0)
    assert set(np.flatnonzero(often)) == {*range(19), VOID}
    assert often[:19].min() >= 0.25
    assert seen.mean(0)[:19].min() >= 0.002
    assert 0.01 < seen.mean(0)[VOID] < 0.08


def test_boxes_are_the_seen_extents_of_persons():
    count = 0
    for street in many("train", 60):
        for x0, y0, x1, y1 in street.boxes:
            inside = street.labels[y0:y1, x0:x1] == PERSON
            count += 1
            assert inside.any(0)[[0, -1]].all() and inside.any(1)[[0, -1]].all(), street.key
    assert count > 60


def test_persons_without_a_box_are_slivers():
    for street in many("train", 60):
        outside = street.labels == PERSON
        for x0, y0, x1, y1 in street.boxes:
            outside[y0:y1, x0:x1] = False
        assert outside.sum() < 0.002 * outside.size, street.key


@pytest.mark.parametrize("size", [(64, 128), (256, 512), (96, 96)])
def test_another_size_is_the_same_street(size):
    for index in range(4):
        small, large = scene("val", index), scene("val", index, height=size[0], width=size[1])
        assert large.image.shape == (*size, 3)
        assert np.abs(shares(small.labels) - shares(large.labels)).max() < 0.015
        mean = [street.image.mean((0, 1)) for street in (small, large)]
        assert np.abs(mean[0] - mean[1]).max() < 5


def test_a_larger_picture_keeps_its_labels_in_place():
    small, large = scene("val", 5), scene("val", 5, height=256, width=512)
    assert (large.labels[::2, ::2] == small.labels).mean() > 0.93


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (dict(split="vall", index=0), "unknown split 'vall'; choose one of test, train, val"),
        (dict(split="val", index=-1), "wanted an index of 0 or more, got -1"),
        (dict(split="val", index=0, height=16), "wanted a height and a width of 32 pixels or more, got 16 x 256"),
    ],
)
def test_errors_name_what_was_wanted(call, message):
    with pytest.raises(ValueError) as caught:
        scene(**call)
    assert str(caught.value) == message

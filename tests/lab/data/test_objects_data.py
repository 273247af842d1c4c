"""The built-in objects as a data set: what the pictures are, their default counts, their recorded rain."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lab.data import dataset, reader
from lab.data.calibrate import TARGETS, quality
from lab.data.check import check
from lab.data.objects import LENGTHS
from pearl_core.worlds.objects import CLASSES, PALETTE, drawn


def test_the_pictures_are_what_is_drawn():
    data, scene = dataset("objects", "val", rain="none"), drawn("val", 3)
    assert data.keys[3] == data[3].key == scene.key and np.array_equal(data[3].clean, scene.image)
    assert np.array_equal(data[3].labels, scene.labels) and data.size == (128, 160)
    assert (data.classes, data.palette, data.ignore) == (CLASSES, PALETTE, 255)


def test_splits_and_counts():
    assert reader("objects").splits == ("train", "val", "test") and reader("objects").default_split == "test"
    assert {split: len(dataset("objects", split, rain="none")) for split in LENGTHS} == LENGTHS
    assert len(dataset("objects", count=250)) == 250
    assert dataset("objects", count=3).keys == dataset("objects").keys[:3]
    with pytest.raises(ValueError, match=r"count of pictures from 1 to 100000, got 0"):
        dataset("objects", count=0)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^objects is built in and has no folder"):
        dataset("objects", data_root=tmp_path)


def test_a_size_asked_for_is_the_size_given():
    sample = dataset("objects", size=(48, 60), rain="none", count=2).sample([0, 1])
    assert sample.clean.shape == (2, 3, 48, 60) and sample.labels.shape == (2, 48, 60)
    assert torch.equal(sample.rainy, sample.clean)


def test_the_fingerprint_follows_split_size_count_and_drawing(monkeypatch):
    def fingerprint(split="val", **how):
        return dataset("objects", split, **{"rain": "none", "count": 4} | how).fingerprint

    first = fingerprint()
    assert fingerprint() == first
    others = [fingerprint("test"), fingerprint(size=(64, 80)), fingerprint(count=5), fingerprint(rain="pearl")]

    def duller(split, index, **size):
        scene = drawn(split, index, **size)
        return scene._replace(image=scene.image // 2)

    monkeypatch.setattr("lab.data.objects.drawn", duller)
    assert len({first, *others, fingerprint()}) == 6


@pytest.mark.parametrize("rain", TARGETS)
def test_the_committed_strength_is_right(rain):
    target, tolerance = TARGETS[rain]
    psnr, _ = quality(dataset("objects", "test", rain=rain), list(range(0, 200, 8)))
    assert abs(psnr - target) < tolerance + 0.6, "25 pictures of test know the mean to about 0.6 dB"


def test_check_reads_all_splits():
    report = check("objects")
    assert "train: 50 pictures (H x W): 50 of 128x160" in report and "all of it reads" in report

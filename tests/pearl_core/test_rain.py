"""The laws of the rain: seeded, bounded, one monotone dial, honest mask, alike at every size."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from pearl_core.rain import NOTICEABLE, PRESETS, Rain, add_rain, calibrate, preset


def street(high: int = 96, wide: int = 128, seed: int = 0) -> np.ndarray:
    """A bright sky over a dark, grainy ground: enough of a street for rain."""
    sky = np.linspace(0.8, 0.2, high)[:, None, None]
    grain = np.random.RandomState(seed).uniform(-0.15, 0.15, (high, wide, 3))
    return (sky + grain).clip(0, 1).astype(np.float32)


def psnr(image: np.ndarray, clean: np.ndarray) -> float:
    return -10 * np.log10(np.mean((image.astype(np.float64) - clean) ** 2))


@pytest.fixture(params=sorted(PRESETS))
def rain(request) -> Rain:
    return preset(request.param)


def test_a_seed_is_a_rain(rain):
    first, again = add_rain(street(), rain, 7), add_rain(street(), rain, 7)
    assert np.array_equal(first.image, again.image) and np.array_equal(first.mask, again.mask)
    assert np.array_equal(first.image, add_rain(street(), rain, np.int64(7)).image)
    for other in (8, "7", "val/3"):
        assert not np.array_equal(first.image, add_rain(street(), rain, other).image)


def test_the_streams_are_frozen():
    """Stored results name a seed, so the same seed must pour the same rain in years to come."""
    rainy = add_rain(np.full((64, 96, 3), 0.25, np.float32), Rain(), "frozen")
    assert rainy.image.mean(dtype=np.float64) == pytest.approx(0.386311, abs=1e-5) and rainy.mask.sum() == 651


def test_no_strength_is_no_rain_bit_for_bit(rain):
    clean = street()
    image, mask = add_rain(clean, replace(rain, strength=0), 1)
    assert image.tobytes() == clean.tobytes() and not mask.any()
    image[:] = 0  # the caller's own, not a view
    assert clean.any()


@pytest.mark.parametrize("strength", (0.1, 1, 50))
def test_stays_a_picture_and_leaves_the_clean_one_alone(rain, strength):
    for clean in (street(), np.zeros((40, 50, 3), np.float32), np.ones((40, 50, 3), np.float32)):
        before = clean.copy()
        image, mask = add_rain(clean, replace(rain, strength=strength), 3)
        assert image.shape == clean.shape and image.dtype == np.float32
        assert image.min() >= 0 and image.max() <= 1
        assert mask.shape == clean.shape[:2] and mask.dtype == bool
        assert np.array_equal(clean, before)


def test_mask_is_what_streaks_changed():
    rain = replace(preset("pearl"), veil=0)
    clean = street()
    image, mask = add_rain(clean, rain, 5)
    change = np.abs(image - clean).max(axis=2)
    certain = np.abs(change - NOTICEABLE) > 1e-6  # where rounding cannot decide
    assert np.array_equal(mask[certain], (change > NOTICEABLE)[certain])
    assert 0.05 < mask.mean() < 0.8


def test_fog_alone_is_not_in_the_mask_and_is_thickest_far_away():
    image, mask = add_rain(np.zeros((60, 80, 3), np.float32), Rain(density=0, veil=1.0), 1)
    assert not mask.any()
    rows = image[..., 0]
    assert np.ptp(rows, axis=1).max() == 0 and (np.diff(rows[:, 0]) <= 0).all() and rows[0, 0] > 1.5 * rows[-1, 0] > 0


def test_strength_moves_no_streak_and_only_lowers_psnr(rain):
    clean = street()
    rainy = [add_rain(clean, replace(rain, strength=s), 2) for s in (0.05, 0.2, 0.5, 1, 2, 5)]
    quality = [psnr(r.image, clean) for r in rainy]
    assert all(a > b for a, b in pairwise(quality))
    dark = [add_rain(np.zeros_like(clean), replace(rain, strength=s, veil=0), 2).mask for s in (0.2, 1)]
    assert dark[0].sum() < dark[1].sum() and not (dark[0] & ~dark[1]).any()


@pytest.mark.parametrize("angle, step", ((-45, -1), (0, 0), (45, 1)))
def test_angle_is_from_vertical_and_moves_the_foot_to_the_right(angle, step):
    rain = Rain(angle=angle, sway=0, layers=1, veil=0)
    picture = add_rain(np.zeros((128, 128, 3), np.float32), rain, 0).image[..., 0]
    change = {s: np.abs(picture[1:] - np.roll(picture[:-1], s, axis=1)).mean() for s in (-1, 0, 1)}
    assert min(change, key=change.get) == step  # a row is the row above, moved along the streaks


@pytest.mark.parametrize("target", (17.45, 12.05, 30.0))
def test_calibrate_meets_its_target(rain, target):
    pictures = [street(seed=s) for s in range(3)] + [street(48, 100)]
    calibrated = calibrate(iter(pictures), rain, target)
    reached = np.mean([psnr(add_rain(p, calibrated, i).image, p) for i, p in enumerate(pictures)])
    assert reached == pytest.approx(target, abs=0.021)
    assert calibrated == replace(rain, strength=calibrated.strength)


def test_calibrate_honours_seeds_and_tolerance():
    pictures, seeds = [street(), street(seed=1)], ["a", "b"]
    calibrated = calibrate(pictures, preset("pearl"), 20, tolerance=0.001, seeds=seeds)
    reached = np.mean([psnr(add_rain(p, calibrated, s).image, p) for p, s in zip(pictures, seeds, strict=True)])
    assert reached == pytest.approx(20, abs=0.0011)


@pytest.mark.parametrize(
    "pictures, rain, target, seeds, says",
    [
        ([street()], preset("pearl"), 1.0, None, "wanted mean PSNR 1.0 dB, but this rain at its strongest gives"),
        ([street()], Rain(density=0, veil=0), 20, None, "at its strongest gives inf dB"),
        ([street()], preset("pearl"), float("nan"), None, "wanted mean PSNR nan"),
        ([], preset("pearl"), 20, None, "got 0 pictures and 0 seeds"),
        ([street()] * 2, preset("pearl"), 20, ["a"], "got 2 pictures and 1 seeds"),
    ],
)
def test_calibrate_says_in_one_line_what_cannot_be(pictures, rain, target, seeds, says):
    with pytest.raises(ValueError, match=says) as caught:
        calibrate(pictures, rain, target, seeds=seeds)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", ((32, 32), (33, 47), (128, 256), (256, 128), (1024, 2048)))
def test_alike_at_every_size(rain, shape):
    def look(high: int, wide: int, seeds: range) -> np.ndarray:
        grey = np.full((high, wide, 3), 0.4, np.float32)
        rainy = [add_rain(grey, rain, s) for s in seeds]
        return np.mean([(r.mask.mean(), r.image.mean() - 0.4) for r in rainy], axis=0)

    few = 2 if shape[0] > 500 else 30
    share, light = look(*shape, range(few)) / look(176, 240, range(30))
    assert 0.5 < share < 2 and 0.7 < light < 1.4  # streaks under a pixel are drawn wider, but fainter


@pytest.mark.parametrize(
    "clean, says",
    [
        ([[0.0]], "got list"),
        (np.zeros((4, 4), np.float32), r"got \(4, 4\) float32"),
        (np.zeros((3, 32, 32), np.float32), r"got \(3, 32, 32\) float32"),
        (np.zeros((0, 4, 3), np.float32), r"got \(0, 4, 3\) float32"),
        (np.zeros((4, 4, 3), np.uint8), r"got \(4, 4, 3\) uint8"),
        (np.full((4, 4, 3), 1.5, np.float32), "got values from 1.5 to 1.5"),
        (np.full((4, 4, 3), -0.5, np.float32), "got values from -0.5"),
        (np.full((4, 4, 3), np.nan, np.float32), "got values from nan"),
    ],
)
def test_bad_pictures_are_told_what_was_wanted(clean, says):
    with pytest.raises(ValueError, match=r"wanted a picture \(H, W, 3\), float32 in \[0, 1\], " + says) as caught:
        add_rain(clean, Rain(), 0)
    assert "\n" not in str(caught.value)


def test_bad_names_seeds_and_rains():
    with pytest.raises(ValueError, match="unknown rain 'peral'; choose one of heavy, pearl"):
        preset("peral")
    with pytest.raises(ValueError, match="wanted an int or str as seed, got float"):
        add_rain(street(), Rain(), 0.5)
    for name, value in (("strength", -1), ("angle", 90), ("depth", 0), ("veil", float("nan"))):
        with pytest.raises(ValueError, match=f"rain's {name} must lie in "):
            Rain(**{name: value})
    assert preset("heavy", strength=0.3).strength == 0.3


def test_rain_shines_by_the_light_of_its_street():
    """The same rain spoils a dark street about as much as a bright one, so that one strength serves a data set."""
    streets = [np.full((64, 96, 3), level, np.float32) for level in (0.1, 0.2, 0.4)]
    spoilt = [psnr(add_rain(street, Rain(), "light").image, street) for street in streets]
    assert max(spoilt) - min(spoilt) < 2.0  # by one light for all streets it would be 3.7 dB

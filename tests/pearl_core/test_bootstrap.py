"""The bootstrap against a naive loop, and what an interval must do."""

import numpy as np
import pytest

from pearl_core.bootstrap import Difference, draw, interval, paired_difference
from pearl_core.metrics import METRICS

COUNTS = ("mIoU", "mAcc", "allAcc")


def statistics(name: str, images: int = 30, seed: int = 0, share: float = 0.6) -> np.ndarray:
    """Plausible statistics of one metric: counts (N, 5, 3) or values (N,)."""
    rng = np.random.RandomState(seed)
    if name not in COUNTS:
        return rng.normal(30 * share, 1, images)
    labelled = rng.randint(50, 500, (images, 5))
    both = rng.binomial(labelled, rng.uniform(share - 0.2, share + 0.2, (images, 1)))
    return np.stack((both, both + rng.randint(0, 100, both.shape), labelled), -1)


@pytest.mark.parametrize("name", [*COUNTS, "PSNR"])
def test_vectorised_equals_a_naive_loop(name):
    metric, seen = METRICS[name], statistics(name)
    picks = np.random.RandomState(7).randint(30, size=(40, 30))
    naive = [metric.reduce(seen[row]) for row in picks]
    np.testing.assert_allclose(metric.weigh(seen, draw(30, seed=7, resamples=40)), naive, rtol=1e-13)


@pytest.mark.parametrize("name", [*COUNTS, "PSNR"])
def test_interval_holds_the_estimate_and_narrows_with_images(name):
    metric = METRICS[name]
    widths = []
    for images in (20, 80, 320):
        seen = statistics(name, images)
        low, high = interval(metric, seen)
        assert low < metric.reduce(seen) < high
        widths.append(high - low)
    assert widths[0] > widths[1] > widths[2]


def test_the_seed_pins_it():
    metric, seen = METRICS["mIoU"], statistics("mIoU")
    assert interval(metric, seen, seed=3) == interval(metric, seen, seed=3) != interval(metric, seen, seed=4)


def test_a_higher_level_is_wider():
    metric, seen = METRICS["PSNR"], statistics("PSNR")
    (a, b), (c, d) = interval(metric, seen, level=0.5), interval(metric, seen, level=0.99)
    assert c < a < b < d


def test_coverage_of_a_known_mean():
    """95 % intervals of the mean of 50 normal values hold the true mean about 95 times in 100."""
    held = 0
    for seed in range(200):
        low, high = interval(METRICS["PSNR"], np.random.RandomState(seed).normal(25, 2, 50), seed=seed)
        held += low <= 25 <= high
    assert 0.88 <= held / 200 <= 0.99


def test_inf_stays_inf():
    metric = METRICS["PSNR"]
    assert interval(metric, np.full(5, np.inf)) == (np.inf, np.inf)
    low, high = interval(metric, np.array([20.0, 21, 22, 23, np.inf]))
    assert np.isfinite(low) and high == np.inf


def test_undefined_is_nan_and_decides_nothing():
    low, high = interval(METRICS["mIoU"], np.zeros((3, 5, 3)))
    assert np.isnan(low) and np.isnan(high)
    assert Difference(float("nan"), low, high).verdict == "undecided"


@pytest.mark.parametrize("name", [*COUNTS, "PSNR"])
def test_identical_sides_differ_by_exactly_nothing(name):
    seen = statistics(name)
    assert paired_difference(METRICS[name], seen, seen.copy()) == (0, 0, 0)
    assert paired_difference(METRICS["PSNR"], np.full(3, np.inf), np.full(3, np.inf)) == (0, 0, 0)


def test_pairing_sees_what_two_intervals_do_not():
    metric, a = METRICS["PSNR"], statistics("PSNR")
    b = a - 0.1 - 0.01 * statistics("PSNR", seed=1) / 18
    assert interval(metric, a)[0] < interval(metric, b)[1]
    difference = paired_difference(metric, a, b)
    assert difference.low < difference.difference < difference.high and difference.verdict == "holds"
    assert paired_difference(metric, b, a).verdict == "fails"


def test_noise_is_mostly_undecided():
    """A 95 % interval may call noise a difference about 5 times in 100, not much more."""
    sides = [np.random.RandomState(seed).normal(18, 1, (2, 50)) for seed in range(200)]
    verdicts = [paired_difference(METRICS["PSNR"], a, b, resamples=400).verdict for a, b in sides]
    assert 0.88 <= verdicts.count("undecided") / 200 <= 0.99


def test_errors_name_what_came():
    metric, seen = METRICS["PSNR"], statistics("PSNR")
    with pytest.raises(ValueError, match="same images on both sides; got 30 and 29"):
        paired_difference(metric, seen, seen[1:])
    with pytest.raises(ValueError, match="between 0 and 1; got 95"):
        interval(metric, seen, level=95)
    with pytest.raises(ValueError, match="PSNR needs at least one image; got none"):
        interval(metric, seen[:0])

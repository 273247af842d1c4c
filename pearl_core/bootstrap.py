"""How much a number would change with other images of the same kind (percentile bootstrap, Efron 1979).

Images are drawn with replacement, never pixels, because pixels of one image are not independent. If several training
runs were measured, runs are drawn too; a single run says nothing about others. A draw is stored as how often each image
occurs in it, so that pooled metrics (mIoU) are one matrix product for all resamples.

    N  images        R  resamples        S  training runs
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isinf
from typing import Literal, NamedTuple

import numpy as np

from .metrics import Metric

Verdict = Literal["holds", "fails", "undecided"]


class Difference(NamedTuple):
    """a - b with its interval, in the metric's unit.

    Example:
        >>> from pearl_core.bootstrap import Difference
        >>> Difference(2.0, 0.5, 3.5).verdict, Difference(2.0, -0.5, 3.5).verdict
        ('holds', 'undecided')
    """

    difference: float  # on the images as they are
    low: float  # lower end of the interval
    high: float  # upper end

    @property
    def verdict(self) -> Verdict:
        """Whether 'a > b' holds, fails, or is undecided: the choice of images alone could explain the difference."""
        return self.within()

    def within(self, low: float = 0.0, high: float = inf) -> Verdict:
        """Whether the difference lies between two limits.

        Args:
            low: the lower limit, in the metric's unit.
            high: the upper limit.

        Returns:
            "holds" if the whole interval lies inside, "fails" if it lies wholly outside, else "undecided".
        """
        if low < self.low and (self.high < high or isinf(high)):
            return "holds"
        return "fails" if self.high < low or self.low > high else "undecided"


def draw(images: int, *, seed: int = 0, resamples: int = 1000) -> np.ndarray:
    """How often each image is drawn in each resample.

    Args:
        images: N, the number of images.
        seed: decides the draws.
        resamples: R, the number of resamples.

    Returns:
        (R, N) float64; each row sums to N.

    Example:
        >>> from pearl_core.bootstrap import draw
        >>> draw(3, resamples=2).sum(1)
        array([3., 3.])
    """
    picks = np.random.RandomState(seed).randint(images, size=(resamples, images))
    rows = images * np.arange(resamples)[:, None]
    return np.bincount((rows + picks).ravel(), minlength=resamples * images).reshape(picks.shape).astype(np.float64)


def interval(
    metric: Metric, statistics: np.ndarray, *, seed: int = 0, resamples: int = 1000, level: float = 0.95
) -> tuple[float, float]:
    """The interval that contains the middle share `level` of a metric's values over resamples of the images.

    Args:
        metric: the metric.
        statistics: of N images.
        seed: decides the draws.
        resamples: how many.
        level: the share inside; 0.95 for a 95 % interval.

    Returns:
        (low, high) in the metric's unit; inf stays inf. (nan, nan) if the metric is undefined in any resample.

    Raises:
        ValueError: no image, or a level not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> from pearl_core.bootstrap import interval
        >>> from pearl_core.metrics import METRICS
        >>> low, high = interval(METRICS["PSNR"], np.array([20.0, 22.0, 24.0]))
        >>> 20 <= low < 22 < high <= 24
        True
    """
    weights = draw(len(statistics), seed=seed, resamples=resamples)
    return _middle(metric.weigh(statistics, weights), level)


def paired_difference(
    metric: Metric, a: np.ndarray, b: np.ndarray, *, seed: int = 0, resamples: int = 1000, level: float = 0.95
) -> Difference:
    """metric(a) - metric(b) on the same images; each resample is drawn once and used for both.

    So what both share, such as hard images, cancels out. Equal numbers differ by 0, also if both are inf.

    Args:
        metric: the metric to compare.
        a: statistics of N images.
        b: statistics of the same images in the same order.
        seed: decides the draws.
        resamples: how many.
        level: the share inside the interval.

    Returns:
        The difference with its interval.

    Raises:
        ValueError: a and b have different numbers of images, or a level not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> from pearl_core.bootstrap import paired_difference
        >>> from pearl_core.metrics import METRICS
        >>> a = np.array([20.0, 22.0, 24.0])
        >>> paired_difference(METRICS["PSNR"], a, a - 1).verdict
        'holds'
    """
    return runs_difference(metric, [a], [b], seed=seed, resamples=resamples, level=level)


def runs_difference(
    metric: Metric,
    a: Sequence[np.ndarray],
    b: Sequence[np.ndarray],
    *,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
) -> Difference:
    """The paired difference averaged over S training runs: run s of `a` is compared with run s of `b`.

    A resample draws images and runs.

    Args:
        metric: the metric to compare.
        a: for each run the statistics of N images.
        b: the same for the other side.
        seed: decides the draws.
        resamples: how many.
        level: the share inside the interval.

    Returns:
        The difference with its interval.

    Raises:
        ValueError: a and b have different numbers of runs or images, or a level not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> from pearl_core.bootstrap import runs_difference
        >>> from pearl_core.metrics import METRICS
        >>> a = np.array([20.0, 22.0, 24.0])
        >>> runs_difference(METRICS["PSNR"], [a, a + 1], [a - 1, a]).difference
        1.0
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"a paired difference needs the same training runs on both sides; got {len(a)} and {len(b)}")
    sizes = list(dict.fromkeys(len(run) for run in (*a, *b)))
    if len(sizes) > 1:
        raise ValueError(
            f"a paired difference needs the same images on both sides; got {' and '.join(map(str, sizes))}"
        )
    weights = draw(sizes[0], seed=seed, resamples=resamples)
    moved = np.stack([_minus(metric.weigh(x, weights), metric.weigh(y, weights)) for x, y in zip(a, b, strict=True)])
    here = [_minus(np.array(metric.reduce(x)), np.array(metric.reduce(y))) for x, y in zip(a, b, strict=True)]
    runs = draw(len(a), seed=seed + 1, resamples=resamples)  # (R, S): how often each run came
    moved = moved[0] if len(a) == 1 else (moved * runs.T).sum(0) / len(a)  # (S, R) -> (R,)
    return Difference(float(np.mean(here)), *_middle(moved, level))


def _minus(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.subtract(a, b, out=np.zeros_like(a), where=a != b)  # inf - inf is 0 here


def _middle(values: np.ndarray, level: float) -> tuple[float, float]:
    """The ends of the middle share `level` of `values` (R,), not interpolated, since inf would make that nan."""
    if not 0 < level < 1:
        raise ValueError(f"the level must lie between 0 and 1; got {level}")
    if np.isnan(values).any():
        return float("nan"), float("nan")
    values = np.sort(values)
    cut = int((1 - level) / 2 * (len(values) - 1))  # rounded down, so that the interval is never too narrow
    return float(values[cut]), float(values[len(values) - 1 - cut])

"""The metrics of the tables: mIoU, mAcc, allAcc of labels; PSNR and SSIM of images.

A metric has two steps. `observe` computes a statistic of each image, which is stored; `reduce` computes one number from
the statistics of all images. So the statistics of parts of a data set can be joined along the first axis: reducing them
gives exactly the number of the whole set. Metrics with the same `statistic` share what is stored.

    N  images        R  weightings of these images (one, or the resamples of a bootstrap)        K  classes
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from .counts import (
    average,
    class_accuracy,
    class_iou,
    confusion,
    mean_accuracy,
    mean_iou,
    pixel_accuracy,
    total,
    unchanged,
)
from .pictures import psnr, round8, similarity, ssim, to_luma, trunc8
from .registry import Registry
from .types import Output, Sample

__all__ = [
    "METRICS", "STATISTICS", "Metric", "Statistic", "Statistics", "average", "class_accuracy", "class_iou", "confusion",
    "mean_accuracy", "mean_iou", "observe_all", "pixel_accuracy", "psnr", "round8", "similarity", "ssim", "to_luma",
    "total", "trunc8", "unchanged",
]  # fmt: skip

Statistics = np.ndarray | Sequence[np.ndarray]  # of N images: (N, ...), or where they are ragged one array per image


@dataclass(frozen=True)
class Statistic:
    """A quantity of each image, from which metrics compute their numbers. Calling it computes it.

    Args:
        see: (output, sample) -> one statistic per image: a tensor (B, ...), or B tensors of any shape where `ragged`.
        needs: the parts of a `Sample` that it reads: "labels", "clean", "boxes", "reference".
        ragged: whether images may have statistics of different shape, such as their detections.
        shape: number of classes -> the shape of one image's statistic, so that whoever keeps some can tell damage;
            None: it is not said.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.metrics import Statistic
        >>> net, sample = toy()
        >>> brightness = Statistic(lambda output, sample: output.derained.mean((1, 2, 3)))
        >>> brightness(net(sample.rainy), sample).shape
        torch.Size([2])
    """

    see: Callable[[Output, Sample], Tensor | Sequence[Tensor]]
    needs: frozenset[str] = frozenset()
    ragged: bool = False
    shape: Callable[[int], tuple[int, ...]] | None = None

    def __call__(self, output: Output, sample: Sample) -> Tensor | Sequence[Tensor]:
        return self.see(output, sample)


@dataclass(frozen=True)
class Metric:
    """A number of a table: its statistic of each image, how that is pooled over images, and the last step.

    A metric of your own needs one call, `METRICS.add("mine", Metric("mine", ...))`; and another,
    `STATISTICS.add(...)`, if its statistic is new.

    Args:
        name: its name in `METRICS`.
        unit: "%", "dB" or "fraction".
        statistic: a name in `STATISTICS`.
        pool: statistics of N images, weights (R, N) -> (R, ...).
        finish: pooled statistics (R, ...) -> numbers (R,).
        label: its heading in a table.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.metrics import METRICS, observe_all
        >>> net, sample = toy()
        >>> seen = observe_all(net(sample.rainy), sample, ["mIoU"])
        >>> 0 <= METRICS["mIoU"].reduce(seen["confusion"]) <= 100
        True
    """

    name: str
    unit: str
    statistic: str
    pool: Callable[[Statistics, np.ndarray], np.ndarray] = average
    finish: Callable[[np.ndarray], np.ndarray] = unchanged
    label: str = ""

    @property
    def observe(self) -> Statistic:
        """Its statistic: the same object for all metrics that share it."""
        return STATISTICS[self.statistic]

    @property
    def needs(self) -> frozenset[str]:
        """The parts of a sample that it reads."""
        return self.observe.needs

    @property
    def ragged(self) -> bool:
        """Whether its statistics are a list with one array per image, and not one array (N, ...)."""
        return self.observe.ragged

    def together(self, images: Sequence[np.ndarray]) -> Statistics:
        """The statistics of N single images joined: stacked to (N, ...), or if they are ragged as a list."""
        return list(images) if self.ragged else np.stack(images)

    def weigh(self, statistics: Statistics, weights: np.ndarray) -> np.ndarray:
        """The number under each weighting of the images.

        Args:
            statistics: of N images.
            weights: (R, N), how often each image counts.

        Returns:
            (R,) numbers.

        Raises:
            ValueError: there is no image.
        """
        if len(statistics) == 0:
            raise ValueError(f"{self.name} needs at least one image; got none")
        return self.finish(self.pool(statistics if self.ragged else np.asarray(statistics), weights))

    def reduce(self, statistics: Statistics) -> float:
        """The number of these images, each counted once."""
        return float(self.weigh(statistics, np.ones((1, len(statistics))))[0])


def observe_all(output: Output, sample: Sample, names: Iterable[str]) -> dict[str, Statistics]:
    """The statistics of these metrics, each computed once.

    Args:
        output: what a pipeline made of the sample.
        sample: B pictures, with what the metrics need.
        names: names in `METRICS`.

    Returns:
        {name of the statistic: array (B, ...), or if it is ragged a list of B arrays}.

    Raises:
        ValueError: an unknown metric, or a sample that lacks what a metric needs.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.metrics import observe_all
        >>> net, sample = toy()
        >>> observe_all(net(sample.rainy), sample, ["mIoU", "mAcc"])["confusion"].shape
        (2, 3, 3)
    """
    wanted: dict[str, Statistic] = {}
    for metric in map(METRICS.choose, names):
        _check_needs(metric, sample)
        wanted[metric.statistic] = metric.observe
    with torch.no_grad():
        return {name: _arrays(statistic(output, sample)) for name, statistic in wanted.items()}


def _check_needs(metric: Metric, sample: Sample) -> None:
    for need in sorted(metric.needs):
        if getattr(sample, need, None) is None:
            raise ValueError(f"wanted a sample with {need} for {metric.name}, got one without")


def _arrays(seen: Tensor | Sequence[Tensor]) -> Statistics:
    return seen.cpu().numpy() if isinstance(seen, Tensor) else [image.cpu().numpy() for image in seen]


def _derained(measure: Callable[..., Tensor], save: Callable[[Tensor], Tensor], **how) -> Callable:
    """A statistic of the derained picture against the clean one; `save` rounds it as saving it would."""

    def observe(output: Output, sample: Sample) -> Tensor:
        return measure(save(output.derained), sample.clean, **how)  # (B,)

    return observe


def _each_accuracy(statistics: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean over images of each one's pixel accuracy, in %; SEA's ACC. Images without a label do not count."""
    accuracies = pixel_accuracy(statistics)  # (N,)
    known = ~np.isnan(accuracies)
    return average(accuracies[known], weights[:, known])


STATISTICS: Registry[Statistic] = Registry("statistic")
METRICS: Registry[Metric] = Registry("metric")
_labels, _clean = frozenset({"labels"}), frozenset({"clean"})

STATISTICS.add("confusion", Statistic(confusion, _labels, shape=lambda classes: (classes, 3)))
for _name, _see in {
    "psnr": _derained(psnr, unchanged),
    "ssim": _derained(ssim, unchanged),
    "psnr_y": _derained(psnr, unchanged, luma=True),
    "ssim_y": _derained(ssim, unchanged, luma=True),
    # rain_attack and PReNet score saved pictures, each its own way: see the README of the development data
    "psnr_rain_attack": _derained(psnr, round8, shave=8),
    "ssim_rain_attack": _derained(ssim, round8, border="zeropad"),
    "psnr_prenet": _derained(psnr, trunc8, luma=True),
    "ssim_prenet": _derained(ssim, trunc8, luma=True),
}.items():
    STATISTICS.add(_name, Statistic(_see, _clean, shape=lambda classes: ()))

_counted = partial(Metric, unit="%", statistic="confusion", pool=total)
for _metric in (
    _counted("mIoU", finish=mean_iou, label="mIoU (%)"),
    _counted("mAcc", finish=mean_accuracy, label="mAcc (%)"),
    _counted("allAcc", finish=pixel_accuracy, label="allAcc (%)"),
    Metric("ACC", "%", "confusion", pool=_each_accuracy, label="ACC, mean over images (%)"),
    Metric("PSNR", "dB", "psnr", label="PSNR (dB)"),
    Metric("SSIM", "fraction", "ssim", label="SSIM"),
    Metric("PSNR_y", "dB", "psnr_y", label="PSNR, luma (dB)"),
    Metric("SSIM_y", "fraction", "ssim_y", label="SSIM, luma"),
    Metric("PSNR_rain_attack", "dB", "psnr_rain_attack", label="PSNR, rain_attack's (dB)"),
    Metric("SSIM_rain_attack", "fraction", "ssim_rain_attack", label="SSIM, rain_attack's"),
    Metric("PSNR_prenet", "dB", "psnr_prenet", label="PSNR, PReNet's (dB)"),
    Metric("SSIM_prenet", "fraction", "ssim_prenet", label="SSIM, PReNet's"),
):
    METRICS.add(_metric.name, _metric)

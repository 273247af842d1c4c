"""What the tables count: mIoU, mAcc, allAcc of labels; PSNR and SSIM of pictures (DESIGN.md, section 4).

A metric is two steps. `observe` turns a batch into one statistic per image, which a store keeps; `reduce`
turns the statistics of all images into one number. Joining statistics of shards along the first axis and
reducing is exactly the number of the whole set. Metrics that share a `statistic` share what is stored.

    N  images        R  weightings of these images (one, or the resamples of a bootstrap)        K  classes
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from .registry import Registry
from .types import VOID, Output, Sample, choose

WINDOW, SIGMA, K1, K2 = 11, 1.5, 0.01, 0.03  # Wang et al. 2004
BORDERS = {"valid": 0, "zeropad": WINDOW // 2}  # name -> rows of zeros on each side
LUMA = (65.481, 128.553, 24.966)  # MATLAB rgb2ycbcr: black is 16, white 235


# ---- pictures: (B, 3, H, W) in, one float64 per image (B,) out ----


def round8(x: Tensor) -> Tensor:
    """The picture as saved in 8 bits, to the nearest level. Still float, in [0, 1]."""
    return x.clamp(0, 1).mul(255).round().div(255)


def trunc8(x: Tensor) -> Tensor:
    """The picture as saved in 8 bits by authors who cast with `uint8(...)`: the level below. Float, in [0, 1]."""
    return x.clamp(0, 1).mul(255).floor().div(255)


def to_luma(x: Tensor) -> Tensor:
    """MATLAB's luma of RGB, float and not rounded: (B, 3, H, W) in [0, 1] -> (B, 1, H, W) in [16, 235] / 255."""
    weights = x.new_tensor(LUMA).view(1, 3, 1, 1)
    return ((x * weights).sum(1, keepdim=True) + 16) / 255


def _ready(x: Tensor, y: Tensor, luma: bool, shave: int) -> tuple[Tensor, Tensor]:
    """Both pictures in float64, clamped to [0, 1], as luma if asked, `shave` pixels cut on every side."""
    if x.shape != y.shape:
        raise ValueError(f"pictures must have one shape; got {tuple(x.shape)} and {tuple(y.shape)}")
    height, width = x.shape[-2:]
    if min(height, width) <= 2 * shave:
        raise ValueError(f"cutting {shave} pixels needs pictures over {2 * shave} pixels; got {height}x{width}")
    x, y = x.double().clamp(0, 1), y.double().clamp(0, 1)
    if luma:
        x, y = to_luma(x), to_luma(y)
    inside = (..., slice(shave, height - shave), slice(shave, width - shave))
    return x[inside], y[inside]


def psnr(x: Tensor, y: Tensor, *, luma: bool = False, shave: int = 0) -> Tensor:
    """Peak signal to noise ratio, peak 1: dB per image, (B,) float64. Pictures are clamped; identical ones give inf."""
    x, y = _ready(x, y, luma, shave)
    return -10 * (x - y).square().flatten(1).mean(1).log10()


def ssim(x: Tensor, y: Tensor, *, luma: bool = False, border: str = "valid", shave: int = 0) -> Tensor:
    """Structural similarity (Wang et al. 2004), per channel, then the mean: fraction per image, (B,) float64.

    Pictures are clamped to [0, 1]. `border`: "valid" keeps windows that lie inside the picture, "zeropad" adds zeros
    around it and keeps its size. Too small a picture for one window is a ValueError. Differentiable.
    """
    choose("border", border, BORDERS)
    x, y = _ready(x, y, luma, shave)
    padding = BORDERS[border]
    if min(x.shape[-2:]) + 2 * padding < WINDOW:
        raise ValueError(f"SSIM needs a picture of {WINDOW}x{WINDOW}; got {x.shape[-2]}x{x.shape[-1]}")
    return similarity(x, y, padding)


def similarity(x: Tensor, y: Tensor, padding: int = 0) -> Tensor:
    """SSIM of (B, C, H, W) as they are, in their own precision, neither clamped nor checked: nets learn by it."""
    maps = torch.cat((x, y, x * x, y * y, x * y), 1)  # (B, 5 C, H, W)
    mx, my, xx, yy, xy = _blur(maps, padding).chunk(5, 1)
    c1, c2 = K1**2, K2**2
    closeness = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    structure = (2 * (xy - mx * my) + c2) / (xx - mx**2 + yy - my**2 + c2)
    return (closeness * structure).flatten(1).mean(1)


def _blur(maps: Tensor, padding: int) -> Tensor:
    """The Gaussian window over (B, M, H, W), down and then across: far cheaper than the 11x11 kernel it equals.

    Every map is a channel of its own and channels lie together in memory: 20 times as fast as one map at a time.
    """
    offsets = torch.arange(WINDOW, dtype=maps.dtype, device=maps.device) - WINDOW // 2
    kernel = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    kernel = (kernel / kernel.sum()).expand(maps.shape[1], 1, 1, -1)  # (M, 1, 1, 11)
    maps = maps.contiguous(memory_format=torch.channels_last)
    down = conv2d(maps, kernel.mT, padding=(padding, 0), groups=len(kernel))
    return conv2d(down, kernel, padding=(0, padding), groups=len(kernel))


def _derained(measure: Callable[..., Tensor], save: Callable[[Tensor], Tensor], **how) -> Callable:
    """A statistic of the derained picture against the clean one; `save` is what keeping it on disk does to it."""

    def observe(output: Output, sample: Sample) -> Tensor:
        return measure(save(output.derained), sample.clean, **how)  # (B,)

    return observe


# ---- labels: counts per image and class ----


def confusion(output: Output, sample: Sample) -> Tensor:
    """Pixels per image and class: both, predicted, labelled, in this order: (B, K, 3) int64. Void counts in none."""
    labels = sample.labels
    if labels is None or output.logits is None:
        wanted = "a sample with labels" if labels is None else "a model that segments"
        raise ValueError(f"wanted {wanted} to count classes, got one that has none")
    batch, classes = output.logits.shape[:2]
    if output.logits.shape[2:] != labels.shape[1:] or batch != len(labels):
        raise ValueError(f"logits {tuple(output.logits.shape)} need labels of their B, H, W; got {tuple(labels.shape)}")
    seen = labels != VOID
    wrong = labels[seen & ((labels < 0) | (labels >= classes))]
    if len(wrong):
        raise ValueError(f"labels must lie in 0..{classes - 1} or be {VOID} (void); got {int(wrong[0])}")
    predicted = output.predicted  # (B, H, W)
    offset = classes * torch.arange(batch, device=labels.device).view(-1, 1, 1)  # each image has its own bins

    def count(what: Tensor, where: Tensor) -> Tensor:
        return torch.bincount((what + offset)[where], minlength=batch * classes).view(batch, classes)

    return torch.stack((count(labels, seen & (predicted == labels)), count(predicted, seen), count(labels, seen)), -1)


def class_iou(counts: np.ndarray) -> np.ndarray:
    """Intersection over union, in %: counts (..., K, 3) -> (..., K), nan for a class neither predicted nor labelled."""
    both, predicted, labelled = np.moveaxis(counts, -1, 0)
    return _percent(both, predicted + labelled - both)


def class_accuracy(counts: np.ndarray) -> np.ndarray:
    """Share of a class's labelled pixels that are found, in %: (..., K, 3) -> (..., K), nan where none is labelled."""
    return _percent(counts[..., 0], counts[..., 2])


def mean_iou(counts: np.ndarray) -> np.ndarray:
    """Mean of `class_iou` over the classes that occur: (R, K, 3) -> (R,), nan if none does."""
    return _mean_of_known(class_iou(counts))


def mean_accuracy(counts: np.ndarray) -> np.ndarray:
    """Mean of `class_accuracy` over the labelled classes: (R, K, 3) -> (R,), nan if there is none."""
    return _mean_of_known(class_accuracy(counts))


def pixel_accuracy(counts: np.ndarray) -> np.ndarray:
    """Share of all labelled pixels that are right, in %: (R, K, 3) -> (R,)."""
    return class_accuracy(counts.sum(-2))


def _percent(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(100.0 * part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    return _percent(np.where(known, values, 0).sum(-1), known.sum(-1)) / 100


# ---- pooling over images ----


def total(statistics: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted sum over images: (N, ...), weights (R, N) -> (R, ...) float64, exact for counts up to 2**53."""
    rows = np.asarray(statistics, dtype=np.float64).reshape(len(statistics), -1)
    return (weights @ rows).reshape(len(weights), *np.shape(statistics)[1:])


def average(statistics: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean over images: (N,), weights (R, N) -> (R,). inf where an infinite value has weight."""
    endless = np.isposinf(statistics)  # taken apart, as 0 * inf would be nan
    mean = total(np.where(endless, 0, statistics), weights) / weights.sum(1)
    return np.where(weights @ endless > 0, np.inf, mean)


def unchanged(pooled: np.ndarray) -> np.ndarray:
    """The pooled statistic is the number already."""
    return pooled


Statistics = np.ndarray | Sequence[np.ndarray]  # of N images: (N, ...), or where they are ragged one array per image


@dataclass(frozen=True)
class Statistic:
    """What is seen of each image, from which metrics make their numbers. Calling it computes it.

    Args:
        see: (output, sample) -> one statistic per image: a tensor (B, ...), or B tensors of any shape where `ragged`.
        needs: the parts of a `Sample` that it looks at: "labels", "clean", "boxes", "reference".
        ragged: whether images may have statistics of different shape, such as their detections.
    """

    see: Callable[[Output, Sample], Tensor | Sequence[Tensor]]
    needs: frozenset[str] = frozenset()
    ragged: bool = False

    def __call__(self, output: Output, sample: Sample) -> Tensor | Sequence[Tensor]:
        return self.see(output, sample)


@dataclass(frozen=True)
class Metric:
    """One number of a table: how it is seen per image, pooled over images and finished.

    A metric of your own needs one call, `METRICS.add("mine", Metric("mine", ...))`; one more,
    `STATISTICS.add(...)`, where it is made of something that no other metric looks at.

    Args:
        name: its name in `METRICS`.
        unit: "%", "dB" or "fraction".
        statistic: what it is made of, a name in `STATISTICS`.
        pool: statistics of N images, weights (R, N) -> (R, ...).
        finish: what was pooled (R, ...) -> numbers (R,).
        label: how a table heads it.

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
        """What is seen of each image: one object for all metrics that share it."""
        return STATISTICS[self.statistic]

    @property
    def needs(self) -> frozenset[str]:
        """The parts of a sample that it looks at."""
        return self.observe.needs

    @property
    def ragged(self) -> bool:
        """Whether its statistics are a list with one array per image, and not one array (N, ...)."""
        return self.observe.ragged

    def together(self, images: Sequence[np.ndarray]) -> Statistics:
        """The statistics of single images as one: stacked to (N, ...), or where they are ragged a list."""
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
    """What the metrics of these names look at, each statistic computed once.

    Args:
        output: what a pipeline made of the sample.
        sample: B pictures, with what the metrics need.
        names: names in `METRICS`.

    Returns:
        {name of the statistic: array (B, ...), or where it is ragged a list of B arrays}.

    Raises:
        ValueError: an unknown metric, or a sample without what one needs.

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


STATISTICS: Registry[Statistic] = Registry("statistic")
METRICS: Registry[Metric] = Registry("metric")
_labels, _clean = frozenset({"labels"}), frozenset({"clean"})

STATISTICS.add("confusion", Statistic(confusion, _labels))
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
    STATISTICS.add(_name, Statistic(_see, _clean))

_counted = partial(Metric, unit="%", statistic="confusion", pool=total)
for _metric in (
    _counted("mIoU", finish=mean_iou, label="mIoU (%)"),
    _counted("mAcc", finish=mean_accuracy, label="mAcc (%)"),
    _counted("allAcc", finish=pixel_accuracy, label="allAcc (%)"),
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

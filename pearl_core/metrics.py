"""What the tables count: mIoU, mAcc, allAcc of labels; PSNR and SSIM of pictures (DESIGN.md, section 4).

A metric is two steps. `observe` turns a batch into one statistic per image, which a store keeps; `reduce`
turns the statistics of all images into one number. Joining statistics of shards along the first axis and
reducing is exactly the number of the whole set. Metrics that share a `statistic` share what is stored.

    N  images        R  weightings of these images (one, or the resamples of a bootstrap)        K  classes
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d

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
    if labels is None:
        raise ValueError("counting classes needs labels; this sample has none")
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


@dataclass(frozen=True)
class Metric:
    """One number of a table: how it is seen per image, pooled over images and finished."""

    name: str
    unit: str  # "%", "dB" or "fraction"
    statistic: str  # key in STATISTICS
    pool: Callable[[np.ndarray, np.ndarray], np.ndarray] = average  # (N, ...), (R, N) -> (R, ...)
    finish: Callable[[np.ndarray], np.ndarray] = unchanged  # (R, ...) -> (R,)
    label: str = ""  # how a table heads it

    @property
    def observe(self) -> Callable[[Output, Sample], Tensor]:
        """Statistics per image: (B, ...) float64 or int64. One function object for all metrics that share them."""
        return STATISTICS[self.statistic]

    def weigh(self, statistics: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The number under each weighting of the images: (N, ...), (R, N) -> (R,)."""
        if len(statistics) == 0:
            raise ValueError(f"{self.name} needs at least one image; got none")
        return self.finish(self.pool(np.asarray(statistics), weights))

    def reduce(self, statistics: np.ndarray) -> float:
        """The number of these images, each counted once: (N, ...) -> float."""
        return float(self.weigh(statistics, np.ones((1, len(statistics))))[0])


def observe_all(output: Output, sample: Sample, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Statistics that the metrics `names` need, each computed once: name of the statistic -> (B, ...) array."""
    wanted = dict.fromkeys(METRICS[choose("metric", name, METRICS)].statistic for name in names)
    with torch.no_grad():
        return {key: STATISTICS[key](output, sample).cpu().numpy() for key in wanted}


STATISTICS: dict[str, Callable[[Output, Sample], Tensor]] = {
    "confusion": confusion,
    "psnr": _derained(psnr, unchanged),
    "ssim": _derained(ssim, unchanged),
    "psnr_y": _derained(psnr, unchanged, luma=True),
    "ssim_y": _derained(ssim, unchanged, luma=True),
    # rain_attack and PReNet score saved pictures, each its own way: see the README of the development data
    "psnr_rain_attack": _derained(psnr, round8, shave=8),
    "ssim_rain_attack": _derained(ssim, round8, border="zeropad"),
    "psnr_prenet": _derained(psnr, trunc8, luma=True),
    "ssim_prenet": _derained(ssim, trunc8, luma=True),
}

_labels = partial(Metric, unit="%", statistic="confusion", pool=total)
_METRICS = (
    _labels("mIoU", finish=mean_iou, label="mIoU (%)"),
    _labels("mAcc", finish=mean_accuracy, label="mAcc (%)"),
    _labels("allAcc", finish=pixel_accuracy, label="allAcc (%)"),
    Metric("PSNR", "dB", "psnr", label="PSNR (dB)"),
    Metric("SSIM", "fraction", "ssim", label="SSIM"),
    Metric("PSNR_y", "dB", "psnr_y", label="PSNR, luma (dB)"),
    Metric("SSIM_y", "fraction", "ssim_y", label="SSIM, luma"),
    Metric("PSNR_rain_attack", "dB", "psnr_rain_attack", label="PSNR, rain_attack's (dB)"),
    Metric("SSIM_rain_attack", "fraction", "ssim_rain_attack", label="SSIM, rain_attack's"),
    Metric("PSNR_prenet", "dB", "psnr_prenet", label="PSNR, PReNet's (dB)"),
    Metric("SSIM_prenet", "fraction", "ssim_prenet", label="SSIM, PReNet's"),
)
METRICS: dict[str, Metric] = {metric.name: metric for metric in _METRICS}

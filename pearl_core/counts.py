"""How many pixels of each image and class are right, and the sums and means that make metrics of these counts.

N  images        R  weightings of these images (one, or the resamples of a bootstrap)        K  classes
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .types import VOID, Output, Sample


def confusion(output: Output, sample: Sample) -> Tensor:
    """How many pixels of each class are right, predicted and labelled. Void pixels are not counted.

    Args:
        output: its `logits` are (B, K, H, W).
        sample: its `labels` are (B, H, W).

    Returns:
        (B, K, 3) int64: right, predicted, labelled.

    Raises:
        ValueError: no labels or logits, shapes that differ, or a label that is no class.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.metrics import confusion
        >>> net, sample = toy()
        >>> confusion(net(sample.rainy), sample)[..., 2].sum(1)
        tensor([1280, 1280])
    """
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
    """Intersection over union of each class, in %.

    Args:
        counts: (..., K, 3) as from `confusion`.

    Returns:
        (..., K); nan for a class neither predicted nor labelled.

    Example:
        >>> import numpy as np
        >>> from pearl_core.metrics import class_iou
        >>> class_iou(np.array([[2, 3, 3], [0, 0, 0]]))
        array([50., nan])
    """
    both, predicted, labelled = np.moveaxis(counts, -1, 0)
    return _percent(both, predicted + labelled - both)


def class_accuracy(counts: np.ndarray) -> np.ndarray:
    """Share of the labelled pixels of each class that are right, in %.

    Args:
        counts: (..., K, 3) as from `confusion`.

    Returns:
        (..., K); nan for a class without labelled pixels.

    Example:
        >>> import numpy as np
        >>> from pearl_core.metrics import class_accuracy
        >>> class_accuracy(np.array([[2, 3, 4], [0, 1, 0]]))
        array([50., nan])
    """
    return _percent(counts[..., 0], counts[..., 2])


def mean_iou(counts: np.ndarray) -> np.ndarray:
    """mIoU: the mean of `class_iou` over the classes that occur, in %.

    Args:
        counts: (R, K, 3), each summed over the images.

    Returns:
        (R,); nan where no class occurs.

    Example:
        >>> import numpy as np
        >>> from pearl_core.metrics import mean_iou
        >>> mean_iou(np.array([[[2, 3, 3], [1, 1, 1], [0, 0, 0]]]))
        array([75.])
    """
    return _mean_of_known(class_iou(counts))


def mean_accuracy(counts: np.ndarray) -> np.ndarray:
    """mAcc: the mean of `class_accuracy` over the labelled classes, in %.

    Args:
        counts: (R, K, 3), each summed over the images.

    Returns:
        (R,); nan where no class is labelled.

    Example:
        >>> import numpy as np
        >>> from pearl_core.metrics import mean_accuracy
        >>> mean_accuracy(np.array([[[2, 3, 4], [1, 1, 1]]]))
        array([75.])
    """
    return _mean_of_known(class_accuracy(counts))


def pixel_accuracy(counts: np.ndarray) -> np.ndarray:
    """allAcc: the share of all labelled pixels that are right, in %.

    Args:
        counts: (R, K, 3), each summed over the images.

    Returns:
        (R,); nan where no pixel is labelled.

    Example:
        >>> import numpy as np
        >>> from pearl_core.metrics import pixel_accuracy
        >>> pixel_accuracy(np.array([[[2, 3, 3], [1, 1, 1]]]))
        array([75.])
    """
    return class_accuracy(counts.sum(-2))


def _percent(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(100.0 * part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    return _percent(np.where(known, values, 0).sum(-1), known.sum(-1)) / 100


# ---- pooling over images ----


def total(statistics: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted sums over images, exact for counts up to 2**53.

    Args:
        statistics: (N, ...).
        weights: (R, N).

    Returns:
        (R, ...) float64.

    Example:
        >>> import numpy as np
        >>> from pearl_core.metrics import total
        >>> total(np.array([[1, 2], [3, 4]]), np.array([[1.0, 1.0], [0.0, 2.0]]))
        array([[4., 6.],
               [6., 8.]])
    """
    rows = np.asarray(statistics, dtype=np.float64).reshape(len(statistics), -1)
    return (weights @ rows).reshape(len(weights), *np.shape(statistics)[1:])


def average(statistics: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted means over images.

    Args:
        statistics: (N,).
        weights: (R, N).

    Returns:
        (R,); inf where an infinite value has a weight over 0.

    Example:
        >>> import numpy as np
        >>> from pearl_core.metrics import average
        >>> average(np.array([20.0, 30.0, np.inf]), np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
        array([25., inf])
    """
    endless = np.isposinf(statistics)  # summed separately, because 0 * inf would be nan
    mean = total(np.where(endless, 0, statistics), weights) / weights.sum(1)
    return np.where(weights @ endless > 0, np.inf, mean)


def unchanged(pooled: np.ndarray) -> np.ndarray:
    """The last step of a metric whose pooled statistic is its number already.

    Args:
        pooled: anything.

    Returns:
        The same.

    Example:
        >>> from pearl_core.metrics import unchanged
        >>> unchanged(3)
        3
    """
    return pooled

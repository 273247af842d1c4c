"""What a loader may give: batches of pictures with label maps, in any of the usual forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..types import VOID, Sample

PICTURES = ("image", "images", "pixel_values", "img", "input", "rainy")  # keys of dicts, in the order of looking
LABELS = ("label", "labels", "mask", "target", "gt", "annotation")


class Batch(NamedTuple):
    """Pictures with labels.

    Example:
        >>> import torch
        >>> from pearl_core.evaluation.pictures import Batch
        >>> Batch(torch.rand(1, 3, 8, 8), torch.zeros(1, 8, 8, dtype=torch.long)).labels.dtype
        torch.int64
    """

    images: Tensor  # (B, 3, H, W) in [0, 1]
    labels: Tensor  # (B, H, W), `VOID` where nothing counts


def batches(loader: Iterable, ignore: int = VOID) -> Iterator[Batch]:
    """The batches of a loader.

    Args:
        loader: gives pairs (images, labels), dicts, or `Sample`s; single pictures (3, H, W) are batches of one.
        ignore: the label of pixels that do not count.

    Returns:
        An iterator of float pictures and int64 labels.

    Raises:
        TypeError: something else.
        ValueError: labels that are colours, pictures outside [0, 1], nothing at all.

    Example:
        >>> import torch
        >>> from pearl_core.evaluation.pictures import batches
        >>> pairs = [(torch.rand(3, 8, 8), torch.zeros(8, 8, dtype=torch.uint8))]
        >>> next(batches(pairs)).labels.shape
        torch.Size([1, 8, 8])
    """
    count = 0
    for item in loader:
        images, labels = pair(item)
        images, labels = (x.unsqueeze(0) if x.dim() == d else x for x, d in ((images, 3), (labels, 2)))
        yield Batch(*checked(images, labels, ignore))
        count += len(images)
    if not count:
        raise ValueError("wanted one picture or more, got a loader that gives none")


def pair(item: Any) -> tuple[Tensor, Tensor]:
    """Pictures and labels of what a loader gave."""
    if isinstance(item, Sample):
        item = item.rainy, item.labels
    elif isinstance(item, Mapping):
        item = tuple(next((item[key] for key in keys if key in item), None) for keys in (PICTURES, LABELS))
    if not isinstance(item, tuple | list) or len(item) < 2:
        raise TypeError(f"wanted batches (images, labels) or dicts of them, got a {type(item).__name__}")
    images, labels = (x if isinstance(x, Tensor) or x is None else torch.as_tensor(x) for x in item[:2])
    if images is None or labels is None:
        raise TypeError(f"wanted pictures ({', '.join(PICTURES)}) and labels ({', '.join(LABELS)}), got one of them")
    return images, labels


def checked(images: Tensor, labels: Tensor, ignore: int) -> tuple[Tensor, Tensor]:
    if labels.dim() == 4 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.dim() != 3 or labels.is_floating_point():
        raise ValueError(f"wanted label maps (B, H, W) of whole numbers, got {labels.dtype} {tuple(labels.shape)}")
    if images.dtype == torch.uint8:
        images = images / 255
    if not (images.is_floating_point() and images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            f"wanted pictures in [0, 1], got {images.dtype} in [{images.min():.3g}, {images.max():.3g}]; leave the "
            "normalisation to the model, or give its mean and std"
        )
    labels = labels.long()
    return images.float(), torch.where(labels == ignore, VOID, labels) if ignore != VOID else labels

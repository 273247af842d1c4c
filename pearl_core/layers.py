"""Layers every network shares: normalisation that keeps eps in pixels, and padding that any picture fits."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
SMALLEST = 32  # pixels: below this the deepest feature maps have nothing left to look at


class Normalize(nn.Module):
    """(x - mean) / std per channel. Its buffers are not persistent, so checkpoints load with or without it."""

    def __init__(self, mean: tuple[float, ...] = IMAGENET_MEAN, std: tuple[float, ...] = IMAGENET_STD):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std


def check_pictures(x: Tensor, smallest: int = SMALLEST) -> None:
    """A ValueError unless x is (B, 3, H, W) with both sides at least `smallest` pixels."""
    if x.dim() != 4 or x.shape[1] != 3 or min(x.shape[2:]) < smallest:
        raise ValueError(f"wanted pictures (B, 3, H, W) of at least {smallest} pixels a side, got {tuple(x.shape)}")


def pad_to_grid(x: Tensor, step: int, offset: int = 0) -> Tensor:
    """Repeat the right and bottom border until both sides are `step * n + offset`; gradients flow through."""
    height, width = x.shape[-2:]
    down, right = (offset - height) % step, (offset - width) % step
    return F.pad(x, (0, right, 0, down), mode="replicate") if down or right else x


def enlarged(x: Tensor, whole: tuple[int, int], kept: tuple[int, int]) -> Tensor:
    """Bilinear interpolation (corners aligned) of (B, C, h, w) to `whole` pixels, of which the first `kept` are made.

    Two matrix products: on a CPU twice as fast, with their gradient, as interpolating and then cutting.
    """
    with torch.autocast(x.device.type, enabled=False):
        down, across = (taken(*sides, x) for sides in zip(x.shape[2:], whole, kept, strict=True))
        return down @ (x @ across.T)


def taken(small: int, whole: int, kept: int, like: Tensor) -> Tensor:
    """(kept, small): what each of the first `kept` of `whole` pixels takes of the small ones."""
    each = torch.eye(small, dtype=like.dtype, device=like.device)[None]
    return F.interpolate(each, whole, mode="linear", align_corners=True)[0, :, :kept].T


def means(x: Tensor) -> Tensor:
    """The mean of every channel, (B, C): a matrix product, whose gradient is channels-last like everything here."""
    flat = x.permute(0, 2, 3, 1).flatten(1, 2)  # (B, H W, C)
    return flat.new_ones(len(x), 1, flat.shape[1]).bmm(flat).squeeze(1) / flat.shape[1]

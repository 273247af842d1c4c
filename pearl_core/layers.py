"""What networks share: normalisation inside the net, padding to the sizes it can take, checks, interpolation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
SMALLEST = 32  # pixels a side: in smaller pictures the deepest feature maps would be empty


class Normalize(nn.Module):
    """(x - mean) / std per channel, inside the net, so that attacks move pixels in [0, 1].

    Its buffers are not persistent, so checkpoints load with or without it.

    Args:
        mean: a number for each of the C channels.
        std: the same.

    Example:
        >>> import torch
        >>> from pearl_core.layers import Normalize
        >>> Normalize(mean=(0.5,), std=(0.25,))(torch.ones(1, 1, 1, 1)).item()
        2.0
    """

    def __init__(self, mean: tuple[float, ...] = IMAGENET_MEAN, std: tuple[float, ...] = IMAGENET_STD):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std


def check_pictures(x: Tensor, smallest: int = SMALLEST) -> None:
    """Check that a network can take these pictures.

    Args:
        x: (B, 3, H, W).
        smallest: the least number of pixels that both sides must have.

    Raises:
        ValueError: x has another shape, or a smaller side.

    Example:
        >>> import torch
        >>> from pearl_core.layers import check_pictures
        >>> check_pictures(torch.zeros(1, 3, 16, 64))
        Traceback (most recent call last):
        ValueError: wanted pictures (B, 3, H, W) of at least 32 pixels a side, got (1, 3, 16, 64)
    """
    if x.dim() != 4 or x.shape[1] != 3 or min(x.shape[2:]) < smallest:
        raise ValueError(f"wanted pictures (B, 3, H, W) of at least {smallest} pixels a side, got {tuple(x.shape)}")


def pad_to_grid(x: Tensor, step: int, offset: int = 0) -> Tensor:
    """Repeat the right and bottom border until both sides are a multiple of `step`, plus `offset`.

    Args:
        x: (B, C, H, W).
        step: in pixels.
        offset: in pixels.

    Returns:
        (B, C, H', W'); x itself if it fits already.

    Example:
        >>> import torch
        >>> from pearl_core.layers import pad_to_grid
        >>> pad_to_grid(torch.zeros(1, 3, 32, 40), step=8, offset=1).shape
        torch.Size([1, 3, 33, 41])
    """
    height, width = x.shape[-2:]
    down, right = (offset - height) % step, (offset - width) % step
    return F.pad(x, (0, right, 0, down), mode="replicate") if down or right else x


def enlarged(x: Tensor, whole: tuple[int, int], kept: tuple[int, int]) -> Tensor:
    """Bilinear interpolation (corners aligned) to `whole` pixels, of which only the first `kept` are computed.

    As two matrix products: on a CPU twice as fast, with the gradient, as interpolating and then cutting.

    Args:
        x: (B, C, h, w).
        whole: height and width to interpolate to.
        kept: height and width to keep.

    Returns:
        (B, C, *kept).

    Example:
        >>> import torch
        >>> from pearl_core.layers import enlarged
        >>> enlarged(torch.tensor([[[[0.0, 8.0]]]]), (1, 9), (1, 3))
        tensor([[[[0., 1., 2.]]]])
    """
    with torch.autocast(x.device.type, enabled=False):
        down, across = (taken(*sides, x) for sides in zip(x.shape[2:], whole, kept, strict=True))
        return down @ (x @ across.T)


def taken(small: int, whole: int, kept: int, like: Tensor) -> Tensor:
    """The weights of linear interpolation along one side.

    Args:
        small: pixels before.
        whole: pixels to interpolate to.
        kept: how many of these are wanted.
        like: a tensor with the number format and device.

    Returns:
        (kept, small): the weight of each old pixel in each new one.

    Example:
        >>> import torch
        >>> from pearl_core.layers import taken
        >>> taken(2, whole=3, kept=2, like=torch.zeros(1))
        tensor([[1.0000, 0.0000],
                [0.5000, 0.5000]])
    """
    each = torch.eye(small, dtype=like.dtype, device=like.device)[None]
    return F.interpolate(each, whole, mode="linear", align_corners=True)[0, :, :kept].T


def means(x: Tensor) -> Tensor:
    """The mean of every channel; as a matrix product, so that its gradient is channels-last as the rest.

    Args:
        x: (B, C, H, W).

    Returns:
        (B, C).

    Example:
        >>> import torch
        >>> from pearl_core.layers import means
        >>> means(torch.ones(1, 2, 4, 4))
        tensor([[1., 1.]])
    """
    flat = x.permute(0, 2, 3, 1).flatten(1, 2)  # (B, H W, C)
    return flat.new_ones(len(x), 1, flat.shape[1]).bmm(flat).squeeze(1) / flat.shape[1]

"""How alike two images are: PSNR and SSIM, (B, 3, H, W) in, one float64 per image (B,) out."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from .types import choose

WINDOW, SIGMA, K1, K2 = 11, 1.5, 0.01, 0.03  # Wang et al. 2004
BORDERS = {"valid": 0, "zeropad": WINDOW // 2}  # name -> rows of zeros on each side
LUMA = (65.481, 128.553, 24.966)  # MATLAB rgb2ycbcr: black is 16, white 235


def round8(x: Tensor) -> Tensor:
    """The picture as saved in 8 bits, each value rounded to the nearest level.

    Args:
        x: any tensor; values outside [0, 1] are clamped.

    Returns:
        The same shape, float, in [0, 1].

    Example:
        >>> import torch
        >>> from pearl_core.metrics import round8
        >>> round8(torch.tensor([0.5, 1.2])) * 255
        tensor([128., 255.])
    """
    return x.clamp(0, 1).mul(255).round().div(255)


def trunc8(x: Tensor) -> Tensor:
    """The picture as saved in 8 bits by authors who cast with `uint8(...)`, which rounds down.

    Args:
        x: any tensor; values outside [0, 1] are clamped.

    Returns:
        The same shape, float, in [0, 1].

    Example:
        >>> import torch
        >>> from pearl_core.metrics import trunc8
        >>> trunc8(torch.tensor([0.5, 1.2])) * 255
        tensor([127., 255.])
    """
    return x.clamp(0, 1).mul(255).floor().div(255)


def to_luma(x: Tensor) -> Tensor:
    """The luma (brightness) of RGB as MATLAB's `rgb2ycbcr` has it, not rounded.

    Args:
        x: images (B, 3, H, W) in [0, 1].

    Returns:
        (B, 1, H, W), from 16 / 255 for black to 235 / 255 for white.

    Example:
        >>> import torch
        >>> from pearl_core.metrics import to_luma
        >>> to_luma(torch.ones(1, 3, 2, 2)).mul(255).round().unique()
        tensor([235.])
    """
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
    """Peak signal to noise ratio of images with peak 1.

    Args:
        x: images (B, 3, H, W); clamped to [0, 1].
        y: the images to compare with, of the same shape.
        luma: compare the brightness alone.
        shave: how many pixels to leave out on every side.

    Returns:
        (B,) float64 in dB; inf where the images are identical.

    Raises:
        ValueError: x and y differ in shape, or `shave` leaves no pixels.

    Example:
        >>> import torch
        >>> from pearl_core.metrics import psnr
        >>> psnr(torch.full((1, 3, 16, 16), 0.6), torch.full((1, 3, 16, 16), 0.5)).round(decimals=3)
        tensor([20.], dtype=torch.float64)
    """
    x, y = _ready(x, y, luma, shave)
    return -10 * (x - y).square().flatten(1).mean(1).log10()


def ssim(x: Tensor, y: Tensor, *, luma: bool = False, border: str = "valid", shave: int = 0) -> Tensor:
    """Structural similarity, mean over the channels (Wang et al. 2004). It can be differentiated.

    Args:
        x: images (B, 3, H, W); clamped to [0, 1].
        y: the images to compare with, of the same shape.
        luma: compare the brightness alone.
        border: "valid" takes windows that lie inside the image, "zeropad" adds zeros around it and keeps its size.
        shave: how many pixels to leave out on every side.

    Returns:
        (B,) float64; 1 where the images are identical.

    Raises:
        ValueError: x and y differ in shape, an unknown border, or an image smaller than a window of 11x11.

    Example:
        >>> import torch
        >>> from pearl_core.metrics import ssim
        >>> x = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
        >>> ssim(x, x).item(), ssim(x, 1 - x).item() < 0
        (1.0, True)
    """
    choose("border", border, BORDERS)
    x, y = _ready(x, y, luma, shave)
    padding = BORDERS[border]
    if min(x.shape[-2:]) + 2 * padding < WINDOW:
        raise ValueError(f"SSIM needs a picture of {WINDOW}x{WINDOW}; got {x.shape[-2]}x{x.shape[-1]}")
    return similarity(x, y, padding)


def similarity(x: Tensor, y: Tensor, padding: int = 0) -> Tensor:
    """SSIM of images as they are, neither clamped nor checked, in their own precision: a training loss.

    Args:
        x: (B, C, H, W).
        y: the same shape.
        padding: rows of zeros to add on every side.

    Returns:
        (B,).

    Example:
        >>> import torch
        >>> from pearl_core.metrics import similarity
        >>> similarity(torch.ones(2, 3, 16, 16), torch.ones(2, 3, 16, 16))
        tensor([1., 1.])
    """
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

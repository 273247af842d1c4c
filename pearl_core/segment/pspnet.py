"""PSPNet: every pixel also sees the whole scene, through averages at several scales (Zhao et al. 2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks import SEGMENTERS
from .imagenet import two_heads
from .resnet import TwoHeads, conv_bn, head


class Pyramid(nn.Module):
    """The features, and their averages over 1, 4, 9 and 36 cells, each reduced to a quarter of the channels."""

    def __init__(self, channels: int, bins: tuple[int, ...] = (1, 2, 3, 6)):
        super().__init__()
        inner = channels // len(bins)
        self.features = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(bin), *conv_bn(channels, inner, 1), nn.ReLU(inplace=True))
            for bin in bins
        )

    def forward(self, x: Tensor) -> Tensor:
        levels = [F.interpolate(f(x), x.shape[2:], mode="bilinear", align_corners=True) for f in self.features]
        return torch.cat([x, *levels], 1)


class PSPNet(TwoHeads):
    """Two heads on a dilated ResNet, with a pyramid as context (Zhao et al. 2017): (B, 3, H, W) -> (B, K, H, W).

    Pictures lie in [0, 1]. Names and shapes of its weights are those of the semseg repository.

    Args:
        classes: K, how many.
        depth: of the ResNet, 18 or 50.
        width: channels of its first stage.
        stem: "deep" (semseg's) or "plain" (torchvision's).
        aux: whether there is an auxiliary head, for training.
        normalize: whether pictures are normalised as for ImageNet.

    Raises:
        ValueError: an unknown stem; when called, pictures of another shape, or with a side under 32 pixels.

    Example:
        >>> import torch
        >>> from pearl_core.segment.pspnet import PSPNet
        >>> PSPNet(19, depth=18, width=4).eval()(torch.rand(1, 3, 32, 40)).shape
        torch.Size([1, 19, 32, 40])
    """

    def __init__(
        self,
        classes: int,
        depth: int = 50,
        width: int = 64,
        *,
        stem: str = "deep",
        aux: bool = True,
        normalize: bool = True,
    ):
        super().__init__(depth, width, stem, normalize)
        self.ppm = Pyramid(self.channels)
        self.cls = head(2 * self.channels, 8 * width, classes)
        self.aux = head(self.channels // 2, 4 * width, classes) if aux else None

    def context(self, fourth: Tensor) -> Tensor:
        return self.ppm(fourth)


SEGMENTERS.add("pspnet", two_heads(PSPNet, "PSPNet"))

"""PSPNet: what a pixel is depends on the whole scene, seen through a pyramid of averages (Zhao et al. 2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks import SEGMENTERS
from .imagenet import two_heads
from .resnet import TwoHeads, conv_bn, head


class Pyramid(nn.Module):
    """Averages over 1, 4, 9 and 36 cells, each squeezed to a quarter of the channels and laid beside the features."""

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
    """Two heads on a dilated ResNet, with the pyramid as context. Names and shapes are those of the semseg repository.

    `aux=True` adds the training head; `stem` is "deep" (semseg's) or "plain" (torchvision's).
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

"""DeepLabV3: dilated convolutions, which see the surroundings of a pixel at several distances (Chen et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..networks import SEGMENTERS
from .imagenet import two_heads
from .resnet import TwoHeads, conv_bn, head

RATES = (6, 12, 18)  # as in ddcat, though the output stride is 8


class SpatialPyramid(nn.Module):
    """ASPP: a 1x1 and three dilated convolutions and the mean of the whole map, side by side."""

    def __init__(self, channels: int, inner: int):
        super().__init__()
        layers = [conv_bn(channels, inner, 1), *(conv_bn(channels, inner, 3, dilation=rate) for rate in RATES)]
        layers.append((nn.AdaptiveAvgPool2d(1), *conv_bn(channels, inner, 1)))
        self.convs = nn.ModuleList(nn.Sequential(*layer, nn.ReLU(inplace=True)) for layer in layers)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([conv(x).expand(-1, -1, *x.shape[2:]) for conv in self.convs], 1)


class DeepLabV3(TwoHeads):
    """Two heads on a dilated ResNet, with ASPP as context (Chen et al. 2017): (B, 3, H, W) in [0, 1] -> (B, K, H, W).

    Names and shapes of its weights are those of the ddcat repository.

    Args:
        classes: K, how many.
        depth: of the ResNet, 18 or 50.
        width: channels of its first stage.
        stem: "deep" (ddcat's) or "plain" (torchvision's).
        aux: whether there is an auxiliary head, for training.
        normalize: whether pictures are normalised as for ImageNet.

    Raises:
        ValueError: an unknown stem; when called, pictures of another shape, or with a side under 32 pixels.

    Example:
        >>> import torch
        >>> from pearl_core.segment.deeplabv3 import DeepLabV3
        >>> DeepLabV3(19, depth=18, width=4).eval()(torch.rand(1, 3, 32, 40)).shape
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
        inner = 4 * width
        self.aspp = SpatialPyramid(self.channels, inner)
        self.cls = head(5 * inner, inner, classes, kernel=1)
        self.aux = head(self.channels // 2, inner, classes, kernel=1) if aux else None

    def context(self, fourth: Tensor) -> Tensor:
        return self.aspp(fourth)


SEGMENTERS.add("deeplabv3", two_heads(DeepLabV3, "DeepLabv3"))

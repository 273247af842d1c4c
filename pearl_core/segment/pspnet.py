"""PSPNet: what a pixel is depends on the whole scene, seen through a pyramid of averages (Zhao et al. 2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import Normalize, check_pictures, pad_to_grid
from .resnet import DilatedResNet, conv_bn


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


def head(cin: int, inner: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        *conv_bn(cin, inner, 3), nn.ReLU(inplace=True), nn.Dropout2d(0.1), nn.Conv2d(inner, classes, 1)
    )


class PSPNet(DilatedResNet):
    """(B, 3, H, W) in [0, 1] -> logits (B, K, H, W). Names and shapes are those of the semseg repository.

    The grid of features lies on pixels 0, 8, 16, ..., so pictures are padded to sides of 8 n + 1.
    `aux=True` adds the training head on stage 3, `normalize=False` leaves the input as it is.
    """

    def __init__(self, classes: int, depth: int = 50, width: int = 64, *, aux: bool = True, normalize: bool = True):
        super().__init__(depth, width)
        self.normalize = Normalize() if normalize else nn.Identity()
        self.ppm = Pyramid(self.channels)
        self.cls = head(2 * self.channels, 8 * width, classes)
        self.aux = head(self.channels // 2, 4 * width, classes) if aux else None

    def forward(self, images: Tensor) -> Tensor:
        return self.heads(images)[0]

    def heads(self, images: Tensor, *, aux: bool = False) -> tuple[Tensor, Tensor | None]:
        """Logits of the main head and, when asked for, of the auxiliary head, both at the size of the picture."""
        check_pictures(images)
        height, width = images.shape[2:]
        padded = pad_to_grid(images, 8, 1)
        third, fourth = self.stages(self.normalize(padded))

        def enlarge(logits: Tensor) -> Tensor:
            logits = logits.to(torch.promote_types(logits.dtype, torch.float32))  # autocast stops here
            whole = F.interpolate(logits, padded.shape[2:], mode="bilinear", align_corners=True)
            return whole[:, :, :height, :width]

        return enlarge(self.cls(self.ppm(fourth))), enlarge(self.aux(third)) if aux else None


NETS = {"pspnet": PSPNet}

"""ResNet-18 and -50 as dense feature extractors of output stride 8 (He et al. 2016, dilated as in PSPNet)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..layers import Normalize, check_pictures, enlarged, pad_to_grid
from ..types import choose


def conv_bn(cin: int, cout: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[nn.Module, nn.Module]:
    padding = dilation * (kernel // 2)
    return nn.Conv2d(cin, cout, kernel, stride, padding, dilation, bias=False), nn.BatchNorm2d(cout)


class Block(nn.Module):
    """What both residual blocks share: a branch of convolutions beside a shortcut."""

    expansion: int

    def __init__(self, cin: int, cout: int, stride: int):
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Sequential(*conv_bn(cin, cout, 1, stride)) if stride != 1 or cin != cout else None

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(self.branch(x) + shortcut)


class Basic(Block):
    """Two 3x3 convolutions, as in ResNet-18."""

    expansion = 1

    def __init__(self, cin: int, width: int, stride: int, dilation: int):
        super().__init__(cin, width, stride)
        self.conv1, self.bn1 = conv_bn(cin, width, 3, stride, dilation)
        self.conv2, self.bn2 = conv_bn(width, width, 3, 1, dilation)

    def branch(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))


class Bottleneck(Block):
    """1x1, 3x3, 1x1 convolutions with the stride on the 3x3, as in the common ResNet-50."""

    expansion = 4

    def __init__(self, cin: int, width: int, stride: int, dilation: int):
        super().__init__(cin, 4 * width, stride)
        self.conv1, self.bn1 = conv_bn(cin, width, 1)
        self.conv2, self.bn2 = conv_bn(width, width, 3, stride, dilation)
        self.conv3, self.bn3 = conv_bn(width, 4 * width, 1)

    def branch(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        return self.bn3(self.conv3(x))


BLOCKS = {18: (Basic, (2, 2, 2, 2)), 50: (Bottleneck, (3, 4, 6, 3))}


def deep_stem(width: int) -> nn.Sequential:
    """Three 3x3 convolutions, as in semseg; ends with twice the width."""
    relu = nn.ReLU(inplace=True)
    return nn.Sequential(
        *conv_bn(3, width, 3, stride=2), relu, *conv_bn(width, width, 3), relu, *conv_bn(width, 2 * width, 3), relu,
        nn.MaxPool2d(3, stride=2, padding=1),
    )  # fmt: skip


def plain_stem(width: int) -> nn.Sequential:
    """One 7x7 convolution, as in the paper and in torchvision."""
    return nn.Sequential(*conv_bn(3, width, 7, stride=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2, padding=1))


STEMS = {"deep": (deep_stem, 2), "plain": (plain_stem, 1)}  # and how many times the width comes out


class DilatedResNet(nn.Module):
    """Stages `layer0` (the stem) to `layer4`; the last two trade their stride for dilation 2 and 4.

    `width` is the number of channels of the first stage: 64 in the paper, less for the small nets of the zoo.
    """

    def __init__(self, depth: int = 50, width: int = 64, stem: str = "deep"):
        super().__init__()
        block, counts = BLOCKS[depth]
        build, times = STEMS[choose("stem", stem, STEMS)]
        self.layer0 = build(width)
        channels = times * width
        for stage, (count, stride, dilation) in enumerate(zip(counts, (1, 2, 1, 1), (1, 1, 2, 4), strict=True), 1):
            inner = width * 2 ** (stage - 1)
            blocks = []
            for number in range(count):
                blocks.append(block(channels, inner, stride if number == 0 else 1, dilation))
                channels = inner * block.expansion
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.channels = channels

    def stages(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features after stages 3 and 4, both at 1/8 of the input."""
        third = self.layer3(self.layer2(self.layer1(self.layer0(x))))
        return third, self.layer4(third)


def head(cin: int, inner: int, classes: int, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        *conv_bn(cin, inner, kernel), nn.ReLU(inplace=True), nn.Dropout2d(0.1), nn.Conv2d(inner, classes, 1)
    )


class TwoHeads(DilatedResNet):
    """The trunk under two heads: `cls` on what `context` makes of stage 4 and, for training only, `aux` on stage 3.

    (B, 3, H, W) in [0, 1] -> logits (B, K, H, W). The grid of features lies on pixels 0, 8, 16, ..., so pictures are
    padded to sides of 8 n + 1. `normalize=False` leaves the input as it is.
    """

    context: Callable[[Tensor], Tensor]  # (B, C, h, w) -> (B, C', h, w)
    cls: nn.Module
    aux: nn.Module | None
    groups: ClassVar = {"heads": ("cls.", "aux.")}  # of parameters, for recipes that train some faster

    def __init__(self, depth: int, width: int, stem: str, normalize: bool):
        super().__init__(depth, width, stem)
        self.normalize = Normalize() if normalize else nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        return self.heads(images)[0]

    def heads(self, images: Tensor, *, aux: bool = False) -> tuple[Tensor, Tensor | None]:
        """Logits of the main head and, when asked for, of the auxiliary head, both at the size of the picture."""
        check_pictures(images)
        padded = pad_to_grid(images, 8, 1)
        third, fourth = self.stages(self.normalize(padded))

        def enlarge(logits: Tensor) -> Tensor:
            logits = logits.to(torch.promote_types(logits.dtype, torch.float32))  # autocast stops here
            return enlarged(logits, padded.shape[2:], images.shape[2:])

        return enlarge(self.cls(self.context(fourth))), enlarge(self.aux(third)) if aux else None

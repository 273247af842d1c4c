"""ResNet-18 and -50 as dense feature extractors of output stride 8 (He et al. 2016, dilated as in PSPNet)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..layers import Normalize, check_pictures, enlarged, pad_to_grid
from ..types import choose


def conv_bn(cin: int, cout: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[nn.Module, nn.Module]:
    """A convolution without bias that keeps the size (at stride 1), and its batch norm.

    Args:
        cin: channels in.
        cout: channels out.
        kernel: side of the kernel, odd.
        stride: of the convolution.
        dilation: of the convolution.

    Returns:
        The two layers.

    Example:
        >>> import torch
        >>> from pearl_core.segment.resnet import conv_bn
        >>> conv, norm = conv_bn(3, 8, kernel=3, dilation=2)
        >>> norm(conv(torch.rand(1, 3, 32, 40))).shape
        torch.Size([1, 8, 32, 40])
    """
    padding = dilation * (kernel // 2)
    return nn.Conv2d(cin, cout, kernel, stride, padding, dilation, bias=False), nn.BatchNorm2d(cout)


class Block(nn.Module):
    """The base of both residual blocks: a branch of convolutions plus a shortcut."""

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
    """Three 3x3 convolutions, as in semseg; twice the width comes out."""
    relu = nn.ReLU(inplace=True)
    return nn.Sequential(
        *conv_bn(3, width, 3, stride=2), relu, *conv_bn(width, width, 3), relu, *conv_bn(width, 2 * width, 3), relu,
        nn.MaxPool2d(3, stride=2, padding=1),
    )  # fmt: skip


def plain_stem(width: int) -> nn.Sequential:
    """One 7x7 convolution, as in the paper and in torchvision."""
    return nn.Sequential(*conv_bn(3, width, 7, stride=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2, padding=1))


STEMS = {"deep": (deep_stem, 2), "plain": (plain_stem, 1)}  # and its channels out, in multiples of the width


class DilatedResNet(nn.Module):
    """A ResNet (He et al. 2016) as stages `layer0` (the stem) to `layer4`; the last two have dilation, not stride.

    Args:
        depth: 18 or 50.
        width: channels of the first stage: 64 in the paper, fewer in the small nets of the zoo.
        stem: "deep" or "plain".

    Raises:
        ValueError: an unknown stem.

    Example:
        >>> import torch
        >>> from pearl_core.segment.resnet import DilatedResNet
        >>> third, fourth = DilatedResNet(18, width=4).stages(torch.rand(2, 3, 32, 40))
        >>> third.shape, fourth.shape
        (torch.Size([2, 16, 4, 5]), torch.Size([2, 32, 4, 5]))
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
    """A head: features (B, C, h, w) -> logits (B, K, h, w).

    Args:
        cin: C, channels in.
        inner: channels of its hidden layer.
        classes: K, how many.
        kernel: side of its first convolution, odd.

    Returns:
        The layers.

    Example:
        >>> import torch
        >>> from pearl_core.segment.resnet import head
        >>> head(8, 4, classes=19)(torch.rand(2, 8, 4, 5)).shape
        torch.Size([2, 19, 4, 5])
    """
    return nn.Sequential(
        *conv_bn(cin, inner, kernel), nn.ReLU(inplace=True), nn.Dropout2d(0.1), nn.Conv2d(inner, classes, 1)
    )


class TwoHeads(DilatedResNet):
    """A segmenter's trunk and its two heads: `cls` on the context of stage 4 and, for training, `aux` on stage 3.

    (B, 3, H, W) in [0, 1] -> logits (B, K, H, W). A subclass makes `context`, `cls` and `aux`; see `PSPNet`. Features
    lie on pixels 0, 8, 16, ..., so pictures are padded to sides of 8 n + 1.

    Args:
        depth: of the ResNet, 18 or 50.
        width: channels of its first stage.
        stem: "deep" or "plain".
        normalize: whether pictures are normalised as for ImageNet.

    Example:
        >>> import torch
        >>> from pearl_core.segment.pspnet import PSPNet
        >>> logits, aux = PSPNet(19, depth=18, width=4).eval().heads(torch.rand(1, 3, 32, 40), aux=True)
        >>> aux.shape
        torch.Size([1, 19, 32, 40])
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
            logits = logits.to(torch.promote_types(logits.dtype, torch.float32))  # not in bfloat16
            return enlarged(logits, padded.shape[2:], images.shape[2:])

        return enlarge(self.cls(self.context(fourth))), enlarge(self.aux(third)) if aux else None

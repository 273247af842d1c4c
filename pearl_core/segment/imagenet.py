"""ImageNet backbones: the weights of a classifying ResNet as the start of a segmenter's trunk."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import torch
from torch import Tensor

from ..networks import File, Network
from .resnet import BLOCKS, STEMS, DilatedResNet

# Names of the stem outside -> here. The other stages are called alike everywhere.
SEMSEG = {"conv1": "0", "bn1": "1", "conv2": "3", "bn2": "4", "conv3": "6", "bn3": "7"}  # torchvision's: the first two
TIMM_DEEP = {"conv1.0": "0", "conv1.1": "1", "conv1.3": "3", "conv1.4": "4", "conv1.6": "6", "bn1": "7"}


def load_backbone(net: DilatedResNet, weights: Mapping[str, Tensor]) -> None:
    """Copy the weights of a classifying ResNet into the trunk of a segmenter, `layer0` to `layer4`.

    Args:
        net: the segmenter.
        weights: trained on ImageNet, named as in torchvision, semseg or timm. The classifier is left out; batch
            counters may be missing, as in old files.

    Raises:
        ValueError: an entry of the trunk is missing, has another shape, or is too many.

    Example:
        >>> from pearl_core.segment.imagenet import load_backbone, trunk
        >>> from pearl_core.segment.resnet import DilatedResNet
        >>> source, net = DilatedResNet(18, width=4), DilatedResNet(18, width=4)
        >>> load_backbone(net, trunk(source))
        >>> bool((net.layer1[0].conv1.weight == source.layer1[0].conv1.weight).all())
        True
    """
    entries = renamed(weights)
    pooled = [name for name in entries if ".downsample.2." in name]
    if pooled:
        raise ValueError(f"wanted a ResNet with strided shortcuts, got a ResNet-D, which averages in them: {pooled[0]}")
    wanted, got = shapes(trunk(net)), shapes(entries)
    if wanted != got:
        raise ValueError(
            f"wanted an ImageNet ResNet with {settings(wanted)}, got {settings(got) or first(wanted, got)}"
        )
    net.load_state_dict(entries, strict=False)


def stem_of(weights: Mapping[str, Tensor]) -> str:
    """How a ResNet begins: "plain", with a 7x7 convolution, as in torchvision; else "deep", as in segmenters."""
    first = weights.get("conv1.weight", weights.get("module.conv1.weight"))
    return "plain" if first is not None and first.shape[-1] == 7 else "deep"


def two_heads(net: type[DilatedResNet], title: str) -> Network:
    """The declaration of a segmenter with the heads `cls` and `aux` on a dilated ResNet.

    Args:
        net: its class.
        title: its name as papers write it.

    Returns:
        What `SEGMENTERS.add` takes.

    Example:
        >>> from pearl_core.segment.imagenet import two_heads
        >>> from pearl_core.segment.pspnet import PSPNet
        >>> two_heads(PSPNet, "PSPNet").head
        'cls.'
    """
    words = "a ResNet trained on ImageNet, for a segmenter trained from scratch"
    backbone = File(
        load_backbone, words, lambda weights: {"stem": "plain"} if stem_of(weights) == "plain" else {}, True
    )
    return Network(net, title, "segment", {"backbone": backbone}, head="cls.", training_only=("aux.",))


def renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same entries under this package's names, without the classifier."""
    entries = {name.removeprefix("module."): value for name, value in weights.items()}
    stem = TIMM_DEEP if "conv1.0.weight" in entries else SEMSEG

    def place(name: str) -> str:
        module, _, entry = name.rpartition(".")
        return f"layer0.{stem[module]}.{entry}" if module in stem else name

    return {place(name): value for name, value in entries.items() if not name.startswith("fc.")}


def trunk(net: DilatedResNet) -> dict[str, Tensor]:
    return {name: value for name, value in net.state_dict().items() if name.startswith("layer")}


def shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in state.items() if not name.endswith("num_batches_tracked")}


def settings(got: dict[str, tuple[int, ...]]) -> str:
    """The depth, width and stem of the trunk with these shapes; empty if there is none."""
    width = got.get("layer1.0.conv1.weight", (0,))[0]
    for depth, stem in product(BLOCKS, STEMS) if width else ():
        with torch.device("meta"):  # shapes without numbers
            if shapes(trunk(DilatedResNet(depth, width, stem))) == got:
                return f"depth={depth}, width={width}, stem={stem!r}"
    return ""


def first(wanted: dict[str, tuple[int, ...]], got: dict[str, tuple[int, ...]]) -> str:
    """The first difference between the wanted shapes and others that no settings give."""
    name = next(name for name in (*wanted, *got) if wanted.get(name) != got.get(name))
    there, here = (f"of shape {of[name]}" if name in of else "absent" for of in (wanted, got))
    choices = f"depth {' or '.join(map(str, BLOCKS))}, stem {' or '.join(STEMS)}"
    return f"one that no {choices} fits: {name} is {here}, not {there}"

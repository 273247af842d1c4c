"""The perceptual training loss of TransWeather (Valanarasu et al. 2022): distance in three features of a VGG-16."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as the VGG learned
# each stage's convolutions (number in torchvision's `features`: channels in, out); the ReLU of the last is compared
STAGES = ({0: (3, 64), 2: (64, 64)}, {5: (64, 128), 7: (128, 128)}, {10: (128, 256), 12: (256, 256), 14: (256, 256)})


def perceptual(weights: Mapping[str, Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """The mean squared distance of two pictures in relu1_2, relu2_2 and relu3_3 of a VGG-16 (Valanarasu et al. 2022).

    Pictures are normalised as for ImageNet; that is our reading, the paper does not say. It is a function, because a
    net would store a module's weights as its own.

    Args:
        weights: of a VGG-16, named as in torchvision and timm; layers after relu3_3 may be missing.

    Returns:
        (derained, target), each (B, 3, H, W) in [0, 1] -> scalar.

    Raises:
        ValueError: a layer is missing or has another shape.

    Example:
        >>> import torch
        >>> from pearl_core.derain.vgg import STAGES, perceptual
        >>> sizes = {number: size for stage in STAGES for number, size in stage.items()}
        >>> weights = {f"features.{n}.weight": torch.ones(out, cin, 3, 3) for n, (cin, out) in sizes.items()}
        >>> weights |= {f"features.{n}.bias": torch.ones(out) for n, (_, out) in sizes.items()}
        >>> perceptual(weights)(torch.ones(1, 3, 16, 16), torch.ones(1, 3, 16, 16))
        tensor(0.)
    """
    wanted = {}
    for number, (cin, out) in ((number, size) for stage in STAGES for number, size in stage.items()):
        wanted |= {f"features.{number}.weight": (out, cin, 3, 3), f"features.{number}.bias": (out,)}
    shapes = {name: tuple(weights[name].shape) for name in wanted if name in weights}
    if wrong := next((name for name in wanted if shapes.get(name) != wanted[name]), None):
        raise ValueError(
            f"wanted the weights of a VGG-16 without batch norms, {wrong} of shape {wanted[wrong]}; "
            f"got {shapes.get(wrong, 'nothing of that name')}"
        )
    held = {name: weights[name].detach().float() for name in wanted}

    def features(images: Tensor) -> list[Tensor]:
        held.update({name: value.to(images) for name, value in held.items()})  # moves once, to where the pictures are
        mean, std = (images.new_tensor(values).view(3, 1, 1) for values in (MEAN, STD))
        x, seen = (images - mean) / std, []
        for index, stage in enumerate(STAGES):
            x = F.max_pool2d(x, 2) if index else x
            for number in stage:
                weight, bias = (held[f"features.{number}.{kind}"] for kind in ("weight", "bias"))
                x = F.conv2d(x, weight, bias, padding=1).relu()
            seen.append(x)
        return seen

    def distance(derained: Tensor, target: Tensor) -> Tensor:
        with torch.no_grad():  # PEARL's targets need no gradient
            aim = features(target)
        return torch.stack([F.mse_loss(*pair) for pair in zip(features(derained), aim, strict=True)]).mean()

    return distance

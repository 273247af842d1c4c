"""What an attack on a derainer maximises (Yu et al. 2022, sections 3.1 and 5): (output, target, progress) -> loss.

`target` says what the output is compared with: a `Reference`, or `Patches`. Losses are per pixel (B, H, W) where they
are sums over pixels, else per image (B,). Attacks towards a target are `minus` of these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..chance import answer
from ..types import Output
from .objectives import Objective

Features = Callable[[Tensor], tuple[Tensor, ...]]  # pictures (B, 3, H, W) -> maps (B, C, h, w), one per layer


class Reference(NamedTuple):
    """The picture that the derained picture is compared with; `reference` makes it, with its features.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import Reference
        >>> Reference(torch.zeros(1, 3, 8, 8)).region is None
        True
    """

    image: Tensor  # (B, 3, H, W): the net's own output before the attack, or the rainy picture
    region: Tensor | None = None  # (B, H, W), 1 where a difference counts
    features: tuple[Tensor, ...] | None = None  # each (B, C, h, w), of `image`; None: not needed

    def check(self, images: Tensor) -> None:
        wanted = images.shape[:1] + images.shape[2:]
        if self.image.shape != images.shape:
            raise ValueError(f"wanted a reference of shape {tuple(images.shape)}, got {tuple(self.image.shape)}")
        if self.region is not None and self.region.shape != wanted:
            raise ValueError(f"wanted a region of shape {tuple(wanted)}, got {tuple(self.region.shape)}")


class Patches(NamedTuple):
    """The patch of the output that is to look like another patch; `patches` makes it.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import Patches
        >>> Patches(torch.tensor([[0, 0]]), (torch.zeros(1, 3, 4, 4),), torch.tensor([[4, 4]])).size
        tensor([[4, 4]])
    """

    corner: Tensor  # (B, 2) int64, row and column of the source patch's upper left pixel
    features: tuple[Tensor, ...]  # each (B, C, h, w), of the patch to look like
    size: Tensor  # (B, 2) int64, height and width: one size in a batch

    def check(self, images: Tensor) -> None:
        room = torch.tensor(images.shape[2:], device=self.corner.device)
        if (self.size != self.size[:1]).any() or (self.corner < 0).any() or (self.corner + self.size > room).any():
            got = f"corners {self.corner.tolist()} of sizes {self.size.tolist()}"
            raise ValueError(f"wanted patches of one size inside {tuple(images.shape[2:])}, got {got}")


def squared_error(output: Output, target: Reference, progress: float) -> Tensor:
    """Squared difference to the reference, mean over the channels (LMSE, eq. 4; `minus` on the rain: eq. 15).

    Args:
        output: its derained picture is (B, 3, H, W).
        target: the picture to compare with.
        progress: not looked at.

    Returns:
        (B, H, W), 0 outside the reference's region.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import Reference, squared_error
        >>> from pearl_core.types import Output
        >>> squared_error(Output(torch.ones(1, 3, 1, 2), None), Reference(torch.zeros(1, 3, 1, 2)), 0.0)
        tensor([[[1., 1.]]])
    """
    loss = (output.derained - target.image).square().mean(1)
    return loss if target.region is None else loss * target.region


def perceptual(features: Features) -> Objective:
    """Distance of deep features (eq. 5; LPIPS of Zhang et al. 2018 without their learned weights).

    Args:
        features: pictures (B, 3, H, W) -> maps (B, C, h, w), one per layer; each position is scaled to length 1.

    Returns:
        The objective: (output, `Reference` with features, progress) -> (B,).

    Raises:
        ValueError: when called, a reference without features.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import perceptual, reference
        >>> from pearl_core.types import Output
        >>> features = lambda images: (images,)
        >>> picture = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
        >>> perceptual(features)(Output(picture.flip(1), None), reference(picture, features), 0.0)
        tensor([2.])
    """

    def objective(output: Output, target: Reference, progress: float) -> Tensor:
        if target.features is None:
            raise ValueError("wanted a reference with features, got one without: make it by reference(image, features)")
        return distance(features(output.derained), target.features, target.region)

    return objective


def unnoticeable(features: Features, weight: float = 25.0) -> Objective:
    """Far in features, near in pixels: the perceptual distance minus a multiple of the mean squared error (eq. 14).

    Args:
        features: as for `perceptual`.
        weight: of the mean squared error.

    Returns:
        The objective: (output, `Reference` with features, progress) -> (B,).

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import reference, unnoticeable
        >>> from pearl_core.types import Output
        >>> features = lambda images: (images,)
        >>> picture = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
        >>> unnoticeable(features, 3)(Output(picture.flip(1), None), reference(picture, features), 0.0)
        tensor([0.])
    """
    far = perceptual(features)

    def objective(output: Output, target: Reference, progress: float) -> Tensor:
        return far(output, target, progress) - weight * squared_error(output, target, progress).mean((1, 2))

    return objective


def patch_distance(features: Features) -> Objective:
    """Perceptual distance from the source patch to the wanted one; attacks maximise `minus` of it (eq. 11).

    Args:
        features: as for `perceptual`.

    Returns:
        The objective: (output, `Patches`, progress) -> (B,).

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import patch_distance, patches
        >>> from pearl_core.types import Output
        >>> features, picture = lambda images: (images,), torch.ones(1, 3, 16, 16)
        >>> corner = torch.zeros(1, 2, dtype=torch.long)
        >>> target = patches(picture, features, corner, corner + 8, (4, 4))
        >>> patch_distance(features)(Output(picture, None), target, 0.0)
        tensor([0.])
    """

    def objective(output: Output, target: Patches, progress: float) -> Tensor:
        return distance(features(crop(output.derained, target.corner, target.size)), target.features)

    return objective


# ---- targets ----


def own_output(model: nn.Module, images: Tensor, *, rounded: bool = True) -> Tensor:
    """What the model makes of the pictures before the attack.

    Args:
        model: images (B, 3, H, W) -> `Output`.
        images: in [0, 1].
        rounded: to 8 bits, as a saved picture.

    Returns:
        (B, 3, H, W) in [0, 1].

    Example:
        >>> from pearl_core.attacks.restoration import own_output
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> own_output(net, sample.rainy).shape
        torch.Size([2, 3, 32, 40])
    """
    with torch.no_grad():
        derained = answer(model, images, part="derain").derained.clamp(0, 1)
        derained = derained.view(-1, *images.shape).mean(0)  # over the answers of a model that gives several
    return (255 * derained).round() / 255 if rounded else derained


def reference(image: Tensor, features: Features | None = None, region: Tensor | None = None) -> Reference:
    """The picture to compare with, and its features, which are computed once.

    Args:
        image: (B, 3, H, W).
        features: images -> feature maps, for perceptual losses; None: none.
        region: (B, H, W), true where a difference counts; None: everywhere.

    Returns:
        The reference.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import reference
        >>> len(reference(torch.zeros(1, 3, 8, 8), lambda x: (x, x.square())).features)
        2
    """
    if features is None:
        return Reference(image, region)
    with torch.no_grad():
        return Reference(image, region, tuple(features(image)))


def patches(image: Tensor, features: Features, source: Tensor, wanted: Tensor, size: tuple[int, int]) -> Patches:
    """The target of an object-sensitive attack: patches of the output that shall look like other patches.

    Args:
        image: (B, 3, H, W), where the wanted patches are.
        features: images -> feature maps.
        source: (B, 2) int64, row and column of the upper left pixel of the patch that changes.
        wanted: (B, 2) int64, the same of the patch to look like.
        size: height and width.

    Returns:
        The corners of the source patches, and the features of the wanted ones.

    Raises:
        ValueError: a source patch outside the image.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import patches
        >>> corner = torch.zeros(1, 2, dtype=torch.long)
        >>> patches(torch.rand(1, 3, 16, 16), lambda x: (x,), corner, corner + 8, (4, 4)).size
        tensor([[4, 4]])
    """
    sizes = torch.tensor(size, device=source.device).expand(len(source), 2)
    with torch.no_grad():
        target = Patches(source, tuple(features(crop(image, wanted, sizes))), sizes)
    target.check(image)
    return target


def rain_region(rainy: Tensor, derained: Tensor, threshold: float = 10) -> Tensor:
    """Where a derainer changed the picture: the rain that it saw.

    Args:
        rainy: (B, 3, H, W) in [0, 1].
        derained: the same shape.
        threshold: the change in any channel that counts, in 1/255.

    Returns:
        (B, H, W) bool.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import rain_region
        >>> bool(rain_region(torch.ones(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)).all())
        True
    """
    return ((derained - rainy).abs() > threshold / 255).any(1)


# ---- what they are made of ----


def distance(features: tuple[Tensor, ...], wanted: tuple[Tensor, ...], region: Tensor | None = None) -> Tensor:
    """Perceptual distance of features: mean squared difference of each layer, summed over the layers.

    Args:
        features: maps (B, C, h, w), one per layer; each position is scaled to length 1.
        wanted: the same of the other picture.
        region: (B, H, W), true where a difference counts; None: everywhere.

    Returns:
        (B,).

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import distance
        >>> east, north = torch.eye(2).view(2, 1, 2, 1, 1)
        >>> distance((east,), (north,)), distance((east,), (3 * east,))
        (tensor([2.]), tensor([0.]))
    """
    total = torch.zeros((), device=wanted[0].device)
    for a, b in zip(features, wanted, strict=True):
        apart = (F.normalize(a, dim=1, eps=1e-10) - F.normalize(b, dim=1, eps=1e-10)).square().sum(1)
        if region is not None:
            apart = apart * F.interpolate(region.to(apart)[:, None], apart.shape[1:], mode="area")[:, 0]
        total = total + apart.mean((1, 2))
    return total


def crop(images: Tensor, corner: Tensor, size: Tensor) -> Tensor:
    """One patch of each image.

    Args:
        images: (B, 3, H, W).
        corner: (B, 2) int64, row and column of the upper left pixel.
        size: (B, 2) int64, height and width, the same for all images.

    Returns:
        (B, 3, h, w).

    Example:
        >>> import torch
        >>> from pearl_core.attacks.restoration import crop
        >>> crop(torch.rand(1, 3, 16, 16), torch.tensor([[2, 3]]), torch.tensor([[4, 5]])).shape
        torch.Size([1, 3, 4, 5])
    """
    height, width = size[0].tolist()
    return torch.stack([x[:, r : r + height, c : c + width] for x, (r, c) in zip(images, corner.tolist(), strict=True)])

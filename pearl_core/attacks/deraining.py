"""Attacks on derainers, by their names in Yu et al. 2022. eps and alpha are in 1/255.

Every function makes an attack: call it with (model, images, target). The target is a `restoration.Reference` or
`restoration.Patches`; `CATALOGUE[name].target.of(model, sample)` makes it. `**options` are the fields of
`compose.Ascent`.
"""

from __future__ import annotations

from .catalogue import INPUT, OWN_OUTPUT, PATCHES, declared
from .compose import Ascent, ascend
from .objectives import minus
from .restoration import Features, patch_distance, perceptual, squared_error, unnoticeable
from .units import steps_within


def quarter(eps: float, alpha: float | None) -> float:
    """The length of a step of these attacks.

    Args:
        eps: radius in 1/255.
        alpha: the length in 1/255; None: eps / 4.

    Returns:
        The length in 1/255.

    Example:
        >>> from pearl_core.attacks.zoo import quarter
        >>> quarter(8, None)
        2.0
    """
    return eps / 4 if alpha is None else alpha


@declared("LMSE", "Moves the derained picture away from what it was, pixel by pixel.", target=OWN_OUTPUT)
def lmse(eps: float = 8, steps: int = 20, alpha: float | None = None, **options) -> Ascent:
    """Away from the net's own output, pixel by pixel (Yu et al. 2022, eq. 4), from a random point.

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; None: eps / 4.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, Reference) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps.

    Example:
        >>> from pearl_core.attacks.zoo import CATALOGUE, lmse
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> target = CATALOGUE["lmse"].target.of(net, sample)
        >>> lmse(eps=8, steps=2)(net, sample.rainy, target).shape
        torch.Size([2, 3, 32, 40])
    """
    return ascend(squared_error, *steps_within(eps, steps, quarter(eps, alpha)), **{"random_start": True} | options)


@declared("Input-close", "Moves the derained picture back to the rainy one.", target=INPUT)
def input_close(eps: float = 8, steps: int = 20, alpha: float | None = None, **options) -> Ascent:
    """Towards the rainy picture, as if the rain were not removed (Yu et al. 2022, eq. 15).

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; None: eps / 4.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, Reference of the rainy images) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps.

    Example:
        >>> from pearl_core.attacks.zoo import CATALOGUE, input_close
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> target = CATALOGUE["input_close"].target.of(net, sample)
        >>> input_close(eps=8, steps=2)(net, sample.rainy, target).shape
        torch.Size([2, 3, 32, 40])
    """
    start = {"random_start": True} | options
    return ascend(minus(squared_error), *steps_within(eps, steps, quarter(eps, alpha)), **start)


@declared(
    "Perceptual attack",
    "Moves the derained picture away from what it was, in the features of a network.",
    target=OWN_OUTPUT,
    needs=("features",),
)
def perceptual_attack(
    features: Features, eps: float = 8, steps: int = 20, alpha: float | None = None, **options
) -> Ascent:
    """Away from the net's own output in deep features (Yu et al. 2022, eq. 5).

    Args:
        features: images (B, 3, H, W) -> feature maps (B, C, h, w), one per layer.
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; None: eps / 4.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, Reference with features) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps; when called, a reference without features.

    Example:
        >>> from pearl_core.attacks.zoo import OWN_OUTPUT, perceptual_attack
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> features = lambda images: (images, images.square())
        >>> target = OWN_OUTPUT.of(net, sample, features=features)
        >>> perceptual_attack(features, eps=8, steps=2)(net, sample.rainy, target).shape
        torch.Size([2, 3, 32, 40])
    """
    start = {"random_start": True} | options
    return ascend(perceptual(features), *steps_within(eps, steps, quarter(eps, alpha)), **start)


@declared(
    "Unnoticeable attack",
    "Moves the derained picture far in the features of a network, and little in its pixels.",
    target=OWN_OUTPUT,
    needs=("features",),
)
def unnoticeable_attack(
    features: Features, eps: float = 8, steps: int = 20, alpha: float | None = None, weight: float = 25, **options
) -> Ascent:
    """Far in deep features and near in pixels (Yu et al. 2022, eq. 14).

    Args:
        features: images (B, 3, H, W) -> feature maps (B, C, h, w), one per layer.
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; None: eps / 4.
        weight: of the mean squared error, which is subtracted.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, Reference with features) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps; when called, a reference without features.

    Example:
        >>> from pearl_core.attacks.zoo import OWN_OUTPUT, unnoticeable_attack
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> features = lambda images: (images, images.square())
        >>> target = OWN_OUTPUT.of(net, sample, features=features)
        >>> unnoticeable_attack(features, eps=8, steps=2)(net, sample.rainy, target).shape
        torch.Size([2, 3, 32, 40])
    """
    start = {"random_start": True} | options
    return ascend(unnoticeable(features, weight), *steps_within(eps, steps, quarter(eps, alpha)), **start)


@declared(
    "Object-sensitive attack",
    "Makes one part of the derained picture look like another part.",
    target=PATCHES,
    needs=("features",),
)
def object_sensitive(
    features: Features, eps: float = 8, steps: int = 20, alpha: float | None = None, **options
) -> Ascent:
    """Changes one patch of the output until it looks like another patch (Yu et al. 2022, eq. 11).

    Args:
        features: images (B, 3, H, W) -> feature maps (B, C, h, w), one per layer.
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; None: eps / 4.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, Patches) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps; when called, patches outside the picture.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.zoo import PATCHES, object_sensitive
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> features = lambda images: (images, images.square())
        >>> corners = {"source": torch.zeros(2, 2).long(), "wanted": torch.full((2, 2), 8)}
        >>> target = PATCHES.of(net, sample, features=features, size=(8, 8), **corners)
        >>> object_sensitive(features, eps=8, steps=2)(net, sample.rainy, target).shape
        torch.Size([2, 3, 32, 40])
    """
    start = {"random_start": True} | options
    return ascend(minus(patch_distance(features)), *steps_within(eps, steps, quarter(eps, alpha)), **start)

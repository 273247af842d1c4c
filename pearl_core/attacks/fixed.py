"""Attacks on segmenters that take fixed steps, by their names in the papers. eps and alpha are in 1/255.

Every function makes an attack: call it with (model, images, labels) to get the attacked pictures. `**options` are the
fields of `compose.Ascent`: `random_start` (bool), `seed` (int) and `precision` ("float32", "bfloat16" or "auto").
"""

from __future__ import annotations

from ..types import PROTOCOLS, choose
from . import objectives as loss
from .catalogue import declared
from .compose import Ascent, ascend
from .objectives import OBJECTIVES, cross_entropy
from .units import ball_of, steps_within, whole  # noqa: F401 - for attacks of your own, which import them from here


@declared("FGSM", "One big step.", stepwise=True)
def fgsm(eps: float = 8, **options) -> Ascent:
    """One full step along the sign of the gradient (Goodfellow et al. 2015).

    Args:
        eps: radius and step in 1/255.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: eps is not in [0, 255].

    Example:
        >>> from pearl_core.attacks.zoo import fgsm
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> fgsm(eps=8)(net, sample.rainy, sample.labels).shape
        torch.Size([2, 3, 32, 40])
    """
    return ascend(cross_entropy, *steps_within(eps, 1, eps), **options)


@declared("BIM", "Many small steps from the picture itself.", stepwise=True)
def bim(eps: float = 8, steps: int = 10, alpha: float | None = None, **options) -> Ascent:
    """Small steps from the picture itself (Kurakin et al. 2017); `random_start=True` is equation 2 of PEARL.

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; None: 3 eps / 8.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps.

    Example:
        >>> from pearl_core.attacks.zoo import bim
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> attacked = bim(eps=8, steps=3)(net, sample.rainy, sample.labels)
        >>> bool((attacked - sample.rainy).abs().max() <= 8 / 255 + 1e-6)
        True
    """
    return ascend(cross_entropy, *steps_within(eps, steps, alpha), **options)


@declared("PGD", "Many small steps from a random point.", stepwise=True)
def pgd(eps: float = 8, steps: int = 10, alpha: float | None = None, **options) -> Ascent:
    """BIM from a uniformly random point of the ball (Madry et al. 2018).

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; None: 3 eps / 8.
        **options: fields of `compose.Ascent`; `seed` decides the random point.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps.

    Example:
        >>> from pearl_core.attacks.zoo import pgd
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> pgd(eps=8, steps=2, seed=1)(net, sample.rainy, sample.labels).shape
        torch.Size([2, 3, 32, 40])
    """
    return bim(eps, steps, alpha, **{"random_start": True} | options)


@declared("MI-FGSM", "Small steps that keep going where they went before.")
def mi_fgsm(eps: float = 8, steps: int = 10, alpha: float | None = None, decay: float = 1.0, **options) -> Ascent:
    """BIM along the sum of all gradients so far (Dong et al. 2018).

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; None: eps / steps.
        decay: what remains of the sum of earlier gradients at every step; 1 keeps all of it.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps.

    Example:
        >>> from pearl_core.attacks.zoo import mi_fgsm
        >>> mi_fgsm(eps=8, steps=4).search.alpha * 255
        2.0
    """
    alpha = eps / max(steps, 1) if alpha is None else alpha
    return ascend(cross_entropy, *steps_within(eps, steps, alpha, decay), **options)


@declared("BIM of DDC-AT", "BIM with the radius and steps of the DDC-AT paper.")
def ddcat_bim(eps: float = 7.65, steps: int = 2, *, protocol: str = "corrected", **options) -> Ascent:
    """The test attack of DDC-AT (Xu et al. 2021): BIM with eps 0.03 of the picture.

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        protocol: "corrected": alpha = eps / steps, which can reach the radius. "published": alpha is 0.01 of the
            picture for any number of steps, so that two steps stop at 0.02.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps or number of steps, or an unknown protocol.

    Example:
        >>> from pearl_core.attacks.zoo import ddcat_bim
        >>> round(ddcat_bim(protocol="published").search.alpha, 6)
        0.01
    """
    alpha = {"corrected": eps / max(steps, 1), "published": 2.55}[choose("protocol", protocol, PROTOCOLS)]
    return bim(eps, steps, alpha, **options)


@declared("CW", "Spends its effort on the pixels that are still right.", stepwise=True)
def cw(eps: float = 8, steps: int = 10, alpha: float | None = None, confidence: float = 0.0, **options) -> Ascent:
    """The margin loss of Carlini & Wagner (2017) inside the l-infinity ball, as PEARL uses it.

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; None: 3 eps / 8.
        confidence: once a pixel is wrong by this much (in logits), the attack works on the others.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps.

    Example:
        >>> from pearl_core.attacks.zoo import cw
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> cw(eps=8, steps=2)(net, sample.rainy, sample.labels).shape
        torch.Size([2, 3, 32, 40])
    """
    return ascend(loss.margin(confidence), *steps_within(eps, steps, alpha), **options)


@declared("SegPGD", "PGD that attacks the pixels still right first, and all pixels at the end.")
def segpgd(eps: float = 8, steps: int = 10, alpha: float | None = None, **options) -> Ascent:
    """PGD that attacks correctly classified pixels first and all pixels at the end (Gu et al. 2022).

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; None: 3 eps / 8.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps.

    Example:
        >>> from pearl_core.attacks.zoo import segpgd
        >>> segpgd(eps=8, steps=10).random_start
        True
    """
    start = {"random_start": True} | options
    return ascend(loss.balanced_cross_entropy, *steps_within(eps, steps, alpha), **start)


@declared("CosPGD", "PGD that weighs each pixel by how close its prediction is to the label.", stepwise=True)
def cospgd(eps: float = 8, steps: int = 10, alpha: float | None = 2.55, **options) -> Ascent:
    """PGD on pixels weighted by the cosine of prediction and label (Agnihotri & Keuper 2023).

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255; by default 0.01 of the picture, as in the paper.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps.

    Example:
        >>> from pearl_core.attacks.zoo import cospgd
        >>> round(cospgd(eps=8).search.alpha, 6)
        0.01
    """
    start = {"random_start": True} | options
    return ascend(OBJECTIVES["cossim_ce"], *steps_within(eps, steps, alpha), **start)

"""What attacks on segmenters maximise, by name in `OBJECTIVES`; the losses stand in `losses` and `margins`.

A targeted attack maximises `minus` of an objective, with the wanted label map as the target. An objective that weighs
pixels by whether they are correct has a form of its own for that, which `towards` gives.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..registry import Registry
from ..types import Output
from .logits import gap, inside
from .losses import (
    Objective,
    balanced_cross_entropy,
    balanced_cross_entropy_towards,
    cosine_cross_entropy,
    cross_entropy,
    jensen_shannon,
    masked_cross_entropy,
    masked_cross_entropy_towards,
    published_jensen_shannon,
)
from .margins import logits_ratio, logits_ratio_towards, margin, masked_spherical, masked_spherical_towards

__all__ = [
    "OBJECTIVES", "Objective", "balanced_cross_entropy", "balanced_cross_entropy_towards", "by_class",
    "cosine_cross_entropy", "cross_entropy", "declare", "gap", "jensen_shannon", "logits_ratio", "logits_ratio_towards",
    "margin", "masked_cross_entropy", "masked_cross_entropy_towards", "masked_spherical", "masked_spherical_towards",
    "minus", "published_jensen_shannon", "towards",
]  # fmt: skip


def minus(objective: Objective) -> Objective:
    """The objective with its sign changed, for mirror attacks (AMA) and targeted attacks.

    Args:
        objective: (output, target, progress) -> loss.

    Returns:
        Minus the same.

    Example:
        >>> from pearl_core.attacks.objectives import cross_entropy, minus
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> bool((minus(cross_entropy)(net(sample.rainy), sample.labels, 0.0) <= 0).all())
        True
    """

    def turned(output: Output, target: Tensor, progress: float) -> Tensor:
        return -objective(output, target, progress)

    return turned


def towards(objective: Objective) -> Objective:
    """The form of an objective for targeted attacks: its attribute `towards`, or the objective itself.

    Args:
        objective: (output, target, progress) -> loss.

    Returns:
        The form whose `minus` a targeted attack maximises.

    Example:
        >>> from pearl_core.attacks.objectives import OBJECTIVES, towards
        >>> towards(OBJECTIVES["mask_ce"]).__name__, towards(OBJECTIVES["ce"]).__name__
        ('masked_cross_entropy_towards', 'cross_entropy')
    """
    return getattr(objective, "towards", objective)


def by_class(objective: Objective, weights: Tensor) -> Objective:
    """The objective times a weight for each pixel's class; of Mask-CE it is the balanced loss of SEA's later code.

    Args:
        objective: (output, target, progress) -> loss (B, H, W).
        weights: (K,).

    Returns:
        The weighted objective, and with it its form for targeted attacks.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.objectives import by_class, cross_entropy
        >>> from pearl_core.examples import pixels
        >>> by_class(cross_entropy, torch.tensor([10.0, 1.0, 1.0, 1.0]))(*pixels(), 0.0)
        tensor([[[ 4.4019, 14.4019,  0.0000]]])
    """

    def weighted(output: Output, target: Tensor, progress: float) -> Tensor:
        weight = weights.to(output.logits)[inside(target).squeeze(1)]
        return weight * objective(output, target, progress)

    if towards(objective) is not objective:
        weighted.towards = by_class(towards(objective), weights)
    return weighted


# ---- by name ----

OBJECTIVES: Registry[Objective] = Registry("objective")


def declare(name: str, title: str, objective: Objective) -> Objective:
    """Put an objective into `OBJECTIVES` under `name`; its `title` is how papers write it.

    Args:
        name: how commands and addresses call it.
        title: how papers write it.
        objective: (output, target, progress) -> loss, as in `losses`.

    Returns:
        The objective.

    Raises:
        ValueError: the name is taken.

    Example:
        >>> from pearl_core.attacks.objectives import OBJECTIVES, cross_entropy, declare, minus
        >>> with OBJECTIVES.forgetting():  # a test cleans up; you need not
        ...     declare("certainty", "Certainty", minus(cross_entropy)).title
        'Certainty'
    """
    objective.title = title
    return OBJECTIVES.add(name, objective)


declare("ce", "CE", cross_entropy)
declare("bal_ce", "Bal-CE", balanced_cross_entropy)
declare("cossim_ce", "CE by cosine", cosine_cross_entropy())
declare("cossim_ce_sigmoid", "CE by cosine of sigmoids", cosine_cross_entropy(torch.sigmoid))
declare("js", "JS", jensen_shannon)
declare("js_published", "JS as published", published_jensen_shannon)  # nan where a probability underflows
declare("mask_ce", "Mask-CE", masked_cross_entropy)
declare("mask_sph", "Mask-Sph", masked_spherical)
declare("margin", "Margin", margin())
declare("dlr", "DLR", logits_ratio)

"""Losses that look at the logits themselves: margins and cosines. Shapes and rules are those of `losses`."""

from __future__ import annotations

from torch import Tensor

from ..types import VOID, Output
from .logits import correct, gap, sphere
from .losses import Objective


def masked_spherical(output: Output, target: Tensor, progress: float) -> Tensor:
    """Minus the cosine of logits and true class, of the pixels that are still correct: Mask-Sph of SEA.

    Args:
        output: its logits are (B, K, H, W).
        target: labels (B, H, W).
        progress: not looked at.

    Returns:
        (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import masked_spherical
        >>> from pearl_core.examples import pixels
        >>> masked_spherical(*pixels(), 0.0)
        tensor([[[-0.8165, -0.0000, -0.0000]]])
    """
    return -correct(output, target) * sphere(output.logits, target)


def masked_spherical_towards(output: Output, target: Tensor, progress: float) -> Tensor:
    """Mask-Sph for targeted attacks: only pixels without the wanted class count.

    Args:
        output: its logits are (B, K, H, W).
        target: the wanted label map (B, H, W).
        progress: not looked at.

    Returns:
        (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import masked_spherical_towards
        >>> from pearl_core.examples import pixels
        >>> masked_spherical_towards(*pixels(), 0.0)
        tensor([[[-0.0000, -0.4082, -0.0000]]])
    """
    left = (1 - correct(output, target)).masked_fill(target == VOID, 0)
    return -left * sphere(output.logits, target)


def margin(confidence: float = 0.0) -> Objective:
    """Best wrong logit minus true logit, up to `confidence` (Carlini & Wagner 2017, minus their f6).

    A pixel that is wrong by more than `confidence` gets no gradient, so the attack works on the others.

    Args:
        confidence: in logits.

    Returns:
        The loss: (output, target, progress) -> (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import margin
        >>> from pearl_core.examples import pixels
        >>> margin(confidence=0.5)(*pixels(), 0.0)
        tensor([[[-1.0000,  0.5000,  0.0000]]])
    """

    def objective(output: Output, target: Tensor, progress: float) -> Tensor:
        return gap(output.logits, target).clamp(max=confidence).masked_fill(target == VOID, 0)

    def not_there_yet(output: Output, target: Tensor, progress: float) -> Tensor:
        """For targeted attacks: a pixel that has the wanted class by more than `confidence` gets no gradient."""
        return gap(output.logits, target).clamp(min=-confidence).masked_fill(target == VOID, 0)

    objective.towards = not_there_yet
    return objective


def logits_ratio(output: Output, target: Tensor, progress: float) -> Tensor:
    """Difference of logits ratio: the margin over the gap from first to third logit (DLR, Croce & Hein 2020).

    It does not change when the logits are scaled.

    Args:
        output: its logits are (B, K, H, W).
        target: labels (B, H, W).
        progress: not looked at.

    Returns:
        (B, H, W), 0 on void.

    Raises:
        ValueError: fewer than three classes.

    Example:
        >>> from pearl_core.attacks.objectives import logits_ratio
        >>> from pearl_core.examples import pixels
        >>> logits_ratio(*pixels(), 0.0)
        tensor([[[-0.5000,  0.5000,  0.0000]]])
    """
    classes = output.logits.shape[1]
    if classes < 3:
        raise ValueError(f"wanted three classes or more for the difference of logits ratio, got {classes}")
    top = output.logits.topk(3, dim=1).values
    ratio = gap(output.logits, target) / (top[:, 0] - top[:, 2] + 1e-12)
    return ratio.masked_fill(target == VOID, 0)


def logits_ratio_towards(output: Output, target: Tensor, progress: float) -> Tensor:
    """DLR for targeted attacks: the margin over the gap from the first logit to the mean of third and fourth.

    Args:
        output: its logits are (B, K, H, W).
        target: the wanted label map (B, H, W).
        progress: not looked at.

    Returns:
        (B, H, W), 0 on void.

    Raises:
        ValueError: fewer than four classes.

    Example:
        >>> from pearl_core.attacks.objectives import logits_ratio_towards
        >>> from pearl_core.examples import pixels
        >>> logits_ratio_towards(*pixels(), 0.0)
        tensor([[[-0.4000,  0.4000,  0.0000]]])
    """
    classes = output.logits.shape[1]
    if classes < 4:
        raise ValueError(f"wanted four classes or more for the targeted difference of logits ratio, got {classes}")
    top = output.logits.topk(4, dim=1).values
    ratio = gap(output.logits, target) / (top[:, 0] - (top[:, 2] + top[:, 3]) / 2 + 1e-12)
    return ratio.masked_fill(target == VOID, 0)


masked_spherical.towards = masked_spherical_towards
logits_ratio.towards = logits_ratio_towards

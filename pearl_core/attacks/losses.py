"""What an attack on a segmenter maximises: (output, target, progress) -> loss per pixel (B, H, W), zero on void pixels.

    output    an `Output` with logits (B, K, H, W)
    target    the label map (B, H, W)
    progress  runs from 0 to 1 over the steps, for losses that change on the way

No gradient flows through weights and masks, unless a loss says otherwise. A loss that weighs pixels by whether they are
correct has another form for targeted attacks, its attribute `towards`; there `target` is the wanted label map, and the
attack maximises minus the loss. Those here begin with probabilities, those in `margins` with logits; `objectives` holds
all of them by name.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..types import VOID, Output
from .logits import correct, inside, length, of_label, softmax

Objective = Callable[[Output, Tensor, float], Tensor]
Probabilities = Callable[[Tensor], Tensor]  # logits (B, K, H, W) -> the same shape


def cross_entropy(output: Output, target: Tensor, progress: float) -> Tensor:
    """Cross-entropy of every pixel, the loss that trained the net.

    Args:
        output: its logits are (B, K, H, W).
        target: labels (B, H, W).
        progress: not looked at.

    Returns:
        (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import cross_entropy
        >>> from pearl_core.examples import pixels
        >>> cross_entropy(*pixels(), 0.0)
        tensor([[[0.4402, 1.4402, 0.0000]]])
    """
    return F.cross_entropy(output.logits, target, ignore_index=VOID, reduction="none")


def masked_cross_entropy(output: Output, target: Tensor, progress: float) -> Tensor:
    """Cross-entropy of the pixels that are still correct: Mask-CE (SEA, section 2.2.2).

    Args:
        output: its logits are (B, K, H, W).
        target: labels (B, H, W).
        progress: not looked at.

    Returns:
        (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import masked_cross_entropy
        >>> from pearl_core.examples import pixels
        >>> masked_cross_entropy(*pixels(), 0.0)
        tensor([[[0.4402, 0.0000, 0.0000]]])
    """
    return correct(output, target) * cross_entropy(output, target, progress)


def masked_cross_entropy_towards(output: Output, target: Tensor, progress: float) -> Tensor:
    """Mask-CE for targeted attacks: only pixels without the wanted class count (after Metzen et al. 2017).

    Args:
        output: its logits are (B, K, H, W).
        target: the wanted label map (B, H, W).
        progress: not looked at.

    Returns:
        (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import masked_cross_entropy_towards
        >>> from pearl_core.examples import pixels
        >>> masked_cross_entropy_towards(*pixels(), 0.0)
        tensor([[[0.0000, 1.4402, 0.0000]]])
    """
    return (1 - correct(output, target)) * cross_entropy(output, target, progress)


def balanced_cross_entropy(output: Output, target: Tensor, progress: float) -> Tensor:
    """Correct pixels first, all at the end: SegPGD (Gu et al. 2022), Bal-CE of SEA.

    Args:
        output: its logits are (B, K, H, W).
        target: labels (B, H, W).
        progress: share of the steps done; wrong pixels weigh progress / 2, correct ones 1 - progress / 2.

    Returns:
        (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import balanced_cross_entropy
        >>> from pearl_core.examples import pixels
        >>> balanced_cross_entropy(*pixels(), 0.5)
        tensor([[[0.3301, 0.3600, 0.0000]]])
    """
    share = progress / 2
    weight = share + (1 - 2 * share) * correct(output, target)
    return weight * cross_entropy(output, target, progress)


def balanced_cross_entropy_towards(output: Output, target: Tensor, progress: float) -> Tensor:
    """SegPGD's loss for targeted attacks: pixels without the wanted class first, all at the end.

    Args:
        output: its logits are (B, K, H, W).
        target: the wanted label map (B, H, W).
        progress: share of the steps done; pixels with the wanted class weigh progress / 2.

    Returns:
        (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import balanced_cross_entropy_towards
        >>> from pearl_core.examples import pixels
        >>> balanced_cross_entropy_towards(*pixels(), 0.5)
        tensor([[[0.1100, 1.0801, 0.0000]]])
    """
    share = progress / 2
    weight = 1 - share - (1 - 2 * share) * correct(output, target)
    return weight * cross_entropy(output, target, progress)


def cosine_cross_entropy(probabilities: Probabilities = softmax) -> Objective:
    """Cross-entropy weighted by the cosine of prediction and label (CosPGD, Agnihotri & Keuper 2023).

    Args:
        probabilities: logits -> predictions of the same shape. The authors' package takes the softmax; SEA took the
            sigmoid of each logit, which is another attack.

    Returns:
        The loss: (output, target, progress) -> (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import cosine_cross_entropy
        >>> from pearl_core.examples import pixels
        >>> cosine_cross_entropy()(*pixels(), 0.0)
        tensor([[[0.4094, 0.4927, 0.0000]]])
    """

    def objective(output: Output, target: Tensor, progress: float) -> Tensor:
        p = probabilities(output.logits.detach())
        cosine = of_label(p, target) / length(p)
        return cosine * cross_entropy(output, target, progress)

    def far_first(output: Output, target: Tensor, progress: float) -> Tensor:
        """For targeted attacks: pixels far from the wanted class weigh most, as in the authors' package."""
        return cross_entropy(output, target, progress) - objective(output, target, progress)

    objective.towards = far_first
    return objective


def jensen_shannon(output: Output, target: Tensor, progress: float) -> Tensor:
    """Jensen-Shannon divergence of prediction and label; pixels clearly wrong get hardly any gradient (SEA, 2.2.2).

    For a one-hot label it is log 2 + (p log p - (1 + p) log(1 + p)) / 2, with p the probability of the true class. In
    this form loss and gradient are finite for any logits.

    Args:
        output: its logits are (B, K, H, W).
        target: labels (B, H, W).
        progress: not looked at.

    Returns:
        (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import jensen_shannon
        >>> from pearl_core.examples import pixels
        >>> jensen_shannon(*pixels(), 0.0)
        tensor([[[0.1428, 0.3911, 0.0000]]])
    """
    log_p = -F.cross_entropy(output.logits, target, ignore_index=VOID, reduction="none")  # 0 on void: p = 1 gives 0
    p = log_p.exp()
    return torch.log(torch.full_like(p, 2)) + (p * log_p - (1 + p) * torch.log1p(p)) / 2


def published_jensen_shannon(output: Output, target: Tensor, progress: float) -> Tensor:
    """The same divergence, summed term by term as in SEA's code: nan where a probability underflows to 0.

    Args:
        output: its logits are (B, K, H, W).
        target: labels (B, H, W).
        progress: not looked at.

    Returns:
        (B, H, W), 0 on void.

    Example:
        >>> from pearl_core.attacks.objectives import published_jensen_shannon
        >>> from pearl_core.examples import pixels
        >>> published_jensen_shannon(*pixels(), 0.0)
        tensor([[[0.1428, 0.3911, 0.0000]]])
    """
    p = output.logits.softmax(1)
    q = torch.zeros_like(p).scatter(1, inside(target), 1)
    middle = (p + q) / 2
    terms = p * (p / middle).log() - q * middle.log()
    return (terms.sum(1) / 2).masked_fill(target == VOID, 0)


balanced_cross_entropy.towards = balanced_cross_entropy_towards
masked_cross_entropy.towards = masked_cross_entropy_towards

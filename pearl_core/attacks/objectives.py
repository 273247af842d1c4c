"""What an attack on a segmenter maximises: (output, target, progress) -> loss per pixel (B, H, W), zero on void pixels.

    output    an `Output` with logits (B, K, H, W)
    target    the label map (B, H, W)
    progress  runs from 0 to 1 over the steps, for objectives that change on the way

No gradient flows through weights and masks, unless an objective says otherwise. A targeted attack maximises `minus` of
an objective with the wanted label map as the target. An objective that weighs pixels by whether they are correct has
another form for that, its attribute `towards`; `towards(objective)` finds it.

Example:
    >>> from pearl_core.attacks.objectives import cross_entropy
    >>> from pearl_core.examples import toy
    >>> net, sample = toy()
    >>> cross_entropy(net(sample.rainy), sample.labels, 0.0).shape
    torch.Size([2, 32, 40])
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..registry import Registry
from ..types import VOID, Output

Objective = Callable[[Output, Tensor, float], Tensor]
Probabilities = Callable[[Tensor], Tensor]  # logits (B, K, H, W) -> the same shape


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
    """The form of an objective for targeted attacks: its attribute `towards`, or the objective itself."""
    return getattr(objective, "towards", objective)


def cross_entropy(output: Output, target: Tensor, progress: float) -> Tensor:
    """Cross-entropy of every pixel, the loss that trained the net."""
    return F.cross_entropy(output.logits, target, ignore_index=VOID, reduction="none")


def masked_cross_entropy(output: Output, target: Tensor, progress: float) -> Tensor:
    """Cross-entropy of the pixels that are still correct: Mask-CE of SEA (section 2.2.2)."""
    return correct(output, target) * cross_entropy(output, target, progress)


def masked_cross_entropy_towards(output: Output, target: Tensor, progress: float) -> Tensor:
    """Mask-CE for targeted attacks: of the pixels without the wanted class (after Metzen et al. 2017)."""
    return (1 - correct(output, target)) * cross_entropy(output, target, progress)


def by_class(objective: Objective, weights: Tensor) -> Objective:
    """The objective times a weight (K,) of each pixel's class; with Mask-CE the balanced loss of SEA's later code."""

    def weighted(output: Output, target: Tensor, progress: float) -> Tensor:
        weight = weights.to(output.logits)[inside(target).squeeze(1)]
        return weight * objective(output, target, progress)

    if towards(objective) is not objective:
        weighted.towards = by_class(towards(objective), weights)
    return weighted


def balanced_cross_entropy(output: Output, target: Tensor, progress: float) -> Tensor:
    """Correct pixels first, all at the end: SegPGD (Gu et al. 2022), Bal-CE of SEA. Wrong pixels weigh progress / 2."""
    share = progress / 2
    weight = share + (1 - 2 * share) * correct(output, target)
    return weight * cross_entropy(output, target, progress)


def balanced_cross_entropy_towards(output: Output, target: Tensor, progress: float) -> Tensor:
    """SegPGD's loss for targeted attacks: pixels without the wanted class come first."""
    share = progress / 2
    weight = 1 - share - (1 - 2 * share) * correct(output, target)
    return weight * cross_entropy(output, target, progress)


def softmax(logits: Tensor) -> Tensor:
    return logits.softmax(1)


def cosine_cross_entropy(probabilities: Probabilities = softmax) -> Objective:
    """Cross-entropy weighted by how near the prediction is to the truth, as a cosine (CosPGD, Agnihotri & Keuper 2023).

    The prediction is the softmax in the authors' package; SEA took the sigmoid of each logit: another attack.
    """

    def objective(output: Output, target: Tensor, progress: float) -> Tensor:
        p = probabilities(output.logits.detach())
        cosine = of_label(p, target) / length(p)
        return cosine * cross_entropy(output, target, progress)

    def far_first(output: Output, target: Tensor, progress: float) -> Tensor:
        """For targeted attacks: the pixels that are far from the wanted class weigh most, as in the package."""
        return cross_entropy(output, target, progress) - objective(output, target, progress)

    objective.towards = far_first
    return objective


def jensen_shannon(output: Output, target: Tensor, progress: float) -> Tensor:
    """Jensen-Shannon divergence of prediction and label; pixels that are clearly wrong push no more (SEA, 2.2.2).

    For a one-hot label it is log 2 + (p log p - (1 + p) log(1 + p)) / 2, with p the probability of the true class. In
    this form loss and gradient are finite for any logits.
    """
    log_p = -F.cross_entropy(output.logits, target, ignore_index=VOID, reduction="none")  # 0 on void: p = 1 gives 0
    p = log_p.exp()
    return torch.log(torch.full_like(p, 2)) + (p * log_p - (1 + p) * torch.log1p(p)) / 2


def published_jensen_shannon(output: Output, target: Tensor, progress: float) -> Tensor:
    """The same divergence summed term by term as SEA's code does: nan where a probability underflows to zero."""
    p = output.logits.softmax(1)
    q = torch.zeros_like(p).scatter(1, inside(target), 1)
    middle = (p + q) / 2
    terms = p * (p / middle).log() - q * middle.log()
    return (terms.sum(1) / 2).masked_fill(target == VOID, 0)


def masked_spherical(output: Output, target: Tensor, progress: float) -> Tensor:
    """Minus the true logit over the length of all logits, of the pixels that are still correct: Mask-Sph of SEA."""
    return -correct(output, target) * sphere(output.logits, target)


def masked_spherical_towards(output: Output, target: Tensor, progress: float) -> Tensor:
    """Mask-Sph for targeted attacks: of the pixels without the wanted class."""
    left = (1 - correct(output, target)).masked_fill(target == VOID, 0)
    return -left * sphere(output.logits, target)


def margin(confidence: float = 0.0) -> Objective:
    """Best wrong logit minus true logit, up to `confidence` (Carlini & Wagner 2017, minus their f6).

    A pixel that is wrong by more than `confidence` no longer pushes, so the attack spends its budget on the others.

    Args:
        confidence: in logits.

    Returns:
        The objective.
    """

    def objective(output: Output, target: Tensor, progress: float) -> Tensor:
        return gap(output.logits, target).clamp(max=confidence).masked_fill(target == VOID, 0)

    def not_there_yet(output: Output, target: Tensor, progress: float) -> Tensor:
        """For targeted attacks: a pixel that has the wanted class by more than `confidence` no longer pushes."""
        return gap(output.logits, target).clamp(min=-confidence).masked_fill(target == VOID, 0)

    objective.towards = not_there_yet
    return objective


def logits_ratio(output: Output, target: Tensor, progress: float) -> Tensor:
    """Difference of logits ratio: the margin over the gap from first to third logit (DLR, Croce & Hein 2020).

    It does not change when the logits are scaled. Errors: ValueError with fewer than three classes.
    """
    classes = output.logits.shape[1]
    if classes < 3:
        raise ValueError(f"wanted three classes or more for the difference of logits ratio, got {classes}")
    top = output.logits.topk(3, dim=1).values
    ratio = gap(output.logits, target) / (top[:, 0] - top[:, 2] + 1e-12)
    return ratio.masked_fill(target == VOID, 0)


def logits_ratio_towards(output: Output, target: Tensor, progress: float) -> Tensor:
    """DLR for targeted attacks, over the gap to the mean of third and fourth logit (the same paper).

    Errors: ValueError with fewer than four classes.
    """
    classes = output.logits.shape[1]
    if classes < 4:
        raise ValueError(f"wanted four classes or more for the targeted difference of logits ratio, got {classes}")
    top = output.logits.topk(4, dim=1).values
    ratio = gap(output.logits, target) / (top[:, 0] - (top[:, 2] + top[:, 3]) / 2 + 1e-12)
    return ratio.masked_fill(target == VOID, 0)


balanced_cross_entropy.towards = balanced_cross_entropy_towards
masked_cross_entropy.towards = masked_cross_entropy_towards
masked_spherical.towards = masked_spherical_towards
logits_ratio.towards = logits_ratio_towards


# ---- by name ----

OBJECTIVES: Registry[Objective] = Registry("objective")


def declare(name: str, title: str, objective: Objective) -> Objective:
    """Put an objective into `OBJECTIVES` under `name`; its `title` is how papers write it.

    Args:
        name: how commands and addresses call it.
        title: how papers write it.
        objective: (output, target, progress) -> loss, as this module says.

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


# ---- what objectives are made of ----


def correct(output: Output, target: Tensor) -> Tensor:
    """1 where the prediction is the label, else 0 (void is never right), in the format of the logits: (B, H, W)."""
    return (output.predicted == target).to(output.logits.dtype)


def gap(logits: Tensor, target: Tensor) -> Tensor:
    """Best wrong logit minus true logit (B, H, W); whatever on void."""
    index = inside(target)
    wrong = logits.scatter(1, index, -torch.inf).amax(1)
    return wrong - logits.gather(1, index).squeeze(1)


def sphere(logits: Tensor, target: Tensor) -> Tensor:
    """True logit over the length of all logits, (B, H, W); whatever on void."""
    return of_label(logits, target) / length(logits)


def of_label(values: Tensor, target: Tensor) -> Tensor:
    """The value (B, K, H, W) of each pixel's own class (B, H, W); that of class 0 on void."""
    return values.gather(1, inside(target)).squeeze(1)


def length(values: Tensor) -> Tensor:
    """Euclidean length over the classes, 1 where it is zero: (B, H, W). `vector_norm` is tens of times slower here."""
    square = values.square().sum(1)
    return square.where(square > 0, 1).sqrt()  # where there is no direction there is no nan either


def inside(target: Tensor) -> Tensor:
    """Labels that can index classes, (B, 1, H, W): void becomes class 0."""
    return target.masked_fill(target == VOID, 0).unsqueeze(1)

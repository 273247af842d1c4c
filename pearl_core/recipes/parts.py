"""What recipes share: the attack they train on and the losses they minimise."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from ..attacks import zoo
from ..attacks.compose import Ascent
from ..pipeline import Pipeline
from ..types import VOID

SegLoss = Callable[[nn.Module, Tensor, Tensor], Tensor]  # segmenter, its input, labels
DerainLoss = Callable[[nn.Module, Tensor, Tensor], Tensor]  # derainer, its input, the wanted output


def alone(net: Pipeline) -> Pipeline:
    """The segmenter of a pipeline by itself, on which training attacks are made.

    Args:
        net: a pipeline with a segmenter.

    Returns:
        A pipeline without a derainer, with the same segmenter.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import alone
        >>> alone(toy().net).derain is None
        True
    """
    return Pipeline(None, net.segment)


def training_attack(eps: float = 8, steps: int = 3, **options) -> Ascent:
    """BIM with three steps. PEARL trains with BIM; every further step would cost another gradient.

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        **options: those of `attacks.zoo.bim`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps or number of steps.

    Example:
        >>> from pearl_core.recipes import training_attack
        >>> training_attack(eps=4).search.steps
        3
    """
    return zoo.bim(eps, steps, **options)


def segmentation_loss(weights: Tensor | None = None, aux_weight: float = 0.4) -> SegLoss:
    """Cross-entropy of the main head plus 0.4 times that of the auxiliary head (PSPNet).

    Args:
        weights: (K,) weights of the classes, to balance rare ones; see `train.class_weights`.
        aux_weight: weight of the auxiliary head.

    Returns:
        The loss: (segmenter, images (B, 3, H, W), labels (B, H, W)) -> scalar.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import segmentation_loss
        >>> net, sample = toy()
        >>> segmentation_loss()(net.segment, sample.clean, sample.labels).shape
        torch.Size([])
    """

    def loss(segment: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        logits, aux = segment.heads(images, aux=segment.aux is not None)
        balance = None if weights is None else weights.to(logits)
        main = F.cross_entropy(logits, labels, balance, ignore_index=VOID)
        return main if aux is None else main + aux_weight * F.cross_entropy(aux, labels, balance, ignore_index=VOID)

    return loss


def own_loss(derainer: nn.Module, rainy: Tensor, target: Tensor) -> Tensor:
    """The training loss of the derainer's own authors, which PEARL takes as L_def.

    Args:
        derainer: a derain net, with a method `loss`.
        rainy: its input (B, 3, H, W).
        target: the wanted output (B, 3, H, W).

    Returns:
        A scalar.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import own_loss
        >>> net, sample = toy()
        >>> own_loss(net.derain, sample.rainy, sample.clean).shape
        torch.Size([])
    """
    return derainer.loss(rainy, target)

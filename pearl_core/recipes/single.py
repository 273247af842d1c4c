"""Recipes that train one net by itself, without the other: clean, sat, derain.

S is the segmenter, F the derainer, I the rainy and C the clean picture, Y the labels, L_seg and L_def the losses.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..attacks.compose import Attack
from ..pipeline import Pipeline
from ..types import Sample
from .parts import DerainLoss, SegLoss, alone, own_loss, segmentation_loss, training_attack
from .recipe import Recipe, declared


@declared("Seg", "The segmenter learns on clean pictures.", moves="segment", depends_on=("segmenter",))
def clean(loss: SegLoss | None = None) -> Recipe:
    """L_seg(S(C), Y): the segmenter that the others start from.

    Args:
        loss: (segmenter, images, labels) -> scalar; None: `segmentation_loss()`.

    Returns:
        The recipe, for `train.train`.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import clean
        >>> net, sample = toy()
        >>> clean().loss(net, sample).shape
        torch.Size([])
    """
    loss = loss or segmentation_loss()
    return Recipe(lambda net, sample: loss(net.segment, sample.clean, sample.labels), "segment", rain=False)


@declared(
    "SAT",
    "The segmenter learns on clean and attacked pictures, half of each.",
    moves="segment",
    depends_on=("segmenter",),
    starts_from=("clean",),
    attacked=True,
)
def sat(attack: Attack | None = None, loss: SegLoss | None = None) -> Recipe:
    """Standard adversarial training: half of the batch clean, half attacked (PEARL's eq. 3 without rain).

    Args:
        attack: (model, images, labels) -> images; None: `training_attack()`.
        loss: (segmenter, images, labels) -> scalar; None: `segmentation_loss()`.

    Returns:
        The recipe, for `train.train`.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import sat, training_attack
        >>> net, sample = toy()
        >>> sat(training_attack(steps=1)).loss(net, sample).shape
        torch.Size([])
    """
    attack, loss = attack or training_attack(), loss or segmentation_loss()

    def step(net: Pipeline, sample: Sample) -> Tensor:
        half = len(sample.clean) // 2
        attacked = attack(alone(net), sample.clean[half:], sample.labels[half:])
        return loss(net.segment, torch.cat([sample.clean[:half], attacked]), sample.labels)

    return Recipe(step, "segment", rain=False)


@declared("Derain", "The derainer learns to remove rain.", moves="derain", depends_on=("derain",), loss="own")
def derain(loss: DerainLoss = own_loss) -> Recipe:
    """L_def(F(I), C): the derainer that the others start from.

    Args:
        loss: (derainer, its input, the wanted output) -> scalar.

    Returns:
        The recipe, for `train.train`.

    Example:
        >>> from pearl_core.recipes import derain
        >>> derain().moves
        'derain'
    """
    return Recipe(lambda net, sample: loss(net.derain, sample.rainy, sample.clean), "derain")

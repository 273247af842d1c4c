"""Recipes for a derainer and a segmenter together: nat, pearl, pearl_ama (PEARL, sections 3.1 to 3.3).

S is the segmenter, F the derainer, I the rainy and C the clean picture, Y the labels, L_seg and L_def the losses.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..attacks import zoo
from ..attacks.compose import Ascent, Attack
from ..pipeline import Pipeline
from ..types import Sample, choose
from .parts import DerainLoss, SegLoss, alone, own_loss, segmentation_loss, training_attack
from .recipe import Recipe, declared

PLACES = ("attacked", "clean")  # where the mirror attack can be made
BOTH = {"depends_on": ("derain", "segmenter"), "starts_from": ("derain", "clean"), "attacked": True}


@declared("NAT", "The segmenter learns on attacked pictures that were derained.", moves="segment", **BOTH)
def nat(attack: Attack | None = None, loss: SegLoss | None = None, *, through: bool = False) -> Recipe:
    """Naive adversarial training: S learns on F(I + delta), and F stays as it was trained (PEARL, section 3.1).

    Args:
        attack: (model, images, labels) -> images; None: `training_attack()`.
        loss: (segmenter, images, labels) -> scalar; None: `segmentation_loss()`.
        through: False: delta is made on the current S alone, as eq. 4 writes the attack. True: on S and F together.

    Returns:
        The recipe, for `train.train`.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import nat, training_attack
        >>> net, sample = toy()
        >>> nat(training_attack(steps=1)).loss(net, sample).shape
        torch.Size([])
    """
    attack, loss = attack or training_attack(), loss or segmentation_loss()

    def step(net: Pipeline, sample: Sample) -> Tensor:
        attacked = attack(net if through else alone(net), sample.rainy, sample.labels)
        with torch.no_grad():
            derained = net.derain(attacked)
        return loss(net.segment, derained, sample.labels)

    return Recipe(step, "segment")


@declared("PEARL", "The derainer learns to remove rain and attacks in one.", moves="derain", loss="own", **BOTH)
def pearl(
    attack: Attack | None = None,
    mirror: Attack | None = None,
    loss: DerainLoss = own_loss,
    *,
    mirror_on: str = "attacked",
) -> Recipe:
    """L_def(F(I + delta_n), C + delta_m): F learns to remove rain and attack together (PEARL, eqs. 4 and 6).

    S stays as it was trained on clean pictures. Without `mirror`, delta_m is zero: PEARL. With it: PEARL + AMA.

    Args:
        attack: (model, images, labels) -> images; None: `training_attack()`.
        mirror: the attack that helps the net, see `attacks.zoo.mirror`; None: none.
        loss: (derainer, its input, the wanted output) -> scalar.
        mirror_on: "attacked": the mirror attack starts from the attacked rainy picture, as eq. 6 writes it. "clean":
            from C, the other reading of the paper.

    Returns:
        The recipe, for `train.train`.

    Raises:
        ValueError: an unknown place of the mirror attack.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import pearl, training_attack
        >>> net, sample = toy()
        >>> pearl(training_attack(steps=1)).loss(net, sample).shape
        torch.Size([])
    """
    attack = attack or training_attack()
    choose("place of the mirror attack", mirror_on, PLACES)

    def step(net: Pipeline, sample: Sample) -> Tensor:
        attacked = attack(alone(net), sample.rainy, sample.labels)
        target = sample.clean
        if mirror is not None:
            base = attacked if mirror_on == "attacked" else sample.clean
            target = sample.clean + mirror(alone(net), base, sample.labels) - base
        return loss(net.derain, attacked, target)

    return Recipe(step, "derain")


@declared(
    "PEARL + AMA",
    "Like PEARL, and the picture it should make is moved to help the segmenter.",
    moves="derain",
    loss="own",
    mirror="attacked",
    **BOTH,
)
def pearl_ama(attack: Ascent | None = None, mirror: Attack | None = None, **options) -> Recipe:
    """PEARL with the Auxiliary Mirror Attack (PEARL, section 3.3).

    Args:
        attack: (model, images, labels) -> images; None: `training_attack()`.
        mirror: the attack that helps the net; None: the mirror of the training attack.
        **options: those of `pearl`.

    Returns:
        The recipe, for `train.train`.

    Raises:
        ValueError: an unknown place of the mirror attack.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import pearl_ama, training_attack
        >>> net, sample = toy()
        >>> pearl_ama(training_attack(steps=1)).loss(net, sample).shape
        torch.Size([])
    """
    attack = attack or training_attack()
    return pearl(attack, mirror or zoo.mirror(attack), **options)

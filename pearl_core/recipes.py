"""Recipes: what one training step minimises, and whose weights move (PEARL, sections 3.1 to 3.3).

A recipe is a loss (pipeline, sample) -> scalar and the name of the part it trains; the other part stays as it
is, in evaluation mode. S is the segmenter, F the derainer, I the rainy and C the clean picture, Y the labels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attacks import zoo
from .attacks.compose import Ascent, Attack
from .pipeline import Pipeline
from .types import VOID, Sample

SegLoss = Callable[[Pipeline, Tensor, Tensor], Tensor]
DerainLoss = Callable[[nn.Module, Tensor, Tensor], Tensor]  # derainer, its input, the picture it should make of it


@dataclass(frozen=True)
class Recipe:
    """`loss(pipeline, sample)`, the part it `moves` ("segment" or "derain"), and whether it looks at rain at all."""

    loss: Callable[[Pipeline, Sample], Tensor]
    moves: str
    rain: bool = True


def training_attack(eps: float = 8, steps: int = 3, **options) -> Ascent:
    """BIM3 at 8/255: the paper trains with BIM and tests down to three steps; more steps cost in proportion."""
    return zoo.bim(eps, steps, **options)


def segmentation_loss(weights: Tensor | None = None, aux_weight: float = 0.4) -> SegLoss:
    """Cross-entropy of the main head plus 0.4 of the auxiliary one (PSPNet); `weights` per class balance rare ones."""

    def loss(segment, images: Tensor, labels: Tensor) -> Tensor:
        logits, aux = segment.heads(images, aux=segment.aux is not None)
        balance = None if weights is None else weights.to(logits)
        main = F.cross_entropy(logits, labels, balance, ignore_index=VOID)
        return main if aux is None else main + aux_weight * F.cross_entropy(aux, labels, balance, ignore_index=VOID)

    return loss


def own_loss(derainer: nn.Module, rainy: Tensor, target: Tensor) -> Tensor:
    """What the derainer's authors train it on, as PEARL takes L_def to be the derain model's own objective."""
    return derainer.loss(rainy, target)


def clean(loss: SegLoss | None = None) -> Recipe:
    """L_seg(S(C), Y): the segmenter everything starts from."""
    loss = loss or segmentation_loss()
    return Recipe(lambda net, sample: loss(net.segment, sample.clean, sample.labels), "segment", rain=False)


def sat(attack: Attack | None = None, loss: SegLoss | None = None) -> Recipe:
    """Standard adversarial training, eq. 3 without rain: the first half of the batch clean, the second attacked."""
    attack, loss = attack or training_attack(), loss or segmentation_loss()

    def step(net: Pipeline, sample: Sample) -> Tensor:
        half = len(sample.clean) // 2
        attacked = attack(Pipeline(None, net.segment), sample.clean[half:], sample.labels[half:])
        return loss(net.segment, torch.cat([sample.clean[:half], attacked]), sample.labels)

    return Recipe(step, "segment", rain=False)


def derain(loss: DerainLoss = own_loss) -> Recipe:
    """L_def(F(I), C): the pretrained derainer."""
    return Recipe(lambda net, sample: loss(net.derain, sample.rainy, sample.clean), "derain")


def nat(attack: Attack | None = None, loss: SegLoss | None = None, *, through: bool = False) -> Recipe:
    """Naive adversarial training: S learns on F(I + delta), F stays pretrained (section 3.1).

    delta is made on the current S at I, as eq. 4 writes the attack; `through=True` makes it on S and F together.
    """
    attack, loss = attack or training_attack(), loss or segmentation_loss()

    def step(net: Pipeline, sample: Sample) -> Tensor:
        attacked = attack(net if through else Pipeline(None, net.segment), sample.rainy, sample.labels)
        with torch.no_grad():
            derained = net.derain(attacked)
        return loss(net.segment, derained, sample.labels)

    return Recipe(step, "segment")


def pearl(
    attack: Attack | None = None,
    mirror: Attack | None = None,
    loss: DerainLoss = own_loss,
    *,
    mirror_on: str = "attacked",
) -> Recipe:
    """L_def(F(I + delta_n), C + delta_m): F learns to remove rain and attack in one (eqs. 4, 6); S stays clean-trained.

    Without `mirror` delta_m is zero: PEARL. With it: PEARL + AMA. Equation 6 makes the mirror perturbation on
    the attacked rainy input, starting there at zero; `mirror_on="clean"` makes it on C, the other reading.
    """
    attack = attack or training_attack()
    if mirror_on not in ("attacked", "clean"):
        raise ValueError(f"unknown place of the mirror attack {mirror_on!r}; choose one of attacked, clean")

    def step(net: Pipeline, sample: Sample) -> Tensor:
        victim = Pipeline(None, net.segment)
        attacked = attack(victim, sample.rainy, sample.labels)
        target = sample.clean
        if mirror is not None:
            base = attacked if mirror_on == "attacked" else sample.clean
            target = sample.clean + mirror(victim, base, sample.labels) - base
        return loss(net.derain, attacked, target)

    return Recipe(step, "derain")


def pearl_ama(attack: Ascent | None = None, mirror: Attack | None = None, **options) -> Recipe:
    """PEARL with the Auxiliary Mirror Attack: by default the training attack turned round."""
    attack = attack or training_attack()
    return pearl(attack, mirror or zoo.mirror(attack), **options)


RECIPES = {"clean": clean, "sat": sat, "derain": derain, "nat": nat, "pearl": pearl, "pearl_ama": pearl_ama}

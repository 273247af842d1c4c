"""All attacks by their names in the papers, each one expression of its parts. eps and alpha are in 1/255.

`CATALOGUE` holds the title, the kind of target and the needs of each; `catalogue` says how to add one.
"""

from __future__ import annotations

from ..registry import View
from ..types import PROTOCOLS, choose
from .alma import AlmaProx, published_penalty_slope
from .catalogue import (
    CATALOGUE,
    INPUT,
    LABEL_MAP,
    LABELS,
    OWN_OUTPUT,
    PATCHES,
    Entry,
    Target,
    declared,
)
from .compose import Ascent
from .deraining import input_close, lmse, object_sensitive, perceptual_attack, quarter, unnoticeable_attack
from .ensembles import WorstOf
from .fixed import bim, cospgd, cw, ddcat_bim, fgsm, mi_fgsm, pgd, segpgd
from .objectives import OBJECTIVES
from .reliable import SEA_LOSSES, apgd, as_sea, best_pgd, red_eps_apgd, sea, sea_members
from .square import square
from .turned import mirror, targeted
from .units import ball_of, steps_within, whole

__all__ = [
    "ATTACKS", "CATALOGUE", "DERAIN_ATTACKS", "INPUT", "LABELS", "LABEL_MAP", "MINIMUM_NORM", "OBJECTIVES",
    "OWN_OUTPUT", "PATCHES", "SEA_LOSSES", "STEPWISE", "Entry", "Target", "alma_prox", "apgd", "as_sea", "attack",
    "ball_of", "best_pgd", "bim", "cospgd", "cw", "ddcat_bim", "declared", "fgsm", "input_close", "lmse", "mi_fgsm",
    "mirror", "object_sensitive", "perceptual_attack", "pgd", "quarter", "red_eps_apgd", "sea", "sea_members",
    "segpgd", "square", "steps_within", "targeted", "unnoticeable_attack", "whole",
]  # fmt: skip


@declared("ALMA-prox", "Looks for the smallest pattern that turns nearly all pixels.", sized=False)
def alma_prox(steps: int = 500, threshold: float = 0.99, *, protocol: str = "corrected", **options) -> AlmaProx:
    """The smallest l-infinity perturbation that misclassifies most of an image (Rony et al. 2023). It has no eps.

    Args:
        steps: number of steps.
        threshold: the share of the labelled pixels that must be wrong, in (0, 1].
        protocol: "corrected", or "published": the authors' code has a slip in the derivative of its penalty, and its
            result for an image depends on the batch.
        **options: fields of `alma.AlmaProx`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: less than one step, a threshold outside (0, 1], or an unknown protocol.

    Example:
        >>> from pearl_core.attacks.zoo import alma_prox
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> alma_prox(steps=5)(net, sample.rainy, sample.labels).shape
        torch.Size([2, 3, 32, 40])
    """
    if choose("protocol", protocol, PROTOCOLS) == "published":
        options = {"slope": published_penalty_slope, "together": True} | options
    return AlmaProx(whole(steps), threshold, **options)


def _made(entry: Entry):
    return entry.make


# by kind, the functions alone: views of the catalogue
ATTACKS = View(CATALOGUE, lambda entry: entry.sized and entry.target.part == "segment", _made)
MINIMUM_NORM = View(CATALOGUE, lambda entry: not entry.sized, _made)
DERAIN_ATTACKS = View(CATALOGUE, lambda entry: entry.target.part == "derain", _made)
STEPWISE = View(CATALOGUE, lambda entry: entry.stepwise, _made)


def attack(name: str, eps: float = 8, **options) -> Ascent | WorstOf:
    """The attack on a segmenter of that name.

    Args:
        name: a name in `ATTACKS`.
        eps: radius in 1/255.
        **options: those of its function.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: an unknown name, with the choices.

    Example:
        >>> from pearl_core.attacks.zoo import attack
        >>> attack("bim", 4, steps=3).search.steps
        3
        >>> attack("segpdg")
        Traceback (most recent call last):
        ValueError: unknown attack 'segpdg'; choose one of apgd, best_pgd, bim, cospgd, cw, ...
    """
    return ATTACKS[choose("attack", name, ATTACKS)](eps, **options)

"""The attacks by their names in the papers, each one expression of its parts. eps and alpha are in 1/255."""

from __future__ import annotations

import math
from dataclasses import replace

from ..types import choose
from .balls import Linf
from .compose import Ascent, ascend
from .objectives import cross_entropy, margin, minus
from .searches import FixedSteps


def steps_within(eps: float, steps: int, alpha: float | None) -> tuple[Linf, FixedSteps]:
    """The l-infinity ball and the fixed steps all of FGSM's family share.

    alpha defaults to 3 eps / 8: three steps reach the edge of the ball, and the first n steps do not depend on
    the number of steps.
    """
    if not 0 <= eps <= 255:
        raise ValueError(f"wanted eps from 0 to 255 (in 1/255), got {eps}")
    if not (0 <= steps < math.inf and steps == int(steps)):  # so that nan and inf fail too
        raise ValueError(f"wanted a whole number of steps from 0 up, got {steps}")
    alpha = 3 * eps / 8 if alpha is None else alpha
    if not 0 <= alpha < math.inf:
        raise ValueError(f"wanted alpha from 0 up (in 1/255), got {alpha}")
    return Linf(eps / 255), FixedSteps(alpha / 255, int(steps))


def fgsm(eps: float = 8, **options) -> Ascent:
    """One full step (Goodfellow et al. 2015)."""
    return ascend(cross_entropy, *steps_within(eps, 1, eps), **options)


def bim(eps: float = 8, steps: int = 10, alpha: float | None = None, **options) -> Ascent:
    """Small steps from the picture itself (Kurakin et al. 2017); `random_start=True` is PEARL's eq. 2 to the letter."""
    return ascend(cross_entropy, *steps_within(eps, steps, alpha), **options)


def pgd(eps: float = 8, steps: int = 10, alpha: float | None = None, **options) -> Ascent:
    """BIM from a uniformly random point of the ball (Madry et al. 2018)."""
    return bim(eps, steps, alpha, **{"random_start": True} | options)


def cw(eps: float = 8, steps: int = 10, alpha: float | None = None, confidence: float = 0.0, **options) -> Ascent:
    """The margin loss of Carlini & Wagner (2017) under the l-infinity ball, as PEARL uses it."""
    return ascend(margin(confidence), *steps_within(eps, steps, alpha), **options)


def mirror(attack: Ascent) -> Ascent:
    """The attack turned round: the perturbation that helps the net (the Auxiliary Mirror Attack, PEARL section 3.3).

    Same ball, steps and step length; it starts where it is put.
    """
    return replace(attack, objective=minus(attack.objective), random_start=False)


ATTACKS = {"fgsm": fgsm, "bim": bim, "pgd": pgd, "cw": cw}


def attack(name: str, eps: float = 8, **options) -> Ascent:
    """The attack of that name; options are those of its function. Unknown names: a ValueError with the choices."""
    return ATTACKS[choose("attack", name, ATTACKS)](eps, **options)

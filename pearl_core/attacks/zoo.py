"""The attacks by their names in the papers, each one expression of its parts. eps and alpha are in 1/255."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch

from ..types import PROTOCOLS, choose
from . import objectives as loss
from .alma import AlmaProx, published_penalty_slope
from .balls import Linf
from .compose import Ascent, ascend
from .ensembles import WorstOf
from .objectives import Objective, cross_entropy, minus, towards
from .problem import LOWEST_ACCURACY, TURNED, published_share_right
from .restoration import Features, patch_distance, perceptual, squared_error, unnoticeable
from .searches import APGD, FixedSteps, RedEps, checks, published_checks

OBJECTIVES: dict[str, Objective] = {
    "ce": cross_entropy,
    "bal_ce": loss.balanced_cross_entropy,
    "cossim_ce": loss.cosine_cross_entropy(),
    "cossim_ce_sigmoid": loss.cosine_cross_entropy(torch.sigmoid),
    "js": loss.jensen_shannon,
    "mask_ce": loss.masked_cross_entropy,
    "mask_sph": loss.masked_spherical,
    "margin": loss.margin(),
    "dlr": loss.logits_ratio,
}
# the one that soonest brings most images to zero comes first: it saves `stop="ensemble"` the others
SEA_LOSSES = ("js", "mask_ce", "mask_sph", "bal_ce")


def ball_of(eps: float) -> Linf:
    """The l-infinity ball of radius eps / 255. Errors: ValueError for an eps no picture can follow."""
    if not 0 <= eps <= 255:
        raise ValueError(f"wanted eps from 0 to 255 (in 1/255), got {eps}")
    return Linf(eps / 255)


def whole(steps: int) -> int:
    if not (0 <= steps < math.inf and steps == int(steps)):  # so that nan and inf fail too
        raise ValueError(f"wanted a whole number of steps from 0 up, got {steps}")
    return int(steps)


def steps_within(eps: float, steps: int, alpha: float | None, momentum: float = 0.0) -> tuple[Linf, FixedSteps]:
    """The l-infinity ball and the fixed steps all of FGSM's family share.

    alpha defaults to 3 eps / 8: three steps reach the edge of the ball, and the first n steps do not depend on
    the number of steps.
    """
    ball, steps = ball_of(eps), whole(steps)
    alpha = 3 * eps / 8 if alpha is None else alpha
    if not 0 <= alpha < math.inf:
        raise ValueError(f"wanted alpha from 0 up (in 1/255), got {alpha}")
    return ball, FixedSteps(alpha / 255, steps, momentum)


# ---- fixed steps ----


def fgsm(eps: float = 8, **options) -> Ascent:
    """One full step (Goodfellow et al. 2015)."""
    return ascend(cross_entropy, *steps_within(eps, 1, eps), **options)


def bim(eps: float = 8, steps: int = 10, alpha: float | None = None, **options) -> Ascent:
    """Small steps from the picture itself (Kurakin et al. 2017); `random_start=True` is PEARL's eq. 2 to the letter."""
    return ascend(cross_entropy, *steps_within(eps, steps, alpha), **options)


def pgd(eps: float = 8, steps: int = 10, alpha: float | None = None, **options) -> Ascent:
    """BIM from a uniformly random point of the ball (Madry et al. 2018)."""
    return bim(eps, steps, alpha, **{"random_start": True} | options)


def mi_fgsm(eps: float = 8, steps: int = 10, alpha: float | None = None, decay: float = 1.0, **options) -> Ascent:
    """BIM along the gathered gradients, alpha = eps / steps (Dong et al. 2018)."""
    alpha = eps / max(steps, 1) if alpha is None else alpha
    return ascend(cross_entropy, *steps_within(eps, steps, alpha, decay), **options)


def cw(eps: float = 8, steps: int = 10, alpha: float | None = None, confidence: float = 0.0, **options) -> Ascent:
    """The margin loss of Carlini & Wagner (2017) under the l-infinity ball, as PEARL uses it."""
    return ascend(loss.margin(confidence), *steps_within(eps, steps, alpha), **options)


def segpgd(eps: float = 8, steps: int = 10, alpha: float | None = None, **options) -> Ascent:
    """PGD on the pixels that still hold first (Gu et al. 2022)."""
    start = {"random_start": True} | options
    return ascend(loss.balanced_cross_entropy, *steps_within(eps, steps, alpha), **start)


def cospgd(eps: float = 8, steps: int = 10, alpha: float | None = 2.55, **options) -> Ascent:
    """PGD on pixels weighted by the cosine of prediction and label; alpha 0.01 (Agnihotri & Keuper 2023)."""
    start = {"random_start": True} | options
    return ascend(OBJECTIVES["cossim_ce"], *steps_within(eps, steps, alpha), **start)


def ddcat_bim(eps: float = 7.65, steps: int = 2, *, protocol: str = "corrected", **options) -> Ascent:
    """The test attack of DDC-AT (Xu et al. 2021), eps 0.03: alpha = eps / steps, so that it can reach the radius.

    "published": alpha is 0.01 of the picture whatever the number of steps, so that two of them stop at 0.02.
    """
    alpha = {"corrected": eps / max(steps, 1), "published": 2.55}[choose("protocol", protocol, PROTOCOLS)]
    return bim(eps, steps, alpha, **options)


# ---- turned round ----


def targeted(attack):
    """The attack that goes for its target, a class everywhere or any label map (SEA, figure 1: red-eps APGD on JS).

    Same ball, search and start. What points are compared by and which is kept turn with the loss; losses that look
    first at what still holds look at what is not there yet. For ensembles and ALMA-prox too.
    """
    if isinstance(attack, WorstOf):
        members = {name: targeted(member) for name, member in attack.members.items()}
        return replace(attack, members=members, towards=not attack.towards)
    if isinstance(attack, AlmaProx):
        return replace(attack, towards=not attack.towards)
    track = None if attack.track is None else minus(attack.track)
    return replace(
        attack, objective=minus(towards(attack.objective)), track=track, keep=TURNED.get(attack.keep, attack.keep)
    )


def mirror(attack: Ascent) -> Ascent:
    """The attack turned round: the perturbation that helps the net (the Auxiliary Mirror Attack, PEARL section 3.3).

    Same ball, steps and step length; it starts where it is put.
    """
    return replace(targeted(attack), random_start=False)


# ---- on any loss, returning the point of lowest pixel accuracy ----


def best_pgd(
    eps: float = 8,
    steps: int = 100,
    objective: Objective = cross_entropy,
    alpha: float | None = None,
    *,
    protocol: str = "corrected",
    **options,
) -> Ascent:
    """PGD as SEA compares it with APGD (table 7): a loss by choice, the best point in place of the last."""
    options = {"random_start": True} | as_sea(objective, protocol) | options
    return ascend(objective, *steps_within(eps, steps, alpha), **options)


def apgd(
    eps: float = 8, steps: int = 100, objective: Objective = cross_entropy, *, protocol: str = "corrected", **options
) -> Ascent:
    """APGD from the picture, on a loss of SEA's, tracked by cross-entropy (Croce & Hein 2020; SEA section 2.3).

    It returns the point of lowest pixel accuracy. `protocol`: "corrected", the papers' text; "published", the
    authors' code, which takes a first loss above zero for progress and counts void as wrong at the start only.
    """
    how = {"corrected": checks, "published": published_checks}[choose("protocol", protocol, PROTOCOLS)]
    return ascend(objective, ball_of(eps), APGD(whole(steps), checks=how), **as_sea(objective, protocol), **options)


def red_eps_apgd(
    eps: float = 8, steps: int = 300, objective: Objective = cross_entropy, *, protocol: str = "corrected", **options
) -> Ascent:
    """APGD in balls of 2, 1.5 and 1 eps, 30, 30 and 40 % of the steps, from a random point (SEA section 2.3)."""
    how = {"corrected": checks, "published": published_checks}[choose("protocol", protocol, PROTOCOLS)]
    options = {"random_start": True} | as_sea(objective, protocol) | options
    return ascend(objective, ball_of(eps), RedEps(whole(steps), checks=how), **options)


def as_sea(objective: Objective, protocol: str) -> dict:
    """What SEA's attacks return and go by, whatever their loss and search."""
    found = {"track": cross_entropy, "keep": LOWEST_ACCURACY}
    if protocol == "published":
        found |= {"share": published_share_right, "finite": objective is not loss.published_jensen_shannon}
    return found


def sea(eps: float = 8, steps: int = 300, *, protocol: str = "corrected", stop: str = "member", **options) -> WorstOf:
    """Red-eps APGD on Mask-CE, Bal-CE, JS and Mask-Sph, `steps` each; image-wise the worst (SEA, section 2.4).

    `stop="ensemble"` spares an image that one loss brought to zero the later ones.
    """
    losses = {name: OBJECTIVES[name] for name in SEA_LOSSES}
    if protocol == "published":
        losses["js"] = loss.published_jensen_shannon
    members = {name: red_eps_apgd(eps, steps, made, protocol=protocol, **options) for name, made in losses.items()}
    return WorstOf(members, skip=choose("stop", stop, ("ensemble", "member")) == "ensemble")


def alma_prox(steps: int = 500, threshold: float = 0.99, *, protocol: str = "corrected", **options) -> AlmaProx:
    """The smallest l-infinity perturbation that turns `threshold` of an image's pixels (Rony et al. 2023): no eps.

    "published": the authors' code, whose penalty's derivative has a slip, and whose images depend on their batch.
    """
    if choose("protocol", protocol, PROTOCOLS) == "published":
        options = {"slope": published_penalty_slope, "together": True} | options
    return AlmaProx(whole(steps), threshold, **options)


# ---- attacks on derainers: the target is a `restoration.Reference` ----


def lmse(eps: float = 8, steps: int = 20, alpha: float | None = None, **options) -> Ascent:
    """Away from the net's own output, pixel by pixel (Yu et al. 2022, eq. 4): alpha = eps / 4, random start."""
    return ascend(squared_error, *steps_within(eps, steps, quarter(eps, alpha)), **{"random_start": True} | options)


def input_close(eps: float = 8, steps: int = 20, alpha: float | None = None, **options) -> Ascent:
    """As if nobody had derained: towards the rainy picture, which is the reference here (Yu et al. 2022, eq. 15)."""
    start = {"random_start": True} | options
    return ascend(minus(squared_error), *steps_within(eps, steps, quarter(eps, alpha)), **start)


def perceptual_attack(
    features: Features, eps: float = 8, steps: int = 20, alpha: float | None = None, **options
) -> Ascent:
    """Away from the net's own output in deep features (Yu et al. 2022, eq. 5)."""
    start = {"random_start": True} | options
    return ascend(perceptual(features), *steps_within(eps, steps, quarter(eps, alpha)), **start)


def unnoticeable_attack(
    features: Features, eps: float = 8, steps: int = 20, alpha: float | None = None, weight: float = 25, **options
) -> Ascent:
    """Far in features and near in pixels (Yu et al. 2022, eq. 14)."""
    start = {"random_start": True} | options
    return ascend(unnoticeable(features, weight), *steps_within(eps, steps, quarter(eps, alpha)), **start)


def object_sensitive(
    features: Features, eps: float = 8, steps: int = 20, alpha: float | None = None, **options
) -> Ascent:
    """One patch made to look like another; the target is `restoration.Patches` (Yu et al. 2022, eq. 11)."""
    start = {"random_start": True} | options
    return ascend(minus(patch_distance(features)), *steps_within(eps, steps, quarter(eps, alpha)), **start)


def quarter(eps: float, alpha: float | None) -> float:
    return eps / 4 if alpha is None else alpha


# On segmenters, the target a label map, inside a ball of radius eps.
ATTACKS: dict[str, Callable[..., Ascent | WorstOf]] = {
    "fgsm": fgsm,
    "bim": bim,
    "pgd": pgd,
    "mi_fgsm": mi_fgsm,
    "ddcat_bim": ddcat_bim,
    "cw": cw,
    "segpgd": segpgd,
    "cospgd": cospgd,
    "best_pgd": best_pgd,
    "apgd": apgd,
    "red_eps_apgd": red_eps_apgd,
    "sea": sea,
}

# On segmenters, without a ball: they look for the smallest perturbation that does it.
MINIMUM_NORM: dict[str, Callable[..., AlmaProx]] = {"alma_prox": alma_prox}

# On derainers, the target a `restoration.Reference` or `restoration.Patches`.
DERAIN_ATTACKS: dict[str, Callable[..., Ascent]] = {
    "lmse": lmse,
    "input_close": input_close,
    "perceptual_attack": perceptual_attack,
    "unnoticeable_attack": unnoticeable_attack,
    "object_sensitive": object_sensitive,
}

# Those whose first n steps are the attack of n steps: one run serves them all.
STEPWISE = ("bim", "cospgd", "cw", "fgsm", "pgd")


def attack(name: str, eps: float = 8, **options) -> Ascent | WorstOf:
    """The attack of that name; options are those of its function. Unknown names: a ValueError with the choices."""
    return ATTACKS[choose("attack", name, ATTACKS)](eps, **options)

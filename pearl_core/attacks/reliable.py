"""APGD and its relatives, which take any loss, and the SEA ensemble of them. eps and alpha are in 1/255.

All of them return the point of lowest pixel accuracy among those they computed (Croce & Hein 2020; Croce, Singh & Hein
2024, "SEA").
"""

from __future__ import annotations

from ..types import PROTOCOLS, choose
from .catalogue import declared
from .compose import Ascent, ascend
from .ensembles import WorstOf
from .judging import LOWEST_ACCURACY, published_share_right
from .objectives import OBJECTIVES, Objective, cross_entropy, published_jensen_shannon
from .searches import APGD, RedEps, checks, published_checks
from .units import ball_of, steps_within, whole

# the loss that brings most images to accuracy 0 comes first: with `stop="ensemble"` the others need not attack those
SEA_LOSSES = ("js", "mask_ce", "mask_sph", "bal_ce")
CHECKS = {"corrected": checks, "published": published_checks}


@declared("PGD, best point", "PGD that returns the best point it saw in place of the last.")
def best_pgd(
    eps: float = 8,
    steps: int = 100,
    objective: Objective = cross_entropy,
    alpha: float | None = None,
    *,
    protocol: str = "corrected",
    **options,
) -> Ascent:
    """PGD as SEA compares it with APGD (table 7): with any loss, and it returns the best point, not the last.

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        objective: the loss, one of `OBJECTIVES`.
        alpha: length of a step in 1/255; None: 3 eps / 8.
        protocol: "corrected", or "published": the authors' code counts void pixels as wrong at the start only.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps, alpha or number of steps, or an unknown protocol.

    Example:
        >>> from pearl_core.attacks.zoo import OBJECTIVES, best_pgd
        >>> best_pgd(eps=8, steps=50, objective=OBJECTIVES["js"]).search.steps
        50
    """
    options = {"random_start": True} | as_sea(objective, protocol) | options
    return ascend(objective, *steps_within(eps, steps, alpha), **options)


@declared("APGD", "PGD that finds its own step and returns the best point it saw.")
def apgd(
    eps: float = 8, steps: int = 100, objective: Objective = cross_entropy, *, protocol: str = "corrected", **options
) -> Ascent:
    """APGD on any loss, which compares points by cross-entropy (Croce & Hein 2020; SEA section 2.3).

    It starts at the picture itself.

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        objective: the loss, one of `OBJECTIVES`.
        protocol: "corrected" is the papers' text. "published" is the authors' code: a first loss above zero counts as
            progress, and void pixels count as wrong at the start only.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W), the point of lowest pixel accuracy.

    Raises:
        ValueError: a negative eps or number of steps, or an unknown protocol.

    Example:
        >>> from pearl_core.attacks.zoo import apgd
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> apgd(eps=8, steps=4)(net, sample.rainy, sample.labels).shape
        torch.Size([2, 3, 32, 40])
    """
    search = APGD(whole(steps), checks=CHECKS[choose("protocol", protocol, CHECKS)])
    return ascend(objective, ball_of(eps), search, **as_sea(objective, protocol), **options)


@declared("red-eps APGD", "APGD in a ball that shrinks in three stages to the wanted size.")
def red_eps_apgd(
    eps: float = 8, steps: int = 300, objective: Objective = cross_entropy, *, protocol: str = "corrected", **options
) -> Ascent:
    """APGD in balls of 2, 1.5 and 1 eps, for 30, 30 and 40 % of the steps, from a random point (SEA section 2.3).

    Args:
        eps: the last radius, in 1/255.
        steps: number of steps of all stages together.
        objective: the loss, one of `OBJECTIVES`.
        protocol: as for `apgd`.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W), the point of lowest pixel accuracy.

    Raises:
        ValueError: a negative eps or number of steps, or an unknown protocol.

    Example:
        >>> from pearl_core.attacks.zoo import OBJECTIVES, red_eps_apgd
        >>> red_eps_apgd(eps=8, steps=30, objective=OBJECTIVES["mask_ce"]).search.stages
        ((2.0, 0.3), (1.5, 0.3), (1.0, 0.4))
    """
    search = RedEps(whole(steps), checks=CHECKS[choose("protocol", protocol, CHECKS)])
    options = {"random_start": True} | as_sea(objective, protocol) | options
    return ascend(objective, ball_of(eps), search, **options)


def as_sea(objective: Objective, protocol: str) -> dict:
    """What SEA's attacks return and how they compare points, for any loss and search.

    Args:
        objective: the loss.
        protocol: "corrected" or "published".

    Returns:
        Fields of `compose.Ascent`.

    Raises:
        ValueError: an unknown protocol.

    Example:
        >>> from pearl_core.attacks.zoo import OBJECTIVES, as_sea
        >>> sorted(as_sea(OBJECTIVES["ce"], "corrected"))
        ['keep', 'track']
    """
    fields = {"track": cross_entropy, "keep": LOWEST_ACCURACY}
    if choose("protocol", protocol, PROTOCOLS) == "published":
        fields |= {"share": published_share_right, "finite": objective is not published_jensen_shannon}
    return fields


def sea_members(protocol: str = "corrected") -> dict[str, tuple[str, dict]]:
    """The four attacks of SEA by name, so that each can be run and stored by itself.

    Args:
        protocol: "corrected", or "published", where JS is summed as in the authors' code.

    Returns:
        {name of the loss: (name of the attack, its options)}; `objective` is a name in `OBJECTIVES`.

    Raises:
        ValueError: an unknown protocol.

    Example:
        >>> from pearl_core.attacks.zoo import sea_members
        >>> sea_members("published")["js"]
        ('red_eps_apgd', {'objective': 'js_published', 'protocol': 'published'})
    """
    losses = {name: name for name in SEA_LOSSES}
    if choose("protocol", protocol, PROTOCOLS) == "published":
        losses["js"] = "js_published"
    return {name: ("red_eps_apgd", {"objective": of, "protocol": protocol}) for name, of in losses.items()}


@declared("SEA", "The worst of four attacks, image by image.", members=sea_members)
def sea(eps: float = 8, steps: int = 300, *, protocol: str = "corrected", stop: str = "member", **options) -> WorstOf:
    """Red-eps APGD on Mask-CE, Bal-CE, JS and Mask-Sph, and of each image the worst of the four (SEA, section 2.4).

    Args:
        eps: radius in 1/255.
        steps: number of steps of each of the four.
        protocol: as for `apgd`.
        stop: "member": all four attack every image. "ensemble": an image that one loss brought to accuracy 0 is not
            attacked by the later ones.
        **options: fields of `compose.Ascent`.

    Returns:
        The attack: (model, images, labels) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: a negative eps or number of steps, an unknown protocol or stop.

    Example:
        >>> from pearl_core.attacks.zoo import sea
        >>> list(sea(eps=8, steps=100).members)
        ['js', 'mask_ce', 'mask_sph', 'bal_ce']
    """
    members = {
        name: red_eps_apgd(eps, steps, OBJECTIVES[how["objective"]], protocol=protocol, **options)
        for name, (_, how) in sea_members(protocol).items()
    }
    return WorstOf(members, skip=choose("stop", stop, ("ensemble", "member")) == "ensemble")

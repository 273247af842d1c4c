"""Attacks with another goal: towards a wanted label map, or to help the net."""

from __future__ import annotations

from dataclasses import replace

from .alma import AlmaProx
from .compose import Ascent
from .ensembles import WorstOf
from .judging import turned
from .objectives import minus, towards


def targeted(attack: Ascent | WorstOf | AlmaProx) -> Ascent | WorstOf | AlmaProx:
    """The targeted form of an attack: towards one class everywhere, or any label map (SEA, figure 1).

    Ball, search and start stay the same. The loss changes its sign, and the point nearest to the target is returned
    where the attack returned the worst. Losses that put correct pixels first now put pixels first that do not have the
    wanted class yet.

    Args:
        attack: an untargeted attack; also an ensemble or ALMA-prox.

    Returns:
        The attack: (model, images, wanted labels) -> attacked images (B, 3, H, W).

    Example:
        >>> from pearl_core.attacks.zoo import LABEL_MAP, bim, targeted
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> everywhere = LABEL_MAP.of(net, sample, category=1)
        >>> targeted(bim(eps=8, steps=2))(net, sample.rainy, everywhere).shape
        torch.Size([2, 3, 32, 40])
    """
    if isinstance(attack, WorstOf):
        members = {name: targeted(member) for name, member in attack.members.items()}
        return replace(attack, members=members, towards=not attack.towards)
    if isinstance(attack, AlmaProx):
        return replace(attack, towards=not attack.towards)
    track = None if attack.track is None else minus(attack.track)
    return replace(attack, objective=minus(towards(attack.objective)), track=track, keep=turned(attack.keep))


def mirror(attack: Ascent) -> Ascent:
    """The attack that helps the net: it lowers the loss (Auxiliary Mirror Attack, PEARL section 3.3).

    Args:
        attack: an attack that raises the loss; ball, steps and step length stay the same.

    Returns:
        The mirror attack, (model, images, labels) -> images (B, 3, H, W). It starts at the picture itself.

    Example:
        >>> from pearl_core.attacks.zoo import mirror, pgd
        >>> mirror(pgd(eps=8, steps=3)).random_start
        False
    """
    return replace(targeted(attack), random_start=False)

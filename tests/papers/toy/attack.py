"""One attack on a derainer: away from its own output."""

from __future__ import annotations

from pearl_core.attacks.catalogue import OWN_OUTPUT, declared
from pearl_core.attacks.compose import Ascent, ascend
from pearl_core.attacks.fixed import steps_within
from pearl_core.attacks.restoration import squared_error


@declared("Toy push", "Moves the derained picture away from where it was.", target=OWN_OUTPUT, stepwise=True)
def toy_push(eps: float = 8, steps: int = 3, alpha: float | None = None, **options) -> Ascent:
    return ascend(squared_error, *steps_within(eps, steps, alpha), **{"random_start": True} | options)

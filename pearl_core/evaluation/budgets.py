"""How much an evaluation may cost: which attacks it runs. A budget of your own needs one call of `BUDGETS.add`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..attacks.compose import Attack
from ..attacks.ensembles import WorstOf
from ..attacks.zoo import OBJECTIVES, apgd, sea, square
from ..registry import Registry

BUDGETS: Registry[Budget] = Registry("budget")


@dataclass(frozen=True)
class Budget:
    """The attacks of an evaluation.

    Args:
        members: (eps, **options) -> {name: attack}; the options are fields of `compose.Ascent` and `norm`.
        words: what it costs, in one sentence.

    Example:
        >>> from pearl_core.evaluation import BUDGETS
        >>> list(BUDGETS["standard"].members(8))
        ['js', 'mask_ce', 'mask_sph', 'bal_ce']
    """

    members: Callable[..., Mapping[str, Attack]]
    words: str

    def of(self, eps: float, **options) -> WorstOf:
        """Its attacks at one radius, as an ensemble."""
        return WorstOf(self.members(eps, **options))


def quick(eps: float, **options) -> Mapping[str, Attack]:
    return {"js": apgd(eps, 30, OBJECTIVES["js"], **options)}


def standard(eps: float, **options) -> Mapping[str, Attack]:
    return sea(eps, 100, **options).members


def full(eps: float, **options) -> Mapping[str, Attack]:
    return {**sea(eps, 300, **options).members, "square": square(eps, 2000, **options)}


BUDGETS.add("quick", Budget(quick, "One loss, 30 gradients: a first look, no verdict."))
BUDGETS.add("standard", Budget(standard, "SEA, four losses with 100 gradients each."))
BUDGETS.add("full", Budget(full, "SEA, four losses with 300 gradients each, and 2,000 queries of Square."))

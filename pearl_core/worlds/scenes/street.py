"""A random street: its strips of ground, then its sides, its traffic, its pavements."""

from __future__ import annotations

from pearl_core.worlds.scenes import pavements, sides, traffic
from pearl_core.worlds.scenes.backdrop import Ground
from pearl_core.worlds.scenes.classes import ROAD, SIDEWALK, TERRAIN
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.layout import LANE, Street, Verge


def _verge(dice: Dice, side: int, kerb: float) -> Verge:
    """One side of the street from the kerb outwards: pavement, perhaps grass, then the line of the fronts."""
    pave = dice.between(2.2, 4.0)
    grass = dice.pick([0.0, 0.0, 1.5, 2.5, 6.0]) * dice.between(0.8, 1.3)
    return Verge(side, kerb, kerb + pave, kerb + pave + grass)


def plan(dice: Dice) -> Street:
    tram, parking = dice.chance(0.42), (dice.chance(0.6), dice.chance(0.5))
    lanes = 2 if tram else dice.pick([1, 1, 2])
    left = _verge(dice, -1, LANE * (lanes + 0.5) + (2.2 if parking[0] else 0.2))
    right = _verge(dice, 1, LANE * 0.5 + (2.2 if parking[1] else 0.3))
    near = dice.between(13, 26)
    crossing = (near, near + dice.between(7, 10)) if dice.chance(0.45) else None
    edges = (-left.front, -left.pave, -left.kerb, right.kerb, right.pave, right.front)
    outer = dice.pick([SIDEWALK, TERRAIN])
    labels = (outer, TERRAIN, SIDEWALK, ROAD, SIDEWALK, TERRAIN, outer)
    lines = [(-LANE * (k + 0.5), k > 0 or dice.chance(0.6)) for k in range(lanes)]
    lines += [(LANE / 2, False)] if parking[1] else []
    rails = tuple(-LANE * lanes + d for d in (-0.75, 0.75)) if tram else ()
    reach = dice.between(-2, 3)
    shades = ((-99.0, -left.kerb + reach),) if dice.chance(0.5) else ((right.kerb - reach, 99.0),)
    street = Street(dice, Ground(edges, labels, tuple(lines), rails, crossing, shades), left, right)
    sides.close(street)
    sides.line(street)
    traffic.drive(street, lanes, tram, parking)
    pavements.furnish(street)
    return street

"""Boats and ships, in water that covers their keels."""

from __future__ import annotations

from pearl_core.worlds.objects.aircraft import LIVERY, PANE
from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import Figure, dark


def paint_boat(me: Figure) -> Coat:
    """A sailing boat, a motor boat, a rowing boat or a ship, in water that covers its keel."""
    dice = me.dice
    (dice.pick([_sailing, _sailing, _motor, _rowing, _ship]))(me)
    for k in (1.0, 0.8):
        me.ball(0, -0.1, 1.6 * k, (0.8, 0.87, 0.9), tall=0.085, label=None, opacity=0.3)
    return Coat(0.28, 0.03, 0.06)


def _hull(me: Figure, back: float, front: float, deck: float, colour, keel) -> None:
    me.part(
        [(back + 0.1, -0.08), (front - 0.45, -0.08), (front - 0.2, deck * 0.5), (front, deck * 1.15), (back, deck)],
        colour,
    )
    me.mark([(back + 0.08, -0.05), (front - 0.42, -0.05), (front - 0.34, 0.08), (back + 0.05, 0.08)], keel)
    me.mark([(back, deck * 0.86), (front - 0.04, deck * 1.0), (front, deck * 1.15), (back, deck)], dark(colour, 0.6))


def _sailing(me: Figure) -> None:
    dice = me.dice
    hull, sail = (
        dice.near(dice.pick([(0.95, 0.95, 0.94), *LIVERY])),
        dice.near(dice.pick([(0.96, 0.95, 0.92)] * 3 + LIVERY), 0.04),
    )
    top = dice.between(2.1, 2.6)
    _hull(me, -1.0, 1.15, 0.32, hull, dice.pick(LIVERY))
    me.stroke((0.1, 0.3), (0.1, top + 0.08), 0.05, (0.55, 0.45, 0.35))
    me.part([(0.05, 0.5), (-0.95, 0.52), (-0.5, 1.3), (0.05, top)], sail)
    me.part([(0.18, 0.45), (1.05, 0.42), (0.16, top * 0.85)], dark(sail, 0.88))
    for k in range(1, 4):
        me.limb((0.05, 0.5 + k * 0.36), (-0.8 + 0.16 * k, 0.52 + k * 0.33), 0.02, dark(sail, 0.75))
    me.stroke((0.1, 0.46), (-0.98, 0.48), 0.05, (0.5, 0.4, 0.3))
    me.part([(-0.5, 0.3), (0.0, 0.3), (-0.05, 0.44), (-0.45, 0.44)], dark(hull, 0.85))


def _motor(me: Figure) -> None:
    dice = me.dice
    hull, trim = (
        dice.near(dice.pick([(0.95, 0.95, 0.94), (0.95, 0.95, 0.94), (0.15, 0.2, 0.4)])),
        dice.near(dice.pick(LIVERY)),
    )
    me.part([(-0.75, 0.4), (0.35, 0.4), (0.1, 0.95), (-0.65, 0.95)], dark(hull, 0.92))
    me.mark([(-0.6, 0.6), (-0.25, 0.6), (-0.25, 0.85), (-0.6, 0.85)], PANE)
    me.mark([(-0.18, 0.6), (0.2, 0.6), (0.05, 0.85), (-0.18, 0.85)], PANE)
    me.part([(-0.75, 0.95), (0.2, 0.95), (0.12, 1.03), (-0.72, 1.03)], trim)
    me.stroke((-0.4, 1.0), (-0.45, 1.5), 0.035, (0.5, 0.5, 0.5))
    _hull(me, -1.15, 1.35, 0.48, hull, trim)
    me.mark([(-1.1, 0.26), (0.95, 0.3), (1.0, 0.36), (-1.1, 0.32)], trim)
    me.stroke((-1.1, 0.48), (-1.14, 0.95), 0.03, (0.5, 0.5, 0.5))
    me.part([(-1.12, 0.92), (-1.14, 0.68), (-1.42, 0.7), (-1.4, 0.9)], trim)


def _rowing(me: Figure) -> None:
    dice = me.dice
    wood = dice.near(dice.pick([(0.55, 0.35, 0.2), (0.3, 0.5, 0.65), (0.75, 0.2, 0.15), (0.85, 0.85, 0.8)]))
    me.part([(-1.1, 0.4), (1.2, 0.46), (0.85, 0.62), (-0.85, 0.58)], dark(wood, 0.45))
    for s in (-0.5, 0.15):
        me.mark([(s, 0.44), (s + 0.16, 0.44), (s + 0.16, 0.58), (s, 0.58)], dark(wood, 1.25))
    me.part([(-0.9, -0.06), (0.85, -0.06), (1.28, 0.5), (-1.15, 0.44)], wood)
    me.mark([(-1.13, 0.36), (1.2, 0.42), (1.28, 0.5), (-1.15, 0.44)], dark(wood, 1.4))
    me.limb((-1.05, 0.22), (1.05, 0.24), 0.03, dark(wood, 0.7))
    me.stroke((-0.1, 0.5), (-0.75, -0.02), 0.05, (0.75, 0.6, 0.4), t=0.1 * me.near)
    me.blob((-0.7, 0.02), 0.05, (-0.85, -0.1), 0.05, (0.75, 0.6, 0.4), t=0.1 * me.near)


def _ship(me: Figure) -> None:
    dice = me.dice
    hull, white = (
        dice.near(dice.pick([(0.12, 0.16, 0.25), (0.7, 0.15, 0.12), (0.2, 0.35, 0.3), (0.9, 0.9, 0.9)])),
        (0.93, 0.93, 0.92),
    )
    funnel = dice.near(dice.pick(LIVERY))
    me.part([(-0.45, 1.0), (-0.1, 1.0), (-0.15, 1.5), (-0.45, 1.5)], funnel)
    me.mark([(-0.44, 1.4), (-0.14, 1.4), (-0.15, 1.5), (-0.45, 1.5)], (0.1, 0.1, 0.1))
    me.stroke((0.45, 1.0), (0.45, 1.65), 0.035, (0.5, 0.5, 0.5))
    for low, back, front in ((0.45, -1.1, 0.75), (0.75, -0.9, 0.6)):
        me.part(
            [(back, low), (front, low), (front - 0.08, low + 0.32), (back, low + 0.32)], dark(white, 1.04 - 0.1 * low)
        )
        for k in range(7):
            s = back + 0.12 + (front - back - 0.2) * k / 7
            me.mark([(s, low + 0.12), (s + 0.12, low + 0.12), (s + 0.12, low + 0.22), (s, low + 0.22)], PANE)
    _hull(me, -1.35, 1.45, 0.5, hull, (0.6, 0.15, 0.12))

"""Trains on their rails: a long row of panes behind a blunt or slanting front."""

from __future__ import annotations

from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.vehicles import GLASS, LAMP, STEEL, TYRE
from pearl_core.worlds.objects.view import Figure, dark
from pearl_core.worlds.scenes.hull import Hull
from pearl_core.worlds.scenes.stage import box

PAINT = [
    (0.8, 0.12, 0.12),
    (0.1, 0.25, 0.55),
    (0.9, 0.7, 0.1),
    (0.15, 0.45, 0.35),
    (0.85, 0.86, 0.88),
    (0.4, 0.42, 0.45),
    (0.9, 0.45, 0.1),
]
LONG, HALF = 18.0, 1.45


def paint_rails(me: Figure) -> None:
    """Ballast, sleepers and two rails below a train: background."""
    end = LONG / 2
    me.face([(-end - 9, 0, -2.3), (end + 7, 0, -2.3), (end + 7, 0, 2.3), (-end - 9, 0, 2.3)], (0.45, 0.42, 0.4))
    for k in range(40):
        s = -end - 9 + 0.85 * k
        if s < end + 6.5:
            me.face([(s, 0, -1.5), (s + 0.3, 0, -1.5), (s + 0.3, 0, 1.5), (s, 0, 1.5)], (0.3, 0.26, 0.24))
    for t in (-0.75, 0.75):
        me.face(
            [
                (-end - 9, 0.02, t - 0.07),
                (end + 7, 0.02, t - 0.07),
                (end + 7, 0.02, t + 0.07),
                (-end - 9, 0.02, t + 0.07),
            ],
            (0.62, 0.62, 0.64),
        )


def paint_train(me: Figure) -> Coat:
    dice = me.dice
    paint = dice.near(dice.pick(PAINT), 0.05)
    trim = dice.near(dice.pick([*PAINT, (0.93, 0.93, 0.92)]), 0.05)
    front = dice.near(dice.pick([trim, trim, (0.95, 0.8, 0.1), paint]), 0.03)
    end, top, low = LONG / 2, 3.7, 0.75
    slant = dice.pick([0.0, 0.0, 1.6])
    hull = Hull(me, me.label, LONG, 2 * HALF)
    hull.across(box(-HALF * 0.9, 0.1, HALF * 0.9, low), TYRE)
    hull.side(box(-end, 0.25, end, low + 0.1), (0.16, 0.16, 0.17))
    nose = end - slant if hull.end > 0 else end
    hull.side([(-end, low), (end, low), (end, 1.7), (nose, top), (-end, top)], paint)
    hull.side([(-end, low), (end, low), (end, 1.15), (-end, 1.15)], trim, None)
    hull.side([(-end, 2.95), (nose, 2.95), (nose, 3.15), (-end, 3.15)], trim, None)
    for k in range(11):
        s = -end + 0.6 + k * (LONG - 2.4) / 11
        hull.side(box(s, 1.75, s + 1.05, 2.75), GLASS, None)
    for s in (-end * 0.34, end * 0.42):
        hull.side(box(s, 0.85, s + 0.75, 2.85), dark(trim, 0.75), None)
        hull.side(box(s + 0.12, 1.75, s + 0.63, 2.65), GLASS, None)
    for s in (-end * 0.8, -end * 0.66, end * 0.6, end * 0.74):
        if hull.flank:
            me.ball(s, 0.42, 0.42, (0.12, 0.12, 0.13), t=hull.flank * HALF * 0.95)
            me.ball(s, 0.42, 0.22, (0.4, 0.4, 0.42), t=hull.flank * HALF * 0.95, label=None)
    if me.stage.camera.height > top:
        me.face(
            [(-end, top, -HALF), (nose, top, -HALF), (nose, top, HALF), (-end, top, HALF)], dark(paint, 0.7), me.label
        )
    _front(hull, front, slant if hull.end > 0 else 0.0, top, low)
    return Coat(0.15, 0.02, 0.06)


def _front(hull: Hull, front, slant: float, top: float, low: float) -> None:
    """Screen, lamps, buffers; the upper part leans back by `slant` metres."""
    hull.across(box(-HALF, low, HALF, 1.75), front)
    hull.across([(-HALF, 1.7), (HALF, 1.7), (HALF, top, slant), (-HALF, top, slant)], front)
    high, deep = 3.35, slant * (3.35 - 1.7) / (top - 1.7)
    for sign in (-1, 1):
        pane = [
            (sign * HALF * 0.08, 2.05, slant * 0.18),
            (sign * HALF * 0.88, 2.05, slant * 0.18),
            (sign * HALF * 0.82, high, deep),
            (sign * HALF * 0.08, high, deep),
        ]
        hull.decal(pane, GLASS)
        hull.decal(box(sign * HALF * 0.55, 1.25, sign * HALF * 0.88, 1.55), LAMP, glow=0.7)
        hull.across(box(sign * HALF * 0.45, 0.72, sign * HALF * 0.75, 0.98), STEEL)
    hull.decal(box(-HALF, low, HALF, low + 0.22), (0.12, 0.12, 0.13))
    hull.decal(box(-0.12, 0.6, 0.12, 1.0), TYRE)

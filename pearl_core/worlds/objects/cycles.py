"""Bicycles and motorbikes, from the side."""

from __future__ import annotations

from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import ROUND, Figure, dark

PAINT = [
    (0.85, 0.15, 0.15),
    (0.15, 0.3, 0.7),
    (0.15, 0.15, 0.17),
    (0.9, 0.75, 0.15),
    (0.2, 0.55, 0.35),
    (0.9, 0.9, 0.9),
    (0.9, 0.45, 0.1),
]
TYRE, STEEL = (0.09, 0.09, 0.1), (0.68, 0.69, 0.7)


def paint_bicycle(me: Figure) -> Coat:
    """Two thin wheels with spokes, a diamond of tubes, saddle and handlebars."""
    dice = me.dice
    paint, tyre = dice.near(dice.pick(PAINT)), dice.pick([TYRE, TYRE, TYRE, (0.5, 0.4, 0.3)])
    hub, front, crank, seat, head = (-0.54, 0.35), (0.56, 0.35), (-0.06, 0.3), (-0.2, 0.84), (0.36, 0.84)
    me.part([hub, crank, front, head, seat], paint, opacity=0.0)  # what is visible through the frame has its label too
    for s, y in (hub, front):
        me.wheel(s, y, 0.35, 0.3, tyre)
        for c, q in ROUND[:10]:
            me.limb((s - 0.31 * c, y - 0.31 * q), (s + 0.31 * c, y + 0.31 * q), 0.011, STEEL, opacity=0.8)
        me.ball(s, y, 0.045, (0.3, 0.3, 0.3), label=None)
        if dice.chance(0.4):
            me.stroke((s - 0.3, y + 0.28), (s + 0.22, y + 0.36), 0.04, paint)
    for a, b in ((hub, crank), (hub, seat), (crank, seat), (crank, head), (seat, head)):
        me.stroke(a, b, 0.055, paint)
    me.stroke(front, (0.33, 0.98), 0.055, dark(paint, 0.8))
    me.stroke(seat, (-0.23, 0.95), 0.035, STEEL)
    me.blob((-0.36, 0.98), 0.045, (-0.12, 0.97), 0.025, TYRE)
    if dice.chance(0.5):
        me.stroke((0.33, 0.98), (0.46, 1.0), 0.04, STEEL)
        me.stroke((0.46, 1.0), (0.4, 0.84), 0.045, TYRE)
    else:
        me.stroke((0.33, 0.98), (0.2, 1.08), 0.045, TYRE)
    me.wheel(*crank, 0.1, 0.065, (0.25, 0.25, 0.25))
    me.stroke((crank[0], crank[1]), (crank[0] + 0.11, crank[1] - 0.14), 0.03, STEEL)
    me.stroke((crank[0] + 0.05, crank[1] - 0.15), (crank[0] + 0.18, crank[1] - 0.15), 0.04, TYRE)
    if dice.chance(0.3):
        me.part([(0.42, 0.82), (0.7, 0.82), (0.74, 1.02), (0.4, 1.02)], (0.6, 0.45, 0.28))
    return Coat(0.2, 0.02, 0.05)


def paint_motorbike(me: Figure) -> Coat:
    """Thick wheels, an engine, a tank, a saddle, an exhaust: a road bike, a racer or a scooter."""
    dice = me.dice
    paint = dice.near(dice.pick(PAINT))
    kind = dice.pick(["road", "road", "racer", "scooter"])
    if kind == "scooter":
        _scooter(me, paint)
    else:
        _bike(me, paint, kind == "racer")
    return Coat(0.3, 0.03, 0.06)


def _wheel(me: Figure, s: float, r: float) -> None:
    me.ball(s, r, r, TYRE)
    me.ball(s, r, r * 0.66, (0.32, 0.32, 0.34), label=None)
    for c, q in ROUND[::4]:
        me.limb((s, r), (s + r * 0.66 * c, r + r * 0.66 * q), 0.05, STEEL)
    me.ball(s, r, r * 0.24, STEEL, label=None)


def _bike(me: Figure, paint, racer: bool) -> None:
    dice = me.dice
    for s in (-0.72, 0.74):
        _wheel(me, s, 0.33)
    me.stroke((-0.72, 0.33), (-0.1, 0.42), 0.09, (0.3, 0.3, 0.32))
    me.part([(-0.32, 0.2), (0.3, 0.2), (0.42, 0.62), (-0.36, 0.62)], (0.25, 0.25, 0.27))
    for k in range(4):
        me.limb((-0.1, 0.4 + 0.05 * k), (0.26, 0.42 + 0.05 * k), 0.022, STEEL)
    me.ball(-0.08, 0.33, 0.13, STEEL, label=None)
    me.ball(-0.08, 0.33, 0.07, (0.3, 0.3, 0.3), label=None)
    me.stroke((0.74, 0.33), (0.46, 0.95), 0.08, STEEL)
    me.blob((0.52, 0.62), 0.04, (1.0, 0.64), 0.04, paint)
    me.blob((-0.05, 0.3), 0.035, (-0.5, 0.28), 0.05, STEEL)
    me.blob((-0.5, 0.28), 0.055, (-1.0, 0.34), 0.065, STEEL)
    me.blob((0.28, 0.78), 0.15, (-0.04, 0.72), 0.1, paint)
    me.blob((-0.1, 0.72), 0.075, (-0.7, 0.78), 0.06, TYRE)
    me.part([(-0.4, 0.58), (-0.45, 0.72), (-0.98, 0.86), (-0.95, 0.72)], paint)
    me.blob((-1.0, 0.8), 0.045, (-1.0, 0.78), 0.04, (0.85, 0.1, 0.1))
    if racer:
        me.part([(0.08, 0.3), (0.5, 0.4), (0.72, 0.85), (0.4, 1.0), (0.05, 0.72)], paint)
        me.mark([(0.15, 0.42), (0.45, 0.5), (0.58, 0.7), (0.2, 0.6)], dark(paint, 1.6 if paint[1] < 0.5 else 0.5))
        me.part([(0.4, 0.98), (0.66, 0.88), (0.42, 1.16)], (0.35, 0.42, 0.48))
    else:
        me.ball(0.58, 0.86, 0.115, STEEL)
        me.ball(0.62, 0.86, 0.085, (1.0, 0.96, 0.8), label=None)
        me.stroke((0.46, 0.95), (0.24, 1.08), 0.05, TYRE)
        me.stroke((0.42, 1.0), (0.42, 1.2), 0.025, STEEL)
        me.ball(0.42, 1.2, 0.06, TYRE, tall=0.7)
    if dice.chance(0.25):
        me.part([(-1.05, 0.86), (-0.7, 0.86), (-0.68, 1.12), (-1.02, 1.12)], (0.15, 0.15, 0.16))


def _scooter(me: Figure, paint) -> None:
    """Small wheels, a leg shield, a round rear."""
    for s in (-0.58, 0.6):
        _wheel(me, s, 0.24)
    me.stroke((0.6, 0.24), (0.48, 0.98), 0.09, dark(paint, 0.85))
    me.blob((0.42, 0.6), 0.09, (0.68, 0.5), 0.06, paint)
    me.part([(0.28, 0.22), (0.42, 0.22), (0.56, 0.9), (0.44, 0.92)], paint)
    me.part([(-0.3, 0.2), (0.4, 0.2), (0.38, 0.3), (-0.3, 0.32)], dark(paint, 0.8))
    me.blob((-0.62, 0.5), 0.2, (-0.25, 0.45), 0.16, paint)
    me.blob((-0.7, 0.72), 0.06, (-0.12, 0.7), 0.07, TYRE)
    me.mark([(-0.7, 0.48), (-0.3, 0.46), (-0.32, 0.42), (-0.7, 0.44)], STEEL)
    me.blob((-0.83, 0.58), 0.05, (-0.83, 0.55), 0.045, (0.85, 0.1, 0.1))
    me.ball(0.52, 0.96, 0.1, paint)
    me.ball(0.57, 0.97, 0.065, (1.0, 0.96, 0.8), label=None)
    me.stroke((0.5, 1.02), (0.3, 1.06), 0.05, TYRE)
    me.stroke((0.44, 1.04), (0.4, 1.22), 0.022, STEEL)
    me.ball(0.4, 1.24, 0.06, TYRE)

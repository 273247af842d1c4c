"""Aeroplanes: airliners, fighters, small propeller planes, from below or from above."""

from __future__ import annotations

from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import Figure, dark

PANE = (0.15, 0.2, 0.27)
LIVERY = [(0.8, 0.12, 0.15), (0.1, 0.25, 0.6), (0.95, 0.65, 0.1), (0.1, 0.5, 0.4), (0.3, 0.3, 0.33)]


def paint_aeroplane(me: Figure) -> Coat:
    """An airliner, a fighter or a small propeller plane; metres are tenths of the real ones."""
    dice = me.dice
    (dice.pick([_airliner, _airliner, _airliner, _fighter, _propeller]))(me)
    return Coat(0.35, 0.02, 0.04)


def _airliner(me: Figure) -> None:
    dice = me.dice
    body = dice.near(dice.pick([(0.93, 0.94, 0.95), (0.93, 0.94, 0.95), (0.75, 0.78, 0.82)]), 0.03)
    stripe = dice.near(dice.pick(LIVERY))
    wing, y = dark(body, 0.78), 0.42
    far, near = -me.near, me.near
    _plane(me, far, (0.45, -0.25), (-0.3, -0.42), 1.55, 0.16, y - 0.06, dark(wing, 0.85))
    _plane(me, far, (-1.35, -1.62), (-1.62, -1.75), 0.62, 0.05, y + 0.1, dark(wing, 0.85))
    me.part([(-1.2, y + 0.12), (-1.72, y + 0.12), (-1.92, y + 0.78), (-1.66, y + 0.78)], stripe)
    me.blob((1.5, y), 0.1, (1.2, y), 0.19, body)
    me.blob((1.3, y), 0.175, (-0.9, y), 0.19, body)
    me.blob((-0.9, y), 0.19, (-1.9, y + 0.09), 0.05, body)
    me.mark([(1.45, y - 0.05), (-1.7, y - 0.02), (-1.7, y + 0.04), (1.5, y)], stripe)
    for k in range(16):
        s = 1.12 - 0.14 * k
        me.mark([(s, y + 0.06), (s + 0.07, y + 0.06), (s + 0.07, y + 0.12), (s, y + 0.12)], PANE)
    me.mark([(1.38, y + 0.05), (1.55, y + 0.05), (1.42, y + 0.13), (1.35, y + 0.13)], PANE)
    _plane(me, near, (-1.35, -1.62), (-1.62, -1.75), 0.62, 0.05, y + 0.1, wing)
    for s, t in ((0.35, 0.55), (0.05, 0.95)) if dice.chance(0.35) else ((0.3, 0.6),):
        me.blob((s, y - 0.17), 0.1, (s - 0.32, y - 0.17), 0.075, dark(body, 0.9), t=near * t)
        me.ball(s + 0.02, y - 0.17, 0.085, (0.2, 0.2, 0.22), t=near * t, label=None)
    _plane(me, near, (0.45, -0.25), (-0.3, -0.42), 1.55, 0.16, y - 0.06, wing)


def _plane(me: Figure, way: int, root, tip, span: float, rise: float, low: float, colour) -> None:
    """A wing or a tail plane on one side, from its (front, back) at the root to that at the tip."""
    high, end = low + rise, way * span
    corners = [(root[0], low, 0.1 * way), (root[1], low, 0.1 * way), (tip[1], high, end), (tip[0], high, end)]
    me.face(corners, colour, me.label)


def _fighter(me: Figure) -> None:
    dice = me.dice
    grey, y = dice.near(dice.pick([(0.5, 0.53, 0.56), (0.4, 0.43, 0.36), (0.62, 0.64, 0.66)])), 0.4
    for way, tone in ((-me.near, 0.72), (me.near, 0.88)):
        if way == me.near:
            me.blob((1.5, y), 0.03, (0.7, y + 0.02), 0.15, grey)
            me.blob((0.7, y + 0.02), 0.16, (-1.2, y), 0.15, grey)
            me.blob((-1.2, y), 0.13, (-1.4, y), 0.11, (0.2, 0.2, 0.21))
            me.blob((0.75, y + 0.14), 0.09, (0.35, y + 0.14), 0.08, (0.15, 0.2, 0.25))
            me.part([(-0.6, y + 0.1), (-1.25, y + 0.1), (-1.45, y + 0.72), (-1.2, y + 0.72)], dark(grey, 0.9))
        _plane(me, way, (0.5, -1.0), (-0.75, -0.95), 1.0, 0.04, y - 0.02, dark(grey, tone))
        _plane(me, way, (-1.0, -1.4), (-1.3, -1.45), 0.5, 0.02, y, dark(grey, tone))
    me.ball(-0.4, y + 0.01, 0.07, dice.pick(LIVERY), label=None)


def _propeller(me: Figure) -> None:
    """High wing, fixed wheels, a blurred propeller."""
    dice = me.dice
    body = dice.near(dice.pick([(0.95, 0.95, 0.94), (0.9, 0.75, 0.15), (0.8, 0.15, 0.15)]), 0.04)
    stripe, y = dice.near(dice.pick(LIVERY)), 0.5
    me.face(
        [(0.55, y + 0.34, 0), (0.05, y + 0.34, 0), (0.08, y + 0.42, -me.near * 1.5), (0.45, y + 0.42, -me.near * 1.5)],
        dark(body, 0.75),
        me.label,
    )
    for way in (-1, 1):
        me.stroke((0.4, y - 0.1), (0.5, 0.14), 0.05, (0.3, 0.3, 0.3), t=way * me.near * 0.2)
        me.ball(0.5, 0.12, 0.12, (0.1, 0.1, 0.1), t=way * me.near * 0.2)
    me.part([(-1.0, y + 0.08), (-1.35, y + 0.12), (-1.5, y + 0.6), (-1.25, y + 0.6)], stripe)
    me.blob((0.75, y), 0.2, (0.1, y + 0.06), 0.26, body)
    me.blob((0.1, y + 0.06), 0.26, (-1.35, y + 0.1), 0.06, body)
    me.blob((0.75, y), 0.2, (1.0, y - 0.02), 0.13, body)
    me.part([(0.55, y + 0.14), (-0.15, y + 0.14), (0.0, y + 0.35), (0.4, y + 0.35)], PANE)
    me.mark([(0.9, y - 0.06), (-1.3, y + 0.08), (-1.3, y + 0.13), (0.9, y + 0.02)], stripe)
    me.face(
        [(-1.1, y + 0.12, 0), (-1.35, y + 0.12, 0), (-1.4, y + 0.13, me.near * 0.5), (-1.22, y + 0.13, me.near * 0.5)],
        dark(body, 0.85),
        me.label,
    )
    me.ball(1.14, y - 0.02, 0.09, (0.25, 0.25, 0.25))
    me.face(
        [(1.2, y + 0.52, -0.04), (1.2, y + 0.52, 0.04), (1.2, y - 0.54, 0.04), (1.2, y - 0.54, -0.04)], (0.2, 0.2, 0.2)
    )
    me.ball(1.18, y - 0.02, 0.5, (0.5, 0.5, 0.5), label=None, opacity=0.18)
    me.face(
        [(0.55, y + 0.34, 0), (0.05, y + 0.34, 0), (0.08, y + 0.42, me.near * 1.5), (0.45, y + 0.42, me.near * 1.5)],
        dark(body, 0.9),
        me.label,
    )

"""Screens: flat ones on a foot, and deep old television sets."""

from __future__ import annotations

import math

from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import Figure, dark


def paint_screen(me: Figure) -> Coat:
    """A flat screen on a foot or a deep old set; s points out of the screen."""
    dice = me.dice
    case = dice.near(dice.pick([(0.1, 0.1, 0.11), (0.1, 0.1, 0.11), (0.75, 0.75, 0.74), (0.82, 0.78, 0.7)]), 0.03)
    if dice.chance(0.3):
        _old_set(me, dice.near(dice.pick([(0.45, 0.28, 0.16), (0.2, 0.2, 0.21), (0.75, 0.72, 0.66)])))
        return Coat(0.2, 0.02, 0.05)
    w, low, high = dice.between(0.4, 0.5), 0.14, 0.66
    me.plate(0, 0.01, 0, 0.12, 0.2, dark(case, 0.9))
    me.block((-0.03, 0.01, -0.05, 0.0, 0.2, 0.05, dark(case, 0.8)))
    me.block((-0.04, low, -w, 0.02, high, w, case))
    _show(me, 0.021, -w + 0.025, low + 0.05, w - 0.025, high - 0.025)
    me.face(
        [(0.022, low + 0.02, -0.02), (0.022, low + 0.02, 0.02), (0.022, low + 0.03, 0.02), (0.022, low + 0.03, -0.02)],
        (0.4, 0.9, 0.5),
    )
    return Coat(0.12, 0.01, 0.02)


def _old_set(me: Figure, case) -> None:
    dice = me.dice
    if dice.chance(0.6):
        for way in (-1, 1):
            me.face(
                [(-0.2, 0.62, 0), (-0.2, 0.62, 0.02), (-0.2, 1.0, way * 0.3), (-0.2, 1.0, way * 0.3 - 0.02)],
                (0.6, 0.6, 0.6),
                me.label,
            )
    me.block((-0.42, 0.04, -0.3, -0.1, 0.55, 0.3, dark(case, 0.8)))
    me.block((-0.12, 0.0, -0.42, 0.12, 0.64, 0.42, case))
    _show(me, 0.121, -0.36, 0.07, 0.2, 0.58)
    for y in (0.5, 0.38):
        me.face(
            [(0.122, y + 0.05 * math.sin(0.7 * k), 0.31 + 0.05 * math.cos(0.7 * k)) for k in range(9)], dark(case, 0.4)
        )
    for y in (0.1, 0.15, 0.2, 0.25):
        me.face([(0.122, y, 0.25), (0.122, y, 0.37), (0.122, y + 0.02, 0.37), (0.122, y + 0.02, 0.25)], dark(case, 0.4))


def _show(me: Figure, s: float, t0: float, y0: float, t1: float, y1: float) -> None:
    """What the screen shows: nothing, a landscape, or windows of a desktop."""
    dice = me.dice

    def area(a, b, c, d, colour, opacity=1.0):
        """Corners in shares of the screen."""
        t, y, tt, yy = t0 + a * (t1 - t0), y0 + b * (y1 - y0), t0 + c * (t1 - t0), y0 + d * (y1 - y0)
        me.face([(s, y, t), (s, y, tt), (s, yy, tt), (s, yy, t)], colour, opacity=opacity, glow=0.7)

    kind = dice.pick(["off", "land", "desk", "desk"])
    if kind == "off":
        area(0, 0, 1, 1, (0.09, 0.1, 0.12))
    elif kind == "land":
        area(0, 0, 1, 1, dice.near((0.5, 0.72, 0.92)))
        high = dice.between(0.3, 0.5)
        area(0, 0, 1, high, dice.near(dice.pick([(0.35, 0.6, 0.25), (0.85, 0.75, 0.5), (0.2, 0.4, 0.65)])))
        left, high = dice.between(0.1, 0.65), dice.between(0.5, 0.85)
        area(left, 0.2, left + dice.between(0.1, 0.25), high, dice.near(dice.pick([(0.6, 0.3, 0.25), (0.9, 0.8, 0.3)])))
    else:
        area(0, 0, 1, 1, dice.near(dice.pick([(0.2, 0.4, 0.7), (0.15, 0.5, 0.5), (0.3, 0.25, 0.45)])))
        for _ in range(2):
            a, b = dice.between(0.03, 0.4), dice.between(0.1, 0.3)
            area(a, b, a + 0.5, b + 0.6, (0.95, 0.95, 0.95))
            area(a, b + 0.52, a + 0.5, b + 0.6, (0.35, 0.55, 0.85))
            for k in range(4):
                area(a + 0.04, b + 0.08 + 0.1 * k, a + dice.between(0.2, 0.46), b + 0.12 + 0.1 * k, (0.55, 0.55, 0.58))
        area(0, 0, 1, 0.07, (0.2, 0.22, 0.26))
    low, middle, high = t0, t0 + 0.25 * (t1 - t0), t0 + 0.6 * (t1 - t0)
    me.face([(s, y0, low), (s, y0, middle), (s, y1, high), (s, y1, middle)], (1, 1, 1), opacity=0.13)

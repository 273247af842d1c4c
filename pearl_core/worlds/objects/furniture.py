"""Chairs, sofas and dining tables, put together from boxes."""

from __future__ import annotations

from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import Figure, dark

WOOD = [(0.55, 0.36, 0.2), (0.75, 0.55, 0.34), (0.35, 0.21, 0.13), (0.88, 0.86, 0.82), (0.2, 0.18, 0.17)]
FABRIC = [(0.7, 0.2, 0.2), (0.25, 0.35, 0.55), (0.75, 0.68, 0.55), (0.4, 0.5, 0.35), (0.45, 0.28, 0.18),
          (0.2, 0.2, 0.22), (0.85, 0.83, 0.8), (0.6, 0.45, 0.6), (0.85, 0.6, 0.25)]  # fmt: skip
CLOTH = [(0.93, 0.92, 0.9), (0.8, 0.25, 0.25), (0.5, 0.65, 0.8), (0.9, 0.85, 0.65)]


def paint_chair(me: Figure) -> Coat:
    """Four legs, a seat and an open back, or an office chair on a foot."""
    dice = me.dice
    wood, seat = dice.near(dice.pick(WOOD)), dice.near(dice.pick([*WOOD, *FABRIC]))
    if dice.chance(0.22):
        _office(me, seat)
        return Coat(0.3, 0.04, 0.06)
    w, d, top = 0.23, 0.22, dice.between(0.88, 1.05)
    parts = [(s - 0.025, 0.0, t - 0.025, s + 0.025, 0.44, t + 0.025, wood) for s in (-d, d) for t in (-w, w)]
    parts += [(-d - 0.025, 0.5, t - 0.025, -d + 0.025, top, t + 0.025, wood) for t in (-w, w)]
    parts.append((-d - 0.03, 0.44, -w - 0.03, d + 0.03, 0.5, w + 0.03, seat))
    kind = dice.pick(["slats", "bars", "panel"])
    if kind == "slats":
        parts += [(-d - 0.01, y, -w, -d + 0.015, y + 0.07, w, wood) for y in (0.62, 0.76, top - 0.08)]
    elif kind == "bars":
        parts += [(-d - 0.01, 0.5, t - 0.014, -d + 0.01, top, t + 0.014, wood) for t in (-0.12, -0.04, 0.04, 0.12)]
        parts.append((-d - 0.02, top - 0.08, -w, -d + 0.02, top, w, wood))
    else:
        parts.append((-d - 0.015, 0.6, -w, -d + 0.02, top - 0.02, w, seat))
    parts += [(-d, 0.2, t - 0.012, d, 0.23, t + 0.012, wood) for t in (-w, w)] if dice.chance(0.5) else []
    if dice.chance(0.2):
        parts += [(-d, 0.68, t - 0.025, d, 0.72, t + 0.025, wood) for t in (-w, w)]
        parts += [(d - 0.025, 0.5, t - 0.02, d + 0.025, 0.68, t + 0.02, wood) for t in (-w, w)]
    me.blocks(parts)
    return Coat(0.2, 0.04, 0.08)


def _office(me: Figure, seat) -> None:
    black = (0.14, 0.14, 0.15)
    for s, t in ((-0.28, 0), (0.0, -0.3), (0.0, 0.3), (0.26, 0.18), (0.26, -0.18)):
        me.face([(0, 0.1, -0.03), (0, 0.1, 0.03), (s, 0.06, t + 0.03), (s, 0.06, t - 0.03)], black, me.label)
        me.ball(s, 0.035, 0.045, black, t=t)
    me.blocks([(-0.03, 0.08, -0.03, 0.03, 0.42, 0.03, black)])
    me.blocks([
        (-0.24, 0.42, -0.25, 0.26, 0.52, 0.25, seat),
        (-0.3, 0.6, -0.22, -0.22, 1.1, 0.22, seat),
        (-0.29, 0.45, -0.04, -0.25, 0.65, 0.04, black),
        (-0.15, 0.66, -0.31, 0.15, 0.7, -0.26, black), (-0.15, 0.66, 0.26, 0.15, 0.7, 0.31, black),
        (-0.03, 0.48, -0.3, 0.03, 0.66, -0.27, black), (-0.03, 0.48, 0.27, 0.03, 0.66, 0.3, black),
    ])  # fmt: skip


def paint_sofa(me: Figure) -> Coat:
    """A wide seat between arms before a cushioned back."""
    dice = me.dice
    fabric = dice.near(dice.pick(FABRIC))
    seats, w = (2, 0.75) if dice.chance(0.5) else (3, 1.05)
    arm, back, thick = dice.between(0.55, 0.68), dice.between(0.78, 0.95), dice.between(0.14, 0.24)
    base = dark(fabric, 0.85)
    me.blocks(
        [(s - 0.03, 0.0, t - 0.03, s + 0.03, 0.1, t + 0.03, (0.25, 0.17, 0.1)) for s in (-0.36, 0.38) for t in (-w, w)]
    )
    outer = w + thick
    me.blocks([(-0.45, 0.08, -outer, -0.2, back, outer, base)])
    me.block((-0.2, 0.08, -w, 0.4, 0.3, w, base))
    step = 2 * w / seats
    for k in range(seats):
        t = -w + k * step
        me.block((-0.25, back * 0.45, t + 0.015, -0.08, back + 0.02, t + step - 0.015, dark(fabric, 1.06)))
    for k in range(seats):
        t = -w + k * step
        me.block((-0.2, 0.3, t + 0.01, 0.44, 0.46, t + step - 0.01, dark(fabric, 1.12)))
    arms = [(-0.45, 0.08, -outer, 0.44, arm, -w, fabric), (-0.45, 0.08, w, 0.44, arm, outer, fabric)]
    me.blocks(arms)
    for t in (-w * 0.75, w * 0.75):
        if dice.chance(0.45):
            pillow = dice.near(dice.pick(FABRIC))
            foot, top = [(0.0, 0.46, t - 0.2), (0.0, 0.46, t + 0.2)], [(-0.08, 0.82, t + 0.18), (-0.08, 0.82, t - 0.18)]
            me.face([*foot, *top], pillow, me.label)
    return Coat(0.3, 0.06, 0.1)


def paint_table(me: Figure) -> Coat:
    """A dining table, square or round, bare or under a cloth, laid or not."""
    dice = me.dice
    wood = dice.near(dice.pick(WOOD))
    cloth = dice.near(dice.pick(CLOTH)) if dice.chance(0.35) else None
    if dice.chance(0.35):
        t = 0.6
        _round_table(me, wood, cloth, t)
    else:
        t = dice.between(0.7, 0.95)
        _square_table(me, wood, cloth, 0.45, t)
    if dice.chance(0.65):
        _dishes(me, t / 0.8)
    return Coat(0.2, 0.04, 0.1)


def _round_table(me: Figure, wood, cloth, r: float) -> None:
    me.blob((0, 0.05), 0.05, (0, 0.7), 0.05, dark(wood, 0.8))
    me.plate(0, 0.03, 0, 0.32, 0.32, dark(wood, 0.7))
    me.blob((0, 0.05), 0.06, (0, 0.7), 0.05, dark(wood, 0.8))
    skirt = 0.22 if cloth else 0.045
    for k in range(3):
        me.plate(0, 0.75 - skirt * (3 - k) / 3, 0, r, r, dark(cloth or wood, 0.72))
    me.plate(0, 0.75, 0, r, r, cloth or dark(wood, 1.1))


def _square_table(me: Figure, wood, cloth, s: float, t: float) -> None:
    places = [(a, b) for a in (-s + 0.06, s - 0.06) for b in (-t + 0.06, t - 0.06)]
    me.blocks([(a - 0.035, 0, b - 0.035, a + 0.035, 0.7, b + 0.035, dark(wood, 0.85)) for a, b in places])
    if not cloth:
        me.block((-s + 0.06, 0.66, -t + 0.06, s - 0.06, 0.72, t - 0.06, dark(wood, 0.75)))
    me.block((-s, 0.42 if cloth else 0.71, -t, s, 0.75, t, cloth or wood))


def _dishes(me: Figure, spread: float) -> None:
    dice = me.dice
    for s, t in ((0.25, -0.35), (0.25, 0.35), (-0.25, -0.35), (-0.25, 0.35), (0.0, 0.0)):
        if dice.chance(0.75):
            rim, t = dice.near((0.94, 0.94, 0.92), 0.03), t * spread
            food = dice.pick([dark(rim, 0.92), (0.75, 0.4, 0.2), (0.5, 0.65, 0.25)])
            me.plate(s, 0.757, t, 0.13, 0.13, dark(rim, 0.85))
            me.plate(s, 0.765, t, 0.12, 0.12, rim)
            me.plate(s, 0.768, t, 0.07, 0.07, food, None)

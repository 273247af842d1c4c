"""Birds: perched, in flight, afloat, or on long legs."""

from __future__ import annotations

from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import Figure, dark

FEATHERS = [(0.3, 0.45, 0.75), (0.75, 0.25, 0.2), (0.45, 0.35, 0.27), (0.15, 0.15, 0.17), (0.9, 0.9, 0.88),
            (0.9, 0.75, 0.2), (0.3, 0.55, 0.35), (0.55, 0.55, 0.58)]  # fmt: skip
BEAK, EYE = [(0.95, 0.65, 0.1), (0.2, 0.2, 0.2), (0.9, 0.4, 0.15)], (0.05, 0.05, 0.05)


def paint_branch(me: Figure) -> None:
    """What a perched bird sits on: background."""
    bark, dice = me.dice.near((0.35, 0.25, 0.18)), me.dice
    me.limb((-2.6, dice.between(-0.3, 0.1)), (0.1, -0.05), 0.07, bark)
    me.limb((0.05, -0.05), (2.6, dice.between(-0.2, 0.5)), 0.06, bark)
    me.limb((0.5, 0.0), (1.2, 0.5), 0.04, bark)


def paint_perched(me: Figure) -> Coat:
    """On a branch, with folded wings."""
    dice = me.dice
    coat, breast = dice.near(dice.pick(FEATHERS)), dice.near(dice.pick([*FEATHERS, (0.9, 0.55, 0.3)]))
    _songbird(me, coat, breast, dice.pick(BEAK))
    return Coat(0.4, 0.06, 0.1)


def _songbird(me: Figure, coat, breast, beak) -> None:
    wing = dark(coat, me.dice.pick([0.6, 0.75, 0.5]))
    me.part([(-0.2, 0.2), (-0.14, 0.3), (-0.62, 0.02), (-0.58, -0.08)], dark(wing, 0.85))
    for s in (-0.03, 0.06):
        me.stroke((s, 0.12), (s + 0.02, -0.02), 0.022, (0.5, 0.35, 0.2))
    me.blob((-0.12, 0.24), 0.14, (0.1, 0.32), 0.16, coat)
    me.blob((0.02, 0.22), 0.1, (0.14, 0.3), 0.12, breast)
    me.part([(0.3, 0.5), (0.29, 0.42), (0.45, 0.44)], beak)
    me.ball(0.2, 0.47, 0.125, coat)
    me.ball(0.24, 0.5, 0.025, EYE, label=None)
    me.blob((0.02, 0.33), 0.09, (-0.3, 0.14), 0.03, wing)
    me.limb((0.0, 0.28), (-0.26, 0.14), 0.012, dark(wing, 1.7))


def paint_flying(me: Figure) -> Coat:
    """Both wings spread, the near one before the body."""
    dice = me.dice
    coat = dice.near(dice.pick([(0.92, 0.92, 0.9), (0.4, 0.32, 0.25), (0.16, 0.16, 0.18), (0.6, 0.62, 0.65)]))
    tips, beat = dark(coat, dice.pick([0.35, 0.8])), dice.between(-0.35, 0.75)
    for way in (-me.near, me.near):
        tone = 1.0 if way == me.near else 0.8
        if way == me.near:
            _flier(me, coat, dice.pick(BEAK))
        bend, tip = (0.08, 0.3 * beat + 0.1, 0.42 * way), (-0.22, 0.75 * beat, 1.0 * way)
        back = (-0.2, bend[1] - 0.02, bend[2])
        me.face([(0.17, 0.06, 0.03 * way), (-0.2, 0.04, 0.03 * way), back, bend], dark(coat, tone), me.label)
        me.face([bend, back, tip], dark(coat, tone * 0.95), me.label)
        half = [tuple((p + q) / 2 for p, q in zip(end, tip, strict=True)) for end in (bend, back)]
        me.face([*half, tip], dark(tips, tone))
    return Coat(0.3, 0.05, 0.08)


def _flier(me: Figure, coat, beak) -> None:
    me.part([(-0.3, 0.04), (-0.3, -0.04), (-0.58, -0.1), (-0.6, 0.08)], dark(coat, 0.85))
    me.blob((-0.26, 0.0), 0.06, (0.18, 0.02), 0.115, coat)
    me.part([(0.4, 0.1), (0.4, 0.03), (0.54, 0.04)], beak)
    me.ball(0.31, 0.07, 0.095, coat)
    me.ball(0.35, 0.095, 0.02, EYE, label=None)


def paint_swimming(me: Figure) -> Coat:
    """A swan or a duck; the water lies over its keel."""
    dice = me.dice
    swan = dice.chance(0.5)
    coat = dice.near((0.95, 0.95, 0.93), 0.03) if swan else dice.near((0.5, 0.42, 0.35))
    head = coat if swan else dice.near(dice.pick([(0.1, 0.4, 0.25), (0.45, 0.3, 0.2)]))
    me.part([(-0.35, 0.1), (-0.62, 0.32), (-0.3, 0.34)], coat)
    me.blob((-0.24, 0.12), 0.17, (0.22, 0.1), 0.16, coat)
    top = 0.78 if swan else 0.44
    if swan:
        me.blob((0.3, 0.16), 0.075, (0.22, 0.45), 0.055, coat)
        me.blob((0.22, 0.45), 0.055, (0.3, top), 0.055, coat)
    else:
        me.blob((0.27, 0.16), 0.08, (0.3, top), 0.07, head)
    me.part([(0.4, top + 0.05), (0.4, top - 0.05), (0.58, top - 0.06)], (0.95, 0.6, 0.1))
    me.ball(0.35, top + 0.01, 0.085, head)
    me.ball(0.39, top + 0.03, 0.02, EYE, label=None)
    me.blob((0.05, 0.18), 0.12, (-0.42, 0.24), 0.03, dark(coat, 0.85))
    for k in (1.0, 0.8):
        me.ball(0, -0.08, 0.75 * k, (0.75, 0.82, 0.86), tall=0.13, label=None, opacity=0.35)
    return Coat(0.35, 0.05, 0.08)


def paint_wading(me: Figure) -> Coat:
    """A stork, a heron, a flamingo, or a hen."""
    dice = me.dice
    if dice.chance(0.35):
        return _hen(me)
    coat = dice.near(dice.pick([(0.93, 0.92, 0.9), (0.55, 0.6, 0.66), (0.95, 0.6, 0.6)]), 0.04)
    leg = dice.pick([(0.9, 0.4, 0.25), (0.3, 0.3, 0.28)])
    for s in (-0.06, 0.06):
        me.stroke((s, 0.55), (s + 0.06, 0.28), 0.035, leg)
        me.stroke((s + 0.06, 0.28), (s, 0.0), 0.03, leg)
        me.stroke((s, 0.01), (s + 0.12, 0.0), 0.025, leg)
    me.blob((-0.26, 0.62), 0.08, (0.1, 0.68), 0.14, coat)
    me.part([(-0.2, 0.68), (-0.52, 0.52), (-0.24, 0.56)], dark(coat, 0.3))
    me.blob((0.16, 0.74), 0.06, (0.1, 0.98), 0.045, coat)
    me.blob((0.1, 0.98), 0.045, (0.2, 1.16), 0.045, coat)
    me.part([(0.26, 1.22), (0.26, 1.14), (0.56, 1.1)], dice.pick([(0.9, 0.4, 0.15), (0.2, 0.2, 0.2)]))
    me.ball(0.23, 1.18, 0.07, coat)
    me.ball(0.26, 1.2, 0.016, EYE, label=None)
    me.blob((0.06, 0.7), 0.09, (-0.34, 0.58), 0.03, dark(coat, 0.8))
    return Coat(0.35, 0.05, 0.08)


def _hen(me: Figure) -> Coat:
    coat = me.dice.near(me.dice.pick([(0.65, 0.35, 0.18), (0.93, 0.92, 0.88), (0.2, 0.18, 0.18)]))
    for s in (-0.02, 0.1):
        me.stroke((s, 0.25), (s, 0.0), 0.035, (0.9, 0.65, 0.2))
        me.stroke((s - 0.04, 0.01), (s + 0.09, 0.01), 0.03, (0.9, 0.65, 0.2))
    for k in range(4):
        me.blob((-0.2, 0.42), 0.08, (-0.45 + 0.08 * k, 0.6 + 0.08 * k), 0.035, dark(coat, 0.6 + 0.1 * k))
    me.blob((-0.14, 0.4), 0.19, (0.12, 0.4), 0.19, coat)
    me.blob((0.2, 0.46), 0.12, (0.28, 0.74), 0.07, coat)
    for k in (-1, 0, 1):
        me.ball(0.28 + 0.055 * k, 0.85, 0.04, (0.85, 0.12, 0.12))
    me.part([(0.35, 0.78), (0.35, 0.71), (0.46, 0.73)], (0.95, 0.7, 0.2))
    me.ball(0.29, 0.76, 0.085, coat)
    me.ball(0.36, 0.66, 0.035, (0.85, 0.12, 0.12), tall=1.4)
    me.ball(0.32, 0.78, 0.018, EYE, label=None)
    me.blob((0.06, 0.4), 0.12, (-0.22, 0.36), 0.06, dark(coat, 0.82))
    return Coat(0.35, 0.06, 0.1)

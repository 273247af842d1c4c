"""Persons: standing, walking, in portrait, or in a saddle."""

from __future__ import annotations

from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import Figure, dark

SKIN = [(0.93, 0.76, 0.64), (0.85, 0.64, 0.5), (0.62, 0.44, 0.32), (0.4, 0.27, 0.2)]
HAIR = [(0.1, 0.08, 0.07), (0.3, 0.19, 0.11), (0.75, 0.6, 0.34), (0.62, 0.6, 0.58), (0.5, 0.22, 0.1)]
CLOTH = [(0.85, 0.2, 0.2), (0.2, 0.35, 0.75), (0.95, 0.95, 0.92), (0.15, 0.15, 0.18), (0.3, 0.6, 0.35),
         (0.95, 0.75, 0.2), (0.55, 0.3, 0.6), (0.9, 0.5, 0.6), (0.4, 0.42, 0.45), (0.35, 0.7, 0.75)]  # fmt: skip
TROUSERS = [(0.2, 0.26, 0.42), (0.13, 0.13, 0.15), (0.5, 0.45, 0.36), (0.35, 0.36, 0.38), (0.75, 0.7, 0.6)]
ARMS = {  # elbow and hand beside the body, per side
    "down": ((0.29, 1.12), (0.3, 0.84)),
    "hips": ((0.4, 1.18), (0.2, 0.98)),
    "up": ((0.36, 1.62), (0.3, 1.9)),
    "out": ((0.45, 1.36), (0.68, 1.45)),
    "front": ((0.28, 1.14), (0.08, 1.1)),
}


def paint_person(me: Figure) -> Coat:
    """A standing or walking person who looks at the camera."""
    dice = me.dice
    skin, top = dice.near(dice.pick(SKIN), 0.04), dice.near(dice.pick(CLOTH))
    legs, skirt = dice.near(dice.pick(TROUSERS)), dice.chance(0.25)
    stride = dice.between(0.0, 0.14)
    hair, long = dice.near(dice.pick(HAIR), 0.03), skirt or dice.chance(0.25)
    if long:
        me.blob((0, 1.62), 0.14, (0, 1.42), 0.13, dark(hair, 0.8))
    for way in (-1, 1):
        knee, foot = (way * (0.11 + stride * 0.4), 0.5), (way * (0.11 + stride), 0.08)
        leg = skin if skirt else legs
        me.blob((way * 0.09, 0.88), 0.105, knee, 0.075, dark(leg, 0.9 + 0.1 * way))
        me.blob(knee, 0.075, foot, 0.05, dark(leg, 0.9 + 0.1 * way))
        me.blob((foot[0], 0.05), 0.05, (foot[0] + 0.07 * way, 0.04), 0.045, (0.12, 0.1, 0.1))
    if skirt:
        me.part([(-0.28, 0.55), (0.28, 0.55), (0.15, 1.05), (-0.15, 1.05)], dice.pick([top, legs]))
    sleeve = dice.pick([top, top, skin])
    for way in (-1, 1):
        elbow, hand = ARMS[dice.pick(["down"] * 4 + ["hips", "up", "out", "front", "front"])]
        elbow, hand = (way * elbow[0], elbow[1]), (way * hand[0], hand[1])
        me.blob((way * 0.2, 1.41), 0.075, elbow, 0.055, dark(sleeve, 0.88))
        me.blob(elbow, 0.055, hand, 0.04, dark(sleeve if dice.chance(0.6) else skin, 0.92))
        me.ball(*hand, 0.055, skin)
    me.part([(-0.17, 0.84), (0.17, 0.84), (0.22, 1.38), (0.12, 1.49), (-0.12, 1.49), (-0.22, 1.38)], top)
    if dice.chance(0.3):
        stripe = dice.near(dice.pick(CLOTH))
        for y in (0.98, 1.12, 1.26):
            me.mark([(-0.19, y), (0.19, y), (0.19, y + 0.06), (-0.19, y + 0.06)], stripe)
    if dice.chance(0.25):
        me.mark([(-0.02, 0.86), (0.02, 0.86), (0.07, 1.49), (-0.07, 1.49)], dark(top, 1.5))
    me.blob((0, 1.44), 0.06, (0, 1.55), 0.055, dark(skin, 0.85))
    _face(me, skin, hair)
    return Coat(round=0.4, grain=0.03)


def _face(me: Figure, skin, hair) -> None:
    dice = me.dice
    cap = dice.near(dice.pick(CLOTH)) if dice.chance(0.2) else None
    me.ball(0, 1.68, 0.128, cap or hair, tall=1.12)
    me.ball(0, 1.63, 0.108, skin, tall=1.25)
    if dice.chance(0.25) and not cap:
        me.mark([(-0.08, 1.54), (0.08, 1.54), (0.05, 1.5), (-0.05, 1.5)], hair)
    me.mark([(-0.1, 1.71), (0.1, 1.71), (0.09, 1.79), (-0.09, 1.79)], cap or hair)
    if cap:
        me.part([(-0.15, 1.7), (0.15, 1.7), (0.14, 1.74), (-0.14, 1.74)], dark(cap))
    for way in (-1, 1):
        me.ball(way * 0.115, 1.62, 0.025, dark(skin, 0.9), tall=1.4)
        me.ball(way * 0.043, 1.645, 0.024, (0.95, 0.95, 0.93), tall=0.7, label=None)
        me.ball(way * 0.043, 1.645, 0.014, (0.12, 0.1, 0.1), label=None)
        me.mark([(way * 0.02, 1.678), (way * 0.07, 1.683), (way * 0.07, 1.672), (way * 0.02, 1.667)], dark(hair, 0.8))
    me.mark([(-0.012, 1.6), (0.012, 1.6), (0, 1.65)], dark(skin, 0.8))
    me.mark([(-0.04, 1.565), (0.04, 1.565), (0.025, 1.547), (-0.025, 1.547)], (0.7, 0.3, 0.3))


def rider(hip, knee, foot, hand):
    """A function that paints a rider from the side, with these joints."""

    def paint(me: Figure) -> Coat:
        dice = me.dice
        skin, top = dice.near(dice.pick(SKIN), 0.04), dice.near(dice.pick(CLOTH))
        legs, hat = dice.near(dice.pick(TROUSERS)), dice.near(dice.pick([*HAIR, *CLOTH]))
        shoulder = (hip[0] + 0.35 * (hand[0] - hip[0]), hip[1] + 0.52)
        elbow = ((shoulder[0] + hand[0]) / 2, min(shoulder[1], hand[1]) - 0.02)
        head, near = (shoulder[0] + 0.06, shoulder[1] + 0.24), 0.18 * me.near
        me.blob(hip, 0.15, shoulder, 0.13, top)
        me.blob(shoulder, 0.06, head, 0.06, dark(skin, 0.85))
        me.ball(*head, 0.115, skin, tall=1.15)
        me.blob((head[0] - 0.05, head[1] + 0.04), 0.11, (head[0] + 0.02, head[1] + 0.09), 0.09, hat)
        me.blob(hip, 0.12, knee, 0.085, legs, t=near)
        me.blob(knee, 0.085, foot, 0.055, dark(legs, 0.92), t=near)
        me.blob(
            (foot[0] - 0.02, foot[1] - 0.04), 0.05, (foot[0] + 0.14, foot[1] - 0.05), 0.045, (0.1, 0.1, 0.1), t=near
        )
        me.blob(shoulder, 0.07, elbow, 0.055, dark(top, 0.88), t=near)
        me.blob(elbow, 0.055, hand, 0.045, dice.pick([skin, dark(top, 0.88)]), t=near * 0.5)
        return Coat(round=0.4, grain=0.03)

    return paint

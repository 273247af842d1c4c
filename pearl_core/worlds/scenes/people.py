"""Persons on foot, and bicycles and motorcycles with or without riders."""

from __future__ import annotations

import math

from pearl_core.worlds.scenes.classes import BICYCLE, MOTORCYCLE, PERSON, RIDER
from pearl_core.worlds.scenes.stage import Frame, Stage

SKIN = [(0.88, 0.7, 0.58), (0.75, 0.55, 0.42), (0.5, 0.35, 0.26), (0.34, 0.23, 0.18)]
HAIR = [(0.1, 0.08, 0.07), (0.32, 0.2, 0.12), (0.7, 0.55, 0.3), (0.6, 0.6, 0.6)]
CLOTH = [(0.12, 0.13, 0.16), (0.2, 0.25, 0.4), (0.6, 0.12, 0.14), (0.85, 0.83, 0.8), (0.4, 0.42, 0.3),
         (0.75, 0.6, 0.25), (0.3, 0.5, 0.55), (0.55, 0.35, 0.5), (0.85, 0.45, 0.2), (0.45, 0.45, 0.47)]  # fmt: skip


def paint_person(stage: Stage, x: float, z: float) -> None:
    """Somebody who walks or stands, in the picture plane."""
    dice, me = stage.dice, Frame(stage, x, z)
    stage.canvas.person += 1
    top, coat, legs = dice.near(dice.pick(CLOTH)), dice.chance(0.35), dice.near(dice.pick(CLOTH[:5]))
    skin, hair = dice.pick(SKIN), dice.pick(HAIR)
    tall, swing, facing = dice.between(0.88, 1.1), dice.between(0.05, 0.34), dice.side()
    wide = dice.between(0.85, 1.2)

    def limb(a, b, width, colour):
        me.limb((a[0] * tall, a[1] * tall), (b[0] * tall, b[1] * tall), width * wide, colour, PERSON)

    for way, tone in ((-1, 0.8), (1, 1.0)):
        cloth, sleeve = [c * tone for c in legs], [c * tone * 0.92 for c in top]
        foot = way * swing * facing
        limb((0.05 * way, 0.88), (foot, 0.06), 0.19, cloth)
        limb((foot - 0.04, 0.05), (foot + 0.14 * facing, 0.05), 0.1, (0.1, 0.09, 0.08))
        limb((0.2 * way * wide, 1.38), (0.26 * way * wide - foot * 0.6, 0.82), 0.12, sleeve)
        me.disc((0.26 * way * wide - foot * 0.6) * tall, 0.8 * tall, 0.06, skin, PERSON)
    hem = 0.6 if coat else 0.84
    torso = [(-0.2, hem), (0.2, hem), (0.17, 1.1), (0.24, 1.42), (0.1, 1.5), (-0.1, 1.5), (-0.24, 1.42), (-0.17, 1.1)]
    if coat:
        torso = [(-0.25, hem), (0.25, hem), (0.24, 1.42), (0.1, 1.5), (-0.1, 1.5), (-0.24, 1.42)]
    me.flat([(s * wide * tall, y * tall) for s, y in torso], top, PERSON)
    if dice.chance(0.35):
        bag = facing * -0.22 * wide
        me.rectangle(bag - 0.12, 0.95 * tall, bag + 0.12, 1.35 * tall, dice.near(dice.pick(CLOTH)), PERSON)
    me.disc(0.0, 1.64 * tall, 0.12, skin, PERSON, tall=1.2)
    me.disc(-0.02 * facing, 1.7 * tall, 0.125, hair, PERSON, tall=0.8)


def _bicycle(me: Frame, colour) -> None:
    for s in (-0.52, 0.52):
        me.disc(s, 0.35, 0.35, (0.07, 0.07, 0.08), BICYCLE, inner=0.25)
        me.disc(s, 0.35, 0.25, (0.5, 0.5, 0.52), opacity=0.25)
        me.disc(s, 0.35, 0.06, (0.5, 0.5, 0.5))
    hub, crank, seat, bars = (-0.52, 0.35), (-0.08, 0.32), (-0.22, 0.88), (0.36, 0.92)
    for a, b in ((hub, crank), (crank, seat), (hub, (-0.2, 0.8)), (crank, (0.36, 0.8)), ((-0.2, 0.8), (0.36, 0.8))):
        me.limb(a, b, 0.08, colour, BICYCLE)
    me.limb((0.52, 0.35), bars, 0.08, colour, BICYCLE)
    me.limb((-0.36, 0.92), (-0.1, 0.9), 0.1, (0.1, 0.1, 0.1), BICYCLE)
    me.limb((0.26, 0.98), (0.46, 0.96), 0.1, (0.1, 0.1, 0.1), BICYCLE)


def _motorcycle(me: Frame, colour) -> None:
    dark = (0.08, 0.08, 0.09)
    for s in (-0.68, 0.7):
        me.disc(s, 0.33, 0.33, dark, MOTORCYCLE)
        me.disc(s, 0.33, 0.17, (0.55, 0.55, 0.57))
    me.flat([(-0.4, 0.25), (0.35, 0.25), (0.45, 0.6), (-0.45, 0.6)], (0.3, 0.3, 0.32), MOTORCYCLE)
    me.disc(0.0, 0.4, 0.17, (0.6, 0.6, 0.62))
    me.limb((0.7, 0.33), (0.42, 1.0), 0.12, (0.5, 0.5, 0.52), MOTORCYCLE)
    me.flat([(-0.1, 0.6), (0.5, 0.62), (0.42, 0.95), (0.05, 0.95)], colour, MOTORCYCLE)
    me.flat([(-1.0, 0.72), (-0.05, 0.62), (-0.05, 0.8), (-0.95, 0.9)], dark, MOTORCYCLE)
    me.flat([(-0.98, 0.58), (-0.35, 0.5), (-0.35, 0.68), (-1.0, 0.75)], colour, MOTORCYCLE)
    me.limb((-0.85, 0.32), (0.0, 0.26), 0.11, (0.65, 0.65, 0.66), MOTORCYCLE)
    me.limb((0.25, 1.08), (0.5, 1.0), 0.1, dark, MOTORCYCLE)
    me.disc(0.58, 0.88, 0.12, (1.0, 0.95, 0.8), MOTORCYCLE, glow=0.5)
    me.flat([(0.42, 0.95), (0.62, 0.95), (0.45, 1.25)], (0.35, 0.4, 0.45), MOTORCYCLE)


def _rider(me: Frame, motor: bool) -> None:
    dice = me.stage.dice
    top, legs = dice.near(dice.pick(CLOTH)), dice.near(dice.pick(CLOTH[:5]))
    hip, knee = ((-0.3, 0.9), (0.14, 0.78)) if motor else ((-0.2, 0.95), (0.12, 0.72))
    foot = (-0.05, 0.35) if motor else (-0.02, 0.28)
    shoulder, hand = ((-0.08, 1.4), (0.36, 1.06)) if motor else ((0.04, 1.48), (0.36, 0.98))
    me.limb(hip, knee, 0.2, legs, RIDER)
    me.limb(knee, foot, 0.16, legs, RIDER)
    me.limb((foot[0] - 0.06, foot[1]), (foot[0] + 0.16, foot[1]), 0.1, (0.1, 0.1, 0.1), RIDER)
    me.limb((hip[0] - 0.02, hip[1] - 0.06), shoulder, 0.36, top, RIDER)
    me.limb(shoulder, hand, 0.13, [c * 0.85 for c in top], RIDER)
    if not motor and dice.chance(0.3):
        me.limb((-0.32, 1.05), (-0.14, 1.4), 0.2, dice.near(dice.pick(CLOTH)), RIDER)
    head = (shoulder[0] + 0.08, shoulder[1] + 0.24)
    helmet = dice.near(dice.pick([(0.9, 0.9, 0.9), (0.1, 0.1, 0.1), (0.75, 0.15, 0.15), (0.2, 0.4, 0.7), *HAIR]))
    me.disc(*head, 0.14, dice.pick(SKIN), RIDER, tall=1.15)
    me.disc(head[0] - 0.01, head[1] + 0.04, 0.16, helmet, RIDER, tall=1.05 if motor else 0.8)
    if motor:
        me.limb((head[0] + 0.02, head[1] + 0.02), (head[0] + 0.15, head[1] + 0.02), 0.09, (0.3, 0.36, 0.42), RIDER)


def paint_bicycle(stage: Stage, x: float, z: float, turn: float, *, ridden: bool) -> None:
    me = Frame(stage, x, z, turn)
    _bicycle(me, stage.dice.near(stage.dice.pick(CLOTH)))
    if ridden:
        _rider(me, False)


def paint_motorcycle(stage: Stage, x: float, z: float, turn: float, *, ridden: bool) -> None:
    me = Frame(stage, x, z, turn)
    _motorcycle(me, stage.dice.near(stage.dice.pick(CLOTH)))
    if ridden:
        _rider(me, True)


def heading(dice) -> float:
    """A heading to the left or the right, from which the side of a two-wheeler is visible."""
    return dice.side() * math.pi / 2 + dice.between(-0.85, 0.85)

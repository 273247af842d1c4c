"""Cats and dogs: on their four legs seen from the side, or sitting and looking at the camera."""

from __future__ import annotations

from pearl_core.worlds.objects.beasts import BLACK, WHITE, legs
from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import Figure, dark

FUR = [(0.85, 0.55, 0.25), (0.55, 0.52, 0.5), (0.14, 0.13, 0.14), (0.92, 0.9, 0.87), (0.6, 0.47, 0.34)]
HIDE = [(0.78, 0.58, 0.34), (0.45, 0.27, 0.15), (0.93, 0.9, 0.84), (0.15, 0.13, 0.13), (0.6, 0.42, 0.26)]


def _marks(me: Figure, coat, cells) -> Coat:
    dice = me.dice
    second = dice.pick([None, dark(coat, 0.62), dark(coat, 0.7), WHITE if coat[2] < 0.7 else dark(coat, 0.4)])
    return Coat(0.4, 0.06, 0.08, coat, second, dice.between(0.4, 0.55), cells)


def paint_cat(me: Figure) -> Coat:
    """A small round head with pointed ears and a long thin tail."""
    coat = me.dice.near(me.dice.pick(FUR), 0.05)
    (_cat_sits if me.dice.chance(0.5) else _cat_walks)(me, coat)
    return _marks(me, coat, (420.0, 90.0))


def _cat_head(me: Figure, s: float, y: float, r: float, coat) -> None:
    """From the front: ears, eyes with slits, a pink nose, whiskers."""
    for way in (-1, 1):
        ear = [
            (s + way * r * 0.95, y + r * 0.25),
            (s + way * r * 0.15, y + r * 0.8),
            (s + way * r * 0.86, y + r * 1.55),
        ]
        me.part(ear, coat)
        me.mark(
            [(s + way * r * 0.82, y + r * 0.5), (s + way * r * 0.4, y + r * 0.8), (s + way * r * 0.78, y + r * 1.3)],
            (0.85, 0.6, 0.55),
        )
    me.blob((s - r * 0.16, y), r * 0.9, (s + r * 0.16, y), r * 0.9, coat)
    iris = me.dice.pick([(0.75, 0.8, 0.25), (0.9, 0.7, 0.15), (0.4, 0.7, 0.75)])
    muzzle = dark(coat, 1.25)
    for way in (-1, 1):
        me.ball(s + way * r * 0.2, y - r * 0.42, r * 0.27, muzzle, label=None)
        me.ball(s + way * r * 0.42, y + r * 0.1, r * 0.24, iris, tall=0.85, label=None)
        me.ball(s + way * r * 0.42, y + r * 0.1, r * 0.1, BLACK, tall=2.0, label=None)
        for k in (-1, 0, 1):
            me.limb(
                (s + way * r * 0.3, y - r * 0.4),
                (s + way * r * 1.35, y - r * (0.4 + 0.18 * k)),
                r * 0.04,
                (0.95, 0.95, 0.95),
            )
    me.mark([(s - r * 0.13, y - r * 0.16), (s + r * 0.13, y - r * 0.16), (s, y - r * 0.34)], (0.85, 0.45, 0.45))
    me.limb((s, y - r * 0.34), (s, y - r * 0.6), r * 0.06, dark(coat, 0.4))


def _cat_sits(me: Figure, coat) -> None:
    way = me.dice.side()
    me.blob((way * 0.1, 0.05), 0.035, (way * 0.22, 0.05), 0.03, dark(coat, 0.85))
    me.blob((way * 0.22, 0.05), 0.03, (way * 0.3, 0.16), 0.025, dark(coat, 0.85))
    me.blob((0, 0.12), 0.135, (0, 0.3), 0.085, coat)
    for side in (-1, 1):
        me.blob((side * 0.1, 0.08), 0.07, (side * 0.11, 0.035), 0.035, dark(coat, 0.82))
        me.blob((side * 0.045, 0.24), 0.04, (side * 0.04, 0.035), 0.033, dark(coat, 1.08))
        me.ball(side * 0.045, 0.03, 0.038, dark(coat, 1.12), tall=0.8)
    _cat_head(me, way * -0.01, 0.4, 0.105, coat)


def _cat_walks(me: Figure, coat) -> None:
    places = [(0.15, 0.0), (-0.17, 0.03)]
    legs(me, places, 0.2, 0.026, coat, dark(coat, 0.9), apart=0.04, swing=0.06, near=False)
    if me.dice.chance(0.6):
        me.blob((-0.23, 0.24), 0.026, (-0.33, 0.38), 0.022, coat)
        me.blob((-0.33, 0.38), 0.022, (-0.3, 0.52), 0.018, coat)
    else:
        me.blob((-0.23, 0.24), 0.026, (-0.4, 0.17), 0.022, coat)
        me.blob((-0.4, 0.17), 0.022, (-0.52, 0.22), 0.018, coat)
    me.blob((-0.16, 0.24), 0.085, (0.16, 0.235), 0.075, coat)
    legs(me, places, 0.2, 0.026, coat, dark(coat, 1.1), apart=0.04, swing=0.06, near=True)
    me.blob((0.16, 0.24), 0.075, (0.23, 0.28), 0.07, coat)
    _cat_head(me, 0.26, 0.29, 0.094, coat)


def paint_dog(me: Figure) -> Coat:
    """A long muzzle with a black nose, ears that hang or prick, often the tongue."""
    coat = me.dice.near(me.dice.pick(HIDE), 0.05)
    (_dog_sits if me.dice.chance(0.45) else _dog_stands)(me, coat)
    return _marks(me, coat, (120.0, 120.0))


def _dog_sits(me: Figure, coat) -> None:
    """From the front."""
    dice = me.dice
    ear, chest = dark(coat, dice.pick([0.55, 0.75, 0.95])), dice.pick([coat, dark(coat, 1.3), WHITE])
    me.blob((0.16, 0.1), 0.04, (0.32, 0.28), 0.025, coat)
    me.blob((0, 0.2), 0.19, (0, 0.42), 0.13, coat)
    for side in (-1, 1):
        me.blob((side * 0.17, 0.12), 0.1, (side * 0.2, 0.05), 0.05, dark(coat, 0.82))
        me.blob((side * 0.075, 0.36), 0.062, (side * 0.075, 0.05), 0.05, dark(coat, 1.05))
        me.ball(side * 0.08, 0.045, 0.062, dark(coat, 1.1), tall=0.75)
    me.ball(0, 0.37, 0.085, chest, tall=1.3, label=None)
    s, y, r = 0.0, 0.64, 0.13
    pricked = dice.chance(0.35)
    if pricked:
        for way in (-1, 1):
            me.part([(way * r * 0.95, y + r * 0.3), (way * r * 0.15, y + r * 0.8), (way * r * 0.8, y + r * 1.75)], ear)
    me.blob((s, y + 0.03), r, (s, y - 0.03), r * 0.85, coat)
    if not pricked:
        for way in (-1, 1):
            me.blob((way * r * 0.85, y + r * 0.6), 0.05, (way * r * 1.25, y - r * 0.75), 0.06, ear)
    me.blob((s, y - 0.02), 0.06, (s, y - 0.1), 0.075, dark(coat, 1.25))
    if dice.chance(0.6):
        me.blob((s, y - 0.15), 0.03, (s, y - 0.2), 0.03, (0.88, 0.42, 0.45))
    me.ball(s, y - 0.06, 0.042, BLACK, tall=0.75, label=None)
    me.limb((s, y - 0.08), (s, y - 0.14), 0.012, BLACK)
    for way in (-1, 1):
        me.ball(s + way * 0.052, y + 0.045, 0.023, BLACK, label=None)
        me.ball(s + way * 0.047, y + 0.052, 0.008, WHITE, label=None)


def _dog_stands(me: Figure, coat) -> None:
    dice = me.dice
    places, ear = [(0.24, 0.0), (-0.26, 0.05)], dark(coat, dice.pick([0.5, 0.7, 0.9]))
    legs(me, places, 0.34, 0.042, coat, dark(coat, 0.9), apart=0.07, swing=0.1, near=False)
    tip = dice.pick([(-0.55, 0.68), (-0.46, 0.72), (-0.6, 0.36)])
    me.blob((-0.33, 0.46), 0.035, tip, 0.02, coat)
    me.blob((-0.26, 0.44), 0.115, (0.0, 0.42), 0.105, coat)
    me.blob((0.0, 0.42), 0.105, (0.25, 0.42), 0.135, coat)
    legs(me, places, 0.34, 0.042, coat, dark(coat, 1.1), apart=0.07, swing=0.1, near=True)
    me.blob((0.26, 0.46), 0.12, (0.42, 0.63), 0.095, coat)
    if dice.chance(0.6):
        me.limb((0.3, 0.62), (0.44, 0.53), 0.035, dice.pick([(0.8, 0.15, 0.15), (0.15, 0.3, 0.7), (0.2, 0.2, 0.2)]))
    pricked = dice.chance(0.4)
    if pricked:
        for way in (-0.03, 0.03):
            me.part([(0.36 + way, 0.7), (0.48 + way, 0.74), (0.38 + way, 0.86)], ear)
    me.blob((0.44, 0.68), 0.1, (0.5, 0.66), 0.08, coat)
    if dice.chance(0.5):
        me.blob((0.6, 0.57), 0.022, (0.61, 0.51), 0.022, (0.88, 0.42, 0.45))
    me.blob((0.5, 0.65), 0.07, (0.66, 0.62), 0.045, dark(coat, 1.08))
    me.ball(0.695, 0.645, 0.028, BLACK)
    me.limb((0.56, 0.59), (0.68, 0.59), 0.012, BLACK)
    me.ball(0.52, 0.71, 0.018, BLACK, label=None)
    if not pricked:
        me.blob((0.4, 0.74), 0.045, (0.37, 0.57), 0.055, ear)

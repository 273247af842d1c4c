"""Bottles and potted plants."""

from __future__ import annotations

import math

from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import Figure, dark
from pearl_core.worlds.scenes.stage import box

GLASS = [(0.12, 0.3, 0.16), (0.35, 0.2, 0.08), (0.25, 0.5, 0.3), (0.1, 0.12, 0.14)]
PLASTIC = [(0.7, 0.82, 0.88), (0.85, 0.25, 0.2), (0.3, 0.5, 0.8), (0.9, 0.9, 0.9), (0.45, 0.25, 0.12), (0.9, 0.6, 0.15)]
PAPER = [(0.93, 0.9, 0.82), (0.8, 0.15, 0.15), (0.9, 0.75, 0.2), (0.15, 0.3, 0.55), (0.95, 0.95, 0.95)]
LEAF = [(0.2, 0.48, 0.2), (0.32, 0.58, 0.25), (0.14, 0.36, 0.2), (0.45, 0.6, 0.3)]
BLOOM = [(0.9, 0.2, 0.3), (0.95, 0.75, 0.2), (0.9, 0.55, 0.75), (0.97, 0.96, 0.95), (0.6, 0.35, 0.75)]


def paint_bottle(me: Figure) -> Coat:
    """Of wine, of beer or of plastic: body, shoulder, neck, cap and a label; a third of a metre high."""
    dice = me.dice
    wine = dice.chance(0.6)
    body = dice.near(dice.pick(GLASS if wine else PLASTIC))
    r, shoulder, top = (0.04, dice.between(0.17, 0.2), 0.31) if wine else (0.045, dice.between(0.19, 0.23), 0.3)
    neck, bend, cap = (0.0145, shoulder + 0.035, 0.06) if wine else (0.018, shoulder + 0.03, 0.025)
    me.plate(0, 0.006, 0, r, r * 0.9, body)
    me.part(box(-r, 0.006, r, shoulder), body)
    me.blob((0, shoulder), r, (0, shoulder + 0.004), r, body)
    wide, narrow = r * 0.82, neck * 1.1
    me.part([(-wide, shoulder + 0.02), (wide, shoulder + 0.02), (narrow, bend + 0.03), (-narrow, bend + 0.03)], body)
    me.part(box(-neck, bend, neck, top), body)
    me.part(box(-neck * 1.2, top - cap, neck * 1.2, top + 0.006), dice.near(dice.pick([*PAPER, (0.7, 0.6, 0.3)])))
    paper, low, high = dice.near(dice.pick(PAPER)), 0.05 + dice.between(0, 0.03), shoulder - dice.between(0.02, 0.06)
    if dice.chance(0.85):
        middle = (low + high) / 2
        me.mark(box(-r, low, r, high), paper)
        me.mark(box(-r * 0.7, middle - 0.012, r * 0.7, middle + 0.015), dice.near(dice.pick(PAPER)))
        me.mark(box(-r * 0.5, low + 0.012, r * 0.5, low + 0.018), dark(paper, 0.4))
    for s0, s1, strength in ((-0.78, -0.5, 0.5), (0.62, 0.74, 0.3)):
        me.mark(box(r * s0, 0.02, r * s1, shoulder), (1, 1, 1), opacity=strength)
    me.mark(box(r * 0.55, 0.006, r, shoulder), (0, 0, 0), opacity=0.22)
    return Coat(0.22, 0.01, 0.03)


def paint_plant(me: Figure) -> Coat:
    """A pot with blades, a bush, flowers, a small tree or a cactus."""
    dice = me.dice
    pot = dice.near(
        dice.pick([(0.72, 0.38, 0.22), (0.72, 0.38, 0.22), (0.92, 0.9, 0.86), (0.3, 0.45, 0.6), (0.35, 0.33, 0.32)])
    )
    leaf, high = dice.near(dice.pick(LEAF)), 0.3
    kind = dice.pick(["blades", "bush", "flowers", "tree", "cactus"])
    if kind == "blades":
        _blades(me, leaf, range(0, 9, 2))
    me.part([(-0.13, 0), (0.13, 0), (0.18, high), (-0.18, high)], pot)
    me.part([(-0.2, high - 0.06), (0.2, high - 0.06), (0.205, high + 0.01), (-0.205, high + 0.01)], dark(pot, 1.12))
    me.plate(0, high + 0.01, 0, 0.19, 0.19, (0.22, 0.15, 0.1))
    if kind == "blades":
        _blades(me, leaf, range(1, 9, 2))
    elif kind == "cactus":
        me.blob((0, high), 0.1, (0, high + 0.5), 0.1, leaf)
        for way, y in ((-1, 0.2), (1, 0.3)):
            me.blob((way * 0.08, high + y), 0.045, (way * 0.2, high + y), 0.05, leaf)
            me.blob((way * 0.2, high + y), 0.05, (way * 0.2, high + y + 0.18), 0.05, leaf)
        for s in (-0.05, 0.0, 0.05):
            me.limb((s, high + 0.02), (s, high + 0.56), 0.012, dark(leaf, 1.5))
    else:
        low = high + (0.42 if kind == "tree" else 0.12)
        me.stroke((0, high), (0, low + 0.1), 0.05, (0.4, 0.28, 0.17))
        _bush(me, leaf, low + 0.14, 0.3 if kind == "tree" else 0.26, dice.pick(BLOOM) if kind == "flowers" else None)
    return Coat(0.35, 0.05, 0.1)


def _blades(me: Figure, leaf, numbers) -> None:
    for k in numbers:
        lean = (k - 4) / 4 + me.dice.between(-0.1, 0.1)
        tone = dark(leaf, 0.8 + 0.06 * (k % 5))
        middle, tip = (0.22 * lean, 0.72 - 0.16 * abs(lean)), (0.56 * lean, 0.95 - 0.5 * lean * lean)
        me.blob((0.06 * lean, 0.3), 0.022, middle, 0.048, tone)
        me.blob(middle, 0.048, tip, 0.008, tone)


def _bush(me: Figure, leaf, middle: float, size: float, bloom) -> None:
    """Pointed leaves around a middle, the outer ones first."""
    dice = me.dice
    for k in range(24):
        angle, away = 2.4 * k, size * (1 - k / 34)
        s, y = away * 0.55 * math.cos(angle), middle + away * 0.45 * math.sin(angle) + 0.05
        tip = (s + 0.55 * away * math.cos(angle) + dice.between(-0.04, 0.04), y + 0.5 * away * math.sin(angle) + 0.03)
        me.blob((s, y), 0.075, tip, 0.015, dark(leaf, 0.65 + 0.5 * dice.between(0, 1)))
    for _ in range(9 if bloom else 0):
        s, y = dice.between(-size, size) * 0.8, middle + 0.05 + dice.between(-size, size) * 0.75
        for way in range(5):
            turn = way * 2 * math.pi / 5
            me.ball(s + 0.035 * math.cos(turn), y + 0.035 * math.sin(turn), 0.034, dice.near(bloom, 0.04))
        me.ball(s, y, 0.022, (0.95, 0.8, 0.2), label=None)

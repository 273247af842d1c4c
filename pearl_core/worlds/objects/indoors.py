"""Backgrounds in a house: a room, a table top near by, a studio. Each returns where its ground begins."""

from __future__ import annotations

import numpy as np

from pearl_core.worlds.objects import fittings
from pearl_core.worlds.objects.fittings import FLOOR, FRAMES, PAINT
from pearl_core.worlds.scenes.canvas import Canvas
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.noise import CLOUDY, WHITE, sample
from pearl_core.worlds.scenes.stage import box


def _wall(canvas: Canvas, dice: Dice, foot: float) -> None:
    """Painted, striped, flowered or tiled, darker towards one side."""
    paint, other = (np.asarray(dice.near(dice.pick(PAINT)), np.float32) for _ in range(2))
    kind, step, shift, lean = (
        dice.pick(["plain", "plain", "stripes", "tiles", "flowers"]),
        dice.between(0.05, 0.12),
        dice.between(0, 256),
        dice.between(-0.5, 0.5),
    )

    def pattern(u, v):
        tone = (1 + lean * (u - 0.5)) * (0.95 + 0.1 * sample(CLOUDY, u * 50 + shift, v * 50))
        colour = paint + 0 * tone[..., None]
        if kind == "stripes":
            colour = np.where(
                (u / step - np.floor(u / step) < 0.5)[..., None] & (v > -1)[..., None],
                colour,
                paint + 0.4 * (other - paint),
            )
        elif kind == "tiles":
            joint = (u / step - np.floor(u / step) < 0.08) | (v / step - np.floor(v / step) < 0.1)
            colour = np.where(joint[..., None], paint * 0.75, colour)
        elif kind == "flowers":
            spots = sample(CLOUDY, u * 300 + shift, v * 240 + shift) > 0.62
            colour = np.where(spots[..., None], paint + 0.6 * (other - paint), colour)
        return colour * tone[..., None]

    canvas.polygon(box(-0.1, -0.1, 1.1, foot), pattern)


def _floor(canvas: Canvas, dice: Dice, horizon: float, top: float) -> None:
    """Boards, tiles or carpet, seen in perspective from a horizon above."""
    base = np.asarray(dice.near(dice.pick(FLOOR)), np.float32)
    kind, shift, turn = dice.pick(["boards", "carpet", "tiles"]), dice.between(0, 256), dice.between(-0.5, 0.5)

    def pattern(u, v):
        away = 0.4 / np.maximum(v - horizon, 0.05)
        x, z = (u - 0.5) * away + turn * away, away + 0 * u
        tone = 0.9 + 0.2 * sample(CLOUDY, x * 80 + shift, z * 80 + shift)
        if kind == "boards":
            across = x * 7
            board = np.floor(across)
            tone = tone + 0.25 * (sample(WHITE, board + shift, np.floor(z * 1.5 + 0.37 * board)) - 0.5)
            tone = np.where(across - board < 0.07, tone * 0.7, tone)
        elif kind == "tiles":
            a, b = x * 4, z * 4
            odd = np.floor(a) + np.floor(b)
            tone = np.where(odd - 2 * np.floor(odd / 2) < 0.5, tone, tone * 0.8)
        else:
            tone = tone + 0.25 * (sample(WHITE, u * 220 + shift, v * 170) - 0.5)
        return base * tone[..., None]

    canvas.polygon(box(-0.1, top, 1.1, 1.1), pattern)


def room(canvas: Canvas, dice: Dice) -> float:
    """A wall with something on it, a skirting, a floor."""
    horizon, foot = dice.between(-0.05, 0.3), dice.between(0.42, 0.68)
    _wall(canvas, dice, foot)
    for _ in range(dice.whole(0, 2)):
        dice.pick([fittings.window, fittings.picture, fittings.curtain, fittings.shelf, fittings.door])(
            canvas, dice, foot
        )
    canvas.polygon(box(-0.1, foot - 0.035, 1.1, foot), dice.near(dice.pick(FRAMES)))
    _floor(canvas, dice, horizon, foot)
    if dice.chance(0.3):
        u, v, rug = dice.between(0.2, 0.8), dice.between(0.75, 0.9), dice.near(dice.pick(PAINT))
        for k, tone in ((1.0, 0.8), (0.88, 1.0)):
            a, b = 0.42 * k, 0.1 * k
            canvas.polygon(
                [(u - a * 0.8, v - b), (u + a * 0.8, v - b), (u + a, v + b), (u - a, v + b)], [c * tone for c in rug]
            )
    return foot


def desk(canvas: Canvas, dice: Dice) -> float:
    """A table top that fills the lower part."""
    edge = dice.between(0.4, 0.72)
    _wall(canvas, dice, edge + 0.05)
    if dice.chance(0.5):
        dice.pick([fittings.window, fittings.picture, fittings.curtain, fittings.shelf])(canvas, dice, edge)
    _floor(canvas, dice, edge - dice.between(0.2, 0.5), edge)
    canvas.polygon(box(-0.1, edge, 1.1, edge + 0.012), (0.95, 0.95, 0.93), opacity=0.3)
    return edge


def studio(canvas: Canvas, dice: Dice) -> float:
    """A smooth gradient, lighter in one place."""
    low, high = (
        np.asarray(dice.near(dice.pick([*PAINT, (0.3, 0.32, 0.35), (0.15, 0.2, 0.3), (0.95, 0.95, 0.95)])), np.float32)
        for _ in range(2)
    )
    at, turn = dice.between(0.2, 0.8), dice.between(-1, 1)

    def gradient(u, v):
        share = np.clip(v + turn * (u - 0.5), 0, 1)[..., None]
        glow = 1.12 - 0.6 * ((u - at) * (u - at) + (v - 0.5) * (v - 0.5))
        return (high + share * (low - high)) * glow[..., None]

    canvas.polygon(box(-0.1, -0.1, 1.1, 1.1), gradient)
    return dice.between(0.0, 0.4)

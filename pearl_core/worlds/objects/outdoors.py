"""Backgrounds under the open sky: meadows, water, sand, roads, yards, foliage. Each returns where its ground begins."""

from __future__ import annotations

import numpy as np

from pearl_core.worlds.objects import scenery
from pearl_core.worlds.objects.view import ASPECT
from pearl_core.worlds.scenes.canvas import Canvas
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.noise import CLOUDY, WHITE, sample

GRASS = [(0.34, 0.5, 0.2), (0.48, 0.55, 0.26), (0.56, 0.52, 0.3), (0.28, 0.42, 0.2)]
SAND = [(0.82, 0.74, 0.58), (0.75, 0.62, 0.45), (0.88, 0.85, 0.78), (0.6, 0.48, 0.38)]
ASPHALT = [(0.4, 0.4, 0.42), (0.52, 0.51, 0.5), (0.32, 0.32, 0.35), (0.6, 0.57, 0.53)]
WATER = [(0.2, 0.42, 0.58), (0.3, 0.5, 0.55), (0.35, 0.42, 0.48), (0.15, 0.5, 0.6)]


def meadow(canvas: Canvas, dice: Dice) -> float:
    horizon = scenery.sky(canvas, dice, dice.between(0.12, 0.6))
    scenery.far(canvas, dice, horizon)
    scenery.ground(canvas, dice, horizon, dice.near(dice.pick(GRASS)), 0.35, dice.between(0.15, 0.6))
    if dice.chance(0.3):
        scenery.fence(canvas, dice, horizon)
    return horizon


def sand(canvas: Canvas, dice: Dice) -> float:
    horizon = scenery.sky(canvas, dice, dice.between(0.05, 0.5))
    if dice.chance(0.5):
        scenery.ground(canvas, dice, horizon, dice.near(dice.pick(WATER)), 0.5, 0.2, 0.3)
        horizon += dice.between(0.03, 0.12)
    else:
        scenery.far(canvas, dice, horizon)
    scenery.ground(canvas, dice, horizon, dice.near(dice.pick(SAND)), 0.3, 0.2)
    return horizon


def water(canvas: Canvas, dice: Dice) -> float:
    horizon = scenery.sky(canvas, dice, dice.between(0.1, 0.55))
    if dice.chance(0.6):
        scenery.far(canvas, dice, horizon)
    scenery.ground(canvas, dice, horizon, dice.near(dice.pick(WATER)), dice.between(0.3, 0.9), 0.25, 0.25)
    return horizon


def road(canvas: Canvas, dice: Dice) -> float:
    """A street seen across: ground, kerb, then houses, a wall or trees."""
    horizon = scenery.sky(canvas, dice, dice.between(0.3, 0.52))
    kind = dice.pick(["houses", "houses", "wall", "trees"])
    if kind == "houses":
        scenery.houses(canvas, dice, horizon + 0.02)
    elif kind == "wall":
        scenery.wall(canvas, dice, dice.between(-0.1, 0.25), horizon + 0.02)
    else:
        scenery.far(canvas, dice, horizon)
    scenery.ground(canvas, dice, horizon, dice.near(dice.pick(GRASS + SAND)), 0.3, 0.3)
    kerb = horizon + dice.between(0.03, 0.12)
    canvas.polygon(
        [(-0.1, kerb - 0.015), (1.1, kerb - 0.015), (1.1, kerb + 0.02), (-0.1, kerb + 0.02)], (0.7, 0.69, 0.67)
    )
    scenery.ground(canvas, dice, kerb, dice.near(dice.pick(ASPHALT)), 0.2, 0.25)
    return kerb - 0.05


def runway(canvas: Canvas, dice: Dice) -> float:
    horizon = scenery.sky(canvas, dice, dice.between(0.35, 0.6))
    scenery.far(canvas, dice, horizon)
    scenery.ground(canvas, dice, horizon, dice.near(dice.pick(GRASS)), 0.2, 0.2)
    scenery.ground(canvas, dice, horizon + dice.between(0.05, 0.14), dice.near(dice.pick(ASPHALT)), 0.2, 0.2)
    return horizon


def yard(canvas: Canvas, dice: Dice) -> float:
    """Paved ground before a wall near by."""
    horizon = dice.between(0.2, 0.6)
    scenery.wall(canvas, dice, -0.1, 1.0)
    scenery.ground(canvas, dice, horizon, dice.near(dice.pick(ASPHALT + SAND)), 0.3, 0.35)
    return horizon


def air(canvas: Canvas, dice: Dice) -> float:
    """Nothing but sky, at times hills below."""
    horizon = scenery.sky(canvas, dice, dice.between(0.9, 1.3))
    if dice.chance(0.3):
        scenery.far(canvas, dice, dice.between(0.9, 1.0))
    return horizon


def foliage(canvas: Canvas, dice: Dice) -> float:
    """Leaves everywhere, light spots between them."""
    u, v = scenery.grid(canvas)
    green, light = (
        np.asarray(dice.near(dice.pick(c)), np.float32) for c in (scenery.TREES, [*GRASS, (0.7, 0.75, 0.5)])
    )
    size, shift = dice.between(90, 260), dice.between(0, 256)
    leaf = sample(CLOUDY, u * size * ASPECT + shift, v * size + shift)
    spot = np.clip((sample(CLOUDY, u * 70 - shift, v * 60 + shift) - 0.5) * 3, 0, 1)
    tone = 0.45 + 0.95 * leaf + 0.25 * (sample(WHITE, u * 200 + shift, v * 160) - 0.5)
    canvas.rgb[:] = (green + spot[..., None] * (light - green)) * tone[..., None]
    return 0.1

"""What backgrounds out of doors are made of: sky, ground, trees and hills far off, houses, walls, fences."""

from __future__ import annotations

import math

import numpy as np

from pearl_core.worlds.objects.view import ROUND
from pearl_core.worlds.scenes.canvas import Canvas
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.noise import CLOUDY, WHITE, sample
from pearl_core.worlds.scenes.stage import box

TREES = [(0.2, 0.34, 0.16), (0.3, 0.42, 0.2), (0.42, 0.4, 0.2), (0.16, 0.28, 0.2)]
HOUSES = [(0.8, 0.74, 0.64), (0.68, 0.45, 0.36), (0.85, 0.84, 0.82), (0.55, 0.52, 0.5), (0.75, 0.7, 0.5)]


def sky(canvas: Canvas, dice: Dice, horizon: float) -> float:
    zenith = dice.near(dice.pick([(0.25, 0.5, 0.85), (0.45, 0.65, 0.9), (0.65, 0.7, 0.76), (0.5, 0.5, 0.65)]), 0.06)
    low = dice.near(dice.pick([(0.8, 0.88, 0.95), (0.85, 0.87, 0.88), (0.97, 0.82, 0.65)]), 0.04)
    u, v = grid(canvas)
    high = np.clip((horizon - v) / 0.9, 0, 1) + 0 * u
    colour = np.asarray(low, np.float32) + high[..., None] * (
        np.asarray(zenith, np.float32) - np.asarray(low, np.float32)
    )
    cover, shift = dice.between(-0.5, 0.6), dice.between(0, 256)
    puff = sample(CLOUDY, u * 90 + shift, v * 150 + shift)
    cloud = np.clip((puff - 0.55 + 0.3 * cover) * 4, 0, 1) * 0.85
    canvas.rgb[:] = colour + cloud[..., None] * ((0.82 + 0.16 * puff)[..., None] - colour)
    return horizon


def ground(canvas: Canvas, dice: Dice, horizon: float, colour, rough: float, fine: float, flat: float = 1.0) -> None:
    """Level ground below the horizon; `flat` below 1 stretches its texture sideways (waves)."""
    u, v = grid(canvas)
    away = 0.3 / np.maximum(v - horizon + 0.1, 0.02)
    x, z = (u - 0.5) * away * 60 * flat, away * 90
    shift = dice.between(0, 256)
    tone = 1 + rough * (sample(CLOUDY, x + shift, z + shift) - 0.5)
    tone = tone + fine * (sample(WHITE, x * 4 + shift, z * 6) - 0.5) * np.minimum(1.2 / away, 1)
    fade = np.clip((v - horizon) * 2.5, 0, 1) * 0.3 + 0.85
    below = (v > horizon) + np.zeros(u.shape, bool)
    canvas.rgb[below] = (np.asarray(colour, np.float32) * (tone * fade)[..., None])[below]


def fence(canvas: Canvas, dice: Dice, horizon: float) -> None:
    wood = dice.near(dice.pick([(0.5, 0.38, 0.26), (0.85, 0.84, 0.8), (0.4, 0.36, 0.32)]))
    top, foot, step = horizon - dice.between(0.02, 0.1), horizon + dice.between(0.06, 0.14), dice.between(0.1, 0.24)
    for k in range(12):
        u = step * k + 0.02
        canvas.polygon([(u, top - 0.02), (u + 0.02, top - 0.02), (u + 0.02, foot), (u, foot)], wood)
    for y in (0.2, 0.6):
        v = top + y * (foot - top)
        canvas.polygon([(-0.1, v), (1.1, v), (1.1, v + 0.022), (-0.1, v + 0.022)], wood)


def grid(canvas: Canvas) -> tuple[np.ndarray, np.ndarray]:
    return (canvas.x / canvas.width)[None, :], (canvas.y / canvas.height)[:, None]


def far(canvas: Canvas, dice: Dice, horizon: float) -> None:
    """What stands at the horizon: a line of trees, hills, single trees, or nothing."""
    kind = dice.pick(["line", "line", "hills", "single", "none"])
    tree = dice.near(dice.pick(TREES), 0.05)
    if kind == "line":
        _wood(canvas, dice, horizon, tree)
    elif kind == "hills":
        for _ in range(3):
            u, wide, high = dice.between(0, 1), dice.between(0.3, 0.7), dice.between(0.05, 0.2)
            hill, angles = dice.near((0.45, 0.52, 0.5)), [k * math.pi / 12 for k in range(13)]
            canvas.polygon([(u + wide * math.cos(a), horizon - high * math.sin(a)) for a in angles], hill)
    elif kind == "single":
        for _ in range(dice.whole(1, 3)):
            _tree(canvas, dice, horizon, tree)


def _wood(canvas: Canvas, dice: Dice, horizon: float, tree) -> None:
    high, shift = dice.between(0.05, 0.25), dice.between(0, 256)

    def leaves(u, v):
        crown = horizon - high * (0.4 + 0.8 * sample(CLOUDY, u * 50 + shift, 0 * v + shift))
        tone = 0.6 + 0.8 * sample(CLOUDY, u * 160 + shift, v * 160)
        return np.asarray(tree, np.float32) * tone[..., None], np.clip((v - crown) * 40, 0, 1)

    canvas.polygon(box(-0.1, horizon - 1.3 * high, 1.1, horizon + 0.02), leaves)


def _tree(canvas: Canvas, dice: Dice, horizon: float, colour) -> None:
    u, size = dice.between(0, 1), dice.between(0.08, 0.24)
    low, high = horizon + 0.03, horizon - size
    canvas.polygon([(u - 0.012, high), (u + 0.012, high), (u + 0.014, low), (u - 0.014, low)], (0.3, 0.22, 0.16))
    for k in range(5):
        du, dv = 0.5 * size * math.cos(2.4 * k), 0.35 * size * math.sin(2.4 * k)
        ring = [(u + du + size * 0.45 * c, horizon - size * 1.2 + dv + size * 0.5 * q) for c, q in ROUND]
        canvas.polygon(ring, [c * (0.8 + 0.1 * k) for c in colour])


def houses(canvas: Canvas, dice: Dice, foot: float) -> None:
    """Fronts side by side with windows and doors."""
    u = dice.between(-0.3, 0)
    while u < 1:
        wide, top = dice.between(0.25, 0.6), dice.between(-0.2, 0.2)
        front = dice.near(dice.pick(HOUSES))
        canvas.polygon([(u, top), (u + wide, top), (u + wide, foot), (u, foot)], front)
        step = wide / dice.whole(2, 4)
        pane = dice.near((0.3, 0.36, 0.42))
        for k in range(round(wide / step)):
            for v in (foot - 0.2, foot - 0.42):
                a = u + step * (k + 0.25)
                canvas.polygon([(a, v), (a + step * 0.5, v), (a + step * 0.5, v + 0.14), (a, v + 0.14)], pane)
        u += wide


def wall(canvas: Canvas, dice: Dice, top: float, foot: float) -> None:
    """Bricks, boards or plaster."""
    stone = np.asarray(
        dice.near(dice.pick([(0.55, 0.32, 0.26), (0.68, 0.64, 0.58), (0.8, 0.78, 0.74), (0.45, 0.34, 0.24)])),
        np.float32,
    )
    long, high, shift = *dice.pick([(0.09, 0.04), (0.07, 2.0), (2.0, 2.0), (0.16, 0.09)]), dice.between(0, 256)

    def bricks(u, v):
        course = np.floor(v / high)
        along = u / long + 0.5 * (course - 2 * np.floor(course / 2))
        joint = (along - np.floor(along) < 0.1) | (v / high - course < 0.14)
        tone = (
            0.85
            + 0.3 * sample(CLOUDY, u * 60 + shift, v * 60)
            + 0.16 * (sample(WHITE, np.floor(along) + shift, course) - 0.5)
        )
        return stone * np.where(joint, 0.75, tone)[..., None]

    canvas.polygon([(-0.1, top), (1.1, top), (1.1, foot), (-0.1, foot)], bricks)

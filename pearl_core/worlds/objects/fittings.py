"""What hangs on the walls of rooms or stands at them: windows, pictures, curtains, shelves, doors. All background."""

from __future__ import annotations

from pearl_core.worlds.scenes.canvas import Canvas
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.stage import box

PAINT = [
    (0.88, 0.85, 0.78),
    (0.75, 0.8, 0.84),
    (0.8, 0.7, 0.58),
    (0.6, 0.7, 0.6),
    (0.92, 0.92, 0.9),
    (0.72, 0.5, 0.45),
    (0.5, 0.52, 0.6),
]
FLOOR = [
    (0.6, 0.42, 0.26),
    (0.75, 0.6, 0.42),
    (0.42, 0.29, 0.2),
    (0.7, 0.68, 0.65),
    (0.5, 0.35, 0.35),
    (0.45, 0.48, 0.52),
]
FRAMES = [(0.4, 0.28, 0.18), (0.92, 0.92, 0.9), (0.15, 0.14, 0.14)]


def window(canvas: Canvas, dice: Dice, foot: float) -> None:
    u, wide, top, low = (
        dice.between(-0.1, 0.7),
        dice.between(0.2, 0.4),
        dice.between(-0.1, 0.1),
        foot - dice.between(0.12, 0.25),
    )
    canvas.polygon(box(u, top, u + wide, low), (0.93, 0.93, 0.92))
    outside = dice.near(dice.pick([(0.7, 0.85, 0.97), (0.5, 0.65, 0.45), (0.15, 0.17, 0.25), (0.9, 0.93, 0.95)]))
    for k in range(2):
        a = u + wide * (0.06 + 0.47 * k)
        canvas.polygon(box(a, top + 0.02, a + wide * 0.41, low - 0.02), outside)


def picture(canvas: Canvas, dice: Dice, foot: float) -> None:
    u, v, wide, high = (
        dice.between(0, 0.8),
        dice.between(0.02, max(0.05, foot - 0.4)),
        dice.between(0.12, 0.3),
        dice.between(0.12, 0.26),
    )
    canvas.polygon(box(u, v, u + wide, v + high), dice.pick(FRAMES))
    canvas.polygon(box(u + 0.015, v + 0.018, u + wide - 0.015, v + high - 0.018), dice.near(dice.pick(PAINT + FLOOR)))
    canvas.polygon(
        box(u + 0.015, v + high * 0.6, u + wide - 0.015, v + high - 0.018), dice.near(dice.pick(PAINT + FLOOR))
    )


def curtain(canvas: Canvas, dice: Dice, foot: float) -> None:
    cloth, u = dice.near(dice.pick(PAINT)), dice.pick([-0.05, 0.8, dice.between(0, 0.8)])
    for k in range(6):
        a = u + 0.045 * k
        canvas.polygon(box(a, -0.1, a + 0.046, foot - 0.04), [c * (0.75 + 0.25 * (k % 2)) for c in cloth])


def shelf(canvas: Canvas, dice: Dice, foot: float) -> None:
    u, wide, wood = dice.between(-0.1, 0.7), dice.between(0.25, 0.5), dice.near(dice.pick(FRAMES))
    for v in (foot - 0.42, foot - 0.2):
        canvas.polygon(box(u, v, u + wide, v + 0.025), wood)
        a = u + 0.02
        while a < u + wide - 0.05:
            thick, high = dice.between(0.018, 0.045), dice.between(0.09, 0.16)
            canvas.polygon(box(a, v - high, a + thick, v), dice.near(dice.pick(PAINT + FLOOR)))
            a += thick + dice.pick([0.002, 0.002, 0.04])


def door(canvas: Canvas, dice: Dice, foot: float) -> None:
    u, paint = dice.between(0, 0.75), dice.near(dice.pick(FRAMES + PAINT))
    canvas.polygon(box(u, -0.1, u + 0.28, foot), [c * 0.8 for c in paint])
    canvas.polygon(box(u + 0.02, -0.1, u + 0.26, foot), paint)
    for v in (0.02, foot * 0.55):
        canvas.polygon(box(u + 0.05, v, u + 0.23, v + foot * 0.38), [c * 0.9 for c in paint])

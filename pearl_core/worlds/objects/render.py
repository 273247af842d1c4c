"""A picture of objects from its split and index: background, things from far to near, then the camera's effects."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pearl_core.types import choose
from pearl_core.worlds.objects.classes import BACKGROUND, PERSON
from pearl_core.worlds.objects.kinds import SETTINGS
from pearl_core.worlds.objects.plan import Thing, arrange, on_top, setting
from pearl_core.worlds.objects.relief import blur, bordered, dress
from pearl_core.worlds.objects.view import Figure
from pearl_core.worlds.scenes.canvas import Canvas
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.noise import WHITE, sample
from pearl_core.worlds.scenes.stage import Light, Stage

SPLITS = ("train", "val", "test")
SMALLEST = 32  # pixels
ACROSS = 1.5707963  # radians: a heading across the picture
CASTS = [(1.0, 1.0, 1.0)] * 3 + [
    (1.08, 0.98, 0.85),
    (0.9, 0.98, 1.08),
    (0.82, 0.82, 0.86),
    (1.12, 1.1, 1.06),
    (1.06, 0.94, 0.8),
]


class Drawn(NamedTuple):
    """A picture of objects and its labels; `drawn` makes it.

    Example:
        >>> from pearl_core.worlds.objects import drawn
        >>> drawn("val", 12, height=32, width=40).labels.dtype
        dtype('uint8')
    """

    image: np.ndarray  # (H, W, 3) uint8
    labels: np.ndarray  # (H, W) uint8, 255 = void
    key: str  # "objects/val/00012"


def drawn(split: str, index: int, *, height: int = 128, width: int = 160) -> Drawn:
    """A built-in picture of objects. An index gives the same things at any size, and others in each split.

    Args:
        split: "train", "val" or "test".
        index: number of the picture, from 0 on.
        height: in pixels, at least 32.
        width: the same.

    Returns:
        The picture with labels and its key.

    Raises:
        ValueError: an unknown split, a negative index, or a size under 32 pixels.

    Example:
        >>> from pearl_core.worlds.objects import drawn
        >>> picture = drawn("val", 12, height=32, width=40)
        >>> picture.image.shape, picture.labels.shape, picture.key
        ((32, 40, 3), (32, 40), 'objects/val/00012')
    """
    choose("split", split, SPLITS)
    if index < 0:
        raise ValueError(f"wanted an index of 0 or more, got {index}")
    if min(height, width) < SMALLEST:
        raise ValueError(f"wanted a height and a width of {SMALLEST} pixels or more, got {height} x {width}")
    key = f"objects/{split}/{index:05d}"
    dice, canvas = Dice(key), Canvas(height, width)
    light = Light((1.0, 1.0, 1.0), dice.between(-1, 1), dice.between(0.2, 1.0), (0.0, 0.0, 0.0), 1e9, 0.0)
    where, main = setting(dice)
    ground = SETTINGS[where](canvas, dice)
    canvas.labels[:] = BACKGROUND
    if dice.chance(0.6):
        depth = dice.between(0.0, 3.0)  # radius of the blur of the background, at 128 rows
        canvas.rgb = blur(blur(canvas.rgb, _pixels(canvas, depth)), _pixels(canvas, depth * 0.7))
    things = arrange(dice, where, main, ground)
    for thing in things:
        if thing.kind.under:
            thing.kind.under(_figure(canvas, light, dice, thing, thing.kind.label))
    for thing in things:
        _paint(canvas, light, dice, thing)
    return Drawn(_developed(canvas, dice), bordered(canvas), key)


def _pixels(canvas: Canvas, at_working_size: float) -> int:
    """A radius that is given for 128 rows, in pixels of this canvas."""
    return int(at_working_size * canvas.height / 128 + 0.5)


def _figure(canvas: Canvas, light: Light, dice: Dice, thing: Thing, label: int) -> Figure:
    x, z = -thing.kind.lead * math.sin(thing.turn), thing.view.far - thing.kind.lead * math.cos(thing.turn)
    return Figure(Stage(canvas, thing.view, light, dice), x, z, thing.turn, label)


def _paint(canvas: Canvas, light: Light, dice: Dice, thing: Thing) -> None:
    """A thing, its rider, and what stands on it."""
    figure = _figure(canvas, light, dice, thing, thing.kind.label)
    if thing.standing:
        _shadow(figure, thing)
    _layer(canvas, dice, thing, figure, thing.kind.paint)
    if thing.ridden:
        _layer(canvas, dice, thing, _figure(canvas, light, dice, thing, PERSON), thing.kind.rider)
    top = on_top(dice, thing, lambda s, y, t: thing.view.project(*figure.world(s, y, t)))
    if top:
        _layer(canvas, dice, top, _figure(canvas, light, dice, top, top.kind.label), top.kind.paint)


def _layer(canvas: Canvas, dice: Dice, thing: Thing, figure: Figure, paint) -> None:
    canvas.person += 1
    coat = paint(figure)
    dress(canvas, canvas.person, thing.view, thing.kind.high, coat, figure.stage.light.sun, dice.between(0, 256))


def _shadow(figure: Figure, thing: Thing) -> None:
    """Dark ground below a thing, in three soft steps."""
    half, deep = thing.kind.wide / 2, max(0.18 * thing.kind.wide, 0.125 * thing.kind.high)
    side = Figure(figure.stage, figure.x, figure.z, ACROSS)
    away = 0.1 * half * figure.stage.light.sun
    for k in (1.0, 0.82, 0.64):
        side.plate(away, 0.0, 0.0, half * k, deep * k, (0.05, 0.05, 0.07), None, opacity=0.2)


def _developed(canvas: Canvas, dice: Dice) -> np.ndarray:
    """What a camera adds: brightness, a colour cast, slight blur, darker corners, noise, rounding to 8 bits."""
    u, v = (canvas.x / canvas.width)[None, :] - 0.5, (canvas.y / canvas.height)[:, None] - 0.5
    cast = np.asarray(dice.pick(CASTS), np.float32) * np.float32(dice.between(0.85, 1.1))
    lean, corner, soft = dice.between(-0.3, 0.3), dice.between(0.0, 0.6), dice.between(0.0, 0.7)
    gain = (1 - corner * (u * u + v * v)) * (1 + lean * u)
    rgb = canvas.rgb + np.float32(soft) * (blur(canvas.rgb, _pixels(canvas, 1.0)) - canvas.rgb)
    shift, noise = dice.between(0, 256), dice.between(0.01, 0.06)
    grain = sample(WHITE, canvas.x[None, :] + shift, canvas.y[:, None] + shift) - 0.5
    rgb = rgb * cast * gain[..., None] + (noise * grain)[..., None]
    return np.floor(np.clip(rgb, 0, 1) * 255 + 0.5).astype(np.uint8)

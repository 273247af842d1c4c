"""One street scene from its split and index: plan the street, paint it from far to near, finish the picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pearl_core.types import VOID, choose
from pearl_core.worlds.scenes.backdrop import paint_ground, paint_sky, weather
from pearl_core.worlds.scenes.canvas import Canvas
from pearl_core.worlds.scenes.classes import PERSON
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.layout import Street
from pearl_core.worlds.scenes.noise import WHITE, sample
from pearl_core.worlds.scenes.page import html
from pearl_core.worlds.scenes.stage import Camera, Stage
from pearl_core.worlds.scenes.street import plan

SPLITS = ("train", "val", "test")
SMALLEST = 32  # pixels
SLIVER = 1 / 40  # a person gets no box if less is visible, as a share of the height of the picture


class Scene(NamedTuple):
    """A picture of a street, its labels and the boxes of its persons; `scene` makes it.

    Example:
        >>> from pearl_core.worlds.scenes import scene
        >>> scene("val", 12, height=32, width=64).boxes.shape[1]
        4
    """

    image: np.ndarray  # (H, W, 3) uint8
    labels: np.ndarray  # (H, W) uint8, 255 = void
    boxes: np.ndarray  # (N, 4) int64, the visible extent of each person: x0, y0, x1, y1 (exclusive)
    key: str  # "scenes/val/00012"

    def _repr_html_(self) -> str:
        return html(self.image, self.labels, len(self.boxes), self.key)


def scene(split: str, index: int, *, height: int = 128, width: int = 256) -> Scene:
    """A built-in street scene. An index gives the same street at any size, and another street in each split.

    Args:
        split: "train", "val" or "test".
        index: number of the scene, from 0 on.
        height: in pixels, at least 32.
        width: the same.

    Returns:
        The picture with labels, boxes of persons and its key.

    Raises:
        ValueError: an unknown split, a negative index, or a size under 32 pixels.

    Example:
        >>> from pearl_core.worlds.scenes import scene
        >>> street = scene("val", 12, height=32, width=64)
        >>> street.image.shape, street.labels.shape, street.key
        ((32, 64, 3), (32, 64), 'scenes/val/00012')
    """
    choose("split", split, SPLITS)
    if index < 0:
        raise ValueError(f"wanted an index of 0 or more, got {index}")
    if min(height, width) < SMALLEST:
        raise ValueError(f"wanted a height and a width of {SMALLEST} pixels or more, got {height} x {width}")
    key = f"scenes/{split}/{index:05d}"
    dice = Dice(key)
    light, sky = weather(dice)
    camera = Camera(
        centre=dice.between(0.42, 0.58),
        horizon=dice.between(0.42, 0.5),
        focal=dice.between(0.7, 0.85),
        height=dice.between(1.35, 1.75),
        roll=dice.between(-0.02, 0.02),
    )
    stage = Stage(Canvas(height, width), camera, light, dice)
    street = plan(dice)
    paint_sky(stage, sky)
    paint_ground(stage, street.ground)
    _shadows(stage, street)
    for paint in street.in_order():
        paint(stage)
    _bonnet(stage)
    return Scene(_finish(stage), stage.canvas.labels, _boxes(stage.canvas), key)


def _shadows(stage: Stage, street: Street) -> None:
    """Shadows: dark ground under everything, and longer shadows on the side away from the sun."""
    light = stage.light
    for x0, z0, x1, z1 in (ground for ground, _ in street.things):
        z0, z1 = max(z0, 1.5), max(z1, 1.6)
        stage.face([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)], (0.05, 0.05, 0.06), opacity=0.55)
        cast = -light.sun * 2.2
        if light.strength > 0.5:
            a, b = (x0, x1) if cast > 0 else (x1, x0)
            corners = [(a, 0, z0), (b + cast, 0, z0 + 0.4), (b + cast, 0, z1 + 0.4), (a, 0, z1)]
            stage.face(corners, (0.06, 0.06, 0.09), opacity=0.4)


def _bonnet(stage: Stage) -> None:
    """The camera car's own bonnet at the lower edge: void, as in Cityscapes."""
    dice, canvas = stage.dice, stage.canvas
    if not dice.chance(0.6):
        return
    high, paint = dice.between(0.05, 0.1), dice.near(dice.pick([(0.12, 0.12, 0.14), (0.5, 0.5, 0.52), (0.3, 0.1, 0.1)]))
    colour = stage.hazy(paint, 1.0)
    canvas.polygon([(-0.1, 1.2), (-0.1, 1 - high * 0.25), (0.15, 1 - high * 0.75), (0.35, 1 - high), (0.65, 1 - high),
                    (0.85, 1 - high * 0.75), (1.1, 1 - high * 0.25), (1.1, 1.2)], colour, VOID)  # fmt: skip
    canvas.polygon(
        [(0.2, 1 - high * 0.62), (0.35, 1 - high * 0.85), (0.65, 1 - high * 0.85), (0.8, 1 - high * 0.62)],
        colour * 1.5,
        opacity=0.5,
    )


def _finish(stage: Stage) -> np.ndarray:
    """What a camera adds: darker corners, noise, rounding to 8 bits."""
    canvas, dice = stage.canvas, stage.dice
    u, v = (canvas.x / canvas.width)[None, :] - 0.5, (canvas.y / canvas.height)[:, None] - 0.5
    gain = dice.between(0.9, 1.1) * (1 - 0.45 * (u * u + v * v))
    shift, noise = dice.between(0, 256), dice.between(0.01, 0.04)
    grain = sample(WHITE, canvas.x[None, :] + shift, canvas.y[:, None] + shift) - 0.5
    rgb = canvas.rgb * gain[..., None] + (noise * grain)[..., None]
    return np.floor(np.clip(rgb, 0, 1) * 255 + 0.5).astype(np.uint8)


def _boxes(canvas: Canvas) -> np.ndarray:
    boxes = []
    for person in range(1, canvas.person + 1):
        rows, columns = np.nonzero((canvas.owner == person) & (canvas.labels == PERSON))
        if rows.size and rows.max() + 1 - rows.min() >= SLIVER * canvas.height:
            boxes.append((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    return np.asarray(boxes, np.int64).reshape(-1, 4)

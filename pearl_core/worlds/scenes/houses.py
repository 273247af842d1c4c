"""Houses: fronts along the street and across its end, with windows, shops, roofs, in metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pearl_core.worlds.scenes.classes import BUILDING
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.noise import CLOUDY, WHITE, sample
from pearl_core.worlds.scenes.stage import Stage, box

PLASTER = [(0.78, 0.7, 0.56), (0.72, 0.6, 0.5), (0.8, 0.78, 0.74), (0.62, 0.42, 0.34), (0.5, 0.33, 0.27),
           (0.6, 0.62, 0.64), (0.66, 0.7, 0.62), (0.72, 0.52, 0.42), (0.45, 0.45, 0.48), (0.85, 0.8, 0.66)]  # fmt: skip
SHOPS = [(0.6, 0.15, 0.15), (0.15, 0.3, 0.5), (0.2, 0.4, 0.25), (0.75, 0.6, 0.2), (0.25, 0.2, 0.2)]


@dataclass(frozen=True)
class House:
    """The looks of one front: colours, and its window grid in metres."""

    colour: tuple[float, float, float]
    trim: tuple[float, float, float]
    glass: tuple[float, float, float]
    shop: tuple[float, float, float] | None
    bay: float
    floor: float
    wide: float  # share of the bay that is window
    tall: float  # share of the floor
    brick: bool
    seed: int


def house(dice: Dice) -> House:
    office, contrast = dice.chance(0.2), dice.pick([0.6, 1.3])
    colour = dice.near(dice.pick(PLASTER), 0.08)
    return House(
        colour=colour,
        trim=dice.near([min(1.0, c * contrast) for c in colour], 0.03),
        glass=dice.near(dice.pick([(0.16, 0.2, 0.25), (0.3, 0.38, 0.46), (0.2, 0.2, 0.2)]), 0.05),
        shop=dice.near(dice.pick(SHOPS)) if dice.chance(0.5) else None,
        bay=dice.between(2.2, 3.6),
        floor=dice.between(2.8, 3.6),
        wide=dice.between(0.8, 0.9) if office else dice.between(0.35, 0.6),
        tall=dice.between(0.6, 0.8) if office else dice.between(0.45, 0.62),
        brick=dice.chance(0.4),
        seed=dice.whole(0, 255),
    )


def _pattern(look: House, along, y, top: float, coarse, dark: float):
    """Colours (h, w, 3) of a front at `along` and `y` metres; `coarse` is the size of a pixel in metres."""
    column, row = along / look.bay, y / look.floor
    across, up = column - np.floor(column), row - np.floor(row)
    window = (np.abs(across - 0.5) < look.wide / 2) & (np.abs(up - 0.52) < look.tall / 2) & (row > 1) & (y < top - 0.9)
    frame = (np.abs(across - 0.5) < look.wide / 2 + 0.05) & (np.abs(up - 0.52) < look.tall / 2 + 0.06)
    dice = sample(WHITE, np.floor(column) * 7 + look.seed, np.floor(row) * 13 + look.seed)
    stain = sample(CLOUDY, along * 5 + look.seed, y * 5)
    base = np.asarray(look.colour, np.float32) * (0.86 + 0.28 * stain)[..., None]
    if look.brick:
        course = y / 0.3
        joint = (course - np.floor(course) < 0.25) & (coarse < 0.2)
        base = base * np.where(joint, 1.15, 0.97 + 0.12 * (sample(WHITE, along * 3, course) - 0.5))[..., None]
    glass = np.asarray(look.glass, np.float32) * (0.7 + 0.8 * dice)[..., None]
    if dark:
        glass = np.where((dice > 0.62)[..., None], np.asarray((1.9, 1.55, 0.95), np.float32) * dark, glass)
    trim = np.asarray(look.trim, np.float32)
    colour = np.where((frame & (row > 1) & (y < top - 0.8))[..., None], trim, base)
    colour = np.where(window[..., None], glass, colour)
    if look.shop is not None:
        pane = (row < 0.72) & (row > 0.12) & (np.abs(across - 0.5) < 0.44)
        sign = (row > 0.76) & (row < 0.98)
        lit = glass * 1.2 + 0.9 * dark * np.asarray((0.9, 0.75, 0.45), np.float32)
        colour = np.where((pane & (row < 1))[..., None], lit, colour)
        colour = np.where(sign[..., None], np.asarray(look.shop, np.float32), colour)
    else:
        door = (row < 0.75) & (np.abs(across - 0.5) < 0.2) & (dice > 0.5)
        colour = np.where(door[..., None], glass * 0.8, colour)
    return np.where(((y > top - 0.5) | (y < 0.35))[..., None], trim * 0.8, colour)


def paint_house(stage: Stage, x: float, z0: float, z1: float, top: float, look: House, roof: float) -> None:
    """A house whose front lies at x from z0 to z1, with the gable end that faces the camera."""
    side, camera = (1 if x > 0 else -1), stage.camera
    dark, width = stage.light.dark, 16.0
    across, end = stage.light.shade(-side), stage.light.shade(0, -1)

    def front(u, v):
        z, y = camera.on_side(u, v, x)
        coarse = z * z / (camera.focal * abs(x) * 256)
        return stage.hazy(_pattern(look, z + 0 * y, y, top, coarse, dark) * across, z + 0 * y)

    def gable(u, v):
        along, y = camera.on_front(u, v, z0)
        colour = _pattern(look, along + 0 * y, y, top, z0 / (camera.focal * 256), dark)
        return stage.hazy(colour * end, z0)

    if roof:
        tiles, back = (0.42, 0.24, 0.2) if look.seed % 2 else (0.3, 0.3, 0.33), x + side * roof
        slope = [(x, top, z0), (x, top, z1), (back, top + roof, z1), (back, top + roof, z0)]
        stage.face(slope, tiles, BUILDING, shade=across)
        ridge = [(x, top, z0), (back, top + roof, z0), (x + 2 * side * roof, top, z0)]
        stage.face(ridge, look.colour, BUILDING, shade=end)
    project = camera.project
    stage.canvas.polygon([project(a, y, z0) for a, y in box(x, 0.0, x + side * width, top)], gable, BUILDING)
    stage.canvas.polygon([project(x, y, z) for z, y in box(z0, 0.0, z1, top)], front, BUILDING)


def paint_block(stage: Stage, x0: float, x1: float, z: float, top: float, look: House) -> None:
    """A front across the view: the house at the end of the street."""

    def front(u, v):
        along, y = stage.camera.on_front(u, v, z)
        colour = _pattern(look, along + 0 * y, y, top, z / (stage.camera.focal * 256), stage.light.dark)
        return stage.hazy(colour * stage.light.shade(0, -1), z)

    stage.canvas.polygon([stage.camera.project(a, y, z) for a, y in box(x0, 0.0, x1, top)], front, BUILDING)

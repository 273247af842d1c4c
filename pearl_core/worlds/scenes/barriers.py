"""Walls, fences and hedges: upright planes that run along the street."""

from __future__ import annotations

import numpy as np

from pearl_core.worlds.scenes.classes import FENCE, VEGETATION, WALL
from pearl_core.worlds.scenes.noise import CLOUDY, WHITE, sample
from pearl_core.worlds.scenes.stage import Stage, box

STONE = [(0.5, 0.36, 0.3), (0.58, 0.57, 0.55), (0.66, 0.62, 0.54), (0.44, 0.42, 0.4)]
SPRAY = [(0.8, 0.2, 0.2), (0.2, 0.4, 0.65), (0.25, 0.5, 0.3), (0.95, 0.8, 0.25), (0.3, 0.25, 0.3)]
WOOD = [(0.5, 0.36, 0.24), (0.75, 0.74, 0.7), (0.4, 0.3, 0.22)]
METAL = [(0.16, 0.18, 0.17), (0.2, 0.34, 0.26), (0.6, 0.62, 0.63)]
LEAF = [(0.2, 0.34, 0.14), (0.28, 0.4, 0.16), (0.16, 0.28, 0.16)]
FENCES = {"palings": (0.3, 0.7), "railings": (0.36, 0.3), "wire": (0.5, 0.12)}  # metres from bar to bar, share of bar


def paint_wall(stage: Stage, x: float, z0: float, z1: float, top: float) -> None:
    """A garden or retaining wall: bricks, blocks or concrete panels, with a coping, perhaps sprayed on."""
    dice, camera = stage.dice, stage.camera
    stone = np.asarray(dice.near(dice.pick(STONE), 0.06), np.float32)
    long, high = dice.pick([(0.8, 0.35), (1.2, 0.5), (3.0, 5.0)])
    shade, sprayed = stage.light.shade(-1 if x > 0 else 1), dice.chance(0.4)
    ink, shift = np.asarray(dice.pick(SPRAY), np.float32), dice.between(0, 256)

    def texture(u, v):
        z, y = camera.on_side(u, v, x)
        z = z + 0 * y
        course = np.floor(y / high)
        along = z / long + 0.5 * (course - 2 * np.floor(course / 2))
        joint = (along - np.floor(along) < 0.1) | (y / high - course < 0.16)
        tone = 0.8 + 0.3 * sample(CLOUDY, z * 8 + shift, y * 10) + 0.24 * sample(WHITE, np.floor(along) + shift, course)
        colour = stone * np.where(joint, 0.66, tone)[..., None]
        if sprayed:
            loud = (sample(CLOUDY, z * 9 + shift, y * 16 + shift) > 0.56) & (np.abs(y - top / 2) < top * 0.26)
            colour = np.where(loud[..., None], ink, colour)
        colour = np.where((y > top - 0.16)[..., None], stone * 1.25, colour)
        return stage.hazy(colour * shade, z)

    stage.canvas.polygon([camera.project(x, y, z) for z, y in box(z0, 0.0, z1, top)], texture, WALL)


def paint_fence(stage: Stage, x: float, z0: float, z1: float, top: float) -> None:
    """Palings, railings or wire with posts; the label also covers what is visible through it."""
    dice, camera = stage.dice, stage.camera
    kind = dice.pick(["palings", "railings", "wire"])
    colour = np.asarray(dice.near(dice.pick(WOOD if kind == "palings" else METAL)), np.float32)
    step, bar = FENCES[kind]
    shade = stage.light.shade(-1 if x > 0 else 1)

    def texture(u, v):
        z, y = camera.on_side(u, v, x)
        z = z + 0 * y
        coarse = z * z / (camera.focal * abs(x) * 256)  # metres along the fence in one pixel
        upright = z / step - np.floor(z / step) < bar
        fine = np.clip(1.6 - 2 * coarse / step, 0, 1)
        opaque = bar + fine * (upright - bar)
        post = z / 2.4 - np.floor(z / 2.4) < 0.06 + coarse / 4
        rail = (np.abs(y - top + 0.14) < 0.07) | (np.abs(y - 0.3) < 0.06)
        if kind == "wire":
            rail |= y / 0.5 - np.floor(y / 0.5) < 0.16
        opaque = np.where(post | rail, 1.0, opaque).astype(np.float32)
        tone = (0.85 + 0.3 * sample(WHITE, np.floor(z / step), 0 * y))[..., None]
        return stage.hazy(colour * (tone * shade), z), opaque

    stage.canvas.polygon([camera.project(x, y, z) for z, y in box(z0, 0.0, z1, top)], texture, FENCE)


def paint_hedge(stage: Stage, x: float, z0: float, z1: float, top: float) -> None:
    """A clipped hedge or a belt of bushes with a ragged upper edge."""
    dice, camera = stage.dice, stage.camera
    green = np.asarray(dice.near(dice.pick(LEAF)), np.float32)
    shift, ragged = dice.between(0, 256), dice.between(0.2, 1.2)
    shade = stage.light.shade(-1 if x > 0 else 1)

    def texture(u, v):
        z, y = camera.on_side(u, v, x)
        z = z + 0 * y
        leaf = sample(CLOUDY, z * 14 + shift, y * 14 + shift)
        speck = sample(WHITE, u * 512 + shift, v * 256)
        tone = (0.45 + 0.8 * leaf + 0.35 * speck) * (0.7 + 0.3 * np.clip(y / top, 0, 1))
        outline = sample(CLOUDY, z * 10 + shift, 0 * y)
        opaque = (y < top - ragged * outline).astype(np.float32)
        return stage.hazy(green * (tone * shade)[..., None], z), opaque

    stage.canvas.polygon([camera.project(x, y, z) for z, y in box(z0, 0.0, z1, top)], texture, VEGETATION, cut=True)

"""Time of day, sky and ground: everything that is painted before the things of a street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pearl_core.worlds.scenes.classes import ROAD, SIDEWALK, SKY, TERRAIN
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.noise import CLOUDY, WHITE, sample
from pearl_core.worlds.scenes.stage import Light, Stage


@dataclass(frozen=True)
class Sky:
    zenith: tuple[float, float, float]
    horizon: tuple[float, float, float]
    clouds: float  # 0 none .. 1 overcast
    cloud: tuple[float, float, float]


@dataclass(frozen=True)
class Ground:
    """The strips of the street along z, by their edges in x, and a side street that may cross at z0..z1."""

    edges: tuple[float, ...]  # rising; strip k lies between edge k - 1 and edge k
    labels: tuple[int, ...]  # of the strips, one more than edges
    lines: tuple[tuple[float, bool], ...]  # x of lane lines, and whether they are dashed
    rails: tuple[float, ...]  # x of rails
    crossing: tuple[float, float] | None
    shades: tuple[tuple[float, float], ...]  # x ranges in the shade of houses


def weather(dice: Dice) -> tuple[Light, Sky]:
    """One of sunny, cloudy, low sun, dusk, night."""
    kind = dice.pick(["sunny"] * 4 + ["cloudy"] * 4 + ["low"] * 2 + ["dusk"] * 1 + ["night"] * 1)
    blue, white, grey = (0.30, 0.52, 0.85), (0.93, 0.94, 0.96), (0.72, 0.75, 0.79)
    tint, strength, dark, clouds, cloud = (1.0, 1.0, 1.0), 1.0, 0.0, dice.between(0.0, 0.6), white
    zenith, horizon = blue, (0.78, 0.87, 0.95)
    if kind == "cloudy":
        tint, strength, clouds, cloud = (0.84, 0.86, 0.9), 0.25, 1.0, grey
        zenith, horizon = (0.62, 0.67, 0.73), (0.84, 0.86, 0.88)
    elif kind == "low":
        tint, zenith, horizon, cloud = (1.02, 0.9, 0.74), (0.42, 0.52, 0.74), (0.99, 0.82, 0.6), (0.98, 0.8, 0.68)
    elif kind == "dusk":
        tint, strength, dark, cloud = (0.66, 0.6, 0.68), 0.4, 0.6, (0.62, 0.45, 0.52)
        zenith, horizon = (0.24, 0.27, 0.46), (0.85, 0.56, 0.44)
    elif kind == "night":
        tint, strength, dark, cloud = (0.5, 0.51, 0.62), 0.2, 1.0, (0.2, 0.2, 0.26)
        zenith, horizon = (0.06, 0.08, 0.16), (0.24, 0.23, 0.28)
    horizon = dice.near(horizon, 0.04)
    light = Light(tint, dice.between(-1, 1), strength, horizon, dice.between(70, 220), dark)
    return light, Sky(dice.near(zenith, 0.06), horizon, clouds, dice.near(cloud, 0.03))


def paint_sky(stage: Stage, sky: Sky) -> None:
    shift = stage.dice.between(0, 256)

    def texture(u, v):
        high = np.clip(-stage.camera.drop(u, v) * 1.7, 0, 1)  # 0 at the horizon .. 1 above
        zenith, horizon, cloud = (np.asarray(c, np.float32) for c in (sky.zenith, sky.horizon, sky.cloud))
        colour = horizon + high[..., None] * (zenith - horizon)
        flat = 0.12 + high
        puff = sample(CLOUDY, (u - 0.5) / flat * 60 + shift, 60 / flat + shift)
        cover = np.clip((puff - 0.75 + 0.45 * sky.clouds) * 4, 0, 1) * np.clip(high * 5, 0, 1) * 0.8
        return colour + cover[..., None] * (cloud * (0.85 + 0.25 * puff[..., None]) - colour)

    stage.canvas.polygon([(-1, -1), (2, -1), (2, 1.5), (-1, 1.5)], texture, SKY)


def paint_ground(stage: Stage, ground: Ground) -> None:
    """Cast a ray per pixel below the horizon: labels from the strips, colours from strips, lines, rails and noise."""
    canvas, camera, dice = stage.canvas, stage.camera, stage.dice
    top = min(canvas.height - 1, max(0, int((camera.horizon - abs(camera.roll)) * canvas.height)))
    u, v = (canvas.x / canvas.width)[None, :], (canvas.y[top:] / canvas.height)[:, None]
    x, z = camera.on_ground(u, v)
    labels = np.asarray(ground.labels, np.uint8)[np.searchsorted(np.asarray(ground.edges, np.float32), x)]
    if ground.crossing:
        labels[(z > ground.crossing[0]) & (z < ground.crossing[1])] = ROAD
    kinds = np.zeros((20, 3), np.float32)
    asphalt = dice.near(dice.pick([(0.33, 0.33, 0.35), (0.42, 0.42, 0.43), (0.26, 0.26, 0.29), (0.4, 0.37, 0.35)]))
    paving = dice.near(dice.pick([(0.6, 0.58, 0.55), (0.68, 0.66, 0.64), (0.56, 0.48, 0.44), (0.5, 0.5, 0.52)]))
    grass = dice.near(dice.pick([(0.34, 0.47, 0.2), (0.45, 0.5, 0.25), (0.52, 0.45, 0.3), (0.28, 0.42, 0.22)]))
    kinds[ROAD], kinds[SIDEWALK], kinds[TERRAIN] = asphalt, paving, grass
    sharp = 8 / (8 + z)  # fine texture fades with distance, as it would be finer than the pixels
    colour = kinds[labels] * _grain(labels, x, z, u, v, sharp, dice)[..., None]
    _markings(colour, ground, labels, x, z, dice)
    for low, high in ground.shades:
        colour[(x > low) & (x < high)] *= 1 - 0.42 * stage.light.strength
    colour = stage.hazy(colour, z)
    if stage.light.dark:
        beam = np.clip(1 - np.abs(x) / (1 + 0.25 * z), 0, 1) * np.clip(z / 6, 0, 1) * 14 / (14 + z)
        colour = colour * (1 + 1.1 * stage.light.dark * beam[..., None])
    seen = camera.drop(u, v) > 0
    canvas.rgb[top:][seen] = colour[seen]
    canvas.labels[top:][seen] = labels[seen]


def _grain(labels, x, z, u, v, sharp, dice):
    """Asphalt grain and patches, paving slabs, tufts of grass, as a factor per pixel."""
    shift = dice.between(0, 256)
    patches = sample(CLOUDY, x * 6 + shift, z * 4 + shift) - 0.5
    grain = sample(WHITE, u * 512 + shift, v * 256 + shift) - 0.5
    factor = 1 + 0.28 * patches + 0.12 * grain * sharp
    slab = dice.pick([0.5, 0.8, 1.1])
    across, along = x / slab, z / slab
    joint = (across - np.floor(across) < 0.14) | (along - np.floor(along) < 0.14)
    paved = labels == SIDEWALK
    factor = np.where(paved & joint, factor - 0.3 * sharp, factor)
    return np.where(labels == TERRAIN, factor + 0.55 * grain * (0.4 + sharp), factor)


def _markings(colour, ground: Ground, labels, x, z, dice: Dice) -> None:
    """Lane lines, a zebra crossing before the side street, kerbs and rails, painted into `colour`."""
    road = labels == ROAD
    paint = np.asarray(dice.near((0.86, 0.86, 0.83), 0.04), np.float32)
    clear = np.ones_like(road)
    if ground.crossing:
        near, far = ground.crossing
        clear = (z < near - 3.5) | (z > far)
        zebra = road & (z > near - 3.2) & (z < near - 0.4) & (x - np.floor(x / 1.1) * 1.1 < 0.55)
        colour[zebra] = paint
    for at, dashed in ground.lines:
        line = road & clear & (np.abs(x - at) < 0.08 + 0.002 * z)
        if dashed:
            line &= z - np.floor(z / 6) * 6 < 3
        colour[line] = paint
    for at in ground.rails:
        colour[road & (np.abs(x - at) < 0.22)] *= 0.72
        colour[road & (np.abs(x - at) < 0.07 + 0.001 * z)] = (0.62, 0.62, 0.66)
    for left, right, edge in zip(ground.labels, ground.labels[1:], ground.edges, strict=False):
        if ROAD in (left, right) and left != right:
            kerb = (np.abs(x - edge) < 0.16) & (clear | ~road)
            colour[kerb & ~road] *= 1.18
            colour[kerb & road] *= 0.7

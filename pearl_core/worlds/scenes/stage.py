"""The camera, the light, and the stage that puts things of the world (metres) on the canvas.

World: x to the right, y up, z ahead; the camera looks along z from (0, height, 0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pearl_core.worlds.scenes.canvas import Canvas
from pearl_core.worlds.scenes.dice import Dice

Point3 = tuple[float, float, float]
NEAR = 1.0  # points closer than this are drawn at this distance


@dataclass(frozen=True)
class Camera:
    """A pinhole camera on the dashboard; every picture is taken to be twice as wide as high."""

    centre: float  # of the vanishing point, share of the width
    horizon: float  # share of the height
    focal: float  # in widths
    height: float  # metres
    roll: float  # how much v grows with u

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        z = max(z, NEAR)
        u = self.centre + self.focal * x / z
        return u, self.horizon + 2 * self.focal * (self.height - y) / z + self.roll * (u - 0.5)

    def drop(self, u, v):
        """How far below the horizon the pixels are."""
        return v - self.roll * (u - 0.5) - self.horizon

    def on_ground(self, u, v):
        """x and z of the ground seen at pixels below the horizon."""
        z = 2 * self.focal * self.height / np.maximum(self.drop(u, v), 1e-3)
        return (u - self.centre) * z / self.focal, z

    def on_side(self, u, v, x: float):
        """z and y on the upright plane at x that runs along the street."""
        away = (u - self.centre) / x
        z = self.focal / np.maximum(away, self.focal / 400)
        return z, self.height - self.drop(u, v) * z / (2 * self.focal)

    def on_front(self, u, v, z: float):
        """x and y on the upright plane at z that faces the camera."""
        return (u - self.centre) * (z / self.focal), self.height - self.drop(u, v) * (z / (2 * self.focal))


@dataclass(frozen=True)
class Light:
    """The effects of time of day and weather: a tint, side and strength of the sun, haze, lamps."""

    tint: tuple[float, float, float]
    sun: float  # -1 from the left .. 1 from the right
    strength: float  # 0 overcast .. 1 clear
    haze: tuple[float, float, float]
    reach: float  # metres at which haze and thing have equal weight
    dark: float  # 0 day .. 1 night: lamps are lit

    def shade(self, across: float, along: float = 0.0, up: float = 0.0) -> float:
        """Brightness of a face with the outward normal (across, up, along)."""
        facing = 0.75 * across * self.sun - 0.35 * along + 0.5 * up
        return 0.8 + 0.32 * self.strength * facing

    def veil(self, z):
        """The share of haze in front of something at z."""
        return z * z / (z * z + self.reach * self.reach)


@dataclass
class Stage:
    """Where things are drawn: canvas, camera, light, and the scene's dice."""

    canvas: Canvas
    camera: Camera
    light: Light
    dice: Dice

    def hazy(self, colour, z):
        """Colours (h, w, 3) as they look from z metres away; z is a number or (h, w)."""
        veil = self.light.veil(np.asarray(z, np.float32))[..., None]
        tinted = np.asarray(colour, np.float32) * np.asarray(self.light.tint, np.float32)
        return tinted + veil * (np.asarray(self.light.haze, np.float32) - tinted)

    def face(self, points: Sequence[Point3], colour, label=None, *, shade=1.0, glow=0.0, opacity=1.0, hole=None):
        """A flat convex face; with `glow` 1 its brightness does not depend on the light."""
        project, light = self.camera.project, self.light
        veil = light.veil(max(NEAR, sum(p[2] for p in points) / len(points)))
        seen = []
        for own, tint, haze in zip(colour, light.tint, light.haze, strict=True):
            dull = own * shade * tint * (1 - veil) + haze * veil
            seen.append(dull + glow * (own - dull))
        hole = hole and [project(*p) for p in hole]
        self.canvas.polygon([project(*p) for p in points], seen, label, opacity=opacity, hole=hole)


@dataclass(frozen=True)
class Frame:
    """A place on the street with a heading: s forward, t to its right, y up, in metres from (x, 0, z)."""

    stage: Stage
    x: float
    z: float
    turn: float = math.pi / 2  # 0 heads away from the camera, pi / 2 to the right

    @cached_property
    def _way(self) -> tuple[float, float]:
        return math.sin(self.turn), math.cos(self.turn)

    def world(self, s: float, y: float, t: float = 0.0) -> Point3:
        sine, cosine = self._way
        return self.x + s * sine + t * cosine, y, self.z + s * cosine - t * sine

    def normal(self, s: float, t: float) -> tuple[float, float]:
        """The direction (s, t) in the world, as (x, z)."""
        x, _, z = self.world(s, 0.0, t)
        return x - self.x, z - self.z

    def sees(self, s: float, t: float, out: tuple[float, float]) -> bool:
        """Whether the camera sees the front of a face through (s, t) with outward normal `out` in (s, t)."""
        x, _, z = self.world(s, 0.0, t)
        across, along = self.normal(*out)
        return across * x + along * z < 0

    def face(self, points: Sequence[Point3], colour, label=None, **how) -> None:
        """A face with corners (s, y, t)."""
        self.stage.face([self.world(*p) for p in points], colour, label, **how)

    def flat(self, points: Sequence[tuple[float, float]], colour, label=None, *, t=0.0, **how) -> None:
        """A face in the plane t with corners (s, y)."""
        self.face([(s, y, t) for s, y in points], colour, label, **how)

    def rectangle(self, s0: float, y0: float, s1: float, y1: float, colour, label=None, **how) -> None:
        self.flat([(s0, y0), (s1, y0), (s1, y1), (s0, y1)], colour, label, **how)

    def limb(self, start: tuple[float, float], end: tuple[float, float], width: float, colour, label=None, **how):
        """A straight stroke of the given width."""
        ds, dy = end[0] - start[0], end[1] - start[1]
        half = width / 2 / max(1e-6, math.hypot(ds, dy))
        a, b = -dy * half, ds * half
        corners = [(start[0] + a, start[1] + b), (end[0] + a, end[1] + b)]
        corners += [(end[0] - a, end[1] - b), (start[0] - a, start[1] - b)]
        self.flat(corners, colour, label, **how)

    def disc(self, s: float, y: float, radius: float, colour, label=None, *, inner=0.0, tall=1.0, t=0.0, **how):
        """A disc, or a ring with the inner radius; `tall` stretches it upwards."""
        ring = [self.world(s + radius * c, y + tall * radius * q, t) for c, q in _ROUND]
        if inner:
            how["hole"] = [self.world(s + inner * c, y + tall * inner * q, t) for c, q in _ROUND]
        self.stage.face(ring, colour, label, **how)


_ROUND = [(math.cos(math.pi * k / 6), math.sin(math.pi * k / 6)) for k in range(12)]


def box(a: float, y0: float, b: float, y1: float) -> list[tuple[float, float]]:
    """The corners of an upright rectangle."""
    return [(a, y0), (b, y0), (b, y1), (a, y1)]

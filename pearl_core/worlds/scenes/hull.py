"""A box on wheels, on which every vehicle is built; only the sides that face the camera are painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pearl_core.worlds.scenes.stage import Frame, box

AWAY, TOWARDS, RIGHT, LEFT = 0.0, math.pi, math.pi / 2, -math.pi / 2  # headings

PAINT = [(0.8, 0.8, 0.8), (0.92, 0.92, 0.9), (0.12, 0.12, 0.13), (0.3, 0.32, 0.34), (0.62, 0.1, 0.1), (0.12, 0.22, 0.5),
         (0.5, 0.52, 0.54), (0.2, 0.35, 0.25), (0.75, 0.6, 0.2), (0.35, 0.22, 0.16), (0.3, 0.5, 0.7)]  # fmt: skip
GLASS, TYRE, RUBBER, RIM = (0.14, 0.18, 0.22), (0.06, 0.06, 0.07), (0.1, 0.1, 0.11), (0.55, 0.56, 0.58)
RED, WARM = (0.85, 0.08, 0.06), (1.0, 0.95, 0.8)
OWN = -1  # label a face with the hull's own class


@dataclass(frozen=True)
class Hull:
    """The frame's s runs from the rear (-long / 2) to the front (long / 2)."""

    frame: Frame
    label: int
    long: float
    wide: float

    @cached_property
    def end(self) -> int:
        """Which end faces the camera: 1 the front, -1 the rear, 0 neither."""
        return next((way for way in (1, -1) if self.frame.sees(way * self.long / 2, 0.0, (way, 0.0))), 0)

    @cached_property
    def flank(self) -> int:
        """Which side faces the camera: 1 the right one, -1 the left one, 0 neither."""
        return next((way for way in (1, -1) if self.frame.sees(0.0, way * self.wide / 2, (0.0, way))), 0)

    def _shade(self, s: float, t: float) -> float:
        across, along = self.frame.normal(s, t)
        return self.frame.stage.light.shade(across, along)

    def side(self, points: Sequence[tuple], colour, label: int | None = OWN) -> None:
        """A face on the visible side, corners (s, y) or (s, y, metres inside the flank)."""
        if self.flank:
            label = self.label if label == OWN else label
            corners = [(p[0], p[1], self.flank * (self.wide / 2 - sum(p[2:]))) for p in points]
            self.frame.face(corners, colour, label, shade=self._shade(0, self.flank))

    def across(self, points: Sequence[tuple], colour, label: int | None = OWN, *, glow: float = 0.0) -> None:
        """A face on the visible end, corners (t, y) or (t, y, metres inside the end)."""
        if self.end:
            label = self.label if label == OWN else label
            corners = [(self.end * (self.long / 2 - sum(p[2:])), p[1], p[0]) for p in points]
            self.frame.face(corners, colour, label, shade=self._shade(self.end, 0), glow=glow)

    def decal(self, points: Sequence[tuple], colour, *, glow: float = 0.0) -> None:
        """Something painted on the visible end."""
        self.across(points, colour, None, glow=glow)

    def axle(self, low: float, high: float, radius: float) -> None:
        """The dark underside at the visible end, with its two tyres."""
        half = self.wide / 2
        self.across(box(-half * 0.95, low, half * 0.95, high), RUBBER)
        for sign in (-1, 1):
            self.across(box(sign * half * 0.72, 0.0, sign * half, radius * 1.2), TYRE)

    def wheels(self, places: Sequence[float], radius: float) -> None:
        """Wheels on the visible side."""
        for s in places if self.flank else ():
            t = self.flank * self.wide / 2
            self.frame.disc(s, radius, radius, TYRE, self.label, t=t)
            self.frame.disc(s, radius, radius * 0.55, RIM, t=t)

    def lamps(self, y: float, size: float, inset: float = 0.1) -> None:
        """Head lamps at the front, red ones at the rear."""
        glow = 0.35 + 0.65 * self.frame.stage.light.dark
        for sign in (-1, 1):
            t = sign * (self.wide / 2 - inset - size / 2)
            self.decal(box(t - size / 2, y, t + size / 2, y + size * 0.6), WARM if self.end > 0 else RED, glow=glow)

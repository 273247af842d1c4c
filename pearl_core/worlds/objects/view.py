"""A thing as it is painted: a figure made of parts, seen by a camera of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pearl_core.worlds.scenes.stage import Frame

ASPECT = 1.25  # width over height that every picture is taken to have
ROUND = [(math.cos(math.pi * k / 10), math.sin(math.pi * k / 10)) for k in range(20)]
Block = tuple[float, float, float, float, float, float, Sequence[float]]  # s0, y0, t0, s1, y1, t1, colour


@dataclass(frozen=True)
class View:
    """A camera at (0, height, 0) that looks at the foot of a thing at (0, 0, far) and shows it at (u, v)."""

    u: float
    v: float
    scale: float  # heights of the picture per metre
    far: float  # metres
    pitch: float  # radians by which it looks down; negative: up
    roll: float = 0.0  # radians by which the picture is turned to the left

    @cached_property
    def height(self) -> float:
        return self.far * math.tan(self.pitch)

    @cached_property
    def _turns(self) -> tuple[float, float, float, float]:
        return math.cos(self.pitch), math.sin(self.pitch), math.cos(self.roll), math.sin(self.roll)

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        cosine, sine, across, along = self._turns
        drop, axis = self.height - y, self.far / cosine
        zoom = self.scale * axis / max(z * cosine + drop * sine, 0.15 * axis)
        right, up = x * zoom, (z * sine - drop * cosine) * zoom
        return self.u + (right * across - up * along) / ASPECT, self.v - (right * along + up * across)


@dataclass(frozen=True)
class Figure(Frame):
    """A thing with its heading and its class; parts are placed by s forward, y up, t to its right, in metres."""

    label: int = 0

    @cached_property
    def near(self) -> int:
        """The sign of t on the side that faces the camera."""
        return 1 if math.sin(self.turn) > 0 else -1

    @property
    def dice(self):
        return self.stage.dice

    def part(self, points, colour, *, t=0.0, **how) -> None:
        """A convex face in the plane t with corners (s, y), labelled."""
        self.flat(points, colour, self.label, t=t, **how)

    def mark(self, points, colour, *, t=0.0, **how) -> None:
        """The same without a label: something painted on a part, or beside the thing."""
        self.flat(points, colour, None, t=t, **how)

    def stroke(self, start, end, width: float, colour, **how) -> None:
        self.limb(start, end, width, colour, self.label, **how)

    def blob(self, a, ra: float, b, rb: float, colour, *, t=0.0, **how) -> None:
        """The hull of two discs: a limb, a body, a muzzle."""
        self.flat(_hull(a, ra, b, rb), colour, self.label, t=t, **how)

    def ball(self, s: float, y: float, r: float, colour, *, tall=1.0, t=0.0, label=-1, **how) -> None:
        """A disc or, with `tall`, an upright ellipse; `label` None makes it a mark."""
        ring = [(s + r * c, y + tall * r * q) for c, q in ROUND]
        self.flat(ring, colour, self.label if label == -1 else label, t=t, **how)

    def wheel(self, s: float, y: float, r: float, inner: float, colour, *, t=0.0) -> None:
        """A ring whose hole shows what is behind, but has the label of the thing."""
        hole = [self.world(s + inner * c, y + inner * q, t) for c, q in ROUND]
        self.flat([(s + r * c, y + r * q) for c, q in ROUND], colour, self.label, t=t, hole=hole)

    def plate(self, s: float, y: float, t: float, rs: float, rt: float, colour, label=-1, **how) -> None:
        """A level ellipse at the height y, such as a dish or a round table top."""
        ring = [(s + rs * c, y, t + rt * q) for c, q in ROUND]
        self.face(ring, colour, self.label if label == -1 else label, **how)

    def block(self, block: Block) -> None:
        """An upright box: the sides and the lid that face the camera."""
        s0, y0, t0, s1, y1, t1, colour = block
        corners = [(s0, t0), (s1, t0), (s1, t1), (s0, t1)]
        for k, out in enumerate(((0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0))):
            (sa, ta), (sb, tb) = corners[k], corners[(k + 1) % 4]
            if self.sees((sa + sb) / 2, (ta + tb) / 2, out):
                side = [(sa, y0, ta), (sb, y0, tb), (sb, y1, tb), (sa, y1, ta)]
                self.face(side, colour, self.label, shade=self.stage.light.shade(*self.normal(*out)))
        if self.stage.camera.height > y1:
            lid = [(s, y1, t) for s, t in corners]
            self.face(lid, colour, self.label, shade=1.1 * self.stage.light.shade(0, 0, 1))

    def blocks(self, blocks: Sequence[Block]) -> None:
        """Boxes from far to near, lower ones first."""

        def order(block: Block) -> tuple[float, float]:
            s0, y0, t0, s1, _, t1, _ = block
            return -round(self.world((s0 + s1) / 2, 0.0, (t0 + t1) / 2)[2], 2), y0

        for block in sorted(blocks, key=order):
            self.block(block)


def _hull(a, ra: float, b, rb: float) -> list[tuple[float, float]]:
    ds, dy = b[0] - a[0], b[1] - a[1]
    apart = math.hypot(ds, dy)
    if apart <= abs(ra - rb) + 1e-6:
        (s, y), r = (a, ra) if ra > rb else (b, rb)
        return [(s + r * c, y + r * q) for c, q in ROUND]
    heading, open_ = math.atan2(dy, ds), math.acos((ra - rb) / apart)
    points = []
    for (s, y), r, start, span in ((b, rb, -open_, 2 * open_), (a, ra, open_, 2 * math.pi - 2 * open_)):
        for k in range(8):
            angle = heading + start + span * k / 7
            points.append((s + r * math.cos(angle), y + r * math.sin(angle)))
    return points


def dark(colour: Sequence[float], by: float = 0.7) -> tuple[float, ...]:
    """The same colour in shade, or brighter with `by` above 1."""
    return tuple(min(1.0, c * by) for c in colour)

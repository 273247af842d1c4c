"""A picture, its labels and its persons, filled together: soft edges in the picture, hard ones in the labels.

Points are (u, v) as shares of the width and the height, so that nothing drawn depends on the size.
Per pixel only + - * / sqrt and floor are used: these are exact in IEEE arithmetic, so the bytes do not depend on
the numpy build.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from pearl_core.types import VOID

Point = tuple[float, float]
Colour = Sequence[float] | np.ndarray
# (1, w) and (h, 1) positions -> (h, w, 3) colours, and (h, w) opacities where the thing has holes
Texture = Callable[[np.ndarray, np.ndarray], "np.ndarray | tuple[np.ndarray, np.ndarray]"]


class Canvas:
    """RGB (H, W, 3) in [0, 1], labels (H, W), and the owner of each pixel: 0 or the number of a person."""

    def __init__(self, height: int, width: int):
        self.height, self.width = height, width
        self.rgb = np.zeros((height, width, 3), np.float32)
        self.labels = np.full((height, width), VOID, np.uint8)
        self.owner = np.zeros((height, width), np.int16)
        self.person = 0
        self.x = np.arange(width, dtype=np.float32) + 0.5
        self.y = np.arange(height, dtype=np.float32) + 0.5

    def polygon(self, points, paint: Colour | Texture, label: int | None = None, *, opacity=1.0, cut=False, hole=None):
        """Fill a convex polygon. With `label` None the labels stay as they are: for decals and shadows.

        hole: a convex polygon inside that stays unpainted but is labelled (the spokes of a wheel).
        cut: label only where the texture is opaque (leaves); else the whole polygon (a fence and what is behind it).
        """
        points = [(u * self.width, v * self.height) for u, v in points]
        window = self._window(points, 1.0 if label is None else 0.0)
        if window is None:
            return
        rows, columns = window
        inside, thickness = self._depth(points, window)
        cover = _unit(inside + 0.5) * (opacity * thickness)
        if hole is not None:
            gap, _ = self._depth([(u * self.width, v * self.height) for u, v in hole], window)
            cover *= _unit(0.5 - gap)
        self._blend(rows, columns, cover, inside > 0, paint, label, cut)

    def _window(self, points: list[Point], least: float) -> tuple[slice, slice] | None:
        """Rows and columns to paint; None outside the picture, or if both sides are shorter than `least` pixels."""
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        if max(xs) - min(xs) < least and max(ys) - min(ys) < least:
            return None
        left, right = max(0, math.floor(min(xs)) - 1), min(self.width, math.ceil(max(xs)) + 1)
        top, bottom = max(0, math.floor(min(ys)) - 1), min(self.height, math.ceil(max(ys)) + 1)
        return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None

    def _depth(self, points: list[Point], window: tuple[slice, slice]) -> tuple[np.ndarray, float]:
        """How many pixels each pixel centre is inside the polygon (negative: outside); a factor for thin polygons."""
        rows, columns = window
        edges, area, around = [], 0.0, 0.0
        for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
            length = math.hypot(x1 - x0, y1 - y0)
            if length > 1e-6:
                edges.append(((y0 - y1) / length, (x1 - x0) / length, (x0 * y1 - x1 * y0) / length))
                area += (x0 * y1 - x1 * y0) / 2
                around += length
        if not edges:
            return np.full((rows.stop - rows.start, columns.stop - columns.start), -1, np.float32), 0.0
        plane = np.array(edges, np.float32) * np.float32(1 if area > 0 else -1)
        across = plane[:, 0:1] * self.x[columns]  # (edges, w)
        down = plane[:, 1:2] * self.y[rows] + plane[:, 2:3]  # (edges, h)
        return (across[:, None, :] + down[:, :, None]).min(0), min(1.0, 2 * abs(area) / around)

    def _blend(self, rows, columns, cover, inside, paint, label, cut) -> None:
        if callable(paint):
            paint = paint((self.x[columns] / self.width)[None, :], (self.y[rows] / self.height)[:, None])
            if isinstance(paint, tuple):
                paint, opaque = paint
                cover = cover * opaque
                inside = inside & (opaque > 0.5) if cut else inside
        else:
            paint = np.asarray(paint, np.float32)
        part = self.rgb[rows, columns]
        part += cover[..., None] * (paint - part)
        if label is not None:
            self.labels[rows, columns][inside] = label
            self.owner[rows, columns][inside] = self.person


def _unit(x: np.ndarray) -> np.ndarray:
    return np.minimum(np.maximum(x, 0), 1)  # three times as fast as clip on small arrays

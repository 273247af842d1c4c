"""Changes of pixels after drawing: the surface and round shading of a thing, blur, and the void borders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pearl_core.types import VOID
from pearl_core.worlds.objects.view import ASPECT, View
from pearl_core.worlds.scenes.canvas import Canvas
from pearl_core.worlds.scenes.noise import CLOUDY, WHITE, sample

RELIEF = 1 / 40  # width of the round shading along the outline, as a share of the picture's height


class Coat(NamedTuple):
    """The surface of a thing: shading, texture and spots."""

    round: float = 0.35  # strength of the shading towards its outline
    grain: float = 0.05  # strength of fine texture
    rough: float = 0.1  # strength of coarse texture
    first: Sequence[float] | None = None  # the colour under the spots
    second: Sequence[float] | None = None  # colour of spots or stripes
    share: float = 0.5  # rough share of the surface with spots
    cells: tuple[float, float] = (
        100.0,
        100.0,
    )  # cells of noise per height of the thing, across and up: the more, the smaller the spots


def dress(canvas: Canvas, number: int, view: View, high: float, coat: Coat, sun: float, shift: float) -> None:
    """Give the pixels of thing `number`, which is `high` metres high, texture, spots and round shading."""
    mine = canvas.owner == number
    rows, columns = np.flatnonzero(mine.any(1)), np.flatnonzero(mine.any(0))
    if not rows.size:
        return
    rows, columns = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    x = ((canvas.x[columns] / canvas.width - view.u) * ASPECT)[None, :]  # heights of the picture
    y = (canvas.y[rows] / canvas.height - view.v)[:, None]
    part, mine = canvas.rgb[rows, columns], mine[rows, columns]
    own = 1 / (view.scale * high)
    colour = part if coat.second is None else _spotted(part, coat, x * own, y * own, shift)
    light = 1 + coat.rough * (2 * sample(CLOUDY, x * (own * 130) + shift, y * (own * 130) - shift) - 1)
    light = light + coat.grain * (2 * sample(WHITE, x * 110 + shift, y * 110) - 1)
    light = light + coat.round * _slope(mine, sun, max(1, round(canvas.height * RELIEF)))
    canvas.rgb[rows, columns] = np.where(mine[..., None], colour * light[..., None], part)


def _spotted(part: np.ndarray, coat: Coat, x: np.ndarray, y: np.ndarray, shift: float) -> np.ndarray:
    """Spots with soft edges, only where the first colour was painted: eyes and noses have none."""
    noise = sample(CLOUDY, x * coat.cells[0] + shift, y * coat.cells[1] + shift)
    strange = np.abs(part - np.asarray(coat.first, np.float32)).max(-1)
    cover = np.clip((0.25 + 0.5 * coat.share - noise) * 14, 0, 1) * np.clip(3.5 - 12 * strange, 0, 1)
    return part + cover[..., None] * (np.asarray(coat.second, np.float32) - part)


def _slope(mine: np.ndarray, sun: float, reach: int) -> np.ndarray:
    """About -1 (away from the light, which comes from above and the sun's side) to 1, near the outline of a mask."""
    padded = np.pad(mine, 2 * reach).astype(np.int32)
    total = np.pad(padded.cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32), ((1, 0), (1, 0)))
    side = 2 * reach + 1
    soft = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    height, width = mine.shape
    middle, lean = reach, int(reach * sun)
    below = soft[middle + reach : middle + reach + height, middle - lean : middle - lean + width]
    above = soft[middle - reach : middle - reach + height, middle + lean : middle + lean + width]
    return (below - above).astype(np.float32) / np.float32(side * side)


def blur(rgb: np.ndarray, radius: int) -> np.ndarray:
    """The mean over squares of 2 radius + 1 pixels; edges are repeated."""
    for axis in (0, 1) if radius else ():
        width = [(0, 0)] * 3
        width[axis] = (radius, radius)
        padded, length = np.pad(rgb, width, mode="edge"), rgb.shape[axis]
        total = np.zeros_like(rgb)
        for k in range(2 * radius + 1):
            total += padded[k : k + length] if axis == 0 else padded[:, k : k + length]
        rgb = total / np.float32(2 * radius + 1)
    return rgb


def bordered(canvas: Canvas) -> np.ndarray:
    """The labels with a band of void along the outline of every thing, as in VOC."""
    labels, band = canvas.labels.copy(), np.zeros(canvas.owner.shape, bool)
    down, right = canvas.owner[1:] != canvas.owner[:-1], canvas.owner[:, 1:] != canvas.owner[:, :-1]
    band[1:] |= down
    band[:-1] |= down
    band[:, 1:] |= right
    band[:, :-1] |= right
    for _ in range(round(canvas.height / 128) - 1):  # two pixels at the working size, as wide in larger pictures
        wider = band.copy()
        wider[1:] |= band[:-1]
        wider[:-1] |= band[1:]
        wider[:, 1:] |= band[:, :-1]
        wider[:, :-1] |= band[:, 1:]
        band = wider
    labels[band] = VOID
    return labels

"""Draws label maps, overlays, heat maps and PNG files. No model runs here.

Pictures are (H, W, 3), float in [0, 1] or uint8; label maps are (H, W) integers with `VOID`. Results are uint8.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pearl_core.types import VOID, choose

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Palette = Sequence[tuple[int, int, int]]
PERCEPTUAL = ("cividis", "inferno", "magma", "plasma", "viridis")  # equal steps look equal
HATCH = np.array([[110] * 3, [150] * 3], np.uint8)  # two greys for void, which no palette uses striped
RIGHT, WRONG = (226, 232, 240), (220, 38, 38)
# full scale of heat maps: for perturbations (the largest eps dialled), for derained pictures
CLOSE, FAR = 16 / 255, 0.5


def pixels(image: np.ndarray) -> np.ndarray:
    """Any picture as (H, W, 3) uint8, to the nearest level."""
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"wanted a picture (H, W, 3), got {image.shape}")
    return image if image.dtype == np.uint8 else np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def eight_bit(attacked: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The attacked picture as uint8, each value rounded towards `image`, so that the ball around it still holds.

    A change of less than half a level can leave no level between the two; then the one nearest to `image` is taken.
    """
    levels, home = (255 * np.clip(picture, 0, 1).astype(np.float64) for picture in (attacked, image))
    up, down = np.floor(levels + 1e-4), np.ceil(levels - 1e-4)  # up to 1e-4 beside a level counts as that level
    nearest = pixels(image)
    return np.where(levels >= home, np.maximum(up, nearest), np.minimum(down, nearest)).astype(np.uint8)


def png(picture: np.ndarray) -> bytes:
    """A picture, (H, W, 3) uint8, as a PNG file."""
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "PNG")
    return held.getvalue()


def figure_png(figure: Figure, dpi: int, **style) -> bytes:
    """A figure of matplotlib as a PNG file; `style` is what `savefig` takes."""
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=dpi, **style)
    return held.getvalue()


def enlarged(image: np.ndarray, times: int) -> np.ndarray:
    """Every pixel as a square of `times` x `times`: stays crisp where a browser would blur."""
    return image.repeat(times, 0).repeat(times, 1)


def contact(pictures: Mapping[str, np.ndarray], columns: int = 4) -> np.ndarray:
    """Pictures of one size on one sheet, in their order, row by row; white where none is left."""
    sheet = list(pictures.values())
    sheet += [np.full_like(sheet[0], 255)] * (-len(sheet) % columns)
    rows = [np.concatenate(sheet[i : i + columns], 1) for i in range(0, len(sheet), columns)]
    return np.concatenate(rows)


def colours(labels: np.ndarray, palette: Palette) -> np.ndarray:
    """The label map in the colours of its classes; void is hatched in grey."""
    void, table = labels == VOID, np.array(palette, np.uint8)
    if ((labels < 0) | (labels >= len(table)))[~void].any():
        raise ValueError(f"wanted labels from 0 to {len(table) - 1} and void {VOID}, got {np.unique(labels[~void])}")
    rows, columns = np.indices(labels.shape)
    hatched = HATCH[(rows + columns) // 3 % 2]
    return np.where(void[..., None], hatched, table[np.where(void, 0, labels)])


def overlay(image: np.ndarray, labels: np.ndarray, palette: Palette, opacity: float = 0.6) -> np.ndarray:
    """The classes over the picture: opacity 0 is the picture, 1 the colours. Void pixels show the picture as it is."""
    if not 0 <= opacity <= 1:
        raise ValueError(f"wanted an opacity from 0 to 1, got {opacity}")
    below, above = pixels(image), colours(labels, palette)
    mixed = np.rint((1 - opacity) * below + opacity * above).astype(np.uint8)
    return np.where((labels == VOID)[..., None], below, mixed)


def errors(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Wrong pixels in red, right ones pale, void hatched."""
    return colours(np.where(labels == VOID, VOID, labels != predicted), (RIGHT, WRONG))


def heat(difference: np.ndarray, *, scale: float, cmap: str = "magma") -> np.ndarray:
    """The size of a difference, (H, W) or the largest of (H, W, 3): black is none, brightest is `scale` and more."""
    if not scale > 0:
        raise ValueError(f"wanted a scale over 0, got {scale}")
    size = np.abs(difference)
    return ramp((size.max(-1) if size.ndim == 3 else size) / scale, cmap)


def ramp(values: np.ndarray, cmap: str = "magma") -> np.ndarray:
    """Numbers in [0, 1] in a perceptually uniform map; below and above go to its ends."""
    import matplotlib  # a part of a second, which only heat maps need

    choose("colour map", cmap, PERCEPTUAL)
    return matplotlib.colormaps[cmap](np.clip(values, 0, 1), bytes=True)[..., :3]


def scale_bar(cmap: str = "magma", height: int = 4, width: int = 256) -> np.ndarray:
    """The colours of `heat` from 0 to its scale, left to right."""
    return ramp(np.broadcast_to(np.linspace(0, 1, width), (height, width)), cmap)


def legend(classes: Sequence[str], palette: Palette) -> str:
    """The classes beside their colours, as HTML that takes its text colour from the page."""
    swatch = '<span style="display:inline-block;width:.8em;height:.8em;border-radius:2px;background:rgb{}"></span> {}'
    entries = [swatch.format(tuple(map(int, c)), escape(name)) for name, c in zip(classes, palette, strict=True)]
    row = "display:flex;flex-wrap:wrap;gap:.15em 1em;font-size:.8rem;line-height:1.4"
    return f'<div style="{row}">' + "".join(f"<span>{entry}</span>" for entry in entries) + "</div>"

"""Rain on a picture: layers of soft streaks over a veil of fog, after RainCityscapes (Hu et al. 2019).

Lengths are shares of the image height, so a preset looks the same at every size; angles are degrees from vertical;
pictures are numpy float32 in [0, 1], shape (H, W, 3). It is not differentiable and does not simulate drops. One number,
`strength`, scales the optical depth of streaks and fog together; `calibrate` finds the strength for a given PSNR.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from .types import choose

NOTICEABLE = 10 / 255  # the mask has a streak where it changes any channel by more than this
STREAK_LIGHT = np.float32(0.96)  # brightness of a streak: a drop gathers the light of the whole sky
NIGHT = 0.5  # brightness of rain in a wholly black picture, as a share of that by day
HORIZON = 0.45  # share of the height, from the top, where everything is far away


@dataclass(frozen=True)
class Rain:
    """A kind of rain: direction, size and number of its streaks, how much fog it has, and its strength.

    Raises:
        ValueError: a number outside its range.

    Example:
        >>> from pearl_core.rain import Rain
        >>> Rain(angle=10, strength=2).layers
        3
    """

    angle: float = 0.0  # mean direction of the streaks, degrees from vertical, within +-60
    sway: float = 8.0  # standard deviation of a picture's direction from it, degrees
    length: float = 0.25  # of the nearest streaks, in image heights
    width: float = 0.010  # of the nearest streaks, in image heights; at least one pixel is drawn
    density: float = 20.0  # nearest streaks in a square with the image height as its side
    layers: int = 3  # of streaks, each farther away than the one before
    depth: float = 0.6  # size of a layer's streaks, as a share of those of the layer before
    veil: float = 0.5  # optical depth of the fog at the horizon, at strength 1
    strength: float = 1.0  # factor of all optical depths; 0 is no rain at all

    def __post_init__(self) -> None:
        legal = {"angle": (-60, 60), "sway": (0, 20), "length": (0.01, 2), "width": (1e-4, 0.2), "density": (0, 500),
                 "layers": (0, 5), "depth": (0.4, 1), "veil": (0, 100), "strength": (0, 1e6)}  # fmt: skip
        for field in fields(self):
            value, (low, high) = getattr(self, field.name), legal[field.name]
            if not low <= value <= high:
                raise ValueError(f"rain's {field.name} must lie in [{low}, {high}], got {value}")


class Rainy(NamedTuple):
    """A picture in the rain, and where its streaks (not its fog) are visible.

    Example:
        >>> import numpy as np
        >>> from pearl_core.rain import Rainy
        >>> Rainy(np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), bool)).mask.shape
        (4, 4)
    """

    image: np.ndarray  # (H, W, 3) float32 in [0, 1]
    mask: np.ndarray  # (H, W) bool


class _Sky(NamedTuple):
    """Streaks and fog at strength 1, which do not depend on what the picture shows."""

    streaks: np.ndarray  # (H, W, 1) float32, optical depth
    veil: np.ndarray  # (H, 1, 1) float32, optical depth
    light: np.float32  # of the fog


# Chosen on CamVid at 240x176, where these strengths come near PSNR / SSIM of PEARL's input (17.45 / 0.557) and of
# Rain100H (12.05 / 0.362). For other pictures only the strength is calibrated again.
PRESETS = {
    "pearl": Rain(length=0.25, width=0.008, density=75, veil=0.18, strength=1.15),
    "heavy": Rain(length=0.35, width=0.010, density=75, veil=0.15, strength=2.2),
}


def preset(name: str, strength: float | None = None) -> Rain:
    """The rain of that name.

    Args:
        name: "pearl" or "heavy".
        strength: factor of all optical depths; None: that of the preset. Each data set has its own, see `calibrate`.

    Returns:
        The rain.

    Raises:
        ValueError: an unknown name.

    Example:
        >>> from pearl_core.rain import preset
        >>> preset("pearl", strength=2).strength
        2
    """
    rain = PRESETS[choose("rain", name, PRESETS)]
    return rain if strength is None else replace(rain, strength=strength)


def add_rain(clean: np.ndarray, rain: Rain, seed: int | str) -> Rainy:
    """A picture in the rain. The same seed, shape and rain give the same streaks; `strength` does not move them.

    Args:
        clean: (H, W, 3) float32 in [0, 1].
        rain: the kind of rain.
        seed: decides where the streaks are.

    Returns:
        The rainy picture (H, W, 3) and where its streaks are (H, W).

    Raises:
        ValueError: no such picture or seed.

    Example:
        >>> import numpy as np
        >>> from pearl_core.rain import add_rain, preset
        >>> street = np.full((64, 96, 3), 0.4, np.float32)
        >>> image, mask = add_rain(street, preset("pearl"), seed=0)
        >>> image.shape, image.dtype.name, bool(mask.any())
        ((64, 96, 3), 'float32', True)
    """
    _check(clean)
    return _pour(clean, _sky(clean.shape[:2], rain, seed), rain.strength)


def calibrate(
    pictures: Iterable[np.ndarray],
    rain: Rain,
    target_psnr: float,
    *,
    tolerance: float = 0.02,
    seeds: Iterable[int | str] | None = None,
) -> Rain:
    """The rain at the strength where the mean PSNR of rainy against clean pictures meets a target.

    Args:
        pictures: clean pictures, each (H, W, 3) float32 in [0, 1].
        rain: the kind of rain; its strength is ignored.
        target_psnr: in dB, on RGB.
        tolerance: in dB.
        seeds: one for each picture; None: 0, 1, 2, ...

    Returns:
        The rain with its strength.

    Raises:
        ValueError: no pictures, not as many seeds, or no strength that meets the target.

    Example:
        >>> import numpy as np
        >>> from pearl_core.rain import calibrate, preset
        >>> street = np.full((64, 96, 3), 0.4, np.float32)
        >>> 0 < calibrate([street], preset("pearl"), target_psnr=20).strength < 10
        True
    """
    pictures = list(pictures)
    seeds = range(len(pictures)) if seeds is None else list(seeds)
    if not pictures or len(seeds) != len(pictures):
        raise ValueError(f"wanted pictures and a seed for each, got {len(pictures)} pictures and {len(seeds)} seeds")
    for picture in pictures:
        _check(picture)
    skies = [_sky(picture.shape[:2], rain, seed) for picture, seed in zip(pictures, seeds, strict=True)]

    def quality(strength: float) -> float:
        return float(np.mean([_psnr(_pour(c, sky, strength).image, c) for c, sky in zip(pictures, skies, strict=True)]))

    low, high = 0.0, 1.0
    while not quality(high) <= target_psnr:
        low, high = high, 2 * high
        if high > 2**12:
            most = f"this rain at its strongest gives {quality(low):.2f} dB"
            raise ValueError(f"wanted mean PSNR {target_psnr} dB, but {most}")
    for _ in range(60):
        middle = (low + high) / 2
        reached = quality(middle)
        if abs(reached - target_psnr) <= tolerance:
            return replace(rain, strength=middle)
        low, high = (middle, high) if reached > target_psnr else (low, middle)
    raise ValueError(f"wanted mean PSNR {target_psnr} +- {tolerance} dB, got no nearer than {reached:.4f} dB")


def _pour(clean: np.ndarray, sky: _Sky, strength: float) -> Rainy:
    """Light through fog, then past the streaks: I = C (1 - a) + L a, with a = 1 - exp(-optical depth)."""
    strength, day = np.float32(strength), _daylight(clean)
    veiled = clean + -np.expm1(-strength * sky.veil) * (day * sky.light - clean)
    opacity = -np.expm1(-strength * sky.streaks)
    change = np.repeat(opacity, 3, axis=2) * (day * STREAK_LIGHT - veiled)  # repeated, as broadcasting over 3 is slow
    red, green, blue = np.moveaxis(np.abs(change) > NOTICEABLE, 2, 0)
    # a blend of numbers in [0, 1] stays in it, except for rounding
    return Rainy(np.clip(veiled + change, 0, 1), red | green | blue)


def _daylight(clean: np.ndarray) -> np.float32:
    """Brightness of the rain, which reflects the light of the street: 1 by day, less if the whole picture is dark."""
    return np.float32(min(1.0, NIGHT + float(clean.mean())))


def _sky(shape: tuple[int, int], rain: Rain, seed: int | str) -> _Sky:
    """The streaks and the fog of a seed, for pictures of that shape."""
    if not isinstance(seed, (int, str, np.integer)):
        raise ValueError(f"wanted an int or str as seed, got {type(seed).__name__}")
    digest = hashlib.sha256(f"{isinstance(seed, str)}:{seed}".encode()).digest()  # so that "7" is not 7
    random = np.random.RandomState(np.frombuffer(digest, "<u4"))  # its streams are frozen across numpy versions
    light, wind = np.float32(random.uniform(0.70, 0.85)), rain.angle + rain.sway * np.clip(random.randn(), -2, 2)
    streaks = np.zeros(shape)
    for layer in range(rain.layers):
        streaks += _layer(shape, rain, rain.depth**layer, wind + 1.5 * random.randn(), random)
    rows = (np.arange(shape[0]) + 0.5) / shape[0]
    near = np.clip((rows - HORIZON) / (1 - HORIZON), 0, 1)  # 0 at the horizon and above, 1 at our feet
    veil = rain.veil * (1 - 0.75 * near)
    return _Sky(streaks[..., None].astype(np.float32), veil[:, None, None].astype(np.float32), light)


def _layer(shape: tuple[int, int], rain: Rain, size: float, wind: float, random: np.random.RandomState) -> np.ndarray:
    """Optical depth (H, W) of a layer's streaks, which are `size` times as large as the nearest."""
    high, wide = shape
    count = random.poisson(rain.density * wide / high / size**2)  # the farther away, the more streaks in the picture
    width = max(rain.width * high * size, 1.0)
    thin = rain.width * high * size / width  # a streak narrower than a pixel covers only part of it
    lean = np.tan(np.radians(wind + random.randn(count, 1)))
    length = np.maximum(rain.length * high * size * random.uniform(0.5, 1.0, (count, 1)), 3.0)
    half = length / 2 * np.cos(np.arctan(lean))  # in rows
    y0, x0 = random.uniform(0, high, (count, 1)), random.uniform(0, wide, (count, 1))
    bright = random.uniform(0.25, 1.0, (count, 1)) * thin * size**0.5

    reach = int(np.ceil(half.max(initial=0))) + 1
    y = np.floor(y0) + np.arange(-reach, reach + 1)  # (streaks, rows)
    along = bright * np.clip(2.5 * (1 - np.abs(y - y0) / half), 0, 1)  # soft ends
    drawn = along > 0
    x, y, along = (x0 + lean * (y - y0))[drawn], y[drawn].astype(np.int64), along[drawn]  # (points,)
    left = np.floor(x)
    side = int(np.ceil(width))
    columns = np.arange(1 - side, side + 1)[:, None]  # around a point; first axis, as long inner loops are faster
    across = np.clip(1 - np.abs(columns - (x - left)) / width, 0, None)  # soft sides
    # streaks that leave the picture on one side enter it on the other, so edges are not drier than the middle
    index = y % high * wide + (left.astype(np.int64) + columns) % wide  # (columns, points)
    return np.bincount(index.ravel(), (along * across).ravel(), high * wide).reshape(shape)


def _psnr(image: np.ndarray, clean: np.ndarray) -> float:
    """Peak 1, in dB; here in numpy because `metrics` counts in batches of tensors."""
    error = np.mean(np.square(image - clean, dtype=np.float64))
    return float(-10 * np.log10(error)) if error else np.inf


def _check(clean: np.ndarray) -> None:
    """A ValueError unless `clean` is a picture (H, W, 3), float32 in [0, 1]."""
    wanted = "wanted a picture (H, W, 3), float32 in [0, 1], got"
    if not isinstance(clean, np.ndarray):
        raise ValueError(f"{wanted} {type(clean).__name__}")
    if clean.ndim != 3 or clean.shape[2] != 3 or not clean.size or clean.dtype != np.float32:
        raise ValueError(f"{wanted} {clean.shape} {clean.dtype}")
    low, high = clean.min(), clean.max()
    if not (low >= 0 and high <= 1):  # so that nan fails too
        raise ValueError(f"{wanted} values from {low} to {high}")

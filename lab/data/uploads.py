"""A user's own picture: decoded as untrusted input, scaled down to the size the networks work on, saved and named.

Pictures are (H, W, 3) uint8, RGB. Every refusal is a ValueError in one line: "<name>: wanted ..., got ...".
"""

from __future__ import annotations

import hashlib
import io
import logging
import math
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps

from lab.data.files import MAX_PIXELS

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")  # the only ones of Pillow's decoders for untrusted files
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")  # of 8 bits; 16-bit gray is I, I;16, I;16B
MAX_BYTES = 20_000_000  # of the file: 20 MB
MOST = 2**16  # pixels of a picture that is worked on: twice those of the built-in scenes
MIN_SIDE = 32  # pixels: under it there is nothing to segment
STEP = 8  # sides are multiples of it
# Files that strangers take for pictures: by the bytes that they hold from which one on, what they are.
OTHERS = (
    (4, (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypheim", b"ftyphevm", b"ftypmif1", b"ftypmsf1"), "a HEIC file"),
    (4, (b"ftypavif", b"ftypavis"), "an AVIF file"),
    (0, (b"\xff\x0a", b"\0\0\0\x0cJXL "), "a JPEG XL file"),
    (0, (b"\0\0\0\x0cjP  ",), "a JPEG 2000 file"),
    (0, (b"%PDF",), "a PDF file"),
    (0, (b"<svg", b"<?xml"), "an SVG file"),
    (0, (b"8BPS",), "a Photoshop file"),
)
_CHOICES = f"a picture as {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
_one_at_a_time = threading.Lock()  # what `_strict` sets belongs to the whole process
logging.getLogger("PIL").addHandler(
    logging.NullHandler()
)  # Pillow's log messages are dropped instead of printed on stderr


def decoded(data: bytes, name: str = "the picture") -> np.ndarray:
    """The picture in the bytes of a file, upright, on white where it is transparent; of an animation the first frame.

    16 bits become 8 by their high byte. The file is PNG, JPEG, WebP, BMP, TIFF or GIF of at most `MAX_BYTES`, its
    sides at least `MIN_SIDE`, its pixels at most `MAX_PIXELS`, which its header must say before a pixel is decoded.
    Returns (H, W, 3) uint8; nothing else of the file is kept. Errors: ValueError, about `name`.
    """
    if not isinstance(data, bytes):
        raise _refusal(name, "the bytes of a file", type(data).__name__)
    if not data:
        raise _refusal(name, _CHOICES, "an empty file")
    if len(data) > MAX_BYTES:
        raise _refusal(name, f"a file of at most {MAX_BYTES:,} bytes", f"{len(data):,}")
    with _strict():
        image = _opened(data, name)
        _check_sides(name, image.height, image.width)
        if image.mode not in MODES and not image.mode.startswith("I"):
            raise _refusal(name, "8 or 16 bits per channel, gray or in colour", _words(image.mode))
        try:
            image.load()
            levels = _levels(image)
            orientation = _orientation(image)
        except Exception:  # Pillow's decoders raise anything from OSError to struct.error on broken bytes
            raise _refusal(name, f"a whole {image.format} file", "one that is cut off or damaged") from None
    return _upright(_eight_bits(levels, name), orientation)


def fitted(pixels: np.ndarray, most: int = MOST) -> np.ndarray:
    """The picture as small as the networks work on: at most `most` pixels, both sides multiples of `STEP`.

    Scaled down where it is larger, never up, then cropped around its centre. What is fitted stays as it is, to the
    byte: an exported picture reproduces itself. (H, W, 3) uint8 -> (h, w, 3) uint8, a copy. Errors: ValueError.
    """
    height, width = _checked(pixels).shape[:2]
    if not isinstance(most, int | np.integer) or most < STEP**2:
        raise _refusal("the picture", f"room for a whole number of pixels, at least {STEP**2}", str(most))
    if height * width > most:  # whole roots, rounded down: their product is never over `most`
        height, width = math.isqrt(int(most) * height // width), math.isqrt(int(most) * width // height)
    if min(height, width) < STEP:
        scaled, given = (f"{w} x {h}" for h, w in ((height, width), pixels.shape[:2]))
        wanted = f"sides of at least {STEP} pixels (width x height) within {most} pixels"
        raise _refusal("the picture", wanted, f"{given}, which leaves {scaled}")
    if (height, width) != pixels.shape[:2]:
        pixels = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))
    top, left = height % STEP // 2, width % STEP // 2
    return pixels[top : top + height // STEP * STEP, left : left + width // STEP * STEP].copy()


def digest(pixels: np.ndarray) -> str:
    """The picture's name among all pictures: SHA-256 in hex of its shape and pixels. (H, W, 3) uint8."""
    return hashlib.sha256(f"{_checked(pixels).shape}".encode() + pixels.tobytes()).hexdigest()


def png(pixels: np.ndarray) -> bytes:
    """The picture as a lossless PNG file without metadata: `decoded` gives it back to the byte. (H, W, 3) uint8."""
    file = io.BytesIO()
    Image.fromarray(_checked(pixels)).save(file, "PNG")
    return file.getvalue()


def from_array(image: np.ndarray, name: str = "the picture") -> np.ndarray:
    """A user's array as a picture, to the nearest of 256 levels.

    (H, W, 3) or gray (H, W); uint8, or floats in [0, 1]; sides and pixels as for `decoded`. Returns (H, W, 3) uint8,
    a copy. Errors: ValueError, about `name`.
    """
    if not isinstance(image, np.ndarray):
        raise _refusal(name, "a numpy array", type(image).__name__)
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)):
        hint = "; image[..., :3] drops the alpha channel" if image.ndim == 3 and image.shape[2] == 4 else ""
        raise _refusal(name, "shape (H, W, 3), or (H, W) for gray", f"{image.shape}{hint}")
    _check_sides(name, *image.shape[:2])
    if image.dtype.kind == "f":
        low, high = image.min(), image.max()
        if not (low >= 0 and high <= 1):  # also where they are nan
            raise _refusal(name, "floats in [0, 1]", f"values from {low!s} to {high!s}")
        image = np.rint(image * 255)
    elif image.dtype != np.uint8:
        raise _refusal(name, "uint8, or floats in [0, 1]", f"dtype {image.dtype}")
    return _in_colour(image.astype(np.uint8))


def _refusal(name: str, wanted: str, got: str) -> ValueError:
    return ValueError(" ".join(f"{name}: wanted {wanted}, got {got}".splitlines()))


def _words(mode: str) -> str:
    return "floating-point pixels (mode F)" if mode == "F" else f"mode {mode}"


@contextmanager
def _strict() -> Iterator[None]:
    """Pillow without warnings and without tolerance for truncated files, which another library may have switched on.

    Not silent: libtiff, which writes what it finds in damaged compressed TIFFs to stderr, from C.
    """
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tolerant, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = tolerant


def _opened(data: bytes, name: str) -> Image.Image:
    """Its header read, no pixel decoded."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        tags = getattr(image, "tag_v2", {})
        tile = int(tags.get(322, 0)) * int(tags.get(323, 0))  # decoded whole, however small the TIFF's picture
    except Image.DecompressionBombError as error:  # far too large: Pillow counts the pixels, and tells nothing else
        counted = re.search(r"\d+", str(error))
        got = f"{int(counted[0]):,}" if counted else "more"
        raise _refusal(name, f"at most {MAX_PIXELS:,} pixels", got) from None
    except Exception:
        raise _refusal(name, _CHOICES, _other(data)) from None
    if tile > MAX_PIXELS:
        raise _refusal(name, f"at most {MAX_PIXELS:,} pixels", f"a TIFF with tiles of {tile:,}")
    return image


def _other(data: bytes) -> str:
    """What a file is that is no picture of the kinds above, and what to do about it."""
    for start, beginnings, kind in OTHERS:
        if data.startswith(beginnings, start):
            return f"{kind}; export it as JPEG or PNG"
    return "a file that is none of these, or damaged"


def _check_sides(name: str, height: int, width: int) -> None:
    if min(height, width) < MIN_SIDE:
        raise _refusal(name, f"sides of at least {MIN_SIDE} pixels", f"{width} x {height} (width x height)")
    if height * width > MAX_PIXELS:
        raise _refusal(name, f"at most {MAX_PIXELS:,} pixels", f"{width} x {height} (width x height)")


def _checked(pixels: np.ndarray) -> np.ndarray:
    """Refuses what is not a picture of this file."""
    if not isinstance(pixels, np.ndarray):
        raise _refusal("the picture", "a numpy array", type(pixels).__name__)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise _refusal("the picture", "(H, W, 3) uint8", f"{pixels.shape} {pixels.dtype}")
    return pixels


def _levels(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8, or as many levels as 16-bit gray has, (H, W): Pillow would clip those, not scale them."""
    if image.mode.startswith("I"):
        levels = np.array(image)
        if "transparency" in image.info:
            levels[levels == image.info["transparency"]] = 65535
        return levels
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.array(image.convert("RGB"))


def _eight_bits(levels: np.ndarray, name: str) -> np.ndarray:
    """By the high byte, which is what Pillow does to 16-bit colour, and exact for 8 bits that were made 16."""
    if levels.ndim == 3:
        return levels
    if levels.min() < 0 or levels.max() > 65535:
        raise _refusal(name, "8 or 16 bits per channel", f"gray levels from {levels.min()} to {levels.max()}")
    return _in_colour((levels >> 8).astype(np.uint8))


def _in_colour(pixels: np.ndarray) -> np.ndarray:
    """Gray (H, W) as three equal channels."""
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation of the picture, 1 to 8; 1 (upright) if there is none that can be read."""
    try:
        noted = image.getexif().get(ExifTags.Base.Orientation, 1)
        return int(noted) if noted in range(1, 9) else 1
    except Exception:  # broken EXIF raises anything, and is no reason to refuse the pixels
        return 1


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    if orientation == 1:
        return pixels
    image = Image.fromarray(pixels)  # without the rest of the EXIF, which Pillow would write anew, and fail if broken
    image.getexif()[ExifTags.Base.Orientation] = orientation
    return np.array(ImageOps.exif_transpose(image))

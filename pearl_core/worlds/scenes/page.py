"""A street scene as notebooks show it: the picture beside its classes, in HTML that needs no other file."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from html import escape

import numpy as np

from pearl_core.types import VOID
from pearl_core.worlds.scenes.classes import PALETTE

GREY = (130, 130, 130)  # of void; no class has this colour


def html(image: np.ndarray, labels: np.ndarray, persons: int, key: str) -> str:
    """The picture (H, W, 3) uint8 and the label map (H, W) uint8 side by side."""
    height, width = labels.shape
    tags = "".join(
        f'<img src="data:image/png;base64,{b64encode(png(picture)).decode()}" alt="{alt}" '
        f'style="width:{2 * width}px;max-width:49%;margin-right:1%;display:inline-block;image-rendering:pixelated">'
        for picture, alt in ((image, "street"), (coloured(labels), "classes"))
    )
    return f"<p><b>{escape(key)}</b>: {width} x {height} pixels, {persons} persons in boxes</p><div>{tags}</div>"


def coloured(labels: np.ndarray) -> np.ndarray:
    """Labels in the colours of their classes, (H, W, 3) uint8."""
    table = np.full((VOID + 1, 3), GREY, np.uint8)
    table[: len(PALETTE)] = PALETTE
    return table[labels]


def png(picture: np.ndarray) -> bytes:
    """(H, W, 3) uint8 as a PNG file (RFC 2083), so that the core needs no library of pictures."""
    height, width = picture.shape[:2]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), picture.reshape(height, -1)], 1)  # filter 0 before each row
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits in three colours
    chunks = {b"IHDR": head, b"IDAT": zlib.compress(rows.tobytes()), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, content) for name, content in chunks.items())


def chunk(name: bytes, content: bytes) -> bytes:
    """A part of a PNG file: length, name, content, and the checksum of name and content."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

"""One value of the result store as bytes: an array in NumPy's format and a checksum behind it.

The checksum covers the place of the value, too: one that was moved to another image is no value there. Earlier
versions of the lab wrote none, and do not look at what stands behind an array.
"""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from math import prod

import numpy as np

Place = tuple[str, str, str]  # address of the cell, image, statistic
Shape = tuple[int | None, ...]  # None: any number
CHECKSUM = 8  # bytes
START = 10  # bytes before the header of an array: what it is, its version, the length of the header
NUMBERS = "biuf"  # kinds of NumPy's types that a statistic is made of


def packed(value: np.ndarray, place: Place) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(value), allow_pickle=False)
    return buffer.getvalue() + checksum(buffer.getvalue(), place)


def unpacked(value: object, place: Place, signed: bool = True, shape: Shape | None = None) -> np.ndarray | None:
    """The array; None where the bytes are damaged, or it is of another shape. `signed`: no checksum is no value."""
    if not isinstance(value, bytes):
        return None
    if value[-CHECKSUM:] == checksum(value[:-CHECKSUM], place):
        array = array_of(value[:-CHECKSUM])
    else:
        array = None if signed else array_of(value)
    fits = array is not None and (shape is None or alike(array.shape, shape))
    return array if fits else None


def signed(value: object, *place: str) -> object:
    """A value of an earlier version with its checksum; one that cannot be right stays without."""
    array = array_of(value) if isinstance(value, bytes) else None
    if array is None or np.isnan(array).any():
        return value
    return value + checksum(value, place)


def checksum(data: bytes, place: Place) -> bytes:
    digest = hashlib.blake2b("\n".join(map(str, place)).encode(errors="replace"), digest_size=CHECKSUM)
    digest.update(data)
    return digest.digest()


def alike(shape: tuple[int, ...], wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(side in (None, has) for has, side in zip(shape, wanted, strict=True))


def array_of(data: bytes) -> np.ndarray | None:
    """The array that fills these bytes to their end; None where there is none of numbers."""
    end = START + int.from_bytes(data[8:START], "little")
    layout = layout_of(data[:end])
    if layout is None:
        return None
    kind, shape, by_columns = layout
    if len(data) - end != prod(shape) * kind.itemsize:
        return None
    return np.frombuffer(data, kind, offset=end).reshape(shape, order="F" if by_columns else "C").copy()


@lru_cache(256)  # the values of a statistic have one header
def layout_of(header: bytes) -> tuple[np.dtype, tuple[int, ...], bool] | None:
    """Type, shape and whether it lies column by column; None where that is no header of an array of numbers."""
    try:
        buffer = io.BytesIO(header)
        if np.lib.format.read_magic(buffer) != (1, 0):
            return None
        shape, by_columns, kind = np.lib.format.read_array_header_1_0(buffer)
    except Exception:  # NumPy parses it as Python and raises anything from ValueError to SyntaxError
        return None
    return (kind, shape, by_columns) if kind.kind in NUMBERS and min(shape, default=0) >= 0 else None

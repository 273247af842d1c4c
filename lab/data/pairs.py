"""Rain100H: rainy and clean pictures in pairs, no labels, each at its own size (Yang et al. 2017)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lab.data import files
from lab.data.base import Dataset, Picture, Reader
from lab.data.files import Size

PROBES = 7  # pairs looked at before believing that rain/ holds the rain; odd, so that a majority exists


def open_split(root: Path, split: str, size: Size | None, count: int | None) -> Dataset:
    """rain/NAME with norain/NAME; refuses pairs that do not match or lie the wrong way round."""
    if size is not None:
        raise ValueError(f"rain100h: wanted no size (its pictures keep their own), got {size[0]}x{size[1]}")
    files.expect("rain100h", root, ("rain", "norain"))
    rainy, clean = files.find(root / "rain"), files.find(root / "norain")
    _refuse_unmatched(root, rainy, clean)
    keys = files.first(tuple(sorted(clean, key=_in_order)), count)
    _refuse_swapped(root, [(rainy[key], clean[key]) for key in keys])

    def read(i: int) -> Picture:
        return _read(keys[i], rainy[keys[i]], clean[keys[i]])

    def contents() -> tuple:
        return files.contents(*(folder[key] for key in keys for folder in (rainy, clean)))

    return Dataset("rain100h", split, None, (), (), keys, read, contents)


def _read(key: str, rainy_path: Path, clean_path: Path) -> Picture:
    rainy, clean = files.read_image(rainy_path), files.read_image(clean_path)
    files.same_size(rainy, rainy_path, clean, clean_path)
    return Picture(np.array(clean), None, key, np.array(rainy))


def _refuse_unmatched(root: Path, rainy: dict[str, Path], clean: dict[str, Path]) -> None:
    if not rainy and not clean:
        raise ValueError(f"rain100h in {root}: wanted pairs of pictures, got empty folders rain/ and norain/")
    alone = [
        f"{folder}/ alone has {files.few(extra)}"
        for folder, extra in (("rain", set(rainy) - set(clean)), ("norain", set(clean) - set(rainy)))
        if extra
    ]
    if alone:
        raise ValueError(f"rain100h in {root}: wanted pairs of one name, but {'; '.join(alone)}")


def _refuse_swapped(root: Path, pairs: list[tuple[Path, Path]]) -> None:
    """Rain draws edges: if most clean pictures have more of them, the folders hold each other's pictures."""
    step = max(1, len(pairs) // PROBES)
    rougher = [_edges(rainy) > _edges(clean) for rainy, clean in pairs[::step][:PROBES]]
    if sum(rougher) * 2 <= len(rougher):
        raise ValueError(
            f"rain100h in {root}: rain and norain look swapped: wanted more edges in rain/, "
            f"got fewer in {len(rougher) - sum(rougher)} of {len(rougher)} pairs looked at"
        )


def _edges(path: Path) -> float:
    """Mean step from a pixel to its neighbours, in 1/255."""
    gray = np.asarray(files.read_image(path).convert("L"), np.float32)
    return float(np.abs(np.diff(gray, axis=0)).mean() + np.abs(np.diff(gray, axis=1)).mean())


def _in_order(key: str) -> tuple[str, int]:
    """norain-2 before norain-10."""
    word, _, number = key.rpartition("-")
    return (word, int(number)) if number.isdigit() else (key, 0)


READER = Reader("rain100h", ("test",), "test", None, open_split, titled="Rain100H")

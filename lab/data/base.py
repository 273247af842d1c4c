"""What all data sets have in common: pictures by index, batches with rain, a fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from lab.data import rainy
from lab.data.files import Size
from lab.system import draw, html
from lab.system.progress import bar
from pearl_core.rain import NOTICEABLE, Rain, Rainy, add_rain
from pearl_core.registry import Registry
from pearl_core.types import VOID, Sample

THUMBNAILS = 8  # pictures that a notebook shows of a data set


class Picture(NamedTuple):
    """One picture as it lies on the disk, at the working size."""

    clean: np.ndarray  # (H, W, 3) uint8
    labels: np.ndarray | None  # (H, W) uint8, 255 = void; None without labels
    key: str
    rainy: np.ndarray | None = None  # (H, W, 3) uint8: rain that came with the set, None where the model adds it


Held = np.ndarray | Sequence[np.ndarray]  # one array for all pictures, or where their sizes differ one for each


class Arrays(NamedTuple):
    """A whole split in memory."""

    clean: Held  # (N, H, W, 3) uint8
    labels: Held | None  # (N, H, W) uint8
    rainy: Held | None = None  # (N, H, W, 3) uint8


@dataclass(eq=False)
class Dataset:
    """One split of one data set. `read` fetches picture i; everything else here is the same for all sets."""

    name: str
    split: str
    size: Size | None  # (H, W); None where every picture keeps its own
    classes: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    keys: tuple[str, ...]
    read: Callable[[int], Picture]
    contents: Callable[[], tuple]  # what tells this copy from another: stems and bytes of the files
    rain: Rain | None = None
    note: str = ""  # a remark for captions
    ignore: int = VOID
    held: Arrays | None = field(default=None, repr=False)  # what `preload` fetched; `replace(data, rain=...)` shares it

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, i: int) -> Picture:
        i = range(len(self))[i]  # IndexError past the end, so that a plain `for` stops
        if self.held is None:
            return self.read(i)
        clean, labels, wet = (None if a is None else a[i] for a in self.held)
        return Picture(clean, labels, self.keys[i], wet)

    def sample(self, indices: Sequence[int], *, rain_seed: int | str | None = None) -> Sample:
        """A batch. Rain is seeded by a picture's key, so it is always the same; `rain_seed` gives other rain."""
        pictures = [self[i] for i in indices]
        wet = stack([self.rained(p, rain_seed=rain_seed) for p in pictures])  # (B, H, W, 3)
        labels = stack([p.labels for p in pictures])  # (B, H, W)
        return Sample(
            rainy=images_of(wet),
            clean=images_of(unit(stack([p.clean for p in pictures]))),
            labels=None if labels is None else torch.from_numpy(labels).long(),
            keys=tuple(p.key for p in pictures),
        )

    def samples(self, indices: Sequence[int]) -> list[Sample]:
        """The same as batches of one size each, in the order of their first pictures."""
        if self.size is not None:
            return [self.sample(indices)]
        groups: dict[Size, list[int]] = {}
        for i in indices:
            groups.setdefault(self[i].clean.shape[:2], []).append(i)
        return [self.sample(same) for same in groups.values()]

    @cached_property
    def labelled(self) -> bool:
        """Whether its pictures have labels."""
        return bool(self.classes) and self[0].labels is not None

    def rained(self, picture: Picture, *, rain_seed: int | str | None = None) -> np.ndarray:
        """(H, W, 3) float32 in [0, 1]. Rain that came with the data set does not depend on the seed."""
        return self.in_rain(picture, rain_seed=rain_seed).image

    def in_rain(self, picture: Picture, *, rain_seed: int | str | None = None) -> Rainy:
        """The same, and a mask of the rain streaks."""
        clean = unit(picture.clean)
        if picture.rainy is not None:
            wet = unit(picture.rainy)
            return Rainy(wet, (np.abs(wet - clean) > NOTICEABLE).any(-1))
        if self.rain is None:
            return Rainy(clean, np.zeros(clean.shape[:2], bool))
        return add_rain(clean, self.rain, picture.key if rain_seed is None else f"{rain_seed}/{picture.key}")

    def preload(self) -> Arrays:
        """Every picture decoded once and kept: later reads and samples come from memory."""
        if self.held is None:
            places = bar(range(len(self)), what=f"{self.name} {self.split}", unit="picture", leave=False)
            clean, labels, _, wet = zip(*(self.read(i) for i in places), strict=True)
            self.held = Arrays(*map(together, (clean, labels, wet)))
        return self.held

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of all that decides the pixels: name, split, size, rain, keys, files; not the folder's path."""
        rain = None if self.rain is None else (asdict(self.rain), f"{rainy.probe(self.rain):.2f}")
        facts = [self.name, self.split, self.size, rain, self.keys, self.contents()]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def _repr_html_(self) -> str:
        """What it is, and its first pictures."""
        size = "sizes as they are" if self.size is None else "{1} x {0} pixels".format(*self.size)
        rain = "none added" if self.rain is None else ", ".join(f"{k} {v:g}" for k, v in asdict(self.rain).items())
        facts = f"{self.split}, {len(self)} pictures, {size}, {len(self.classes)} classes; rain: {rain}"
        head = (
            f"<p><b>{escape(READERS[self.name].title if self.name in READERS else self.name)}</b>, {escape(facts)}</p>"
        )
        first = (self[i] for i in range(min(len(self), THUMBNAILS)))
        pictures = [html.captioned(draw.png(picture.clean), picture.key) for picture in first]
        return head + (f"<p>{escape(self.note)}</p>" if self.note else "") + html.table(pictures)


@dataclass(frozen=True)
class Reader:
    """How one data set is opened. A module of this package that defines `READER` is a data set."""

    name: str
    splits: tuple[str, ...]
    default_split: str
    size: Size | None  # working size; None: each picture at its own
    open: Callable[[Path | None, str, Size | None, int | None], Dataset]  # root, split, size (None: as on disk), count
    built_in: bool = False  # made by code, so there is no folder
    holds: Callable[[Path | None, str], bool] = lambda root, split: True  # is there anything of this split?
    remarks: Callable[[Path, str], list[str]] = lambda root, split: []  # oddities that do not stop reading
    classes: tuple[str, ...] = ()  # of its labels; empty without labels
    titled: str = ""  # as people write it; empty: its name
    credit: str = ""  # what must stand below its pictures where they are shown
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # splits that hold the pictures of others
    film: Callable[[str], str] | None = None  # key of a picture -> the film it is a frame of

    @property
    def title(self) -> str:
        return self.titled or self.name


READERS: Registry[Reader] = Registry("data set")


def unit(pixels: np.ndarray) -> np.ndarray:
    """uint8 to float32 in [0, 1]."""
    return pixels.astype(np.float32) / 255


def stack(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Same-size arrays as one; None if there are none to stack (a set without labels)."""
    if any(a is None for a in arrays):
        return None
    sizes = sorted({a.shape[:2] for a in arrays})
    if len(sizes) != 1:
        got = ", ".join(f"{h}x{w}" for h, w in sizes) or "no picture at all"
        raise ValueError(f"a batch wants pictures of one size (H x W), got {got}; take them one at a time")
    return np.stack(arrays)


def together(arrays: Sequence[np.ndarray | None]) -> Held | None:
    """As `stack`, but arrays of several sizes stay by themselves."""
    if any(a is None for a in arrays) or len({a.shape for a in arrays}) == 1:
        return stack(arrays)
    return arrays


def images_of(pixels: np.ndarray) -> torch.Tensor:
    """(B, H, W, 3) to (B, 3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), dtype=np.float32))

"""Data sets by name. `dataset("camvid", "val", data_root=...)`; one file here with a `READER` is one data set."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules

from lab.data import files, rainy
from lab.data.base import READERS, Arrays, Dataset, Picture, Reader
from lab.data.files import Size
from pearl_core.rain import Rain
from pearl_core.types import choose

__all__ = ["READERS", "Arrays", "Dataset", "Picture", "Reader", "dataset", "names", "read_from", "reader", "root_for"]


def names() -> tuple[str, ...]:
    """What `dataset` knows."""
    return tuple(sorted(READERS))


def reader(name: str) -> Reader:
    """How data set `name` is opened: its splits, its working size."""
    return READERS[choose("data set", name, READERS)]


def dataset(
    name: str,
    split: str | None = None,
    *,
    data_root: str | os.PathLike | None = None,
    size: Size | None = None,
    rain: str | Rain = "pearl",
    count: int | None = None,
) -> Dataset:
    """One split of one data set, its pictures `size` = (H, W), or the set's working size.

    `rain` is a preset at the strength recorded for this set and size, "none", or a `Rain` of your own; sets that come
    with rain keep theirs. `count` takes the first so many pictures. Errors: ValueError, FileNotFoundError, one line.
    """
    how = reader(name)
    split = choose("split", split or how.default_split, how.splits)
    if how.built_in and data_root is not None:
        raise ValueError(f"{name} is built in and has no folder, got data_root {str(data_root)!r}")
    root = None if how.built_in else files.locate(name, data_root)
    opened = how.open(root, split, size or how.size, count)
    if opened.classes != how.classes:  # by which nets are held to fit
        raise ValueError(f"{name} says that it has {len(how.classes)} classes, but opens with {len(opened.classes)}")
    if opened.size is None or rain == "none":
        return opened
    return replace(opened, rain=rain if isinstance(rain, Rain) else rainy.recorded(name, opened.size, rain))


def root_for(data_root: str | os.PathLike | None, asked: Iterable[str]) -> str | os.PathLike | None:
    """The folder where one of these data sets lies in it, else None."""
    return None if all(reader(name).built_in for name in asked) else data_root


def read_from(data_root: str | os.PathLike | None, asked: Iterable[str]) -> None:
    """Refuses a folder that is not there, or that none of the data sets `asked` for lies in: it would do nothing."""
    if data_root is None:
        return
    files.folder_given(data_root)
    asked = sorted(set(asked))
    if root_for(data_root, asked) is None:
        raise ValueError(f"{' and '.join(asked)}: built in, read from no folder, got data_root {str(data_root)!r}")


# last: some of these files open data sets
for _file in iter_modules(__path__):
    _module = import_module(f"{__name__}.{_file.name}")
    if hasattr(_module, "READER"):
        READERS.add(_module.READER.name, _module.READER)

"""Measuring for a curve on a screen: first what is stored, then other points in an order that soon shows its shape.

It can be stopped after any step: all finished batches are in the store.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from lab.measure import rows
from lab.measure.measuring import BATCH, compute, missing, rows_of
from lab.measure.store import Store, address_of
from lab.measure.trial import Cell, Trial, cells_of
from lab.system.words import to_go

MOST_KEPT = 2000  # rows of so many trials stay in memory


class Step(NamedTuple):
    """What has become known: the rows of trial `index`; or, with no index, that one more batch is done."""

    index: int | None
    rows: pd.DataFrame | None
    seconds: float  # measured so far; 0 for what was stored
    left: float  # what the rest will take at this pace, in seconds; nan while nothing was measured


def stored(trials: Iterable[Trial], data_root: str | None = None, store: Store | None = None) -> list[bool]:
    """Which trials the store holds whole; computes nothing."""
    store = store or Store()
    return [whole(cell, store) for cell in cells_of(trials, data_root)]


def held(trials: Iterable[Trial], data_root: str | None = None, store: Store | None = None) -> dict[int, pd.DataFrame]:
    """The rows of the trials the store holds whole, by index; computes nothing."""
    store, cells = store or Store(), cells_of(trials, data_root)
    stored = {i: known(cell, store) for i, cell in enumerate(cells)}
    return {i: rows for i, rows in stored.items() if rows is not None}


def measured(trials: Iterable[Trial], data_root: str | None = None, store: Store | None = None) -> Iterator[Step]:
    """The stored trials at once, then the others, batch by batch, those first that show the shape."""
    store, cells = store or Store(), cells_of(trials, data_root)
    waiting = []
    for index, cell in enumerate(cells):
        rows = known(cell, store)
        if rows is None:
            waiting.append(index)
        else:
            yield Step(index, rows, 0.0, float("nan"))
    total, done, seconds = cost([cells[i] for i in waiting], store), 0, 0.0
    for group in shared(cells, waiting):
        for part in grown([cells[i] for i in group]):
            work = cost(part, store)
            if not work:
                continue  # a run that was stopped left this batch behind
            began = time.perf_counter()
            compute(part, store, quiet=True, processes=1)  # too little for more
            done, seconds = done + work, seconds + time.perf_counter() - began
            left = seconds / done * (total - done)
            yield Step(None, None, seconds, left)
        for index in group:
            yield Step(index, known(cells[index], store), seconds, left if done else float("nan"))


def whole(cell: Cell, store: Store) -> bool:
    return next(missing([cell], store), None) is None


def cost(cells: Sequence[Cell], store: Store) -> int:
    """Roughly the passes through a network that the store lacks."""
    return sum(batch.cost for batch in missing(cells, store))


_kept: dict[tuple, pd.DataFrame] = {}  # rows of an address never change, and every click needs them


def known(cell: Cell, store: Store) -> pd.DataFrame | None:
    """The rows of a cell if the store holds all of it, else None. They are shared: copy them before a change."""
    key = store.path, cell.address, cell.trial
    if not store.path.exists() or len(_kept) > MOST_KEPT:
        _kept.clear()
    if key not in _kept and whole(cell, store):
        _kept[key] = pd.DataFrame(rows_of(cell, store))
    return _kept.get(key)


def grown(cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    """The cells on ever more pictures, a batch at a time: more pictures only add to fewer."""
    most = max(cell.trial.images for cell in cells)
    for images in range(BATCH, most + BATCH, BATCH):
        yield [replace(cell, trial=replace(cell.trial, images=min(images, cell.trial.images))) for cell in cells]


def shared(cells: Sequence[Cell], indices: Iterable[int]) -> list[list[int]]:
    """Groups of cells that share a perturbation, so that it is computed once. Groups that show the curve's shape first.

    One attack on a segmenter serves all defences with that segmenter, and a longer run its first steps.
    """
    places = sorted({(cell.trial.eps, cell.trial.steps) for cell in cells})
    rank = {places[place]: n for n, place in enumerate(early(len(places)))}
    groups: dict[tuple, list[int]] = {}
    for index in indices:
        cell = cells[index]
        groups.setdefault((cell.data.fingerprint, address_of(cell.perturbation or {})), []).append(index)
    return sorted(groups.values(), key=lambda group: min(rank[cells[i].trial.eps, cells[i].trial.steps] for i in group))


def early(count: int) -> list[int]:
    """0 ... count - 1 in an order that soon shows a curve: both ends, the middle, the quarters, and so on."""
    order, gaps = dict.fromkeys((0, count - 1)), [(0, count - 1)]
    for low, high in gaps:  # grows as it goes
        middle = (low + high) // 2
        if low < middle:
            order[middle] = None
            gaps += [(low, middle), (middle, high)]
    return list(order) if count else []


def joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The frames of single trials as `run` gives them for all."""
    return pd.DataFrame([row for frame in frames for row in frame.to_dict("records")])


def csv(frames: Iterable[pd.DataFrame]) -> str:
    """The rows for a file."""
    return rows.csv(joined(frames))


def pace(step: Step) -> str:
    """The remaining time, in words."""
    return to_go(step.left) or "measuring"

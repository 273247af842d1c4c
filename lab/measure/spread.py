"""Measuring in other processes, of this machine or of a cluster: what is sent to them, and how results return."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from typing import TypeVar

import torch

from lab.data import Dataset
from lab.measure.trial import OWN_RAIN, RAIN, Cell, Trial, cells_of
from lab.system.device import here
from lab.system.pool import wanted

# A worker takes seconds to start: it must find this much work, in passes of one picture through a network (see
# `Batch.cost`), before it pays. Four hundred are about ten seconds of table 1's small nets.
WORTH = 400
SMALL = 256 * 512  # pixels of a picture up to which one thread is kept busy and several processes fit in memory
MOST = 8  # most processes, unless their number was asked for

Result = TypeVar("Result")


@dataclass(frozen=True)
class Task:
    """Some images and the cells to measure on them, as plain text and numbers: no nets, no pictures."""

    trials: tuple[Trial, ...]
    data_root: str | None
    start: int  # place of the batch in the order of images
    indices: tuple[int, ...]
    addresses: tuple[str, ...]  # of the cells: what the results will be stored under
    device: str

    def __str__(self) -> str:
        trial = self.trials[0]
        attack = f" under {trial.attack} ({trial.threat})" if trial.attack else ""
        last = self.start + len(self.indices) - 1
        return f"images {self.start} to {last} of {trial.dataset} {trial.split}, {trial.method}{attack}"


def task(cells: Sequence[Cell], start: int, indices: Sequence[int], data_root: str | None) -> Task:
    trials, addresses = tuple(cell.trial for cell in cells), tuple(cell.address for cell in cells)
    return Task(trials, data_root, start, tuple(indices), addresses, here().type)


def each(
    executor: Executor, function: Callable[[Task], Result], tasks: Sequence[Task], keep: Callable[[int, Result], None]
) -> None:
    """`keep(place of the task, function(task))` for every task, in this thread, in the order in which they are done.

    The first error ends it: tasks that have not begun are cancelled, results that are there already are kept.
    """
    running = {executor.submit(function, task): place for place, task in enumerate(tasks)}
    try:
        for future in as_completed(list(running)):
            keep(running[future], future.result())
            del running[future]
    except BaseException:
        for future, place in running.items():
            if not future.cancel() and future.done() and future.exception() is None:
                keep(place, future.result())
        raise


def processes_for(costs: Sequence[int], pixels: int | None, asked: int | None = None) -> int:
    """How many processes measure batches of these costs, on pictures of so many pixels (None: of several sizes).

    `asked`, or else PEARL_PROCESSES, but never more than there are batches; 1 is this process. Where neither says
    it: as many as torch has threads here, where pictures are small and there is work enough for each (`WORTH`).
    """
    asked = asked or wanted()
    if asked is not None:
        return max(1, min(asked, len(costs)))
    if here().type != "cpu" or pixels is None or pixels > SMALL:
        return 1
    return max(1, min(torch.get_num_threads(), MOST, len(costs), sum(costs) // WORTH))


# ---- in the worker ----

_alone = Lock()  # a process measures one batch at a time, because its threads share the nets
_data: dict[tuple, Dataset] = {}


@contextmanager
def cells_at(task: Task) -> Iterator[list[Cell]]:
    """The cells of a task, with the nets and the data set as this process finds them, on the task's device.

    Errors: ValueError where they are others than those of the process that sent the task.
    """
    with _alone, device(task.device):
        cells = opened(task)
        if addresses(cells) != task.addresses:
            _data.clear()  # a file may have changed since it was opened
            cells = opened(task)
        if addresses(cells) != task.addresses:
            raise ValueError(
                f"a worker found other nets, other pictures or another number format than its parent for {task}; "
                "it must read the same zoo (PEARL_ZOO) and data set, on a processor of the same kind"
            )
        yield cells


def addresses(cells: Sequence[Cell]) -> tuple[str, ...]:
    return tuple(cell.address for cell in cells)


def opened(task: Task) -> list[Cell]:
    return [Cell(trial, data(trial, task.data_root)) for trial in task.trials]


def data(trial: Trial, data_root: str | None) -> Dataset:
    """The trial's data set, opened once in this process."""
    place = trial.dataset, trial.split, trial.rain, data_root
    if place not in _data:
        asked = replace(trial, rain=RAIN) if trial.rain == OWN_RAIN else trial
        _data[place] = cells_of([asked], data_root)[0].data
    return _data[place]


@contextmanager
def device(name: str) -> Iterator[None]:
    """PEARL_DEVICE says `name`, as long as the block lasts."""
    before = os.environ.get("PEARL_DEVICE")
    os.environ["PEARL_DEVICE"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["PEARL_DEVICE"]
        else:
            os.environ["PEARL_DEVICE"] = before

"""Trials and their results: `run(trials)` is one row per (trial, metric), from the store where it is already known.

What trials share is computed once: attacks on the same nets share perturbations, fewer steps are a prefix of more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from lab.data import Dataset
from lab.measure.case import settings_of
from lab.measure.spread import Task, cells_at, each, processes_for, task
from lab.measure.store import Store, address_of
from lab.measure.trial import Cell, Trial, cells_of, leaves, steps_of
from lab.measure.worst import worst_case
from lab.nets.pipelines import build
from lab.nets.zoo import SHIPPED
from lab.system.allocator import keep_freed
from lab.system.device import here, moved
from lab.system.paths import writable
from lab.system.pool import pool
from lab.system.progress import bar
from pearl_core import SCIENCE
from pearl_core.attacks.catalogue import LABEL_MAP, LABELS
from pearl_core.bootstrap import interval
from pearl_core.chance import answer
from pearl_core.metrics import METRICS, observe_all
from pearl_core.types import Sample

# Images attacked together: enough to keep two cores busy, little enough for the caches. Always whole batches of one
# fixed shuffle, so that an image's numbers do not depend on how many were asked for.
BATCH = 4


def run(
    trials: Iterable[Trial],
    *,
    data_root: str | None = None,
    store: Store | None = None,
    quiet: bool = False,
    executor: Executor | None = None,
    processes: int | None = None,
) -> pd.DataFrame:
    """One row per (trial, metric): value, 95 % interval over images, and where it came from. Resumes from the store.

    What the store lacks is measured in this process, in `processes` processes of this machine, or by an `executor`:
    anything whose `submit` returns futures of `concurrent.futures`, such as a cluster's. Only this process writes to
    the store. Without both, PEARL_PROCESSES decides; without that, `spread.processes_for` does.

    The numbers do not depend on how many processes measured or on which was done first. They do depend on the number
    of torch threads *per process*, because sums are rounded in another order: with two threads in place of one, about
    one image in ten of table 1 gets other statistics. Workers of this machine share the threads of this process
    equally. So results are equal byte for byte where all processes have the same number, for example
    `OMP_NUM_THREADS=1`; otherwise they are equal up to that rounding.

    Errors: ValueError and OSError in one line, also from a worker. A worker that dies is replaced (`lab.system.pool`);
    after a foreign executor lost one, its own error is raised. What was finished is in the store in any case.
    """
    store, cells = store or Store(), at_hand(trials, data_root)
    compute(cells, store, quiet, data_root=data_root, executor=executor, processes=processes)
    return pd.DataFrame([row for cell in cells for row in rows_of(cell, store)])


def at_hand(trials: Iterable[Trial], data_root: str | None) -> list[Cell]:
    """The cells of the trials, if their nets are there, and as many pictures. Errors: those of `run`, and at once."""
    cells = cells_of(trials, data_root)
    for cell in cells:
        chosen(cell.data, cell.trial.images)
        _ = cell.victim, cell.trial.attack and cell.attacked
        if needs_labels(cell.trial) and not cell.data.labelled:
            raise ValueError(
                f"wanted labelled pictures for {cell.trial.attack}, got {cell.data.name} {cell.data.split}"
            )
    return cells


def load(cells: Iterable[Cell]) -> None:
    """Open every net of the cells, so that one that is damaged is refused at once. They are opened in any case."""
    nets = {net for cell in cells for net in (*cell.victim, *(cell.attacked if cell.trial.attack else ()))}
    for net in filter(None, nets):
        _ = net.module


def needs_labels(trial: Trial) -> bool:
    """Whether its attack is told the labels of the pictures."""
    return trial.attack is not None and trial.label is None and trial.entry.target is LABELS


def chosen(data: Dataset, images: int) -> list[int]:
    """The first `images` of one fixed shuffle of the data set: a larger number contains the smaller ones.

    The shuffle spreads the frames of a film.
    """
    if images > len(data):
        raise ValueError(f"wanted {images} images of {data.name} {data.split}, got only {len(data)}")
    return np.random.RandomState(0).permutation(len(data))[:images].tolist()


def compute(
    cells: Sequence[Cell],
    store: Store,
    quiet: bool,
    *,
    data_root: str | None = None,
    executor: Executor | None = None,
    processes: int | None = None,
) -> None:
    """Fill the store with what is missing of these cells, batch by batch; the keywords are those of `run`."""
    for cell in cells:
        chosen(cell.data, cell.trial.images)  # refuses more images than there are, before anything is computed
    work = sorted(missing(cells, store), key=lambda batch: batch.start)  # stable: each picture is made once
    if work:
        writable(store.path.parent)
        load(cell for batch in work for cell in batch.cells)
    steps = bar(what="measuring", unit="pass", total=sum(batch.cost for batch in work), disable=quiet or not work)

    def keep(place: int, observed: list[Finding]) -> None:
        for finding in observed:
            store.add(work[place].cells[finding.cell].facts, finding.images, finding.statistics)
        steps.update(work[place].cost)

    with steps:
        count = 0 if executor is not None else processes_for([b.cost for b in work], pixels(work), processes)
        if count == 1:
            keep_freed()
            pictures = Pictures()
            for place, batch in enumerate(work):
                keep(place, list(findings(pictures.of(batch.data, batch.start, batch.indices), batch.cells)))
            return
        tasks = [task(batch.cells, batch.start, batch.indices, data_root) for batch in work]
        with pool(count) if count else nullcontext(executor) as workers:
            each(workers, observe, tasks, keep)


def observe(task: Task) -> list[Finding]:
    """Measure one batch in a worker, which opens the data set and the nets by itself and keeps them."""
    with cells_at(task) as cells:
        return list(findings(PICTURES.of(cells[0].data, task.start, task.indices), cells))


class Batch(NamedTuple):
    """Images to measure together, and the cells that share their perturbation."""

    start: int
    data: Dataset
    indices: list[int]
    cells: list[Cell]

    @property
    def cost(self) -> int:
        """Roughly the passes through a network: gradient evaluations and scores."""
        return len(self.indices) * (max(map(steps_of, self.cells)) + len(self.cells))


def missing(cells: Sequence[Cell], store: Store) -> Iterator[Batch]:
    """What the store lacks, as batches of cells that agree in all of the attack but the number of steps."""
    cells = leaves(cells)
    known = {cell.address: store.read(cell.address, cell.statistics, cell.shapes).keys() for cell in cells}
    groups: dict[tuple, dict[str, Cell]] = {}
    for cell in cells:
        members = groups.setdefault((cell.data.fingerprint, address_of(cell.perturbation or {})), {})
        if cell.address not in members or members[cell.address].trial.images < cell.trial.images:
            members[cell.address] = cell
    for members in groups.values():
        data = next(iter(members.values())).data
        for start in range(0, max(cell.trial.images for cell in members.values()), BATCH):
            indices = chosen(data, min(start + BATCH, len(data)))[start:]
            keys = {data.keys[i] for i in indices}
            lacking = [c for c in members.values() if c.trial.images > start and not keys <= known[c.address]]
            if lacking:
                yield Batch(start, data, indices, lacking)


def pixels(work: Sequence[Batch]) -> int | None:
    """The most that a picture has; None where a data set's pictures have several sizes."""
    sizes = [batch.data.size for batch in work]
    return None if None in sizes else max((height * width for height, width in sizes), default=0)


class Pictures:
    """Keeps the last batch of pictures, because several attacks in a row use the same one."""

    def __init__(self):
        self.place, self.samples = None, []

    def of(self, data: Dataset, start: int, indices: Sequence[int]) -> list[Sample]:
        if self.place != (data.fingerprint, start, len(indices)):
            self.samples = [moved(sample, here()) for sample in data.samples(indices)]
            self.place = data.fingerprint, start, len(indices)
        return self.samples


PICTURES = Pictures()  # of a worker


class Finding(NamedTuple):
    """Statistics of some images of one cell: arrays (B, ...), one row per image."""

    cell: int  # its place among the batch's
    images: Sequence[str]
    statistics: dict[str, np.ndarray]


def findings(samples: Sequence[Sample], cells: Sequence[Cell]) -> Iterator[Finding]:
    """Attack one batch once, and score every cell that shares it. float32 throughout the scoring.

    `samples` are the pictures of the batch, those of one size together.
    """
    for sample in samples:
        pictures = attacked_pictures(sample, cells)
        for place, cell in enumerate(cells):
            output = answer(build(cell.victim, here().type), pictures[steps_of(cell)], keys=sample.keys)
            yield Finding(place, sample.keys, observe_all(output, sample, cell.metrics))


def attacked_pictures(sample: Sample, cells: Sequence[Cell]) -> dict[int, Tensor]:
    """The pictures after each number of steps that some cell asks for; step 0 is the start."""
    longest = max(cells, key=steps_of)
    images = sample.rainy.contiguous(memory_format=torch.channels_last)
    if longest.attack is None:
        return {0: images}
    model, trial = build(longest.attacked, here().type), longest.trial
    if trial.label is None:
        target = trial.entry.target.of(model, sample)
    else:
        target = LABEL_MAP.of(model, sample, category=trial.label)
    if not trial.entry.stepwise:
        return {steps_of(longest): longest.attack(model, images, target)}
    wanted = {steps_of(cell) for cell in cells}
    iterates = longest.attack.iterates(model, images, target)
    return {step: images for step, images in enumerate(iterates) if step in wanted}


def statistics(cell: Cell, store: Store) -> dict[str, np.ndarray]:
    """The cell's statistics over its images, in their fixed order: name -> (N, ...); of an ensemble the worst case."""
    if cell.members:
        return worst_case([statistics(member, store) for member in cell.members.values()])
    stored = store.read(cell.address, cell.statistics, cell.shapes)
    keys = [cell.data.keys[i] for i in chosen(cell.data, cell.trial.images)]
    if not stored.keys() >= set(keys):
        raise OSError(f"the result store {store.path} lost values while it was in use; ask again to measure them")
    metrics = {METRICS[name].statistic: METRICS[name] for name in cell.metrics}
    return {name: metric.together([stored[key][name] for key in keys]) for name, metric in metrics.items()}


def rows_of(cell: Cell, store: Store) -> Iterator[dict]:
    """The tidy rows of one cell. Column `statistics` (N, ...) is for paired comparisons."""
    observed = statistics(cell, store)
    origin = cell.trial.origin() | {
        "torch": torch.__version__,
        "device": here().type,
        "nets": "shipped" if all(SHIPPED in net.path.parents for net in cell.victim if net) else "own",
        **settings_of(cell.attack),
        "size": "own" if cell.data.size is None else "x".join(str(side) for side in reversed(cell.data.size)),
        "weights": "+".join(net.sha256[:8] for net in cell.victim if net is not None),
        "data": cell.data.fingerprint[:8],
        "note": cell.data.note,
        "science": SCIENCE,
        "address": cell.address[:16],
    }
    for name in cell.metrics:
        metric, values = METRICS[name], observed[METRICS[name].statistic]
        low, high = interval(metric, values, seed=cell.trial.seed)
        yield origin | {
            "metric": name, "value": metric.reduce(values), "low": low, "high": high, "unit": metric.unit,
            "statistics": values,
        }  # fmt: skip

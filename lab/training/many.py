"""Trains many nets in parallel: each after the nets it starts from, in processes that keep the pictures in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait

from lab.nets import zoo
from lab.nets.zoo import Net, NetName
from lab.system.pool import pool
from lab.training import trainer
from lab.training.job import Job, parents
from lab.training.plans import nets
from lab.training.ready import ready


def to_train(dataset: str, scale: str = "small") -> list[NetName]:
    """What the zoo of that data set consists of, without nets that were imported: these stay what they are."""
    cards = zoo.catalogue()
    return [name for name in nets(dataset, scale) if "imported" not in cards.get(str(name), {})]


def train_all(jobs: Sequence[Job], processes: int = 1) -> Iterator[Net]:
    """Yields every net of `jobs` when it is finished; started in their order. A killed run continues from its states.

    With several processes each has an equal share of the threads; one that is killed is begun again from its state.
    The first error stops the others, whose states are kept.
    """
    if processes < 1:
        raise ValueError(f"wanted 1 process or more, got {processes}")
    ready(jobs)
    if processes == 1:
        yield from (trainer.run(job) for job in jobs)
        return
    with pool(min(processes, max(len(jobs), 1))) as workers:
        waiting, running = list(jobs), {}
        while waiting or running:
            for job in startable(waiting, running.values())[: processes - len(running)]:
                waiting.remove(job)
                running[workers.submit(train_one, job)] = job
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                done.result()
                yield zoo.find(running.pop(done).name)


def startable(waiting: Sequence[Job], running: Sequence[Job]) -> list[Job]:
    """The jobs whose parents are all trained, in their order."""
    missing = {job.name for job in (*waiting, *running)}
    return [job for job in waiting if not missing.intersection(parents(job.name).values())]


def train_one(job: Job) -> None:
    trainer.run(job)

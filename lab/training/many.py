"""Many nets side by side: each in a process that keeps the pictures, each after those it is trained from."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait

import torch

from lab.nets import zoo
from lab.nets.zoo import Net, NetName
from lab.training import one as training
from lab.training.one import Job, parents
from lab.training.plans import nets


def to_train(dataset: str, scale: str = "small") -> list[NetName]:
    """What the zoo of that data set consists of, without nets that were imported: these stay what they are."""
    cards = zoo.catalogue()
    return [name for name in nets(dataset, scale) if "imported" not in cards.get(str(name), {})]


def train_all(jobs: Sequence[Job], processes: int = 1) -> Iterator[Net]:
    """Every net of `jobs` as it is finished, those first that stand first. A killed run goes on from its states."""
    if processes < 1:
        raise ValueError(f"wanted 1 process or more, got {processes}")
    if processes == 1:
        yield from (training.run(job) for job in jobs)
        return
    threads = max(1, len(os.sched_getaffinity(0)) // processes)
    context = multiprocessing.get_context("spawn")  # threads of torch do not live through a fork
    with ProcessPoolExecutor(processes, context, initializer=torch.set_num_threads, initargs=(threads,)) as pool:
        waiting, running = list(jobs), {}
        try:
            while waiting or running:
                for job in startable(waiting, running.values())[: processes - len(running)]:
                    waiting.remove(job)
                    running[pool.submit(train_one, job)] = job
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    done.result()
                    yield zoo.find(running.pop(done).name)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def startable(waiting: Sequence[Job], running: Sequence[Job]) -> list[Job]:
    """The jobs that wait for no net that is still to come, in their order."""
    missing = {job.name for job in (*waiting, *running)}
    return [job for job in waiting if not missing.intersection(parents(job.name).values())]


def train_one(job: Job) -> None:
    training.run(job)

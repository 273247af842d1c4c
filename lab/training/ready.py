"""What can be refused of a training, refused before its first picture is made."""

from __future__ import annotations

from collections.abc import Sequence

from lab.data import dataset
from lab.nets import checkpoints, zoo
from lab.system import disk
from lab.system.paths import writable
from lab.training.job import Job, parents, schedule_of
from lab.training.plans import plan


def ready(jobs: Sequence[Job]) -> None:
    """Raises what training them would raise for what they were given: a plan, nets, files, folders that are not there.

    A net may wait for another one among them. Whether a network takes its arguments is known once it is built.
    """
    for folder in (zoo.folders()[0], disk.home()):
        writable(folder)
    coming = {job.name for job in jobs}
    for job in jobs:
        schedule_of(job).rate(0)
        for name in set(parents(job.name).values()) - coming:
            zoo.find(name)
        opened(job)
    for path in {path for job in jobs for path in job.files.values()}:
        checkpoints.read(path)


def opened(job: Job) -> None:
    """Opens the splits that it learns from and is scored on."""
    name, how = job.name.dataset, plan(job.name.dataset, job.scale)
    dataset(name, how.split, data_root=job.data_root, size=how.size)
    dataset(name, "val", data_root=job.data_root)

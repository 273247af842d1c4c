"""Work that is killed at random points, begun again, and killed again; a program, as its process must not compute.

`python -m tests.lab.killing FOLDER` trains a tiny net and reproduces some displays of a paper, each in a copy of
PEARL_HOME without a kill and in another with many, and prints what happened as JSON. Every try is a process forked from
this one, so that none has to import torch again; torch computes in such a process only if its parent never did.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import inf
from pathlib import Path

import matplotlib.projections
import torch._dynamo  # which the first optimiser imports

from lab.data import dataset, scenes
from lab.papers import PAPERS
from lab.reproduce.run import reproduced, write

from . import tiny, work

SLOW = matplotlib.projections, torch._dynamo  # imported here, and not in every try
TRIES = 3
WRITING = ("system/disk.py", "training/trainer.py", "training/states.py", "reproduce/run.py")


class Calls:
    """Counts the calls in the files of `WRITING`, for `sys.setprofile`; the `last` one kills."""

    def __init__(self, last: float):
        self.last, self.number = last, 0

    def __call__(self, frame, event: str, argument: object) -> None:
        if frame.f_code.co_filename.endswith(WRITING):
            self.number += 1
            if self.number >= self.last:
                os.kill(os.getpid(), signal.SIGKILL)


def tried(job: Callable[[], object], last: float = inf, moment: float = 0) -> tuple[int, float, int]:
    """Do it in a process of its own, killed at its `last` call or `moment`: calls, seconds of CPU, the signal."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        calls = Calls(last)
        sys.setprofile(calls)
        signal.setitimer(signal.ITIMER_PROF, moment)  # its signal ends a process that does not expect it; 0: none
        try:
            job()
            sys.setprofile(None)
            os.write(tell, str(calls.number).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(tell)
    _, status, used = os.wait4(child, 0)
    with os.fdopen(told) as pipe:
        calls = pipe.read()
    killer = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    assert calls or killer in (signal.SIGKILL, signal.SIGPROF), f"a try ended with status {status}"
    return int(calls or 0), used.ru_utime + used.ru_stime, killer


def compared(folder: Path, job: Callable[[], object], seed: int) -> dict:
    """Do the job without a kill, and with many; says by which signals, and which files each try began with."""
    chance, template = random.Random(seed), os.environ["PEARL_HOME"]
    never, killed = (shutil.copytree(template, folder / name) for name in ("never", "killed"))
    os.environ["PEARL_HOME"] = str(never)
    calls, seconds, _ = tried(job)
    os.environ["PEARL_HOME"] = str(killed)
    kills, begun = [], []
    for turn in range(TRIES):
        begun.append([str(path.relative_to(killed)) for path in killed.rglob("*") if path.is_file()])
        call, moment = chance.randint(calls // 2, 2 * calls // 3), chance.uniform(0.05, 0.4) * seconds
        kills.append(tried(job, **({"last": call} if turn % 2 else {"moment": moment}))[2])
    tried(job)
    os.environ["PEARL_HOME"] = template
    return {"calls": calls, "seconds": seconds, "kills": kills, "begun": begun}


# ---- jobs ----


def train() -> None:
    tiny.training.run(tiny.job("derain"), quiet=True)


def reproduce() -> None:
    for display, report, rows in reproduced("pearl", images=2, quiet=True):
        write(Path(os.environ["PEARL_HOME"]) / "out", display.name, report, rows)


JOBS = {"train": train, "reproduce": reproduce}
SHOWN = ("figure3", "table3")  # pictures and numbers


def main(folder: str) -> None:
    work.tiny_world()
    tiny.training.scores = lambda job: {}
    tiny.training.training_data("scenes", "train", None, None).preload()
    scenes.scene = cache(scenes.scene)  # drawn here, and not in every try
    for data in (dataset("scenes", "test", rain="none"), dataset("scenes", "val", rain="none")):
        assert data.fingerprint and list(data)
    paper = PAPERS["pearl"]
    PAPERS["pearl"] = replace(paper, experiments={name: paper.experiments[name] for name in SHOWN})
    told = {name: compared(Path(folder) / name, job, seed) for seed, (name, job) in enumerate(JOBS.items())}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What tests of the pool have done in other processes; also a program, for tests that kill it.

`python -m tests.lab.work` has two workers sleep for a minute; it writes their numbers on stdout, then its own.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

ONCE = "PEARL_TEST_ONCE"  # a file that says who was killed already


def double(number: int, seconds: float = 0.0) -> int:
    time.sleep(seconds)
    return 2 * number


def fails(words: str) -> None:
    raise ValueError(words)


def threads() -> int:
    import torch

    return torch.get_num_threads()


def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dies_once(result: object) -> object:
    """Killed by -9 the first time, well the next."""
    try:
        Path(os.environ[ONCE]).touch(exist_ok=False)
    except FileExistsError:
        return result
    return dies()


def leaves_a_file(path: str) -> None:
    """A file that is there only while this runs."""
    Path(path).touch()
    try:
        time.sleep(60)
    finally:
        Path(path).unlink()


def tiny_world() -> None:
    """The lab of the fixture `tiny_zoo`, in a worker."""
    from lab.data import objects, scenes

    from . import tiny

    tiny.shrink()
    for world in (scenes, objects):
        world.LENGTHS = {"train": 6, "val": 3, "test": 12}


def fragile_world() -> None:
    """The worker that is the first to measure something is killed over it."""
    from lab.measure import measuring

    tiny_world()
    findings = measuring.findings
    measuring.findings = lambda *given: dies_once(findings(*given))


def main() -> None:
    from lab.system.pool import pool
    from tests.lab import work  # a worker cannot read functions of the main script

    try:
        with pool(2) as workers:
            print(*workers.map(work.own_number, range(2)), os.getpid(), flush=True)
            list(workers.map(work.double, range(2), [60, 60]))
    except KeyboardInterrupt:
        print("interrupted", flush=True)


def own_number(_: int) -> int:
    time.sleep(1)  # so that the other worker takes the other call
    return os.getpid()


if __name__ == "__main__":
    main()

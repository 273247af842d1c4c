"""Peak memory of a piece of work, from the resident size of a process that does nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

# A tensor gets a mapping of its own and leaves the process when it is freed. On the heap, which is faster, what is
# freed stays resident, and the peak would tell of holes left by the order of requests, not of what was alive at once.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_MMAP_MAX_": "1000000", "MALLOC_TRIM_THRESHOLD_": "65536"}
PROCESS = Path("/proc/self")


def fresh(work: Callable, *arguments):
    """`work(*arguments)` in a new process, which gets nothing from this one but the arguments."""
    with environment(ALLOCATOR), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
        return child.submit(work, *arguments).result()


def grown(work: Callable[[], object]) -> int:
    """Bytes by which this process grows at most while `work` runs. Needs Linux.

    Not `getrusage`: its peak never falls, and a new process starts with that of the process it came from.
    """
    (PROCESS / "clear_refs").write_text("5")  # the peak is now the present size
    before = resident("VmRSS")
    work()
    return resident("VmHWM") - before


def resident(name: str) -> int:
    """VmRSS, the present size, or VmHWM, the peak, in bytes."""
    line = next(line for line in (PROCESS / "status").read_text().splitlines() if line.startswith(f"{name}:"))
    return 1024 * int(line.split()[1])


@contextmanager
def environment(changes: dict[str, str]) -> Iterator[None]:
    """`changes` to the environment, for processes begun meanwhile."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

"""What tests of the pool have done in other processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def double(n, seconds=0.0):
    time.sleep(seconds)
    return 2 * n


def fails(n):
    raise ValueError(f"no {n} here")


def dies_once(path, n):
    """Killed by -9 the first time, well the next."""
    path = Path(path)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def dies(n):
    os.kill(os.getpid(), signal.SIGKILL)

"""How this process holds its memory: what PyTorch frees is kept for the next step instead of handed back."""

from __future__ import annotations

import ctypes
import platform
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's malloc.h


@cache
def keep_freed() -> bool:
    """From now on, memory that was freed stays with this process; whether the C library could be told so.

    By default glibc returns every big tensor to the kernel and gets it back page by page, zeroed: an attack allocates
    and frees hundreds of them in a step, and spent 15 to 30 % of its time so. Only glibc (Linux) has these switches.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    # no tensor gets a mapping of its own, which would leave with it, and the heap is never cut at its end
    return bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, -1))

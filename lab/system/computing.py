"""The one thread of a process that runs the networks for all who look at pictures."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import current_thread
from typing import Any

from lab.system.allocator import keep_freed

COMPUTER = ThreadPoolExecutor(1, "computing", initializer=keep_freed)


def alone(work: Callable[..., Any], *given: Any) -> Any:
    """`work(*given)` in that thread.

    Several visitors at once would slow each other down: torch starts a team of threads for every thread that calls it.
    """
    if current_thread().name.startswith("computing"):
        return work(*given)
    return COMPUTER.submit(work, *given).result()

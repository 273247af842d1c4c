"""A process of the pool, seen from inside: it calls what it is sent until its parent is gone."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread, main_thread

from lab.system.allocator import keep_freed

GRACE = 5.0  # seconds to leave files whole and end; after that the process ends at once


def serve(descriptor: int) -> None:
    """Answer every call that comes through the pipe. The end of the pipe is the end of this process.

    The kernel closes the pipe when the parent dies, however it dies, so no worker outlives its parent.
    """
    signal.signal(signal.SIGTERM, leave)
    keep_freed()
    pipe, calls = Connection(descriptor), SimpleQueue()
    Thread(target=listen, args=(pipe, calls), daemon=True).start()
    while True:
        answer(pipe, *calls.get())


def leave(*_: object) -> None:
    """Exit through an exception, so that half-written files are removed."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
    raise SystemExit(128 + signal.SIGTERM)


def answer(pipe: Connection, function: Callable, arguments: tuple, options: dict) -> None:
    """Send (True, result) or (False, error)."""
    try:
        result = True, function(*arguments, **options)
    except Exception as error:
        error.add_note("".join(["in a worker process: ", *traceback.format_exception(error)]))
        result = False, error
    try:
        pipe.send(result)
    except ConnectionError:  # the parent is dead
        leave()
    except Exception as error:  # what cannot be sent
        pipe.send((False, RuntimeError(f"{type(error).__name__}: {error}; got {result[1]!r:.200}")))


def listen(pipe: Connection, calls: SimpleQueue) -> None:
    """Receive calls even while one runs, so that the death of the parent is noticed at once."""
    with suppress(EOFError, OSError):
        while True:
            calls.put(received(pipe))
    signal.pthread_kill(main_thread().ident, signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


def received(pipe: Connection) -> tuple[Callable, tuple, dict]:
    """The next call. If it cannot be unpickled here, a call that raises the error."""
    try:
        return pipe.recv()
    except (EOFError, OSError):
        raise
    except Exception as error:
        return failing, (f"{type(error).__name__}: {error}",), {}


def failing(words: str) -> None:
    raise RuntimeError(f"a worker could not read what it was sent: {words}")

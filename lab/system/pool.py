"""Processes that work side by side: an executor of the standard kind that survives the death of a worker.

`concurrent.futures.ProcessPoolExecutor` ends all its workers when one dies, and leaves them alone when the parent is
killed. It also runs the user's script again in every worker, so a script without `if __name__ == "__main__"` fails.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from queue import Empty, SimpleQueue
from threading import Lock, Thread, current_thread
from typing import NamedTuple

import torch

from lab.system.progress import WORKER, say
from lab.system.worker import GRACE

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # where torch reads their number when it is imported
TRIES = 3  # a call whose worker dies is begun so many times
PROCESSES = "PEARL_PROCESSES"
GLANCE = 0.2  # seconds between two looks at whether a worker is alive
PROGRAM = "import sys; sys.path[:] = {path!r}; from lab.system.worker import serve; serve({pipe})"


@contextmanager
def pool(processes: int, *, initializer: Callable[[], object] | None = None) -> Iterator[Pool]:
    """An executor of `processes` workers, for a `with` block.

    Every worker has an equal share of this process's torch threads, at least one, and this process's environment.
    It calls `initializer()` first. Functions, arguments and results are sent by pickle; the function must be one that
    a module holds, not one of the main script or of a notebook.

    - A worker that dies (`kill -9`, out of memory) is replaced and its call is made again, `TRIES` times in all; then
      the call's future holds a one-line ChildProcessError. The calls of other workers go on.
    - If the block ends by an error or by Ctrl-C, calls that wait are cancelled and the workers end, after `GRACE`
      seconds at most. If this process is killed, the workers notice and end, too.

    Errors: ValueError for less than 1 process.
    """
    made = Pool(processes, initializer)
    try:
        yield made
    except BaseException:
        made.stop()
        raise
    else:
        made.shutdown()
    finally:
        made.kill()  # a second Ctrl-C while the workers end comes here


def wanted() -> int | None:
    """The number of processes that PEARL_PROCESSES names; None where it names none."""
    text = os.environ.get(PROCESSES, "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"wanted 1 process or more in {PROCESSES}, got {text!r}")
    return int(text)


class Died(Exception):
    """The worker has died; the argument says how."""


class Stopped(Exception):
    """The pool is being stopped, so the call is given up."""


class Call(NamedTuple):
    """A function call, and the future for its result."""

    future: Future
    function: Callable
    arguments: tuple
    options: dict

    def __str__(self) -> str:
        return " ".join(map(str, self.arguments)) or self.function.__name__


class Pool(Executor):
    """One thread here for each worker: it hands over a call, waits for the answer, and replaces a worker that died."""

    def __init__(self, processes: int, initializer: Callable[[], object] | None = None):
        if processes < 1:
            raise ValueError(f"wanted 1 process or more, got {processes}")
        self.processes, self.initializer = processes, initializer
        self.threads_each = max(1, torch.get_num_threads() // processes)
        self.calls: SimpleQueue[Call | None] = SimpleQueue()
        self.drivers: list[Thread] = []
        self.workers: set[Worker] = set()
        self.closed = self.stopping = False
        self.lock = Lock()

    def submit(self, function: Callable, /, *arguments, **options) -> Future:
        """As every executor does. A worker starts only when there is a call for it."""
        with self.lock:
            if self.closed:
                raise RuntimeError("this pool was shut down")
            future = Future()
            self.calls.put(Call(future, function, arguments, options))
            if len(self.drivers) < self.processes:
                self.drivers.append(Thread(target=self.drive, name=f"worker {len(self.drivers)}", daemon=True))
                self.drivers[-1].start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more calls, and finish those accepted before."""
        with self.lock:
            self.closed = True
        if cancel_futures:
            self.cancel()
        for _ in self.drivers:
            self.calls.put(None)
        for driver in self.drivers if wait else ():
            driver.join()

    def stop(self) -> None:
        """Stop now: waiting calls are cancelled, running ones are given up."""
        self.stopping = True
        self.shutdown(cancel_futures=True)

    def cancel(self) -> None:
        with suppress(Empty):
            while True:
                call = self.calls.get_nowait()
                if call is not None:
                    call.future.cancel()

    def kill(self) -> None:
        """Kill the workers that are left."""
        self.stopping = self.closed = True
        for worker in tuple(self.workers):
            worker.kill()

    def drive(self) -> None:
        """The thread of one worker. Only the parent handles Ctrl-C: the worker inherits that it is blocked here."""
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        worker = None
        for call in iter(self.calls.get, None):
            if call.future.set_running_or_notify_cancel():
                worker = self.settle(call, worker)
        if worker:
            self.end(worker)

    def settle(self, call: Call, worker: Worker | None) -> Worker | None:
        """Run the call and set its future's result or error. Returns the worker, or None if it is dead."""
        for attempt in range(1, TRIES + 1):
            try:
                worker = worker or self.begin()
                succeeded, result = worker.ask(call[1:], self.stops)
            except Died as how:
                self.end(worker)
                worker = None
                self.mourn(call, how, attempt)
            except Stopped:
                self.end(worker)
                call.future.set_exception(ChildProcessError(f"{call} was given up"))
                return None
            except Exception as error:  # what could not be sent, or no worker could be started
                call.future.set_exception(error)
                return worker
            else:
                (call.future.set_result if succeeded else call.future.set_exception)(result)
                return worker
        return None

    def mourn(self, call: Call, how: Died, attempt: int) -> None:
        if attempt < TRIES:
            say(f"a worker process died ({how}) over {call}; doing that again")
            return
        told = f"{TRIES} worker processes died ({how}) over {call}; where memory runs out, fewer processes need less"
        call.future.set_exception(ChildProcessError(told))

    def stops(self) -> bool:
        return self.stopping

    def begin(self) -> Worker:
        worker = Worker(self.threads_each)
        with self.lock:
            self.workers.add(worker)
        try:
            succeeded, error = worker.ask((self.initializer, (), {}), self.stops) if self.initializer else (True, None)
            if not succeeded:
                raise error
        except BaseException:
            self.end(worker)
            raise
        return worker

    def end(self, worker: Worker | None) -> None:
        if worker:
            worker.end()
            with self.lock:
                self.workers.discard(worker)


class Worker:
    """A process of its own and the pipe to it."""

    def __init__(self, threads: int):
        self.pipe, theirs = Pipe()
        program = PROGRAM.format(path=sys.path, pipe=theirs.fileno())
        told = {PROCESSES: "1", WORKER: current_thread().name} | dict.fromkeys(THREADS, str(threads))
        with theirs:  # the worker's end is open in the worker alone, so that its death closes the pipe
            self.process = subprocess.Popen(
                [sys.executable, "-c", program], stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
                env=os.environ | told,
            )  # fmt: skip

    def ask(self, call: tuple[Callable, tuple, dict], stops: Callable[[], bool]) -> tuple[bool, object]:
        """(True, result) or (False, error). Errors: `Died`, `Stopped`."""
        try:
            self.pipe.send(call)
            while not self.pipe.poll(GLANCE):
                if stops():
                    raise Stopped
                if self.process.poll() is not None and not self.pipe.poll():
                    raise EOFError
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            raise Died(self.ending()) from None

    def ending(self) -> str:
        """How the process ended, in words."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE)
        code = self.process.returncode
        return f"signal {-code}" if code and code < 0 else f"exit code {code}"

    def end(self) -> None:
        """Close the pipe, on which the worker ends by itself; kill it if it does not."""
        self.pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE)
        self.kill()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()

"""One thread that runs the latest job it was given, and drops older ones."""

from __future__ import annotations

from collections.abc import Callable, Generator
from threading import Lock, Thread, current_thread

Job = Generator[None, None, None]


class Latest:
    """Runs one job at a time; at every yield of a job, it is dropped if a newer one waits.

    Of the waiting jobs only the newest is run. The thread ends when there is nothing to do. What a job raises goes
    to `failed`, in that thread.
    """

    def __init__(self, failed: Callable[[Exception], None]):
        self.failed = failed
        self.lock = Lock()
        self.waiting: Job | None = None
        self.thread: Thread | None = None

    def start(self, job: Job) -> None:
        with self.lock:
            self.waiting = job
            if not self.busy:
                self.thread = Thread(target=self.work, name="latest", daemon=True)
                self.thread.start()

    @property
    def busy(self) -> bool:
        thread = self.thread
        return thread is not None and thread.is_alive()

    @property
    def here(self) -> bool:
        """Whether the caller runs in the job's thread."""
        return current_thread() is self.thread

    def wait(self) -> None:
        """Until nothing is left to do."""
        while self.busy and (thread := self.thread) is not None:
            thread.join()

    def work(self) -> None:
        while (job := self.taken()) is not None:
            try:
                for _ in job:
                    if self.waiting is not None:
                        break
            except Exception as error:
                self.failed(error)
            finally:
                job.close()

    def taken(self) -> Job | None:
        with self.lock:
            job, self.waiting = self.waiting, None
            if job is None:
                self.thread = None
            return job

"""The progress of a long command: a bar on a screen, plain lines in a log."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from tqdm import auto, std

EVERY = 10.0  # seconds between two lines
LINE = "{desc}: {percentage:3.0f}% ({n:.0f} of {total:.0f}), {rate_fmt}, {remaining} left{postfix}"
WORKER = "PEARL_WORKER"  # set in the processes of a pool


def bar(items: Iterable | None = None, *, what: str, unit: str, **options) -> std.tqdm:
    """Progress through `items`, or through `total=` calls of `update`; the other options are those of tqdm.

    On a terminal and in a notebook that is open in a browser it is a bar. Elsewhere (papermill, a log file, a worker
    process) it is a line on stderr, at most every `EVERY` seconds, and none for work that is done sooner.
    """
    kind = auto.tqdm if watched() else Lines
    return kind(items, desc=what, unit=unit, **options)


def watched() -> bool:
    """Whether the output is a screen that can show a bar. Workers never draw one: bars would overwrite each other."""
    if os.environ.get(WORKER):
        return False
    # Jupyter's server gives this name to the kernels of open notebooks; papermill's kernels have none
    return bool(sys.stderr.isatty() or ("ipykernel" in sys.modules and os.environ.get("JPY_SESSION_NAME")))


def say(text: str) -> None:
    """A line on stderr, above the bar if there is one."""
    std.tqdm.write(text, file=sys.stderr)


class Lines(std.tqdm):
    """A tqdm that writes lines instead of drawing over itself."""

    def __init__(self, items: Iterable | None = None, **options):
        plain = {"mininterval": EVERY, "maxinterval": EVERY, "miniters": 1, "smoothing": 0, "bar_format": LINE}
        self.said = None  # how far the last line said it was
        super().__init__(items, **options | plain | {"file": sys.stderr})

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """One line; nothing at the start, where there is nothing to say."""
        if self.n not in (self.initial, self.said):
            self.said = self.n
            self.fp.write(f"{self if msg is None else msg}\n")
            self.fp.flush()
        return True

    def clear(self, nolock: bool = False) -> None:
        """Nothing to clear: a written line stays."""

    def close(self) -> None:
        """A last line, if there were others."""
        if self.disable:
            return
        self.disable = True
        self._decr_instances(self)
        if self.said is not None:
            self.display()

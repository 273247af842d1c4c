"""Where the lab keeps things, and how it writes them: whole or not at all."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.system.paths import folder_named

DRAFT = re.compile(r"\..+\.(?P<machine>[0-9a-f]{6})-(?P<process>\d+)-[a-z0-9_]{8}")
OLD_DRAFT = re.compile(r"[a-z0-9_]{8}")  # how drafts ended before they said whose they are
DAY = 24 * 3600.0  # after so many seconds nobody is still writing a draft


def home() -> Path:
    """The lab's own folder: results, runs and nets the user trained. `PEARL_HOME`, or a cache folder."""
    return folder_named("PEARL_HOME") or Path.home() / ".cache" / "pearl-lab"


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that replaces it if the block succeeds, and is deleted if the block raises.

    A process that is killed inside the block leaves its draft; the next that writes into the folder sweeps it away.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{machine()}-{os.getpid()}-")
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)
        os.replace(draft, path)
    except OSError as error:
        if str(error.strerror).startswith("could not write"):  # another file written inside this block
            raise
        raise OSError(error.errno, f"could not write {path}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with written(path) as draft:
        draft.write_text(text)


# ---- what killed processes left ----


def sweep(path: Path) -> None:
    """Remove the drafts beside `path` that nobody will finish: older than a day, or of a process that is no more."""
    with suppress(OSError):  # the folder may be gone, or another process sweeps at the same time
        for entry in os.scandir(path.parent):
            if entry.name.startswith(".") and abandoned(entry, path):
                Path(entry.path).unlink(missing_ok=True)


def abandoned(entry: os.DirEntry, path: Path) -> bool:
    drafted = DRAFT.fullmatch(entry.name)
    if not drafted and not OLD_DRAFT.fullmatch(entry.name.removeprefix(f".{path.name}.")):
        return False
    if not entry.is_file(follow_symlinks=False):
        return False
    old = time.time() - entry.stat(follow_symlinks=False).st_mtime > DAY
    return old or bool(drafted and drafted["machine"] == machine() and not alive(int(drafted["process"])))


def machine() -> str:
    """Which machine this is: several may share a folder, and know nothing of each other's processes."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


def alive(process: int) -> bool:
    """Whether there is a process of that number here."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True

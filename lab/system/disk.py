"""Where the lab keeps things, and how it writes them: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.system.paths import folder_named


def home() -> Path:
    """The lab's own folder: results, runs and nets the user trained. `PEARL_HOME`, or a cache folder."""
    return folder_named("PEARL_HOME") or Path.home() / ".cache" / "pearl-lab"


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that replaces it if the block succeeds, and is deleted if the block raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
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

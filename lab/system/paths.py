"""Files and folders that a user names, judged before anything is done with them."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

KINDS = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a pipe",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
    stat.S_ISSOCK: "a socket",
}


def plain(path: str | os.PathLike) -> Path:
    """The path of a file that can be read to its end: whoever opens a pipe waits for ever, and some devices never end.

    Errors: FileNotFoundError, ValueError, one line.
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"wanted a file, got nothing at {path}") from None
    if not stat.S_ISREG(mode):
        kind = next((words for is_kind, words in KINDS.items() if is_kind(mode)), "something else")
        raise ValueError(f"wanted a file, got {kind} at {path}")
    return path


def read_bytes(path: str | os.PathLike) -> bytes:
    return plain(path).read_bytes()


def read_text(path: str | os.PathLike) -> str:
    """Its text in UTF-8, without the mark that Windows puts before it. Errors: ValueError where it is none, as well."""
    try:
        return plain(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"wanted a text file, got other bytes in {path}") from None


def writable(folder: str | os.PathLike) -> Path:
    """A folder, if files can be written into it; where it is not there yet, into the one that it will be made in.

    Errors: OSError, one line.
    """
    folder = Path(folder)
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"wanted a folder to write to at {folder}, got a file at {there}")
    try:
        with tempfile.TemporaryFile(dir=there):
            return folder
    except OSError as error:
        raise OSError(error.errno, f"could not write to {folder}: {error.strerror}") from None


def folder_named(variable: str) -> Path | None:
    """The folder that a variable of the environment names, which need not be there yet; None where it names none.

    Errors: NotADirectoryError where it names a file.
    """
    given = os.environ.get(variable)
    if given and Path(given).exists() and not Path(given).is_dir():
        raise NotADirectoryError(f"wanted a folder in {variable}, got a file at {given}")
    return Path(given) if given else None

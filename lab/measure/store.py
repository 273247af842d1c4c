"""Results on disk: statistics per image, addressed by everything that produced them.

One SQLite file. A row is (address of the cell, image, statistic, value); a batch is written in one transaction, so
an interrupted run loses the batch in flight and nothing else. Notebook, command line and dashboard share it.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from lab.system import disk

SCHEMA = """
CREATE TABLE IF NOT EXISTS cells (address TEXT PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS statistics (
    address TEXT NOT NULL, image TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (address, image, name)
) WITHOUT ROWID;
"""


def address_of(facts: dict) -> str:
    """The address of a cell: a hash of all that decides its numbers."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class Store:
    """Reads and adds statistics; several processes may do so at once. `path` defaults to the lab's home."""

    def __init__(self, path: Path | None = None):
        self.path = Path(path or disk.home() / "results.sqlite")

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction: committed if the block succeeds, rolled back if it raises."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=60)) as connection:
                connection.executescript(SCHEMA)
                with connection:
                    yield connection
        except sqlite3.Error as error:
            raise OSError(f"the result store {self.path} cannot be used: {error}") from None

    def add(self, facts: dict, images: Sequence[str], statistics: dict[str, np.ndarray]) -> None:
        """Keep the statistics of some images of one cell: arrays (B, ...), one row per image."""
        address = address_of(facts)
        rows = [
            (address, image, name, packed(values[i])) for name, values in statistics.items()
            for i, image in enumerate(images)
        ]  # fmt: skip
        with self.connected() as connection:
            connection.execute("INSERT OR REPLACE INTO cells VALUES (?, ?)", (address, json.dumps(facts)))
            connection.executemany("INSERT OR REPLACE INTO statistics VALUES (?, ?, ?, ?)", rows)

    def read(self, address: str, names: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
        """The stored statistics of a cell: image -> statistic -> value; only images with all named statistics."""
        marks = ",".join("?" * len(names))
        query = f"SELECT image, name, value FROM statistics WHERE address = ? AND name IN ({marks})"
        by_image: dict[str, dict[str, np.ndarray]] = {}
        with self.connected() as connection:
            for image, name, value in connection.execute(query, (address, *names)):
                by_image.setdefault(image, {})[name] = unpacked(value)
        return {image: values for image, values in by_image.items() if len(values) == len(names)}


def packed(value: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(value), allow_pickle=False)
    return buffer.getvalue()


def unpacked(data: bytes) -> np.ndarray:
    return np.load(io.BytesIO(data), allow_pickle=False)

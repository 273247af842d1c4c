"""Results on disk: statistics per image, addressed by everything that produced them.

One SQLite file. A row is (address of the cell, image, statistic, value); a batch is written in one transaction, so
an interrupted run loses the batch in flight and nothing else. Notebook, command line and dashboard share it.

A value that was altered or damaged on the disk is dropped and measured again: `lab.measure.values` tells.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np

from lab.measure import values
from lab.measure.values import Shape
from lab.system import disk
from lab.system.progress import say

SCHEMA = """
CREATE TABLE IF NOT EXISTS cells (address TEXT PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS statistics (
    address TEXT NOT NULL, image TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (address, image, name)
) WITHOUT ROWID;
"""
SIGNED = 1  # the version of a store whose values all carry a checksum; earlier ones say 0


def address_of(facts: dict) -> str:
    """The address of a cell: a hash of all that decides its numbers."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class Store:
    """Reads and adds statistics; several processes may do so at once. `path` defaults to the lab's home."""

    def __init__(self, path: Path | None = None):
        self.path = Path(path or disk.home() / "results.sqlite")
        self.told = False  # that it holds damage: once is enough

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction: committed if the block succeeds, rolled back if it raises."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=60)) as connection:
                connection.text_factory = readable
                connection.executescript(SCHEMA)
                sign(connection)
                with connection:
                    yield connection
        except sqlite3.Error as error:
            remedy = "" if isinstance(error, sqlite3.OperationalError) else "; move it away to measure anew"
            raise OSError(f"the result store {self.path} cannot be used: {error}{remedy}") from None

    def add(self, facts: dict, images: Sequence[str], statistics: dict[str, np.ndarray]) -> None:
        """Keep the statistics of some images of one cell: arrays (B, ...), one row per image."""
        address = address_of(facts)
        rows = [
            (address, image, name, values.packed(arrays[i], (address, image, name)))
            for name, arrays in statistics.items() for i, image in enumerate(images)
        ]  # fmt: skip
        with self.connected() as connection:
            connection.execute("INSERT OR REPLACE INTO cells VALUES (?, ?)", (address, json.dumps(facts)))
            connection.executemany("INSERT OR REPLACE INTO statistics VALUES (?, ?, ?, ?)", rows)

    def read(
        self, address: str, names: Sequence[str], shapes: Mapping[str, Shape] | None = None
    ) -> dict[str, dict[str, np.ndarray]]:
        """The stored statistics of a cell: image -> statistic -> value; only images with all named statistics.

        `shapes` are those of one image's values, by statistic, as far as they are known. A value that is damaged or
        of another shape is deleted from the store, and a line on stderr says so.
        """
        marks = ",".join("?" * len(names))
        query = f"SELECT image, name, value FROM statistics WHERE address = ? AND name IN ({marks})"
        by_image: dict[str, dict[str, np.ndarray]] = {}
        damaged = []
        with self.connected() as connection:
            signed = version(connection) >= SIGNED
            for image, name, value in connection.execute(query, (address, *names)):
                array = values.unpacked(value, (address, image, name), signed, (shapes or {}).get(name))
                if array is None:
                    damaged.append((address, image, name, value))
                else:
                    by_image.setdefault(image, {})[name] = array
            self.drop(connection, damaged)
        return {image: statistics for image, statistics in by_image.items() if len(statistics) == len(names)}

    def drop(self, connection: sqlite3.Connection, damaged: Sequence[tuple]) -> None:
        """Forget damaged values, if nobody has measured them again meanwhile."""
        if not damaged:
            return
        if not self.told:
            say(f"the result store {self.path} holds damaged values: they are dropped, and measured again where wanted")
            self.told = True
        with suppress(sqlite3.OperationalError):  # a store that can only be read
            connection.executemany(
                "DELETE FROM statistics WHERE address = ? AND image = ? AND name = ? AND value IS ?", damaged
            )


def version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def sign(connection: sqlite3.Connection) -> None:
    """Give the values of a store of an earlier version their checksums, once; one that is only read stays as it is."""
    if version(connection) >= SIGNED:
        return
    connection.create_function("signed", 4, values.signed, deterministic=True)
    with suppress(sqlite3.OperationalError), connection:
        connection.execute("BEGIN IMMEDIATE")
        if version(connection) < SIGNED:  # nobody else was faster
            connection.execute("UPDATE statistics SET value = signed(value, address, image, name)")
            connection.execute(f"PRAGMA user_version = {SIGNED}")


def readable(text: bytes) -> str:
    """Text of the store, also where it is damaged: it is then the name of nothing."""
    return text.decode(errors="replace")

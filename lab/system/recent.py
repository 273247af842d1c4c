"""A cache of recently used things, bounded in memory and shared by all visitors of one process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Any


class Recent:
    """Things by key, made on first use; beyond `most` bytes in all, those that were unused for longest are dropped.

    A thing states its size as `bytes`, which may grow. Dropping only removes it from the cache: its users keep it.
    """

    def __init__(self, most: int):
        self.most = most
        self.things: OrderedDict[Hashable, Any] = OrderedDict()
        self.lock = RLock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The thing of that key. `make` runs without a lock; if two threads make the same, the first one is kept."""
        with self.lock:
            if key in self.things:
                return self.used(key)
        made = make()
        with self.lock:
            self.things.setdefault(key, made)
            return self.used(key)

    def used(self, key: Hashable) -> Any:
        self.things.move_to_end(key)
        self.shrink()
        return self.things[key]

    def shrink(self) -> None:
        while len(self.things) > 1 and self.bytes > self.most:
            self.things.popitem(last=False)

    @property
    def bytes(self) -> int:
        with self.lock:
            return sum(thing.bytes for thing in self.things.values())

    def clear(self) -> None:
        with self.lock:
            self.things.clear()

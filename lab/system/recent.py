"""What was looked at lately, bounded in memory and shared by all visitors of one process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Any


class Recent:
    """Things by key, made on their first use; the ones unused for longest go when all are larger than `most` bytes.

    A thing says its size as `bytes`, which may grow. What goes is only forgotten: who holds it may go on using it.
    """

    def __init__(self, most: int):
        self.most = most
        self.things: OrderedDict[Hashable, Any] = OrderedDict()
        self.lock = RLock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The thing of that key. Nobody waits for another's `make`; where two make the same, the first one counts."""
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

"""Things by name, each declared once where it is made: attacks, recipes, networks, metrics, methods, data sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import RLock
from typing import ClassVar, TypeVar

from .types import choose

Thing = TypeVar("Thing")


class Registry(Mapping[str, Thing]):
    """A mapping that declarations add to, in the order in which they are made.

    Whoever looks something up first has everything loaded that `load_with` was told of, so that a name is known
    wherever it was declared.
    """

    _loaders: ClassVar[list[Callable[[], object]]] = []
    _lock: ClassVar = RLock()  # one thread loads, others wait; declarations made meanwhile look at what is there

    def __init__(self, kind: str):
        self.kind = kind  # what it holds, as errors call it
        self._things: dict[str, Thing] = {}

    @classmethod
    def load_with(cls, loader: Callable[[], object]) -> None:
        """Call `loader` before the next thing is looked up: it imports modules that declare more."""
        cls._loaders.append(loader)

    @classmethod
    def load(cls) -> None:
        """Load what waits to be loaded."""
        with cls._lock:
            while cls._loaders:
                cls._loaders.pop(0)()

    def add(self, name: str, thing: Thing) -> Thing:
        """Declare a thing. Errors: ValueError for a name that is taken."""
        if name in self._things:
            raise ValueError(f"wanted a new name for this {self.kind}, got {name!r}, which is taken")
        self._things[name] = thing
        return thing

    def choose(self, name: str) -> Thing:
        """The thing of that name. Errors: ValueError with the choices."""
        self.load()
        return self._things[choose(self.kind, name, self._things)]

    def __getitem__(self, name: str) -> Thing:
        self.load()
        return self._things[name]

    def __iter__(self) -> Iterator[str]:
        self.load()
        return iter(self._things)

    def __len__(self) -> int:
        self.load()
        return len(self._things)

    def __repr__(self) -> str:
        return f"Registry({self.kind!r}: {', '.join(self._things)})"

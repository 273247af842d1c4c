"""Attacks, recipes, networks, metrics, methods and data sets by name, each declared once in its own file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import ClassVar, Generic, TypeVar

from .types import choose

Thing = TypeVar("Thing")
Other = TypeVar("Other")


class Named(Mapping[str, Thing]):
    """A read-only mapping by name; `|` joins it with another mapping to a dict.

    Example:
        >>> from pearl_core.registry import Registry
        >>> {"red": 1} | Registry("colour")
        {'red': 1}
    """

    def __or__(self, other: Mapping[str, Thing]) -> dict[str, Thing]:
        return {**self, **other}

    def __ror__(self, other: Mapping[str, Thing]) -> dict[str, Thing]:
        return {**other, **self}


class Registry(Named[Thing]):
    """What was declared of a kind, by name, in the order of declaration.

    Before an unknown name is looked up, or all names are listed, the loaders given to `load_with` are called. So a name
    is known wherever it was declared.

    Args:
        kind: what it holds, as errors call it.

    Raises:
        ValueError: from `add`, for a name that is taken; from `choose`, for an unknown name.

    Example:
        >>> from pearl_core.registry import Registry
        >>> COLOURS = Registry("colour")
        >>> COLOURS.add("green", "#00ff00")
        '#00ff00'
        >>> COLOURS.choose("gren")
        Traceback (most recent call last):
        ValueError: unknown colour 'gren'; choose one of green
    """

    _loaders: ClassVar[list[Callable[[], object]]] = []
    _lock: ClassVar = RLock()  # one thread loads, others wait; modules that are loading see what is declared so far

    def __init__(self, kind: str):
        self.kind = kind  # what it holds, as errors call it
        self._things: dict[str, Thing] = {}

    @classmethod
    def load_with(cls, loader: Callable[[], object]) -> None:
        """Call `loader` before the next unknown name is looked up.

        Args:
            loader: a function without arguments, called once; it imports modules that declare more.
        """
        cls._loaders.append(loader)

    @classmethod
    def load(cls) -> None:
        """Call the loaders that were not called yet."""
        with cls._lock:
            while cls._loaders:
                cls._loaders.pop(0)()

    def add(self, name: str, thing: Thing) -> Thing:
        """Declare a thing, and return it. Raises ValueError for a name that is taken."""
        if name in self._things:
            raise ValueError(f"wanted a new name for this {self.kind}, got {name!r}, which is taken")
        self._things[name] = thing
        return thing

    def choose(self, name: str) -> Thing:
        """The thing of that name. Raises ValueError with the choices."""
        if name not in self._things:
            self.load()
        return self._things[choose(self.kind, name, self._things)]

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Inside this context names may be added; they are forgotten after it. For tests."""
        self.load()
        before = dict(self._things)
        try:
            yield
        finally:
            self._things = before

    def __getitem__(self, name: str) -> Thing:
        if name not in self._things:
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


class View(Named[Other], Generic[Thing, Other]):
    """Some entries of a registry, each shown in another form; it changes with the registry.

    Args:
        of: the registry.
        wanted: entry -> whether the view has it.
        shown: entry -> what the view shows of it; by default the entry itself.

    Example:
        >>> from pearl_core.registry import Registry, View
        >>> NUMBERS = Registry("number")
        >>> _ = NUMBERS.add("one", 1), NUMBERS.add("two", 2)
        >>> dict(View(NUMBERS, lambda number: number > 1, str))
        {'two': '2'}
    """

    def __init__(
        self, of: Mapping[str, Thing], wanted: Callable[[Thing], bool], shown: Callable[[Thing], Other] = lambda x: x
    ):
        self.of, self.wanted, self.shown = of, wanted, shown

    def __getitem__(self, name: str) -> Other:
        if not self.wanted(thing := self.of[name]):
            raise KeyError(name)
        return self.shown(thing)

    def __iter__(self) -> Iterator[str]:
        return (name for name, thing in self.of.items() if self.wanted(thing))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"View({', '.join(self)})"

"""Frozen dataclasses of plain values: checked by their annotations; as JSON, and as texts for addresses and commands.

A part is a text, a whole number, a number, a list of one of these, or none. A class names in `ALWAYS` the parts that
are always written; others, which came later, are written only where they differ from their default, so that what was
written before stays as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from itertools import combinations
from math import isfinite
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from lab.system.mistakes import reading
from pearl_core.types import choose

WORDS = {str: "a name", int: "a whole number", float: "a number"}
COUNTS = {2: "two", 3: "three", 4: "four"}


class Kind(NamedTuple):
    """What a part may be."""

    item: type  # str, int or float
    several: bool = False  # a list of them
    length: int | None = None  # of the list, where it is fixed
    optional: bool = False

    @property
    def words(self) -> str:
        if not self.several:
            return WORDS[self.item]
        if self.length is None:
            return "a list of one or more"
        return f"{COUNTS[self.length]} {WORDS[self.item].removeprefix('a ')}s"


@cache
def kinds(of: type) -> dict[str, Kind]:
    """Every part of a class by name."""
    hints = get_type_hints(of)
    return {field.name: kind_of(hints[field.name]) for field in fields(of)}


def kind_of(hint: Any) -> Kind:
    if get_origin(hint) in (Union, UnionType):
        (inner,) = (kind for kind in get_args(hint) if kind is not type(None))
        return kind_of(inner)._replace(optional=True)
    if get_origin(hint) is tuple:
        items = get_args(hint)
        return Kind(items[0], True, None if items[-1] is Ellipsis else len(items))
    return Kind(hint)


def check(thing: Any) -> None:
    """Bring every part of a new dataclass to its type, as 8 to 8.0. Errors: ValueError of one line."""
    for name, kind in kinds(type(thing)).items():
        object.__setattr__(thing, name, checked(name, getattr(thing, name), kind))


def checked(name: str, value: Any, kind: Kind) -> Any:
    if value is None and kind.optional:
        return None
    if not kind.several:
        return scalar(name, value, kind.item, kind.words)
    if not isinstance(value, tuple | list) or not value or len(value) != (kind.length or len(value)):
        got = "none" if isinstance(value, tuple | list) and not value else repr(value)
        raise ValueError(f"wanted {kind.words} for {name}, got {got}")
    return tuple(scalar(name, item, kind.item, kind.words if kind.length else WORDS[kind.item]) for item in value)


def scalar(name: str, value: Any, kind: type, words: str) -> Any:
    """`value` as `kind`: a whole number is a number too, and 8.0 is whole."""
    if kind is str and isinstance(value, str):
        return value
    if kind is not str and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            if isfinite(value) and kind(value) == value:
                return kind(value)
        except OverflowError:  # a whole number beyond all floats
            pass
    raise ValueError(f"wanted {words} for {name}, got {value!r:.40}")


# ---- written ----


def default(of: type, name: str) -> Any:
    field = of.__dataclass_fields__[name]
    return None if field.default is MISSING else field.default


def written(thing: Any) -> dict[str, Any]:
    """The parts that are always written, in their order, and those others that differ from their default."""
    always = type(thing).ALWAYS
    later = [f.name for f in fields(thing) if f.name not in always and getattr(thing, f.name) != f.default]
    return {name: getattr(thing, name) for name in (*always, *later)}


def to_json(thing: Any) -> str:
    return json.dumps(written(thing), indent=2) + "\n"


def from_json(of: type, text: str) -> Any:
    """The inverse of `to_json`; parts that are not named have their defaults. Errors: ValueError of one line."""
    return of_parts(of, read_object(text, "a setting"))


def read_object(text: str, what: str) -> dict[str, Any]:
    """The object that a text in JSON holds, however it may be broken or nested. Errors: ValueError of one line."""
    with reading(f"{what} as JSON"):
        values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError(f"wanted {what} as a JSON object, got {type(values).__name__}")
    return values


def of_parts(of: type, values: Mapping[str, Any]) -> Any:
    for name in values:
        choose("part of a setting", name, kinds(of))
    return of(**values)


# ---- as texts ----


def text_of(value: Any) -> str:
    """A part as text for an address or a command: lists with commas, None as the empty text."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return ",".join(map(text_of, value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def to_texts(thing: Any) -> dict[str, str]:
    """Every part that is written."""
    return {name: text_of(value) for name, value in written(thing).items()}


def changed(thing: Any) -> dict[str, Any]:
    """The parts that differ from their defaults."""
    return {f.name: value for f in fields(thing) if (value := getattr(thing, f.name)) != f.default}


def from_texts(of: type, given: Mapping[str, str]) -> Any:
    """The inverse of `to_texts`; parts that are not named have their defaults. Errors: ValueError of one line."""
    for name in given:
        choose("part of a setting", name, kinds(of))
    return of(**{name: parsed(name, text, kinds(of)[name]) for name, text in given.items()})


def readable(of: type, given: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
    """What can be made of texts that somebody else wrote, and what is wrong with the others, a line each.

    Args:
        of: the class.
        given: its parts as texts; what is not named is as by default.

    Returns:
        an instance with as many of the parts as go together, and by the name of each other part why it does not.

    Example:
        >>> from lab.view.setting import Setting
        >>> setting, wrong = readable(Setting, {"eps": "4", "steps": "many", "method": "nat"})
        >>> setting.eps, setting.method, wrong
        (4.0, 'nat', {'steps': "wanted a whole number for steps, got 'many'"})
    """
    values, wrong = {}, {}
    for name, text in given.items():
        try:
            values[name] = parsed(name, text, kinds(of)[choose("part of a setting", name, kinds(of))])
        except ValueError as error:
            wrong[name] = str(error)
    made, clashing = together(of, values)
    return made, wrong | clashing


def together(of: type, values: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
    """An instance with all of these parts but the fewest, and why each of those cannot be."""
    order = [name for name in reversed(kinds(of)) if name in values]  # of two that clash, the later one goes
    for left_out in (names for count in range(3) for names in combinations(order, count)):
        kept = {name: value for name, value in values.items() if name not in left_out}
        if refusal(of, kept) is None:
            break
    else:
        kept = one_by_one(of, values)
    return of(**kept), {name: refusal(of, kept | {name: values[name]}) for name in values if name not in kept}


def one_by_one(of: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The parts that can be added to those before them, in any order."""
    kept: dict[str, Any] = {}
    rest = list(values)
    while fits := [name for name in rest if refusal(of, kept | {name: values[name]}) is None][:1]:
        kept[fits[0]] = values[fits[0]]
        rest.remove(fits[0])
    return kept


def refusal(of: type, values: Mapping[str, Any]) -> str | None:
    """Why there is no instance with these parts; None where there is one."""
    try:
        of(**values)
    except ValueError as error:
        return str(error)
    return None


def parsed(name: str, text: str, kind: Kind) -> Any:
    """One part of an address. Lists may stand in brackets, as older addresses have them."""
    if kind.optional and not text.strip():
        return None
    if not kind.several:
        return number(name, text, kind.item)
    inner = text.strip().removeprefix("[").removesuffix("]")
    return tuple(number(name, item, kind.item) for item in inner.split(",") if item.strip())


def number(name: str, text: str, kind: type) -> Any:
    if kind is str:
        return text.strip()
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"wanted {WORDS[kind]} for {name}, got {text.strip()!r}") from None

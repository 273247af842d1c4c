"""What the dials of a setting offer, and what they say: the same on the dashboard and in notebooks."""

from __future__ import annotations

from collections.abc import Iterable

from lab.nets import zoo
from lab.nets.methods import METHODS
from lab.nets.pipelines import available, trained
from lab.system.words import HELP
from lab.view.setting import Box, Setting
from pearl_core.attacks.zoo import CATALOGUE
from pearl_core.segment import SEGMENTERS

PRECISIONS = ("auto", "float32")


def datasets(opening: str | None = None) -> list[str]:
    """Those with trained nets, and the one that was opened; the built-in scenes first."""
    there = {name.partition("/")[0] for name in zoo.catalogue()} | {opening or "scenes"}
    return first("scenes", there)


def attacks() -> list[str]:
    """The attacks that need nothing but a picture, the default first."""
    return first(Setting.attack, [name for name, entry in CATALOGUE.items() if not entry.needs])


def first(name: str, names: Iterable[str]) -> list[str]:
    """All names, sorted, but `name` first."""
    return sorted(names, key=lambda other: (other != name, other))


def segmenters(dataset: str) -> list[str]:
    """Those that some method has weights with; where nothing is trained, all of them."""
    return [name for name in SEGMENTERS if trained(dataset, name)] or list(SEGMENTERS)


def sources(dataset: str, method: str, segmenter: str = Setting.segmenter) -> list[str]:
    """The methods with weights that a transfer attack on that method can be computed on."""
    return [name for name in available(dataset, segmenter) if name != method]


def source_title(text: str) -> str:
    """The source of a transfer attack as a dial has it: a method's title, and the parts in which it differs."""
    method, *rest = text.split(",")
    return ", ".join([method_title(method), *rest])


def precisions(opening: Setting) -> list[str]:
    """The usual ones, and the one that was opened."""
    return list(dict.fromkeys([*PRECISIONS, opening.precision]))


def middle(height: int, width: int) -> Box:
    """The box to begin with: half of each side."""
    return height // 4, width // 4, 3 * height // 4, 3 * width // 4


def method_title(name: str) -> str:
    return METHODS[name].title


def described(text: str, separator: str = " ", each: Iterable = ()) -> str:
    """A text about methods, or about `each`, and then a sentence on every one of them."""
    return separator.join([text, *(f"{item.title}: {item.words}" for item in each or METHODS.values())])


def help_of(name: str, *, drawn: bool = False, separator: str = " ") -> str:
    """What a dial does; `drawn` where a box is drawn on a picture, `separator` stands before each method."""
    if name == "method":
        return described(HELP[name], separator)
    if name == "attack":
        return described(HELP[name], separator, [CATALOGUE[attack] for attack in attacks()])
    return HELP[name].replace("{how}", "draw on a picture" if drawn else "give by its edges")

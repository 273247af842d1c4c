"""What `data check` says of pictures that are there twice, of what two splits share, and of the frames of films.

Whoever trains on a picture and is scored on it is scored on memory. Frames of one film are nearly that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np

from lab.data import files
from lab.data.alike import Pictures, copies, difference, nearest

Film = Callable[[str], str] | None  # key -> the film
DRAWN = 2000  # pairs of pictures
WARNING = ", but two splits share pictures"


def within(pictures: Pictures, film: Film) -> list[str]:
    """Lines on one split: which pictures it holds again, and how alike the neighbours of a film are."""
    keys = pictures.keys
    again = {keys[j]: keys[i] for i, j in reversed(copies(pictures.thumbnails, pictures.thumbnails)) if i < j}
    lines = [f"  {counted(len(again))} there again: {named(again.items())}"] if again else []
    return lines + (films(pictures, film) if film else [])


def films(pictures: Pictures, film: Callable[[str], str]) -> list[str]:
    """How far a picture is from the next of its film; and pictures of two films from each other, for comparison."""
    order, thumbs = np.argsort(pictures.keys), pictures.thumbnails
    of = np.array([film(key) for key in pictures.keys])
    places = [(a, b) for a, b in pairwise(order) if of[a] == of[b]]
    if not places:
        return []
    first, second = np.array(places).T
    line = f"  neighbours of one film differ by {middle(difference(thumbs[first], thumbs[second]))}"
    left, right = np.random.RandomState(0).randint(len(of), size=(2, DRAWN))
    other = of[left] != of[right]
    if other.any():
        line += f", pictures of two films by {middle(difference(thumbs[left[other]], thumbs[right[other]]))}"
    return [line]


def across(splits: Sequence[Pictures], parts: Mapping[str, Iterable[str]], film: Film) -> tuple[list[str], bool]:
    """A line on every two splits, but for those that share pictures by design; and whether any two share one."""
    made_of = {pictures.split: {pictures.split, *parts.get(pictures.split, ())} for pictures in splits}
    lines, leaking = [], False
    for some, others in combinations(splits, 2):
        if not made_of[some.split] & made_of[others.split]:
            both = {others.keys[j]: some.keys[i] for i, j in copies(some.thumbnails, others.thumbnails)}
            told = f"{counted(len(both))}: {named(both.items())}" if both else "no picture"
            lines.append(f"{some.split} and {others.split} share {told}{filmed(some, others, film)}")
            leaking = leaking or bool(both)
    return lines, leaking


def filmed(some: Pictures, others: Pictures, film: Film) -> str:
    """What follows where two splits show frames of one film: how alike these are."""
    common = {film(key) for key in some.keys} & {film(key) for key in others.keys} if film else set()
    if not common:
        return ""
    apart = middle(nearest(others.thumbnails, some.thumbnails))
    nearby = f"the nearest of {some.split} differs by {apart}"
    return f"; both show {files.few(common)}: from a picture of {others.split} {nearby}"


def counted(pictures: int) -> str:
    return f"{pictures} picture{'s' * (pictures != 1)}"


def named(pairs: Iterable[tuple[str, str]]) -> str:
    """The keys of copies, the first few."""
    return files.few(key if key == other else f"{key} as {other}" for key, other in pairs)


def middle(differences: np.ndarray) -> str:
    return f"{np.median(differences):.1f}/255"

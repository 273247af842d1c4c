"""A frame with two levels of columns as tables that fit a width: as text, Markdown or HTML.

The first level is a metric, and its columns stay together: what is too wide becomes several tables of few metrics.
Nothing is left out; long words are wrapped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from math import ceil
from textwrap import wrap

import pandas as pd

WIDTH = 120  # characters of a line on a page or in a file
NARROW = 24  # characters to which a column of text may be wrapped
GAP = "  "


def text(frame: pd.DataFrame, width: int = WIDTH) -> str:
    """Tables of at most `width` characters, one below the other."""
    pieces = split(frame, lambda piece: narrowest(piece) <= width)
    return "\n\n".join("\n".join(text_lines(*grid(piece, len(pieces) > 1), width)) for piece in pieces)


def markdown(frame: pd.DataFrame, width: int = WIDTH) -> str:
    """Tables of at most `width` characters, but for a single metric that is wider."""
    pieces = split(frame, lambda piece: widest(piece) <= width, within=False)
    apart, texts = len(pieces) > 1 or widest(pieces[0]) > width, []
    for piece in pieces:
        title, head, rows = grid(piece, apart)
        texts += [f"**{title}**"] if title else []
        texts.append(pipes(head, rows))
    return "\n\n".join(texts)


def html(frame: pd.DataFrame) -> str:
    return "".join(piece.to_html() for piece in split(frame, lambda piece: widest(piece) <= WIDTH, within=False))


def markdown_table(frame: pd.DataFrame) -> str:
    """The whole frame as one Markdown table."""
    return pipes(*grid(frame)[1:])


def pipes(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(["| " + " | ".join(head) + " |", "|" + " --- |" * len(head),
                      *("| " + " | ".join(row) + " |" for row in rows)])  # fmt: skip


# ---- what goes into which table ----


def split(frame: pd.DataFrame, fits: Callable[[pd.DataFrame], bool], *, within: bool = True) -> list[pd.DataFrame]:
    """As few parts as fit, evenly filled. `within`: a metric that is too wide alone is split too."""
    metrics = list(dict.fromkeys(frame.columns.get_level_values(0)))
    for parts in evenly(metrics):
        pieces = [frame[part] for part in parts]
        if all(map(fits, pieces)):
            return pieces
    return [smaller for piece in pieces for smaller in (columns_apart(piece, fits) if within else [piece])]


def columns_apart(frame: pd.DataFrame, fits: Callable[[pd.DataFrame], bool]) -> list[pd.DataFrame]:
    """As few parts as fit, each of some columns; single columns if none do."""
    for parts in evenly(list(frame.columns)):
        pieces = [frame[part] for part in parts]
        if all(map(fits, pieces)):
            break
    return pieces


def evenly(items: list) -> Iterator[list[list]]:
    """All items in one part, in two, three, ... until each stands alone."""
    for count in range(1, len(items) + 1):
        size = ceil(len(items) / count)
        yield [items[start : start + size] for start in range(0, len(items), size)]


def grid(frame: pd.DataFrame, titled: bool = False) -> tuple[str, list[str], list[list[str]]]:
    """Title, head and rows. `titled`: the name of a single metric is the title, else it stands in every column."""
    metrics = set(frame.columns.get_level_values(0))
    alone = titled and len(metrics) == 1 and metrics != {""}
    heads = [column[1] if alone else " ".join(column).strip() for column in frame.columns]
    rows = [[*row[0], *row[1:]] for row in frame.itertuples()]
    return metrics.pop() if alone else "", [*frame.index.names, *heads], rows


# ---- how wide it is ----


def widest(frame: pd.DataFrame) -> int:
    """Characters of the longest line of its Markdown."""
    return max(map(len, markdown_table(frame).splitlines()))


def narrowest(frame: pd.DataFrame) -> int:
    """Characters of a line of text where every column is wrapped as far as it may be."""
    _, head, rows = grid(frame)
    return sum(min(size, NARROW) for size in sizes(head, rows)) + len(GAP) * (len(head) - 1)


def sizes(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Of each column the longest cell; heads are wrapped, so of them the longest word."""
    words = [max(map(len, name.split()), default=0) for name in head]
    return [max(word, *map(len, column)) for word, column in zip(words, zip(*rows, strict=True), strict=True)]


# ---- text ----


def text_lines(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The lines of one table; the first column says a name once as long as it stays the same."""
    widths = fitted(sizes(head, rows), head, width - len(GAP) * (len(head) - 1))
    numeric = [all(map(is_number, column)) for column in zip(*rows, strict=True)]
    body, before = [], None
    for row in rows:
        body.append(["" if row[0] == before else row[0], *row[1:]])
        before = row[0]
    return [title] * bool(title) + [line for row in (head, *body) for line in wrapped(row, widths, numeric)]


def fitted(widths: list[int], head: Sequence[str], room: int) -> list[int]:
    """Columns of so many characters together: the widest are wrapped, or what is left goes to the heads."""
    widths = list(widths)
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    for place, name in enumerate(head):
        if sum(widths) + len(name) - widths[place] <= room:
            widths[place] = max(widths[place], len(name))
    return widths


def is_number(cell: str) -> bool:
    return not cell or cell[0] in "+-0123456789" or cell == "identical"


def wrapped(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> Iterator[str]:
    """A row in as many lines as its longest cell needs; numbers stand to the right."""
    cells = [wrap(cell, size) if size else [] for cell, size in zip(row, widths, strict=True)]
    for line in zip_longest(*cells, fillvalue=""):
        placed = (part.rjust(size) if right else part.ljust(size)
                  for part, size, right in zip(line, widths, numeric, strict=True))  # fmt: skip
        yield GAP.join(placed).rstrip()

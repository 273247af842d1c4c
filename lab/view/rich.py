"""Views and data sets as notebooks show them by themselves: pictures with their words, in HTML without other files."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from html import escape

from lab.data.base import Dataset
from lab.system import draw
from lab.system.words import OPACITY
from lab.view import panels, take
from lab.view.panels import Panel
from lab.view.session import View

THUMBNAILS = 8  # of a data set
COLUMNS = 4
CELL = "text-align:left;vertical-align:top;padding:2px 6px"


def view(found: View) -> str:
    """The figures and every picture of a view."""
    rows = (panels.stages(found), panels.classes(found), panels.differences(found))
    pictures = [panel(one, found.palette) for row in rows for one in row]
    head = f"<p><b>{escape(found.key)}</b>: {escape(panels.point_words(found))}</p>"
    return head + figures(found) + table(pictures) + draw.legend(found.classes, found.palette)


def data(found: Dataset) -> str:
    """What a data set is, and its first pictures."""
    size = "sizes as they are" if found.size is None else "{1} x {0} pixels".format(*found.size)
    rain = "none added" if found.rain is None else ", ".join(f"{k} {v:g}" for k, v in asdict(found.rain).items())
    facts = f"{found.split}, {len(found)} pictures, {size}, {len(found.classes)} classes; rain: {rain}"
    note = f"<p>{escape(found.note)}</p>" if found.note else ""
    first = [found[i] for i in range(min(len(found), THUMBNAILS))]
    pictures = [panel(Panel(picture.key, "", picture.clean), found.palette) for picture in first]
    return f"<p><b>{escape(panels.title(found.name))}</b>, {escape(facts)}</p>{note}" + table(pictures)


def figures(found: View) -> str:
    """The numbers of a view in a row, each with its change by the attack; what they mean shows under the pointer."""
    cells = [
        f'<td style="{CELL}" title="{escape(figure.words)}"><small>{escape(figure.label)}</small><br>'
        f'<span style="font-size:1.5em">{escape(figure.value)}</span><br>'
        f"<small>{escape(f'{figure.change} by attack' if figure.change else 'unchanged')}</small></td>"
        for figure in panels.figures(found)
    ]
    return rows_of(cells, len(cells))


def panel(found: Panel, palette: draw.Palette, opacity: float = OPACITY) -> str:
    """One picture with its words, its classes over it."""
    picture = image(take.png(panels.painted(found, palette, opacity)), found.title)
    words = f"<b>{escape(found.title)}</b><br><small>{escape(found.remark)}</small>"
    return f'{picture}<div style="line-height:1.3">{words}</div>'


def image(png: bytes, alt: str, *, smooth: bool = False) -> str:
    """A PNG file as wide as its place, its pixels as squares unless it is `smooth`."""
    source, pixels = f"data:image/png;base64,{b64encode(png).decode()}", "auto" if smooth else "pixelated"
    return f'<img src="{source}" alt="{escape(alt)}" style="width:100%;display:block;image-rendering:{pixels}">'


def table(cells: Iterable[str]) -> str:
    """Pictures in rows."""
    width = f"{CELL};width:{100 // COLUMNS}%"
    return rows_of([f'<td style="{width}">{cell}</td>' for cell in cells], COLUMNS)


def rows_of(cells: Sequence[str], columns: int) -> str:
    rows = ["".join(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    body = "".join(f'<tr style="background:none">{row}</tr>' for row in rows)
    return f'<table style="width:100%;table-layout:fixed;border:none"><tbody>{body}</tbody></table>'

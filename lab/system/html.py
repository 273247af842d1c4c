"""Pieces of HTML that notebooks show: pictures with their words, in rows, without other files."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

COLUMNS = 4
CELL = "text-align:left;vertical-align:top;padding:2px 6px"


def image(png: bytes, alt: str, *, smooth: bool = False) -> str:
    """A PNG file as wide as its place, its pixels as squares unless it is `smooth`."""
    source, pixels = f"data:image/png;base64,{b64encode(png).decode()}", "auto" if smooth else "pixelated"
    return f'<img src="{source}" alt="{escape(alt)}" style="width:100%;display:block;image-rendering:{pixels}">'


def captioned(png: bytes, title: str, remark: str = "") -> str:
    """A picture with its words below."""
    words = f"<b>{escape(title)}</b><br><small>{escape(remark)}</small>"
    return f'{image(png, title)}<div style="line-height:1.3">{words}</div>'


def table(cells: Iterable[str]) -> str:
    """Pictures in rows of `COLUMNS`."""
    width = f"{CELL};width:{100 // COLUMNS}%"
    return rows_of([f'<td style="{width}">{cell}</td>' for cell in cells], COLUMNS)


def rows_of(cells: Sequence[str], columns: int) -> str:
    """Table cells, so many a row."""
    rows = ["".join(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    body = "".join(f'<tr style="background:none">{row}</tr>' for row in rows)
    return f'<table style="width:100%;table-layout:fixed;border:none"><tbody>{body}</tbody></table>'

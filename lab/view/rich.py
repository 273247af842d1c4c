"""Views as notebooks show them by themselves: pictures with their words, in HTML without other files."""

from __future__ import annotations

from html import escape

from lab.system import draw
from lab.system.html import captioned, table
from lab.system.words import OPACITY
from lab.view import panels
from lab.view.panels import Panel
from lab.view.view import View


class RichView(View):
    """A view that a notebook shows by itself."""

    def _repr_html_(self) -> str:
        return html(self)


def html(view: View) -> str:
    """The numbers and every picture of a view."""
    pictures = [picture(panel, view.palette) for panel in panels.rows(view)]
    head = f"<p><b>{escape(view.key)}</b>: {escape(panels.point_words(view))}</p>"
    return head + readings(view) + table(pictures) + draw.legend(view.classes, view.palette)


def readings(view: View) -> str:
    """The numbers of a view in a row, each with its change by the attack; what they mean shows under the pointer."""
    cells = [
        f'<div style="min-width:8em" title="{escape(reading.words)}"><small>{escape(reading.label)}</small><br>'
        f'<span style="font-size:1.5em">{escape(reading.value)}</span><br>'
        f"<small>{escape(f'{reading.change} by attack' if reading.change else 'unchanged')}</small></div>"
        for reading in panels.readings(view)
    ]
    return f'<div style="display:flex;flex-wrap:wrap;gap:.3em 2em;margin:.3em 0">{"".join(cells)}</div>'


def picture(panel: Panel, palette: draw.Palette, opacity: float = OPACITY) -> str:
    """One picture with its words, its classes over it."""
    return captioned(draw.png(panels.painted(panel, palette, opacity)), panel.title, panel.remark)

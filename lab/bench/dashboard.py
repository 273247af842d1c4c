"""How long the dashboard lets a visitor wait, in a real browser, over an empty Streamlit page and what is computed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from lab.bench import browser
from lab.bench.attacks import at_most
from lab.bench.measure import machine, times
from lab.view import panels
from lab.view.session import look
from lab.view.view import View

EMPTY = "An empty page."
MOST = 10  # repeats: an attack of ten steps has no more to look into
START = 8.0  # the eps of a first visit
STEPS = 10
PAINTED = "seen.ready > 0 && seen.figures.length == 4"
REPAINTED = "seen.ready > given.ready"
RENEWED = f"{REPAINTED} && seen.remarks.includes(given.remark) && String(seen.figures) == String(given.figures)"
LIMITS = {
    "first pictures": (4.0, " over an empty page"),
    "new eps": (2.0, " to its pictures and figures"),
    "of it computing": (1.0, " for a new eps"),
    "opacity": (0.6, " until repainted"),
    "step of a known attack": (0.6, " to its pictures and figures"),
}

Seconds = dict[str, list[float]]  # what was waited for, and how long, each time


def dashboard(repeats: int = 3) -> str:
    """A table and the limits. A first visit is to a server that was just started; BIM10 on a built-in scene."""
    if not 1 <= repeats <= MOST:
        raise ValueError(f"wanted 1 to {MOST} repeats, got {repeats}")
    with browser.browsing() as chromium:
        seconds = visits(chromium, repeats) | turns(chromium, repeats)
        version = chromium.version
    return "\n".join(
        [*heading(version, repeats), *(line(what, each) for what, each in seconds.items()), *limits(seconds)]
    )


def visits(chromium: Any, repeats: int) -> Seconds:
    """From the navigation to the text of an empty page, and to the first pictures; a server each time anew."""
    seconds: Seconds = {"empty page": [], "first pictures": [], "pictures of the next visitor": []}
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(f"import streamlit\n\nstreamlit.write({EMPTY!r})\n")
        for _ in range(repeats):
            with browser.served(empty) as server:
                seconds["empty page"].append(visit(chromium, server, "seen.texts.includes(given.text)", text=EMPTY))
            with browser.served() as server:
                seconds["first pictures"].append(visit(chromium, server, PAINTED))
                seconds["pictures of the next visitor"].append(visit(chromium, server, PAINTED))
    return seconds


def visit(chromium: Any, server: browser.Server, condition: str, **given: Any) -> float:
    """Seconds that a new visitor waits for the page."""

    def go() -> None:
        page.goto(server.address, wait_until="commit")
        browser.until(page, condition, **given)

    with browser.visitor(chromium) as page:
        (seconds,) = times(go, 1)
        browser.settled(page)
    return seconds


def turns(chromium: Any, repeats: int) -> Seconds:
    """What turning a dial takes, by keyboard; what is computed for a new eps is timed here while the server idles."""
    seconds: Seconds = {what: [] for what in ("new eps", "of it computing", "opacity", "step of a known attack")}
    with browser.served() as server, browser.visitor(chromium) as page:
        page.goto(server.address)
        browser.until(page, f"{PAINTED} && !seen.running")
        look()  # loads the nets and the picture here, as the page has done there
        for n in range(1, repeats + 1):
            views: list[View] = []
            seconds["of it computing"] += times(lambda n=n, views=views: views.append(look(eps=START + n / 4)), 1)
            seconds["new eps"].append(turned(page, "eps", "ArrowUp", RENEWED, views[0]))
        for _ in range(repeats):
            seconds["opacity"].append(turned(page, "opacity", "ArrowLeft", REPAINTED))
        for n in range(repeats):
            view = look(eps=START + repeats / 4, shown=STEPS - n)
            seconds["step of a known attack"].append(turned(page, "shown_step", "ArrowLeft", RENEWED, view))
    return seconds


def turned(page: Any, name: str, key: str, condition: str, view: View | None = None) -> float:
    """Seconds from a key on a dial to the repainted pictures, and to the figures and words of `view`."""
    given = {"ready": browser.settled(page)["ready"]} | ({} if view is None else shown(view))
    browser.dial(page, name).focus()

    def turn() -> None:
        page.keyboard.press(key)
        browser.until(page, condition, **given)

    (seconds,) = times(turn, 1)
    return seconds


def shown(view: View) -> dict[str, Any]:
    """How a page shows this view: its figures, and the words below the attacked picture."""
    figures = [[f.label, f.value, f"{f.change} by attack" if f.change else "unchanged"] for f in panels.readings(view)]
    return {"figures": figures, "remark": panels.point_words(view)}


# ---- in words ----


def heading(version: str, repeats: int) -> list[str]:
    return [
        machine(),
        f"chromium {version}, BIM{STEPS} on a built-in scene; seconds, median of {repeats}, and each",
    ]


def line(what: str, each: Sequence[float]) -> str:
    return f"{what:30}{median(each):8.3f}   {' '.join(f'{seconds:.3f}' for seconds in each)}"


def limits(seconds: Seconds) -> list[str]:
    """The longest acceptable waits of a visitor, and whether they are held."""
    typical = {what: median(each) for what, each in seconds.items()}
    typical["first pictures"] -= typical["empty page"]
    return [at_most(f"{what}, seconds{LIMITS[what][1]}", typical[what], LIMITS[what][0]) for what in LIMITS]

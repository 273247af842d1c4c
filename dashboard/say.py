"""The sentences of a page. What came from outside (an address, a file, a folder) is shown as it is, never as Markdown.

Streamlit reads Markdown in almost every text, and a browser asks the host of every picture in it. So no other file of
the dashboard gives a text that is not its own to Streamlit's alerts, captions and Markdown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

SPECIAL = re.compile(r"[\\`*_{}\[\]<>#$~|&]")
FIRST = re.compile(r"^(\d*)([-+.)])")  # would begin a list, or draw a line
LINKING = re.compile(r"(?i)(:(?=\S)|@|www(?=\.))")  # begins a link, an icon or a colour
JOINER = "\u2060"  # has no width, and no Markdown goes over it
UNREAD = "The address asks for {name}={text}, which cannot be shown: {why}."
STRANGE = "The address says {names}, which no dial of this page holds; that is left out."
UNTYPED = """This data set does not lie as it should in the folder that PEARL_DATA names. Whoever types that folder here
reads what is wrong."""
ABOVE: ContextVar[DeltaGenerator] = ContextVar("above the content of the page that runs")


def plain(text: object) -> str:
    """The text as Markdown that shows it as it is."""
    line = " ".join(str(text).split())
    return LINKING.sub(rf"\1{JOINER}", FIRST.sub(r"\1\\\2", SPECIAL.sub(r"\\\g<0>", line)))


# ---- above the content ----


def begin() -> None:
    """Before the content of a page: here stands what cannot be shown, until the page has written its address anew."""
    ABOVE.set(st.container())
    for kind, text in standing():
        getattr(ABOVE.get(), kind)(plain(text))


def standing() -> list[tuple[str, str]]:
    """The sentences above the content, each with its kind of alert. A run that computes for long may begin anew."""
    return st.session_state.setdefault("said", [])


def above(kind: str, text: str) -> None:
    standing().append((kind, text))
    getattr(ABOVE.get(), kind)(plain(text))


def unread(key: str, text: object, why: str) -> None:
    """A part of the address that is not shown, and why."""
    name = key.rpartition(" ")[2]  # without its page
    above("error", UNREAD.format(name=name, text=f"{text!s:.60}", why=f"{why:.300}".rstrip(".")))


def not_here(names: Iterable[str]) -> None:
    """Parts of the address that mean nothing on this page."""
    above("error", STRANGE.format(names=f"{', '.join(names):.60}"))


def changed(text: str) -> None:
    """What the page shows in place of what was dialled."""
    above("info", text)


def one_of(options: Iterable[object]) -> str:
    return f"choose one of {', '.join(map(str, options)) or 'none'}"


# ---- where they are called ----


def error(text: object) -> None:
    st.error(plain(untold(str(text))))


def info(text: str) -> None:
    st.info(plain(text))


def caption(text: str) -> None:
    st.caption(plain(text))


def lines(text: str) -> None:
    """A text as it is, line by line."""
    st.text(untold(text))


def markdown(template: str, **given: object) -> None:
    """Markdown of our own, with what came from outside in its braces."""
    st.markdown(template.format(**{name: plain(value) for name, value in given.items()}))


def untold(text: str) -> str:
    """The text; but of a folder that the visitor did not type, nobody reads what lies in it."""
    named, typed = os.environ.get("PEARL_DATA"), st.session_state.get("turned", {}).get("data_root")
    return UNTYPED if named and not typed and str(Path(named).expanduser()) in text else text

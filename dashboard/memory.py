"""What this visitor dialled, on every page, and the address of each page, which opens it for somebody else.

Streamlit forgets a dial that is not on the page. Here each is kept under its key, so that it comes back as it was. An
address counts where a visitor comes by it, by a link or by the browser's Back; from then on the dials count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import say
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

MISSING = object()


def turned() -> dict[str, Any]:
    """Every dial that was placed, by its key."""
    return st.session_state.setdefault("turned", {})


def asked() -> dict[str, str]:
    """What an address asked for, by the keys of dials that were not placed since."""
    return st.session_state.setdefault("asked", {})


def entered(view: str) -> None:
    """Before the dials of a view. Streamlit does not show what a dial of another view held, though it stands there."""
    if st.session_state.get("view") != view:
        st.session_state.update(view=view, here=set())


def hold(key: str, value: Any) -> None:
    """The dial of that key shows that value; where it does already, what is being typed into it stays."""
    state = st.session_state
    if key not in state.get("here", ()) or key not in state or state[key] != value:
        state[key] = value
    turned()[key] = value
    state.setdefault("here", set()).add(key)


# ---- the address ----


def arrived(page: str, names: Collection[str]) -> dict[str, str] | None:
    """What the address says of these names, where a visitor comes by it; else None. Two pages may share their dials."""
    visited = st.session_state.setdefault("visited", set())
    if page in visited and not went_back():
        return None
    visited.add(page)
    forget([key for key in turned() if key.startswith(f"{page} ")])
    if strange := [name for name in st.query_params if name not in names]:
        say.not_here(strange)
    told = {name: st.query_params[name] for name in names if name in st.query_params}
    st.session_state[f"{page} (address)"] = told
    return told


def opened(page: str, names: Collection[str]) -> None:
    """Before the content of a page whose dials hold texts: they turn to what the address says."""
    say.begin()
    entered(page)
    for name, text in (arrived(page, names) or {}).items():
        turned()[f"{page} {name}"] = asked()[f"{page} {name}"] = text


def went_back() -> bool:
    """Whether this run was asked for by the browser's Back or Forward."""
    return getattr(get_script_run_ctx(), "is_history_navigation", False)


def address(page: str) -> dict[str, str]:
    """What the address of a page said last."""
    return dict(st.session_state.get(f"{page} (address)", {}))


def remember(page: str, values: Mapping[str, str], defaults: Mapping[str, str]) -> None:
    """Write the values that are not the defaults into the address; in one go, as each is a step for Back."""
    told = {name: value for name, value in values.items() if value != defaults.get(name, "")}
    st.session_state[f"{page} (address)"] = told
    say.standing().clear()
    if st.query_params.to_dict() != told:
        st.query_params.from_dict(told)


def stay(page: str) -> None:
    """Where nothing can be shown, the address says again what it said last: going to another page emptied it."""
    if not st.query_params and address(page):
        st.query_params.from_dict(address(page))


# ---- the dials ----


def forget(keys: Iterable[str]) -> None:
    for key in keys:
        for held in (turned(), asked(), st.session_state):
            held.pop(key, None)


def turn(**values: Any) -> None:
    """Turn dials from elsewhere, such as a picture that was drawn on; before they are placed in a run."""
    for key, value in values.items():
        turned()[key] = value
        st.session_state.pop(key, None)


def later(**values: Any) -> None:
    """The same once they are placed: they turn at the start of the next run."""
    st.session_state.pending = values


def placed(key: str, start: Any, allowed: Callable[[Any], bool] = lambda _: True, why: str = "") -> Any:
    """Before a dial is placed: what it shows. That is what it showed, here or on another page; else its start.

    `why` is what a visitor reads whose link asks for what is not allowed.
    """
    wanted = st.session_state.get(key, turned().get(key, MISSING))
    text, right = asked().pop(key, None), wanted is not MISSING and allowed(wanted)
    if text is not None and not right:
        say.unread(key, text, why)
    hold(key, wanted if right else start)
    return turned()[key]


def dial(page: str, name: str, start: Any, options: Collection | None = None) -> str:
    """The key of a dial of that page; it shows one of the options, if there are any."""
    key = f"{page} {name}"
    placed(key, start, (lambda _: True) if options is None else options.__contains__, say.one_of(options or ()))
    return key


def several(page: str, name: str, options: Collection[str]) -> str:
    """The key of a dial of that page that shows any number of the options; in an address they have commas."""
    key = f"{page} {name}"
    text, shown = asked().pop(key, None), st.session_state.get(key, turned().get(key, []))
    shown = shown if text is None else [part for part in text.split(",") if part]
    for part in shown if text is not None else ():
        if part not in options:
            say.unread(key, part, say.one_of(options))
    hold(key, [part for part in shown if part in options])
    return key

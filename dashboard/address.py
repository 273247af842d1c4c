"""A page's setting in its address, so that a link shows the same page: what is not the default stands there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import streamlit as st


def asked(page: str, names: Iterable[str]) -> dict[str, str]:
    """What the address says of these names; else what this visitor last had on this page.

    All pages share one address, and going to another page empties it.
    """
    told = {name: st.query_params[name] for name in names if name in st.query_params}
    return told or dict(st.session_state.get(memory(page), {}))


def remember(page: str, values: Mapping[str, str], defaults: Mapping[str, str]) -> None:
    """Write the values that are not the defaults into the address, and take the others out of it."""
    told = {name: value for name, value in values.items() if value != defaults.get(name, "")}
    st.session_state[memory(page)] = told
    for name in values:
        if name not in told and name in st.query_params:
            del st.query_params[name]
        elif name in told and st.query_params.get(name) != told[name]:
            st.query_params[name] = told[name]


def dial(page: str, name: str, start: object) -> str:
    """The key of a widget that begins at `start`; from then on it is the visitor's, whatever the address says."""
    key = f"{page} {name}"
    st.session_state.setdefault(key, start)
    return key


def memory(page: str) -> str:
    return f"{page} (address)"

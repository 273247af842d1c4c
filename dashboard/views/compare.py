"""Compare: two to four methods on the same picture, under one attack or each under its own."""

from __future__ import annotations

from dataclasses import replace

import dials
import parts
import streamlit as st

from lab.data.titles import title
from lab.nets.methods import METHODS
from lab.nets.pipelines import available
from lab.system import draw, words
from lab.view import choices, panels
from lab.view.choices import method_title
from lab.view.session import prepared
from lab.view.setting import Setting
from lab.view.view import View

OWN, SHARED = "on each method", "once, for all"
MOST = 4
START = "derain_seg,nat,pearl"


def main() -> None:
    st.title("Compare methods", anchor=False)
    st.markdown("The same picture with several methods, side by side. Zoom with the wheel: all pictures follow.")
    dials.begin()
    with parts.sentences():
        with st.sidebar:
            photo = dials.photo()
            dataset = photo.parts["dataset"]
            methods = compared(dataset)
            shared = whose(methods[0])
            chosen = photo.parts | dials.attack(photo.size) | dials.threat(dataset, methods[0] if shared else "")
            chosen |= dials.precision()
            opacity = dials.opacity()
        on = {"on": methods[0]} if shared else {}
        settings = [Setting(**chosen | on | {"method": method}) for method in methods]
        sessions = [prepared(setting, own=photo.own, data_root=photo.root) for setting in settings]
        sessions = parts.attacked(
            *sessions, page="compare", meanwhile=lambda: pictures([session.before() for session in sessions], opacity)
        )
        views = [session.view() for session in sessions]
        linked = replace(sessions[0].setting, shown=None)  # the points of several attacks have no place in it
        dials.remembered(linked, opacity, methods=",".join(methods), perturbation="" if shared else "own")
        show(views, opacity, shared)
        for view in views:
            parts.downloads(view, photo.own, photo.root, opacity, f"Download: {method_title(view.setting.method)}")


def compared(dataset: str) -> list[str]:
    """Which methods of those with weights for that data set."""
    st.subheader("Networks", anchor=False)
    state, there = st.session_state, available(dataset)
    dials.untrained(dataset, [made.title for name, made in METHODS.items() if name not in there])
    if len(there) < 2:
        named = title(dataset)
        raise ValueError(f"wanted two methods or more with weights for {named} to compare, got {len(there)}")
    if "methods" not in state:
        asked = state.turned.get("methods", "").split(",")
        state.methods = [name for name in asked if name in METHODS][:MOST] or START.split(",")
    state.methods = [name for name in state.methods if name in there]
    methods = st.multiselect(
        "Methods", there, key="methods", max_selections=MOST, format_func=method_title,
        help=choices.described(words.COMPARED, "\n- "),
    )  # fmt: skip
    dials.keep("methods", ",".join(methods))
    if len(methods) < 2:
        raise ValueError(f"wanted two to four methods to compare, got {len(methods)}")
    return methods


def whose(first: str) -> bool:
    """Whether all methods meet one perturbation, which is computed on the first."""
    state = st.session_state
    if "perturbation" not in state:
        state.perturbation = OWN if state.turned.get("perturbation") == "own" else SHARED
    chosen = st.radio(
        "The perturbation is computed", [SHARED, OWN], key="perturbation", horizontal=True,
        help=words.SHARED.format(title=method_title(first)),
    )  # fmt: skip
    dials.keep("perturbation", "own" if chosen == OWN else "")
    return chosen == SHARED


def show(views: list[View], opacity: float, shared: bool) -> None:
    """The numbers in a table, the pictures in columns; or each before and after the attack with a divider."""
    titles = [method_title(view.setting.method) for view in views]
    numbers = {title: {r.label: f"{r.value} ({r.change or '±0'})" for r in panels.readings(view)}
               for title, view in zip(titles, views, strict=True)}  # fmt: skip
    st.table(numbers)
    computed = f"computed {SHARED if shared else OWN}"
    st.caption(f"In brackets: the change by the attack. {panels.point_words(views[0])}, {computed}.")
    dials.placed("divided", lambda value: isinstance(value, bool), start=False)
    divided = dials.keep("divided", st.toggle("Before and after with a divider", key="divided", help=words.DIVIDER))
    if divided:
        before = [panels.classes(view)[1]._replace(title=title) for title, view in zip(titles, views, strict=True)]
        after = [panels.classes(view)[2] for view in views]
        parts.pictures(before, views[0], opacity, key="divided_pictures", columns=len(views), other=after)
    else:
        pictures(views, opacity)
    st.html(draw.legend(views[0].classes, views[0].palette))


def pictures(views: list[View], opacity: float) -> None:
    """The pictures, a column for each method."""
    rows = zip(*map(lined, views), strict=True)
    parts.pictures([panel for row in rows for panel in row], views[0], opacity, key="compared", columns=len(views))


def lined(view: View) -> list[panels.Panel]:
    """One column: what goes in, what comes out of the derainer, the predictions, the errors."""
    title = method_title(view.setting.method)
    attacked, derained = panels.stages(view)[2:]
    _, before, after, wrong = panels.classes(view)
    return [
        panel._replace(title=f"{title}: {panel.title.lower()}") for panel in (attacked, derained, before, after, wrong)
    ]


main()

"""Compare: two to four methods on the same picture, under one attack or each under its own."""

from __future__ import annotations

from dataclasses import replace

import dials
import memory
import parts
import photos
import say
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

WHOSE = {"shared": "once, for all", "own": "on each method"}
START = ("derain_seg", "nat", "pearl")


def main() -> None:
    st.title("Compare methods", anchor=False)
    st.markdown("The same picture with several methods, side by side. Zoom with the wheel: all pictures follow.")
    dials.begin(dials.COMPARE)
    with parts.sentences():
        with st.sidebar:
            photo = photos.photo()
            dataset = photo.parts["dataset"]
            methods, networks = compared(dataset)
            shared = whose(methods[0])
            first = methods[0] if shared else ""
            chosen = photo.parts | dials.attack(photo.size) | dials.threat(dataset, first, networks["segmenter"])
            chosen |= dials.precision() | dials.carried(dials.COMPARE)
            opacity = dials.opacity()
        settings = [Setting(**chosen | met(method, networks, first)) for method in methods]
        sessions = [prepared(setting, own=photo.own, data_root=photo.root) for setting in settings]
        parts.refused(photo.refused)
        sessions = parts.attacked(
            *sessions, page="compare", meanwhile=lambda: pictures([session.before() for session in sessions], opacity)
        )
        views = [session.view() for session in sessions]
        divided = "1" if show(views, opacity, shared) else ""
        told = {"methods": ",".join(methods), "perturbation": "" if shared else "own", "divided": divided}
        linked = replace(sessions[0].setting, shown=None)  # the points of several attacks have no place in it
        dials.remembered(linked, opacity, dials.COMPARE, **told)
        for view in views:
            parts.downloads(view, photo.own, photo.root, opacity, f"Download: {method_title(view.setting.method)}")


def met(method: str, networks: dict, first: str) -> dict:
    """The parts of a setting in which the methods differ; a derainer only where one derains."""
    derains = METHODS[method].derain is not None
    return {"method": method, "on": first or None} | {
        name: value for name, value in networks.items() if derains or name != "derain"
    }


def compared(dataset: str) -> tuple[list[str], dict]:
    """Which methods of those with weights for that data set, and their networks."""
    st.subheader("Networks", anchor=False)
    segmenter = dials.segmenter_of(dataset)
    there = available(dataset, segmenter)
    dials.untrained(dataset, [made.title for name, made in METHODS.items() if name not in there])
    if len(there) < 2:
        named = title(dataset)
        raise ValueError(f"wanted two methods or more with weights for {named} to compare, got {len(there)}")
    offered(list(there))
    methods = st.multiselect(
        "Methods", there, key="methods", max_selections=dials.MOST, format_func=method_title,
        help=choices.described(words.COMPARED, "\n- "),
    )  # fmt: skip
    if len(methods) < 2:
        raise ValueError(f"wanted two to four methods to compare, got {len(methods)}")
    return methods, dials.derainer(dataset, there, methods) | dials.segmenter_dial(dataset)


def offered(there: list[str]) -> None:
    """Before the methods are placed: those that were chosen and are there."""
    state, text = st.session_state, memory.asked().pop("methods", None)
    wanted = list(dict.fromkeys(state.get("methods", memory.turned().get("methods", START))))
    for name in wanted if text is not None else ():
        if name not in there:
            say.unread("methods", name, say.one_of(there))
    shown = [name for name in wanted if name in there]
    for name in shown[dials.MOST :]:
        say.unread("methods", name, f"wanted at most {dials.MOST}")
    memory.hold("methods", shown[: dials.MOST])


def whose(first: str) -> bool:
    """Whether all methods meet one perturbation, which is computed on the first."""
    memory.placed("perturbation", "shared", WHOSE.__contains__)
    chosen = st.radio(
        "The perturbation is computed", list(WHOSE), key="perturbation", horizontal=True, format_func=WHOSE.get,
        help=words.SHARED.format(title=method_title(first)),
    )  # fmt: skip
    return chosen == "shared"


def divider() -> bool:
    memory.placed("divided", False)
    return st.toggle("Before and after with a divider", key="divided", help=words.DIVIDER)


def show(views: list[View], opacity: float, shared: bool) -> bool:
    """The numbers in a table, the pictures in columns; or each before and after the attack, if divided: returned."""
    titles = [method_title(view.setting.method) for view in views]
    numbers = {title: {r.label: f"{r.value} ({r.change or '±0'})" for r in panels.readings(view)}
               for title, view in zip(titles, views, strict=True)}  # fmt: skip
    st.table(numbers)
    computed = f"computed {WHOSE['shared' if shared else 'own']}"
    say.caption(f"In brackets: the change by the attack. {panels.point_words(views[0])}, {computed}.")
    if divided := divider():
        before, after = zip(*(halves(view, title) for view, title in zip(views, titles, strict=True)), strict=True)
        parts.pictures(before, views[0], opacity, key="divided_pictures", columns=len(views), other=after)
    else:
        pictures(views, opacity)
    st.html(draw.legend(views[0].classes, views[0].palette))
    return divided


def pictures(views: list[View], opacity: float) -> None:
    """The pictures, a column for each method."""
    rows = zip(*map(lined, views), strict=True)
    parts.pictures([panel for row in rows for panel in row], views[0], opacity, key="compared", columns=len(views))


def halves(view: View, title: str) -> tuple[panels.Panel, panels.Panel]:
    """The prediction without attack and the one under it, below both what each is worth."""
    _, before, after, _ = panels.classes(view)
    return before._replace(title=title, remark=f"left: {before.remark}; right, under attack: {after.remark}"), after


def lined(view: View) -> list[panels.Panel]:
    """One column: what goes in, what comes out of the derainer, the predictions, the errors."""
    title = method_title(view.setting.method)
    attacked, derained = panels.stages(view)[2:]
    _, before, after, wrong = panels.classes(view)
    return [
        panel._replace(title=f"{title}: {panel.title.lower()}") for panel in (attacked, derained, before, after, wrong)
    ]


main()

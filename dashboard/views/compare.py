"""Compare: two to four defences on the same street, under one attack or each under its own."""

from __future__ import annotations

import dials
import parts
import streamlit as st

from lab.nets.methods import METHODS
from lab.nets.pipelines import available
from lab.system import draw
from lab.view import panels
from lab.view.session import View, prepared
from lab.view.setting import Setting

OWN, SHARED = "on each defence", "once, for all"
MOST = 4


def main() -> None:
    st.title("Compare defences", anchor=False)
    st.markdown("The same street behind several defences, side by side. Zoom with the wheel: all pictures follow.")
    dials.begin()
    with parts.sentences():
        with st.sidebar:
            street = dials.street()
            dataset = street.parts["dataset"]
            methods, shared = chosen(dataset)
            found = street.parts | dials.attack(street.size) | dials.threat(dataset, methods[0] if shared else "")
            st.subheader("Display", anchor=False)
            opacity = dials.opacity()
        on = {"on": methods[0]} if shared else {}
        settings = [Setting(**found | on | {"method": method}) for method in methods]
        scenes = [prepared(setting, own=street.own, data_root=street.root) for setting in settings]
        parts.attacked(*scenes)
        views = [scene.view() for scene in scenes]
        dials.address(
            settings[0], methods=",".join(methods), perturbation="" if shared else "own",
            opacity=f"{opacity:g}" if opacity != dials.OPACITY else "",
        )  # fmt: skip
        show(views, opacity, shared)
        for view in views:
            title = f"Take it with you: {METHODS[view.setting.method].title}"
            parts.take_away(view, street.own, street.root, title)


def chosen(dataset: str) -> tuple[list[str], bool]:
    """Which defences of those with weights for that data set, and whose attack they meet."""
    st.subheader("Defences", anchor=False)
    state, there = st.session_state, available(dataset)
    dials.untrained(dataset, [made.title for name, made in METHODS.items() if name not in there])
    if len(there) < 2:
        raise ValueError(f"wanted two defences or more with weights for {dataset} to compare, got {len(there)}")
    if "methods" not in state:
        asked = state.turned.get("methods") or st.query_params.get("methods", "").split(",")
        state.methods = [name for name in asked if name in METHODS][:MOST] or ["derain_seg", "nat", "pearl"]
    state.methods = [name for name in state.methods if name in there]
    methods = st.multiselect(
        "Defences", there, key="methods", max_selections=MOST, format_func=lambda name: METHODS[name].title,
        help="Two to four ways to train the networks; the first one's pictures stand first.",
    )  # fmt: skip
    state.turned["methods"] = methods
    if len(methods) < 2:
        raise ValueError(f"wanted two to four defences to compare, got {len(methods)}")
    if "perturbation" not in state:
        state.perturbation = OWN if st.query_params.get("perturbation") == "own" else SHARED
    shared = st.radio(
        "The attack is made", [SHARED, OWN], key="perturbation", horizontal=True,
        help=f"One attack, made on {METHODS[methods[0]].title}, for all defences; or a new one made on each.",
    )  # fmt: skip
    return methods, shared == SHARED


def show(views: list[View], opacity: float, shared: bool) -> None:
    """The figures in a table, the pictures in columns; or each before and after the attack with a divider."""
    titles = [METHODS[view.setting.method].title for view in views]
    figures = {title: {f.label: f"{f.value} ({f.change or '±0'})" for f in panels.figures(view)}
               for title, view in zip(titles, views, strict=True)}  # fmt: skip
    st.table(figures)
    whose = f"made {SHARED if shared else OWN}"
    st.caption(f"In brackets what the attack changed. {panels.point_words(views[0])}, {whose}.")
    divided = st.toggle("Before and after with a divider", key="divided", help="Drag the line: left of it without "
                        "attack, right of it under attack.")  # fmt: skip
    if divided:
        before = [panels.classes(view)[1]._replace(title=title) for title, view in zip(titles, views, strict=True)]
        after = [panels.classes(view)[2] for view in views]
        parts.pictures(before, views[0], opacity, key="divided_pictures", columns=len(views), other=after)
    else:
        rows = zip(*(lined(view, title) for view, title in zip(views, titles, strict=True)), strict=True)
        parts.pictures([panel for row in rows for panel in row], views[0], opacity, key="compared", columns=len(views))
    st.html(draw.legend(views[0].classes, views[0].palette))


def lined(view: View, title: str) -> list[panels.Panel]:
    """One column: what goes in, what comes out of the derainer, what is seen, what is wrong."""
    attacked, derained = panels.stages(view)[2:]
    _, before, after, wrong = panels.classes(view)
    return [
        panel._replace(title=f"{title}: {panel.title.lower()}") for panel in (attacked, derained, before, after, wrong)
    ]


main()

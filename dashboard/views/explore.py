"""Explore: one street, one attack, one defence, at every step of the attack."""

from __future__ import annotations

import dials
import parts
import streamlit as st

from lab.system import draw
from lab.system.words import HELP
from lab.view import charts, panels
from lab.view.session import Scene, View, prepared
from lab.view.setting import Setting

INTRODUCTION = """A car's camera looks at a street in the rain. An attacker adds a pattern that hardly shows,
and the network that should tell road from pedestrian goes blind. **Which defence still sees the street?**
Turn the dials on the left."""
RESULT = "result"


def main() -> None:
    st.title("PEARL Lab", anchor=False)
    st.markdown(INTRODUCTION)
    dials.begin()
    with parts.sentences():
        setting, street, opacity = dialled()
        scene = prepared(setting, own=street.own, data_root=street.root)
        parts.attacked(scene)
        scene = shown(scene)
        view = scene.view()
        dials.address(scene.setting, opacity=f"{opacity:g}" if opacity != dials.OPACITY else "")
        show(view, opacity)
        parts.take_away(view, street.own, street.root)


def dialled() -> tuple[Setting, dials.Street, float]:
    """The setting of the sidebar, and what goes with it."""
    with st.sidebar:
        street = dials.street()
        found = street.parts | dials.defence(street.parts["dataset"])
        found |= dials.attack(street.size) | dials.threat(found["dataset"], found["method"])
        st.subheader("Display", anchor=False)
        opacity = dials.opacity()
    return Setting(**found), street, opacity


def shown(scene: Scene) -> Scene:
    """The same at the step that was chosen below the pictures, if the attack has such a step."""
    wanted = st.session_state.turned.get("shown")
    return parts.at(scene, wanted if wanted is not None and wanted < len(scene.points()) else None)


def show(view: View, opacity: float) -> None:
    """The figures, the pictures, and the course of the attack."""
    for column, figure in zip(st.columns(4), panels.figures(view), strict=True):
        column.metric(
            figure.label, figure.value, f"{figure.change} by attack" if figure.change else "unchanged",
            delta_color="normal" if figure.change else "off", delta_arrow="auto" if figure.change else "off",
            help=figure.words, border=True,
        )  # fmt: skip
    rows = [*panels.stages(view), *panels.classes(view), *panels.differences(view)]
    parts.pictures(rows, view, opacity, key="explore")
    st.html(draw.legend(view.classes, view.palette))
    left, right = st.columns([3, 2])
    with left:
        course(view)
    with right:
        st.markdown("**The classes in this picture**")
        st.plotly_chart(charts.classes(view), key="classes", config=parts.BARE)


def course(view: View) -> None:
    """The attack step by step: a click on the curve or the slider below it shows that step's pictures."""
    st.markdown("**The attack, step by step**")
    if len(view.points) < 2:
        st.caption("This attack takes no step.")
        return
    st.plotly_chart(charts.course(view), key="course", on_select=clicked, selection_mode="points", config=parts.BARE)
    options = [*range(len(view.points)), RESULT]
    current = view.setting.shown
    st.session_state.shown_step = RESULT if current is None else current
    st.select_slider(
        "Shown step", options, key="shown_step", on_change=slid, format_func=str,
        help=HELP["shown"],
    )  # fmt: skip


def clicked() -> None:
    """A point of the curve was chosen."""
    points = st.session_state.course["selection"]["points"]
    if points:
        dials.turn(shown=points[0]["point_index"])


def slid() -> None:
    found = st.session_state.shown_step
    dials.turn(shown=None if found == RESULT else found)


main()

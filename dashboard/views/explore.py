"""Explore: one picture, one attack, one method, at every step of the attack."""

from __future__ import annotations

import dials
import memory
import parts
import photos
import say
import streamlit as st

from lab.system import draw
from lab.system.words import BEYOND_STEPS, DIALS, HELP
from lab.view import charts, panels, plotly_charts
from lab.view.session import Session, prepared
from lab.view.setting import Setting
from lab.view.tabled import tabled
from lab.view.view import View

INTRODUCTION = """A network segments a street scene in the rain. An attacker adds a perturbation that is hardly
visible, and the segmentation fails. **Which method still works?** Choose a picture, a method and an attack on the
left."""
RESULT = "result"
# A number is never cut off: where there is no room for all, they wrap.
ROOM = "<style>.st-key-readings > div:has(.stMetric) {flex: 1 1 13rem !important; min-width: min(13rem, 100%)}</style>"


def main() -> None:
    st.title("PEARL Lab", anchor=False)
    st.markdown(INTRODUCTION)
    dials.begin()
    with parts.sentences():
        setting, photo, opacity = dialled()
        session = prepared(setting, own=photo.own, data_root=photo.root)
        parts.refused(photo.refused)
        (session,) = parts.attacked(session, page="explore", meanwhile=lambda: pictures(session.before(), opacity))
        step = chosen_step(session)
        session = session if step is None else session.at(step)
        view = session.view()
        dials.remembered(session.setting, opacity)
        readings(view, panels.tabled_words(tabled(session, data_root=photo.root)))
        show(view, opacity)
        parts.downloads(view, photo.own, photo.root, opacity)


def dialled() -> tuple[Setting, photos.Photographed, float]:
    """The setting of the sidebar, and what goes with it."""
    with st.sidebar:
        photo = photos.photo()
        chosen = photo.parts | dials.networks(photo.parts["dataset"]) | dials.attack(photo.size)
        chosen |= dials.threat(*(chosen[name] for name in ("dataset", "method", "segmenter")))
        chosen |= dials.precision() | dials.carried()
        opacity = dials.opacity()
    return Setting(**chosen), photo, opacity


def chosen_step(session: Session) -> int | None:
    """The step that was chosen below the pictures, if the attack has such a step."""
    wanted, points = memory.turned().get("shown"), len(session.points())
    if wanted is None or wanted < points:
        return wanted
    if session.finished:
        memory.turn(shown=None)
        say.changed(BEYOND_STEPS.format(last=points - 1, step=wanted))
    return None


def readings(view: View, tabled: str) -> None:
    """The numbers, and what the tables hold of this picture."""
    with st.container(horizontal=True, key="readings"):
        st.html(ROOM)
        for reading in panels.readings(view):
            st.metric(
                reading.label, reading.value, f"{reading.change} by attack" if reading.change else "unchanged",
                delta_color="off" if not reading.change else "red" if reading.fell else "green",
                delta_arrow="off" if not reading.change else "down" if reading.fell else "up",
                help=reading.words, border=True,
            )  # fmt: skip
    if tabled:
        say.caption(tabled)


def show(view: View, opacity: float) -> None:
    """The pictures, and the trajectory of the attack."""
    pictures(view, opacity)
    left, right = st.columns([3, 2])
    with left:
        trajectory(view)
    if view.segmented:
        with right:
            st.markdown("**The classes in this picture**")
            st.plotly_chart(plotly_charts.classes(charts.classes(view)), key="classes", config=parts.BARE)


def pictures(view: View, opacity: float) -> None:
    """The pictures and the colours of their classes."""
    parts.pictures(panels.rows(view), view, opacity, key="explore")
    st.html(draw.legend(view.classes, view.palette))


def trajectory(view: View) -> None:
    """The attack step by step: a click on the curve or the slider below it shows that step's pictures."""
    st.markdown("**The attack, step by step**")
    if len(view.points) < 2:
        st.caption("This attack takes no step.")
        return
    figure = plotly_charts.trajectory(charts.trajectory(view))
    st.plotly_chart(figure, key="trajectory", on_select=clicked, selection_mode="points", config=parts.BARE)
    options = [*range(len(view.points)), RESULT]
    current = view.setting.shown
    st.session_state.shown_step = RESULT if current is None else current
    st.select_slider(DIALS["shown"], options, key="shown_step", on_change=slid, format_func=str, help=HELP["shown"])


def clicked() -> None:
    """A point of the curve was chosen."""
    points = st.session_state.trajectory["selection"]["points"]
    if points:
        memory.turn(shown=points[0]["point_index"])


def slid() -> None:
    step = st.session_state.shown_step
    memory.turn(shown=None if step == RESULT else step)


main()

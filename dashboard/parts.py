"""What several pages place: an attack with its progress bar, the viewer, the downloads, errors as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import dials
import memory
import numpy as np
import say
import streamlit as st
from viewer import data_url, viewer

from lab.system import draw, mistakes, words
from lab.view import photo, progress, saved, take
from lab.view.panels import Panel
from lab.view.session import Session
from lab.view.setting import Setting
from lab.view.view import View

BARE = {"displayModeBar": False}  # of charts: no buttons over them


@contextmanager
def sentences(page: str = dials.PAGE, labels: Callable[[], Mapping[str, str]] = lambda: words.DIALS) -> Iterator[None]:
    """What went wrong, as one sentence on the page."""
    try:
        yield
    except Exception as error:
        if not mistakes.caused(error):
            raise
        say.error(words.in_labels(mistakes.sentence(error), labels()))
        memory.stay(page)


def refused(reason: str) -> None:
    """Where a file was refused, why, and that the picture below is not it."""
    if reason:
        say.error(reason)


def attacked(*sessions: Session, page: str, meanwhile: Callable[[], None]) -> list[Session]:
    """Attack where that is not done, with a bar that shows how far it is and a button that stops it.

    A newer setting ends this run of the script at the next step; what was computed is kept with the trajectory. A
    picture that this page does not show yet is shown `meanwhile`, as far as it is known without the attack.
    Returns the sessions as far as they came.
    """
    place, settings = st.empty(), [session.setting for session in sessions]
    if all(session.finished for session in sessions):
        return pictured(page, sessions)
    if st.session_state.get("stopped") == settings:
        return pictured(page, stopped(place, sessions))
    new = st.session_state.get("pictured") != picture_of(page, sessions)
    with place.container():
        bar, button = st.columns([9, 1], vertical_alignment="center")
        bar = bar.progress(0.0, "Attacking …")
        button.button("Stop", on_click=stop, args=(settings,), help="Stops the attack here.")
    if new:
        meanwhile()
    for done in progress.attacked(sessions):
        bar.progress(done.share, f"Attacking … {done.words}")
    place.empty()
    pictured(page, sessions)
    if new:
        st.rerun()  # with what was shown meanwhile in its place
    return list(sessions)


def stopped(place, sessions: Sequence[Session]) -> list[Session]:
    """As far as the attack came, which the page says, and a button to go on."""
    linked = len(sessions) == 1 or all(session.setting.stepwise for session in sessions)
    with place.container():
        say.caption(f"{words.STOPPED.format(step=progress.step_words(sessions))} {words.LINKED[linked]}")
        st.button("Continue the attack", on_click=stop, args=(None,), help="Continues the attack where it was stopped.")
    return progress.evenly(sessions)


def stop(settings: list[Setting] | None) -> None:
    st.session_state.stopped = settings


def picture_of(page: str, sessions: Sequence[Session]) -> tuple:
    """Which picture in which rain is seen on which page."""
    return page, *photo.place(sessions[0].setting)


def pictured(page: str, sessions: Sequence[Session]) -> list[Session]:
    """Remember which picture this page shows now."""
    st.session_state.pictured = picture_of(page, sessions)
    return list(sessions)


def pictures(
    shown: Sequence[Panel], view: View, opacity: float, *, key: str, columns: int = 4, other: Sequence[Panel] = ()
) -> None:
    """Panels in the viewer; a box that is drawn there becomes the attack's."""
    boxed = view.setting.region == "box"
    box = viewer(
        [of(panel, beside) for panel, beside in zip(shown, other or [None] * len(shown), strict=True)],
        view.classes, view.palette, opacity=opacity, columns=columns, drawing=boxed, box=view.setting.box, key=key,
    )  # fmt: skip
    if boxed and box is not None and box != st.session_state.get("drawn"):
        st.session_state.drawn = box
        if box != view.setting.box:
            memory.later(box=box)
            st.rerun()


def of(panel: Panel, other: Panel | None = None) -> dict:
    """A panel as the viewer takes it; with `other`, the two before and after a divider."""
    given = {"title": panel.title, "remark": panel.remark, "picture": data_url(panel.picture)}
    given |= {name: data_url(labels) for name in ("labels", "truth") if (labels := getattr(panel, name)) is not None}
    if panel.scale:
        given["values"] = {"unit": "/255", "max": round(255 * panel.scale), "label": ""}
    if other is not None:
        given |= {"other": data_url(other.picture), "other_title": other.title}
        given |= {} if other.labels is None else {"other_labels": data_url(other.labels)}
    return given


class Download(NamedTuple):
    """One file to download."""

    label: str
    ending: str
    words: str  # what it holds
    made: Callable[[], str | bytes]


def downloads(
    view: View, own: np.ndarray | None, data_root: str | None, opacity: float, title: str = "Download"
) -> None:
    """Everything of a view to download, what the saved picture scores, and the command that makes it again."""
    name = take.name(view)
    with st.expander(title, on_change="rerun", key=title) as box:
        with st.container(horizontal=True):  # which wraps
            for file in files(view, own, data_root, opacity):
                st.download_button(
                    file.label, file.made, f"{name}.{file.ending}", help=file.words, on_click="ignore",
                    key=f"{file.label} {name}",
                )  # fmt: skip
        if box.open:  # one forward pass, for those who look
            say.markdown(saved.words(view))
        st.markdown("This command computes the same numbers again from the files in the ZIP:")
        st.code(take.look_command(view, data_root, opacity), language="bash")


def files(view: View, own: np.ndarray | None, data_root: str | None, opacity: float) -> list[Download]:
    """What may be downloaded of a view."""
    everything = "All pictures, exact arrays, numbers, the setting and the command."
    return [
        Download("Everything (ZIP)", "zip", everything, lambda: take.bundle(view, own, data_root, opacity)),
        Download("Attacked picture (PNG)", "png", words.SAVED, lambda: saved.saved(view).file),
        Download("Numbers (CSV)", "csv", "The numbers above, with and without attack, and those of the saved picture.",
                 lambda: take.numbers(view).to_csv(index=False)),
        Download("Setting (JSON)", "json", "All the dials of this page; the command below reads this file.",
                 view.setting.text),
        Download("Pictures in one (PNG)", "sheet.png", "All pictures of this page on one sheet.",
                 lambda: draw.png(draw.contact(take.pictures(view, opacity)))),
    ]  # fmt: skip

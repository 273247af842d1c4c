"""What several pages place: an attack with its progress bar, the viewer, the downloads, errors as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import dials
import memory
import numpy as np
import say
import streamlit as st
from viewer import data_url, viewer

from lab.system import draw, words
from lab.view import take
from lab.view.panels import Panel
from lab.view.session import Session
from lab.view.setting import Setting
from lab.view.view import View

BARE = {"displayModeBar": False}  # of charts: no buttons over them


@contextmanager
def sentences(page: str = dials.PAGE) -> Iterator[None]:
    """What went wrong, as one sentence on the page."""
    try:
        yield
    except (ValueError, OSError, FloatingPointError, MemoryError) as error:
        say.error(words.sentence(error))
        memory.stay(page)


def attacked(*sessions: Session) -> None:
    """Attack where that is not done, with a bar that shows how far it is and a button that stops it.

    A newer setting ends this run of the script at the next step; what was computed is kept with the trajectory.
    """
    place = st.empty()
    for number, session in enumerate(sessions):
        if session.finished or st.session_state.get("stopped") == session.setting:
            continue
        with place.container():
            bar, button = st.columns([9, 1], vertical_alignment="center")
            bar = bar.progress(0.0, "Attacking …")
            button.button(
                "Stop", key=f"stop_{number}", on_click=stop, args=(session.setting,), help="Stops the attack here."
            )
        for share in session.advance():
            bar.progress(share, f"Attacking … {len(session.points())} points")
    place.empty()
    if not all(session.finished for session in sessions):
        place.button(
            "Continue the attack", on_click=stop, args=(None,), help="Continues the attack where it was stopped."
        )


def stop(setting: Setting | None) -> None:
    st.session_state.stopped = setting


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


def downloads(view: View, own: np.ndarray | None, data_root: str | None, title: str = "Download") -> None:
    """Everything of a view to download, and the command that makes it again."""
    name = f"{view.key.replace('/', '-')}-{view.setting.method}-{view.setting.attack}"
    name += f"-step{view.setting.shown}of{view.setting.steps}" if view.setting.shown is not None else ""
    with st.expander(title):
        for column, file in zip(st.columns(4), files(view, own, data_root), strict=True):
            column.download_button(
                file.label, file.made, f"{name}.{file.ending}", help=file.words, on_click="ignore", width="stretch",
                key=f"{file.label} {name}",
            )  # fmt: skip
        st.markdown("This command computes the same numbers again from the files in the ZIP:")
        st.code(take.look_command(view, data_root), language="bash")


def files(view: View, own: np.ndarray | None, data_root: str | None) -> list[Download]:
    """What may be downloaded of a view."""
    everything = "All pictures, exact arrays, numbers, the setting and the command."
    return [
        Download("Everything (ZIP)", "zip", everything, lambda: take.bundle(view, own, data_root)),
        Download("Numbers (CSV)", "csv", "The numbers above, with and without attack.",
                 lambda: take.numbers(view).to_csv(index=False)),
        Download("Setting (JSON)", "json", "All the dials of this page; the command below reads this file.",
                 view.setting.text),
        Download("Pictures in one (PNG)", "png", "All pictures of this page on one sheet.",
                 lambda: draw.png(draw.contact(take.pictures(view)))),
    ]  # fmt: skip

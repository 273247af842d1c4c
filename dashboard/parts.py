"""What several pages place: an attack with its progress bar, the viewer, the downloads, errors as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import dials
import numpy as np
import streamlit as st
from viewer import address, viewer

from lab.system import draw, words
from lab.view import take
from lab.view.panels import Panel
from lab.view.session import Scene, View
from lab.view.setting import Setting

BARE = {"displayModeBar": False}  # of charts: no buttons over them


@contextmanager
def sentences() -> Iterator[None]:
    """What went wrong, as one sentence on the page."""
    try:
        yield
    except (ValueError, OSError, FloatingPointError, MemoryError) as error:
        st.error(words.sentence(error))


def attacked(*scenes: Scene) -> None:
    """Attack where that is not done, with a bar that shows how far it is and a button that stops it.

    A newer setting ends this run of the script at the next step; what was computed is kept with the course.
    """
    place = st.empty()
    for number, scene in enumerate(scenes):
        if not scene.course.lacks(scene.setting.steps) or st.session_state.get("stopped") == scene.setting:
            continue
        with place.container():
            bar, button = st.columns([9, 1], vertical_alignment="center")
            bar = bar.progress(0.0, "Attacking …")
            button.button(
                "Stop", key=f"stop_{number}", on_click=stop, args=(scene.setting,), help="Stop the attack here."
            )
        for share in scene.advance():
            bar.progress(share, f"Attacking … {len(scene.course)} points")
    place.empty()
    if any(scene.course.lacks(scene.setting.steps) for scene in scenes):
        place.button("Go on with the attack", on_click=stop, args=(None,), help="It goes on where it was stopped.")


def stop(setting: Setting | None) -> None:
    st.session_state.stopped = setting


def at(scene: Scene, step: int | None) -> Scene:
    """The scene at another point of its attack."""
    return replace(scene, setting=replace(scene.setting, shown=step))


def pictures(
    shown: Sequence[Panel], view: View, opacity: float, *, key: str, columns: int = 4, other: Sequence[Panel] = ()
) -> None:
    """Panels in the viewer; a box that is drawn there becomes the attack's."""
    boxed = view.setting.region == "box"
    found = viewer(
        [of(panel, beside) for panel, beside in zip(shown, other or [None] * len(shown), strict=True)],
        view.classes, view.palette, opacity=opacity, columns=columns, drawing=boxed, box=view.setting.box, key=key,
    )  # fmt: skip
    if boxed and found is not None and found != st.session_state.get("drawn"):
        st.session_state.drawn = found
        if found != view.setting.box:
            dials.later(box=found)
            st.rerun()


def of(panel: Panel, other: Panel | None = None) -> dict:
    """A panel as the viewer takes it; with `other`, the two before and after a divider."""
    found = {"title": panel.title, "remark": panel.remark, "picture": address(panel.picture)}
    found |= {name: address(labels) for name in ("labels", "truth") if (labels := getattr(panel, name)) is not None}
    if panel.scale:
        found["values"] = {"unit": "/255", "max": round(255 * panel.scale), "label": ""}
    if other is not None:
        found |= {"other": address(other.picture), "other_title": other.title}
        found |= {} if other.labels is None else {"other_labels": address(other.labels)}
    return found


def take_away(view: View, own: np.ndarray | None, data_root: str | None, title: str = "Take it with you") -> None:
    """Everything of a view to download, and the command that makes it again."""
    with st.expander(title):
        name = f"{view.key.replace('/', '-')}-{view.setting.method}-{view.setting.attack}"
        name += f"-step{view.setting.shown}of{view.setting.steps}" if view.setting.shown is not None else ""
        columns = st.columns(4)
        for column, label, make, ending, meant in zip(
            columns,
            ("Everything (ZIP)", "Numbers (CSV)", "Setting (JSON)", "Pictures in one (PNG)"),
            (lambda: take.bundle(view, own, data_root), lambda: take.numbers(view).to_csv(index=False),
             view.setting.text, lambda: take.png(draw.contact(take.pictures(view)))),
            ("zip", "csv", "json", "png"),
            ("All pictures, exact arrays, numbers, setting and command.", "The figures above, with and without attack.",
             "All the dials; the command below reads it.", "All pictures of this page on one sheet."),
            strict=True,
        ):  # fmt: skip
            column.download_button(
                label, make, f"{name}.{ending}", help=meant, on_click="ignore", width="stretch", key=f"{label} {name}"
            )
        st.markdown("The same numbers again, from the files in the ZIP:")
        st.code(take.command(view, data_root), language="bash")

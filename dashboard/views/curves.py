"""Curves: the metrics of several methods as the attack grows. Widgets and calls into lab, nothing computed here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import curve_dials
import pandas as pd
import parts
import say
import streamlit as st

from lab.measure import curves, live
from lab.measure.curves import CurveSetting
from lab.measure.trial import Trial
from lab.reports import curve_chart
from lab.system import words

RUN = "curves being measured"  # key in the session: the trials that Compute was pressed for
INTRODUCTION = """How do the methods compare as the attack grows? Each line is one method under one threat. The bars are
95 % intervals over pictures."""


def main() -> None:
    st.title("Curves", anchor=False)
    st.markdown(INTRODUCTION)
    with parts.sentences(curve_dials.PAGE, curve_dials.labels), stopped():
        setting, root = curve_dials.dials(curve_dials.start())
        curve_dials.keep(setting)
        page(setting, root)


@contextmanager
def stopped() -> Iterator[None]:
    """What went wrong is not measured again in the next run."""
    try:
        yield
    except Exception:
        end_run()
        raise


def page(setting: CurveSetting, root: str | None) -> None:
    """The chart with what is stored, the buttons, the downloads; and, once asked for, the measurement."""
    trials = curves.points(setting)
    frames = live.held(trials, root)
    for remark in curves.left_out(setting):
        say.info(remark)
    place = st.empty()
    chart(place, frames, setting)
    running = st.session_state.get(RUN) == (trials, root) and len(frames) < len(trials)
    bar = buttons(trials, root, len(frames), running)
    downloads(setting, root, frames)
    if running:
        with my_turn(bar):
            watch(place, bar, frames, setting, root)
        st.session_state.pop(RUN, None)
        st.rerun()  # so that the downloads hold all of it


def chart(place, frames: dict[int, pd.DataFrame], setting: CurveSetting) -> None:
    rows = live.joined(frames[i] for i in sorted(frames))
    place.plotly_chart(curve_chart.figure(rows, setting.metric, over=setting.over, values=setting.values))


def buttons(trials: list[Trial], root: str | None, known: int, running: bool):
    """Compute and Stop, and the bar that says how far it is. Returns the bar."""
    compute, stop, told = st.columns([2, 2, 9], vertical_alignment="center")
    compute.button(
        "Compute", on_click=begin_run, args=(trials, root), disabled=running or known == len(trials), type="primary",
        help=words.COMPUTE, width="stretch",
    )  # fmt: skip
    stop.button("Stop", on_click=end_run, disabled=not running, width="stretch", help=words.STOP)
    return told.progress(known / len(trials), f"{known} of {len(trials)} points are measured")


def begin_run(trials: list[Trial], root: str | None) -> None:
    st.session_state[RUN] = (trials, root)


def end_run() -> None:
    st.session_state.pop(RUN, None)


def watch(place, bar, frames: dict[int, pd.DataFrame], setting: CurveSetting, root: str | None) -> None:
    """Measure what is not known, and show it as it comes. A click anywhere ends it at the next batch of pictures."""
    trials = curves.points(setting)
    for step in live.measured(trials, root):
        if step.index is not None and step.index not in frames:
            frames[step.index] = step.rows
            chart(place, frames, setting)
        bar.progress(len(frames) / len(trials), f"{len(frames)} of {len(trials)} points; {live.pace(step)}")


@st.cache_resource
def turn() -> threading.Lock:
    return threading.Lock()


@contextmanager
def my_turn(bar) -> Iterator[None]:
    """Wait until no other visitor measures here: two would slow each other down; a stopped one finishes its batch."""
    while not turn().acquire(timeout=0.3):
        bar.progress(0.0, "waiting for another measurement to finish")  # Stop works here too
    try:
        yield
    finally:
        turn().release()


def downloads(setting: CurveSetting, root: str | None, frames: dict[int, pd.DataFrame]) -> None:
    """The rows, the setting, and the command that measures the same."""
    rows, values, _ = st.columns([1, 1, 2])
    name = curves.name(setting)
    rows.download_button(
        "Rows (CSV)", live.csv(frames[i] for i in sorted(frames)), f"{name}.csv", "text/csv", disabled=not frames,
        help="Every number measured so far, all five metrics, with its interval, networks, data, attack and seed.",
        on_click="ignore", width="stretch",
    )  # fmt: skip
    values.download_button(
        "Setting (JSON)", curves.to_json(setting), f"{name}.json", "application/json",
        help="The dials of this page as a file, to keep with the numbers.", on_click="ignore", width="stretch",
    )  # fmt: skip
    st.caption("This command measures the same numbers, in the root folder of the repository:")
    st.code(curves.command(setting, root), language="bash", wrap_lines=True)


main()

"""Tables: all that was measured, beside what was published. Widgets and calls into lab, nothing computed here."""

from __future__ import annotations

import os

import pandas as pd
import streamlit as st
from address import asked, dial, remember

from lab import tables, tidy
from lab.tables import Source

PAGE = "tables"
INTRODUCTION = """Every number measured so far, from this machine's store or from the rows that come with the
repository; beside it what the paper prints, where the two can be compared. The same as text, with pictures:
`docs/RESULTS.md`."""
LABELS = {"dataset": "Data set", "experiment": "Experiment", "method": "Method", "metric": "Metric", "threat": "Threat"}
HELP = {
    "dataset": "Show only numbers measured on these streets; with none chosen, on all.",
    "experiment": "Show only these tables: table1 is PEARL's comparison of defences, strength compares the attacks.",
    "method": "Show only these defences; with none chosen, all.",
    "metric": "Show only these measures: mIoU, mAcc and allAcc count what is seen right, PSNR and SSIM how clean the "
    "picture is.",
    "threat": "Show only attacks that know this much: the segmenter alone (oblivious), the whole defence (adaptive), "
    "another defence (transfer); none: no attack at all.",
}
INTERVAL = (
    "the 95 % interval over images of the measured value, less the published number; the paper prints no interval"
)
COLUMNS = {
    "value": ("Measured", "Measured by this code, in the unit beside it. Empty for the PSNR of identical pictures."),
    "low": ("from", "Lower end of the 95 % interval over images: how far the number could move with other pictures."),
    "high": ("to", "Upper end of the 95 % interval over images."),
    "published": ("Published", "What the paper prints, on its own data; empty where it prints none or its conditions "
                  "cannot be compared."),
    "difference": ("Difference", "Measured less published."),
    "difference_low": ("diff. from", f"Lower end of {INTERVAL}."),
    "difference_high": ("diff. to", f"Upper end of {INTERVAL}."),
}  # fmt: skip


def main() -> None:
    st.title("Tables", anchor=False)
    st.markdown(INTRODUCTION)
    try:
        begin = {"data_root": os.environ.get("PEARL_DATA", "")}
        told = begin | asked(PAGE, [*begin, *LABELS, "text"])
        root = root_dial(told["data_root"])
        frame, sources = tables.gathered(root or None)
        chosen, words = filters(frame, told)
        joined = {name: ",".join(found) for name, found in chosen.items()}
        remember(PAGE, {"data_root": root, "text": words} | joined, begin)
        show(tidy.filtered(frame, chosen, words), len(frame))
        origins(sources, chosen)
    except (ValueError, OSError) as error:
        st.error(str(error))


def root_dial(begin: str) -> str:
    with st.sidebar:
        return st.text_input(
            "Folder of the data", key=dial(PAGE, "data_root", begin),
            help="The folder on this computer that holds the data sets: with it, numbers of your own on them are found "
            "in the store. Nothing is measured here.",
        )  # fmt: skip


def filters(frame: pd.DataFrame, told: dict[str, str]) -> tuple[dict[str, list[str]], str]:
    """What to show: choices by column, none meaning all, and words that must occur."""
    chosen = {}
    with st.sidebar:
        for name, label in LABELS.items():
            options = tidy.choices(frame, name)
            begin = [one for one in told.get(name, "").split(",") if one in options]
            chosen[name] = st.multiselect(label, options, key=dial(PAGE, name, begin), help=HELP[name])
        words = st.text_input(
            "Containing", key=dial(PAGE, "text", told.get("text", "")),
            help="Show only rows in which all these words occur, in any column, in small or capital letters: cw nat.",
        )  # fmt: skip
    return chosen, words


def show(found: pd.DataFrame, count: int) -> None:
    """The rows that are asked for, and the same as a file."""
    st.caption(f"{len(found)} of {count} numbers")
    config = {
        name: st.column_config.NumberColumn(label, help=words, format="%.3f")
        for name, (label, words) in COLUMNS.items()
    }
    last = ("split", "images", "science", "source")  # of less interest than what was measured
    order = [*(name for name in tidy.COLUMNS if name not in (*last, "address")), *last]
    st.dataframe(tidy.shown(found), column_config=config, column_order=order, hide_index=True, height=560)
    st.download_button(
        "These rows (CSV)", found.to_csv(index=False), "tables.csv", "text/csv", on_click="ignore",
        help="The rows above as a file, with the address of each number in the store.",
    )  # fmt: skip


def origins(sources: list[Source], chosen: dict[str, list[str]]) -> None:
    """Where the rows come from, and what measures them anew, for the experiments and data sets that are asked for."""
    st.subheader("Where they come from", anchor=False)
    for source in sources:
        here = all(not chosen[name] or getattr(source, name) in chosen[name] for name in ("experiment", "dataset"))
        if source.command and here:
            st.markdown(f"**{source.experiment}, {source.dataset}**")
            st.text(source.words)
            st.code(source.command, language="bash", wrap_lines=True)
        elif here or not source.command:
            st.text(source.words)


main()

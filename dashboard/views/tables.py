"""Tables: all that was measured, beside what was published, and the verdicts on what a paper claims in words.

Widgets and calls into lab, nothing computed here.
"""

from __future__ import annotations

import os

import pandas as pd
import streamlit as st
from address import asked, dial, remember

from lab.papers import PAPERS
from lab.reports import tidy
from lab.reports.claim import VERDICTS, Claim
from lab.reports.paper import Paper
from lab.reproduce import tables, verdict_report, verdicts
from lab.reproduce.tables import Source
from lab.system.mistakes import MISTAKES, sentence
from lab.system.words import CLAIM_COLUMNS, FILTER_HELP, NUMBER_COLUMNS, VIEW_HELP

PAGE = "tables"
INTRODUCTION = """Every number measured so far, from the result store of this machine or from the rows that come with
the repository, and beside it the number that the paper prints, where the two are comparable. The same as text, with
pictures: `docs/RESULTS.md`."""
CLAIMS = """What the paper {paper} says in words. Each claim means certain differences between measured numbers, with
margins that are declared in the code. It holds if all differences lie inside with their whole 95 % intervals, fails if
one lies wholly outside, and is undecided otherwise. The intervals are not corrected for multiple comparisons. Click on
a row to see its differences."""
VIEWS = {"numbers": "Numbers", "claims": "Claims"}
LABELS = {"dataset": "Data set", "experiment": "Experiment", "method": "Method", "metric": "Metric", "threat": "Threat"}


def main() -> None:
    st.title("Tables", anchor=False)
    try:
        begin = {"data_root": os.environ.get("PEARL_DATA", ""), "view": "numbers", "on": "scenes"}
        claiming = {key: paper for key, paper in PAPERS.items() if paper.claims}
        begin["paper"] = next(iter(claiming))
        told = begin | asked(PAGE, [*begin, "claim", *LABELS, "text"])
        view = st.radio(
            "Show", VIEWS, key=dial(PAGE, "view", told["view"] if told["view"] in VIEWS else "numbers"),
            format_func=VIEWS.get, horizontal=True, label_visibility="collapsed",
            help=VIEW_HELP,
        )  # fmt: skip
        root = root_dial(told["data_root"])
        values = numbers(told, root) if view == "numbers" else claims(told, root, claiming)
        remember(PAGE, told | {"data_root": root, "view": view} | values, begin)
    except MISTAKES as error:
        st.error(sentence(error))


def numbers(told: dict[str, str], root: str) -> dict[str, str]:
    """Every number, filtered; what the address shall say of it."""
    st.markdown(INTRODUCTION)
    frame, sources = tables.gathered(root or None)
    chosen, words = filters(frame, told)
    show(tidy.filtered(frame, chosen, words), len(frame))
    origins(sources, chosen)
    return {name: ",".join(wanted) for name, wanted in chosen.items()} | {"text": words}


def claims(told: dict[str, str], root: str, papers: dict[str, Paper]) -> dict[str, str]:
    """The verdicts on one data set, and one claim in full; what the address shall say of it."""
    paper = papers[paper_dial(told["paper"], papers)]
    st.markdown(CLAIMS.format(paper=paper.title))
    sets, declared = verdicts.datasets(paper), {claim.key: claim for claim in paper.claims}
    if not sets:
        st.info("No trained networks and no shipped verdicts here; `python -m lab train --all` trains the networks.")
        return {}
    begin = told["claim"] if told.get("claim") in declared else next(iter(declared))
    with st.sidebar:
        dataset = st.selectbox(
            "Data set", sets, key=dial(PAGE, "on", told["on"] if told["on"] in sets else sets[0]),
            help=FILTER_HELP["on"],
        )  # fmt: skip
    with st.spinner("Judging …"):
        judged, wrong = verdicts.gathered(paper, dataset, root or None)
    if wrong:
        st.error(wrong)
    overview(verdict_report.screen(verdict_report.summary(judged)))
    key = st.selectbox(
        "Claim", declared, key=dial(PAGE, "claim", begin),
        format_func=lambda name: f"{name}: {declared[name].text}",
        help=FILTER_HELP["claim"],
    )  # fmt: skip
    in_full(paper, declared[key], judged[judged.claim == key], dataset, root)
    st.download_button(
        "All contrasts (CSV)", judged.to_csv(index=False), f"claims-{dataset}.csv", "text/csv", on_click="ignore",
        help="Every contrast of every claim, with the addresses of its numbers in the result store.",
    )  # fmt: skip
    return {"on": dataset, "claim": "" if key == next(iter(declared)) else key, "paper": paper.key}


def overview(shown: pd.DataFrame) -> None:
    """One row per claim and threat; a click chooses the claim."""
    order = ["claim", "threat", "verdict", *VERDICTS, "contrast", "metric", "wanted", "difference", "low",
             "high", "published", "source"]  # fmt: skip
    st.dataframe(
        shown, column_config=columns(shown), column_order=order, hide_index=True, height=560,
        key=f"{PAGE} verdicts", on_select=lambda: choose(list(shown.claim)), selection_mode="single-cell",
    )  # fmt: skip


def choose(names: list[str]) -> None:
    for row, _ in st.session_state[f"{PAGE} verdicts"]["selection"]["cells"]:
        st.session_state[f"{PAGE} claim"] = names[row]


def in_full(paper: Paper, claim: Claim, rows: pd.DataFrame, dataset: str, root: str) -> None:
    """What the paper says, the margins, every contrast, and what measures them anew."""
    st.markdown(f"{claim.text} *In the paper: {claim.where}.* Margins: {claim.margin} {claim.remark}")
    order = ["threat", "verdict", "contrast", "metric", "wanted", "difference", "low", "high", "published", "dataset",
             "images", "runs", "science", "address_a", "address_b", "note"]  # fmt: skip
    rows = verdict_report.screen(rows)
    config = columns(rows) | {"contrast": st.column_config.TextColumn("Contrast", help="The two numbers it subtracts.")}
    st.dataframe(rows, column_config=config, column_order=order, hide_index=True)
    st.code(verdicts.command(paper, claim, dataset, root or None), language="bash", wrap_lines=True)


def columns(frame: pd.DataFrame) -> dict:
    """Headings and what they mean."""
    return {name: heading(name, label, words) for name, (label, words) in CLAIM_COLUMNS.items() if name in frame}


def heading(name: str, label: str, words: str):
    """One column's heading; numbers with three digits."""
    if name in ("difference", "published", "low", "high"):
        return st.column_config.NumberColumn(label, help=words, format="%.3f")
    return st.column_config.TextColumn(label, help=words)


def paper_dial(begin: str, papers: dict[str, Paper]) -> str:
    """The paper whose claims are judged; no dial where there is but one."""
    begin = begin if begin in papers else next(iter(papers))
    if len(papers) == 1:
        return begin
    with st.sidebar:
        return st.selectbox(
            "Paper", papers, key=dial(PAGE, "paper", begin), format_func=lambda key: papers[key].title,
            help=FILTER_HELP["paper"],
        )  # fmt: skip


def root_dial(begin: str) -> str:
    with st.sidebar:
        key = dial(PAGE, "data_root", begin)
        return st.text_input("Folder of the data", key=key, help=FILTER_HELP["data_root"])


def filters(frame: pd.DataFrame, told: dict[str, str]) -> tuple[dict[str, list[str]], str]:
    """What to show: choices by column, none meaning all, and words that must occur."""
    chosen = {}
    with st.sidebar:
        for name, label in LABELS.items():
            options = tidy.choices(frame, name)
            begin = [option for option in told.get(name, "").split(",") if option in options]
            chosen[name] = st.multiselect(label, options, key=dial(PAGE, name, begin), help=FILTER_HELP[name])
        key = dial(PAGE, "text", told.get("text", ""))
        words = st.text_input("Containing", key=key, help=FILTER_HELP["text"])
    return chosen, words


def show(rows: pd.DataFrame, count: int) -> None:
    """The rows that are asked for, and the same as a file."""
    st.caption(f"{len(rows)} of {count} numbers")
    config = {
        name: st.column_config.NumberColumn(label, help=words, format=None if name == "net_seed" else "%.3f")
        for name, (label, words) in NUMBER_COLUMNS.items()
    }
    last = ("net_seed", "split", "images", "science", "source")  # of less interest than what was measured
    order = [*(name for name in tidy.COLUMNS if name not in (*last, "address")), *last]
    st.dataframe(tidy.shown(rows), column_config=config, column_order=order, hide_index=True, height=560)
    st.download_button(
        "These rows (CSV)", rows.to_csv(index=False), "tables.csv", "text/csv", on_click="ignore",
        help="The rows above as a file, with the address of each number in the result store.",
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

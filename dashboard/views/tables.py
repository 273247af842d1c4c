"""Tables: all that was measured, beside what was published, and the verdicts on what a paper claims in words.

Widgets and calls into lab, nothing computed here.
"""

from __future__ import annotations

import memory
import pandas as pd
import parts
import photos
import say
import streamlit as st
from memory import dial

from lab.papers import PAPERS
from lab.reports import tidy
from lab.reports.claim import VERDICTS, Claim
from lab.reports.paper import Paper
from lab.reproduce import tables, verdict_report, verdicts
from lab.reproduce.tables import Source
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
    claiming = {key: paper for key, paper in PAPERS.items() if paper.claims}
    usual = {"view": "numbers", "on": "scenes", "paper": next(iter(claiming))}
    memory.opened(PAGE, (*usual, "claim", *LABELS, "text"))
    with parts.sentences(PAGE):
        view = st.radio(
            "Show", VIEWS, key=dial(PAGE, "view", "numbers", VIEWS), format_func=VIEWS.get, horizontal=True,
            label_visibility="collapsed", help=VIEW_HELP,
        )  # fmt: skip
        with st.sidebar:
            root = photos.folder(FILTER_HELP["data_root"])
        values = numbers(root) if view == "numbers" else claims(root, claiming)
        memory.remember(PAGE, memory.address(PAGE) | {"view": view} | values, usual)


def numbers(root: str | None) -> dict[str, str]:
    """Every number, filtered; what the address shall say of it."""
    st.markdown(INTRODUCTION)
    frame, sources = tables.gathered(root)
    chosen, words = filters(frame)
    show(tidy.filtered(frame, chosen, words), len(frame))
    origins(sources, chosen)
    return {name: ",".join(wanted) for name, wanted in chosen.items()} | {"text": words}


def claims(root: str | None, papers: dict[str, Paper]) -> dict[str, str]:
    """The verdicts on one data set, and one claim in full; what the address shall say of it."""
    paper = papers[paper_dial(papers)]
    say.markdown(CLAIMS, paper=paper.title)
    sets, declared = verdicts.datasets(paper), {claim.key: claim for claim in paper.claims}
    if not sets:
        st.info("No trained networks and no shipped verdicts here; `python -m lab train --all` trains the networks.")
        return {}
    first = next(iter(declared))
    with st.sidebar:
        dataset = st.selectbox("Data set", sets, key=dial(PAGE, "on", sets[0], sets), help=FILTER_HELP["on"])
    with st.spinner("Judging …"):
        judged, wrong = verdicts.gathered(paper, dataset, root)
    if wrong:
        say.error(wrong)
    judged = judged.assign(note=judged.note.map(say.untold, na_action="ignore"))
    overview(verdict_report.screen(verdict_report.summary(judged)))
    key = st.selectbox(
        "Claim", declared, key=dial(PAGE, "claim", first, declared), help=FILTER_HELP["claim"],
        format_func=lambda name: f"{name}: {declared[name].text}",
    )  # fmt: skip
    in_full(paper, declared[key], judged[judged.claim == key], dataset, root)
    st.download_button(
        "All contrasts (CSV)", judged.to_csv(index=False), f"claims-{dataset}.csv", "text/csv", on_click="ignore",
        help="Every contrast of every claim, with the addresses of its numbers in the result store.",
    )  # fmt: skip
    return {"on": dataset, "claim": "" if key == first else key, "paper": paper.key}


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


def in_full(paper: Paper, claim: Claim, rows: pd.DataFrame, dataset: str, root: str | None) -> None:
    """What the paper says, the margins, every contrast, and what measures them anew."""
    told = {name: getattr(claim, name) for name in ("text", "where", "margin", "remark")}
    say.markdown("{text} *In the paper: {where}.* Margins: {margin} {remark}", **told)
    order = ["threat", "verdict", "contrast", "metric", "wanted", "difference", "low", "high", "published", "dataset",
             "images", "runs", "science", "address_a", "address_b", "note"]  # fmt: skip
    rows = verdict_report.screen(rows)
    config = columns(rows) | {"contrast": st.column_config.TextColumn("Contrast", help="The two numbers it subtracts.")}
    st.dataframe(rows, column_config=config, column_order=order, hide_index=True)
    st.code(verdicts.command(paper, claim, dataset, root), language="bash", wrap_lines=True)


def columns(frame: pd.DataFrame) -> dict:
    """Headings and what they mean."""
    return {name: heading(name, label, words) for name, (label, words) in CLAIM_COLUMNS.items() if name in frame}


def heading(name: str, label: str, words: str):
    """One column's heading; numbers with three digits."""
    if name in ("difference", "published", "low", "high"):
        return st.column_config.NumberColumn(label, help=words, format="%.3f")
    return st.column_config.TextColumn(label, help=words)


def paper_dial(papers: dict[str, Paper]) -> str:
    """The paper whose claims are judged; no dial where there is but one."""
    key = dial(PAGE, "paper", next(iter(papers)), papers)
    if len(papers) == 1:
        return st.session_state[key]
    with st.sidebar:
        return st.selectbox(
            "Paper", papers, key=key, format_func=lambda key: papers[key].title, help=FILTER_HELP["paper"]
        )


def filters(frame: pd.DataFrame) -> tuple[dict[str, list[str]], str]:
    """What to show: choices by column, none meaning all, and words that must occur."""
    chosen = {}
    with st.sidebar:
        for name, label in LABELS.items():
            options = tidy.choices(frame, name)
            key = memory.several(PAGE, name, options)
            chosen[name] = st.multiselect(label, options, key=key, help=FILTER_HELP[name])
        words = st.text_input("Containing", key=dial(PAGE, "text", ""), help=FILTER_HELP["text"])
    return chosen, words


def show(rows: pd.DataFrame, count: int) -> None:
    """The rows that are asked for, and the same as a file."""
    say.caption(f"{len(rows)} of {count} numbers")
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
            say.markdown("**{experiment}, {dataset}**", experiment=source.experiment, dataset=source.dataset)
            say.lines(source.words)
            st.code(source.command, language="bash", wrap_lines=True)
        elif here or not source.command:
            say.lines(source.words)


main()

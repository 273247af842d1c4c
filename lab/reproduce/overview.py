"""docs/RESULTS.md: of each paper its main numbers, the verdicts on its claims, a discussion, and links to the rest.

Written from the rows in docs/results alone. The discussions are written by hand: they stand on the page between two
marks, and are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lab.papers import PAPERS
from lab.reports.claim import Claim
from lab.reports.paper import Paper
from lab.reports.report import CONVENTIONS
from lab.reports.table import markdown, pipes
from lab.reproduce.tables import shipped_rows
from lab.reproduce.verdict_report import summary
from lab.reproduce.verdicts import combined, shipped_verdicts

PAGE, CLAIMS, OVERVIEW = "RESULTS.md", "claims", "overview.png"
SETS = {"scenes": "built-in street scenes", "camvid": "real street pictures"}
INTRODUCTION = f"""# Results

Measured by this repository on CPUs with small nets, on two small data sets: the built-in street scenes (`scenes`, three
training runs of each net of table 1) and the real street pictures of CamVid (`camvid`, one run). The papers use rainy
Cityscapes and large nets, so levels differ; what can be compared is which defence holds.
What brackets, ±, units, threats and verdicts mean is said in [conventions](results/{CONVENTIONS})."""
CLOSING = """*This page is written by `python -m lab report` (`--page`: from the rows in `docs/results` alone); only the
discussions are written by hand.*"""
THREATS = ("oblivious", "adaptive")
# in this order on the page
GROUPS = {
    "holds": "hold under every threat, on every data set",
    "undecided": "undecided everywhere",
    "fails": "fail under every threat, on every data set",
    "threat": "differ by threat",
    "data set": "differ by data set",
    "not measured": "not measured",
}


def page(folder: Path) -> str:
    """The whole page, from the rows in `folder`/results and the discussions on the page in `folder`."""
    path = folder / PAGE
    before = path.read_text() if path.exists() else ""
    parts = [INTRODUCTION]
    for paper in PAPERS.values():
        parts += section(paper, folder / "results" / paper.key, before)
    return "\n\n".join([*parts, CLOSING]) + "\n"


def section(paper: Paper, folder: Path, before: str) -> list[str]:
    """One paper."""
    parts = [f"## {paper.title} ({paper.citation})"]
    rows = overview_rows(paper, folder)
    if rows:
        parts += numbers(paper, rows)
    verdicts = verdicts_of(paper, folder)
    if verdicts:
        parts += claims(paper, verdicts)
    discussion = by_hand(paper.key, before)
    parts += ["### Discussion"] if discussion else []
    parts += ["\n".join(filter(None, [mark(paper.key, "begin"), discussion, mark(paper.key, "end")]))]
    return [*parts, "### Everything in full", index(paper, folder)]


# ---- the main numbers ----


def overview_rows(paper: Paper, folder: Path) -> dict[str, pd.DataFrame]:
    """The rows of the paper's overview by data set; none where it has none or one data set lacks."""
    if paper.overview is None:
        return {}
    made = paper.experiment(paper.overview.display)
    paths = {name: folder / f"{made.name}-{name}.csv" for name in SETS}
    if not all(path.exists() for path in paths.values()):
        return {}
    return {name: paper.overview.picked(made, shipped_rows(path)) for name, path in paths.items()}


def numbers(paper: Paper, rows: Mapping[str, pd.DataFrame]) -> list[str]:
    """Sentences, the figure and the tables of the overview."""
    shown, parts = paper.overview, []
    parts.append("\n".join(f"- {sentence}" for sentence in shown.told(rows)))
    about = f"{shown.metric} by method, {' and '.join(rows)}"
    parts += [f"![{about}](results/{paper.key}/{OVERVIEW})",
              "Lines on the bars: 95 % intervals over images; of several training runs the mean is drawn."]  # fmt: skip
    for name, picked in rows.items():
        runs = picked.net_seed.nunique()
        told = f"mean ± standard deviation over {runs} training runs" if runs > 1 else "one training run"
        parts.append(f"{shown.metric} (%) on `{name}` ({SETS[name]}), {told}:\n\n{markdown(shown.frame(picked))}")
    return parts


# ---- claims ----

Verdicts = Mapping[str, Mapping[str, Mapping[str, str]]]  # by data set, claim and threat


def verdicts_of(paper: Paper, folder: Path) -> Verdicts:
    """The shipped verdicts of a paper."""
    paths = {name: folder / f"{CLAIMS}-{name}.csv" for name in SETS}
    summaries = {name: summary(shipped_verdicts(path)) for name, path in paths.items() if path.exists()}
    return {
        name: {key: dict(zip(of.threat, of.verdict, strict=True)) for key, of in told.groupby("claim", sort=False)}
        for name, told in summaries.items()
    }


def claims(paper: Paper, verdicts: Verdicts) -> list[str]:
    """How many claims hold, then each claim as a sentence, grouped by verdict."""
    lines = [[name, threat, *(str(count) for count in counted(told, threat).values())]
             for name, told in verdicts.items() for threat in THREATS]  # fmt: skip
    parts = [f"### What becomes of its {len(paper.claims)} claims in words",
             "Claims without an attack, and those on methods without a derainer, count under both threats.",
             pipes(["data set", "threat", "hold", "undecided", "fail"], lines)]  # fmt: skip
    groups: dict[str, list[Claim]] = {name: [] for name in GROUPS}
    for claim in paper.claims:
        groups[group([told.get(claim.key, {}) for told in verdicts.values()])].append(claim)
    for name, members in groups.items():
        if members:
            parts += [f"**{len(members)} {GROUPS[name]}**", listed(members, verdicts, name in ("threat", "data set"))]
    return parts


def counted(told: Mapping[str, Mapping[str, str]], threat: str) -> dict[str, int]:
    """How many claims hold, are undecided and fail under a threat, or under the only one that they can have."""
    verdicts = [next((of[name] for name in (threat, "either", "none") if name in of), "") for of in told.values()]
    return {word: verdicts.count(word) for word in ("holds", "undecided", "fails")}


def group(told: Sequence[Mapping[str, str]]) -> str:
    """The group of a claim, from its verdicts by threat on each data set."""
    everything = {verdict for of in told for verdict in of.values()}
    if len(everything) <= 1:
        return next(iter(everything), "not measured")
    return "threat" if any(len(set(of.values())) > 1 for of in told) else "data set"


def listed(members: Sequence[Claim], verdicts: Verdicts, mixed: bool) -> str:
    """Claims as sentences, where they differ with the verdict on each data set."""
    if not mixed:
        return "\n".join(f"- {claim.text} ({claim.key})" for claim in members)
    rows = [[f"{claim.text} ({claim.key})", *(words(told.get(claim.key, {})) for told in verdicts.values())]
            for claim in members]  # fmt: skip
    return pipes(["claim", *verdicts], rows)


def words(of: Mapping[str, str]) -> str:
    """Verdicts by threat; a single word if all are equal."""
    if len(set(of.values())) <= 1:
        return combined(of.values()) if of else "not measured"
    return ", ".join(f"{threat}: {verdict}" for threat, verdict in of.items())


# ---- what is written by hand, and links ----


def mark(key: str, end: str) -> str:
    return f"<!-- {key}, written by hand: {end} -->"


def by_hand(key: str, before: str) -> str:
    """The discussion of a paper, written by hand between its marks on the present page."""
    return before.partition(mark(key, "begin"))[2].partition(mark(key, "end"))[0].strip()


def index(paper: Paper, folder: Path) -> str:
    """Every display and the claims, with what they show and a link for each data set that was measured."""
    shown = {CLAIMS: "every claim, with the contrast farthest from meeting its margin"} if paper.claims else {}
    shown |= {name: made.title.partition(": ")[2] or made.title for name, made in paper.experiments.items()}
    rows = [[name, about.rstrip("."), *(link(paper, folder, name, dataset) for dataset in SETS)]
            for name, about in shown.items()]  # fmt: skip
    return pipes(["display", "what it shows", *SETS], rows)


def link(paper: Paper, folder: Path, name: str, dataset: str) -> str:
    """To one display on one data set: its page and its rows."""
    file = f"results/{paper.key}/{name}-{dataset}"
    endings = {"page": "md", "rows": "csv"}
    return ", ".join(
        f"[{word}]({file}.{end})" for word, end in endings.items() if (folder / f"{name}-{dataset}.{end}").exists()
    )

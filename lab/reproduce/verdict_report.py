"""A report of the verdicts on a paper's claims: a summary of each with its weakest contrast, and all contrasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isinf

import pandas as pd

from lab.reports.claim import ABSENT, VERDICTS, Claim
from lab.reports.report import Block, Report, difference_unit, digits_of, framed, shown_difference
from lab.reproduce.verdicts import COLUMNS, combined

ABOUT = (
    "What the paper says in words, as differences of measured numbers (contrasts), with a verdict on each claim under "
    "every threat that it can be judged under."
)


def summary(verdicts: pd.DataFrame) -> pd.DataFrame:
    """One row per claim and threat: the verdict, how many contrasts hold, fail, are undecided, and the weakest of them.

    The weakest is farthest from meeting its margins: deepest outside them, else nearest to their edge (`slack`).
    """
    lines = []
    for (claim, threat), rows in verdicts.groupby(["claim", "threat"], sort=False):
        measured = rows[rows.verdict != ABSENT]
        line = {"claim": claim, "threat": threat, "verdict": combined(rows.verdict)}
        line |= {word: int((rows.verdict == word).sum()) for word in VERDICTS}
        line |= {"source": rows.source.iloc[0]} if "source" in rows else {}
        if len(measured):
            weakest = measured.loc[measured.apply(slack, axis=1).fillna(-inf).idxmin()]
            line |= {name: weakest[name] for name in COLUMNS if name not in ("claim", "threat", "verdict")}
        lines.append(line)
    told = pd.DataFrame(lines)
    return told.reindex(columns=list(dict.fromkeys([*told.columns, *COLUMNS])))


def slack(contrast: pd.Series) -> float:
    """Room inside the margins, in widths of the interval on that side: holds above 1, fails below -1."""
    below, above = max(contrast.difference - contrast.low, 1e-9), max(contrast.high - contrast.difference, 1e-9)
    over, under = contrast.difference - contrast.margin_low, contrast.margin_high - contrast.difference
    return min(over / (below if over > 0 else above), under / (above if under > 0 else below))


def report(verdicts: pd.DataFrame, claims: Sequence[Claim], title: str, remark: str = "") -> Report:
    """The verdicts of the paper of that title, claim by claim; of a single claim its contrasts too.

    `remark` is on its printed numbers.
    """
    blocks = [overview(verdicts, claims, remark)]
    if len(claims) == 1:
        blocks += [contrasts(rows, threat) for threat, rows in verdicts.groupby("threat", sort=False)]
    absent = verdicts[verdicts.verdict == ABSENT]
    if len(absent):
        needs = absent.groupby("note", sort=False).claim.unique()
        lines = tuple(f"{note} (for {', '.join(keys)})" for note, keys in needs.items())
        blocks.append(Block("Not measured", "What is needed first, and for which claims.", after=lines))
    return Report(f"{title}: what the paper claims in words", caption(verdicts), blocks, ABOUT)


def caption(verdicts: pd.DataFrame) -> str:
    measured = verdicts[verdicts.verdict != ABSENT]
    used = {
        name: ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in measured[name].unique())
        for name in ("dataset", "images", "runs", "science")
    }
    return (
        f"Measured on {used['dataset']}, {used['images']} images, training runs: {used['runs']}, science "
        f"{used['science']}; the trials are those of the tables and figures. Square brackets: paired 95 % bootstrap "
        "interval over the same images, and over training runs where both sides have several. Intervals are not "
        "corrected for their number, so of many contrasts a few may hold or fail by chance."
    )


def overview(verdicts: pd.DataFrame, claims: Sequence[Claim], remark: str) -> Block:
    lines = {}
    for row in summary(verdicts).to_dict("records"):
        line = {("", "verdict"): row["verdict"]} | {("", word): str(row[word]) for word in VERDICTS}
        if any(row[word] for word in VERDICTS[:-1]):
            cells = {"difference": f"{row['contrast']}, {row['metric']}"} | numbers(row)
            line |= {("weakest contrast", name): text for name, text in cells.items()}
        lines[row["claim"], row["threat"]] = line
    note = (
        "How many contrasts hold, fail and are undecided, and the weakest of them: the one farthest from meeting its "
        f"margins, in widths of its interval. {remark}"
    ).strip()
    return Block("Verdicts", note, framed(lines, ("claim", "threat")), tuple(claim.described() for claim in claims))


def contrasts(rows: pd.DataFrame, threat: str) -> Block:
    lines = {}
    for row in rows.to_dict("records"):
        cells = {"verdict": row["verdict"]}
        if row["verdict"] != ABSENT:
            cells |= numbers(row) | {"store": f"{row['address_a']} - {row['address_b']}"}
        lines[row["contrast"], row["metric"]] = {("", name): text for name, text in cells.items()}
    note = "Store: the addresses of the two numbers whose difference it is."
    return Block(f"Contrasts, threat {threat}", note, framed(lines, ("contrast", "metric")))


def numbers(row: Mapping) -> dict[str, str]:
    """A contrast's margins, its difference here with the interval, and the paper's."""
    return {
        "wanted": wanted(row["margin_low"], row["margin_high"], row["unit"]),
        "here [95 %]": shown_difference((row["difference"], row["low"], row["high"]), row["metric"]),
        "paper": "" if pd.isna(row["published"]) else f"{row['published']:+.{digits_of(row['metric'])}f}",
    }


def screen(rows: pd.DataFrame) -> pd.DataFrame:
    """Contrasts, or a summary of them, for a screen: margins in words, missing values empty."""
    margins = [
        "" if pd.isna(low) else wanted(low, high, unit)
        for low, high, unit in zip(rows.margin_low, rows.margin_high, rows.unit, strict=True)
    ]
    texts = rows[["contrast", "metric", "unit", "dataset", "address_a", "address_b", "note"]].astype(object)
    return rows.assign(wanted=margins, **texts.where(texts.notna(), "")).drop(columns=["margin_low", "margin_high"])


def wanted(low: float, high: float, unit: str) -> str:
    """Margins of a difference of two numbers in `unit`, such as "> 10 points"."""
    return f"{margin(low, high)} {difference_unit(unit)}".strip()


def margin(low: float, high: float) -> str:
    """Such as "> 10" or "-1 to 1"."""
    if isinf(high):
        return f"> {low:g}"
    return f"< {high:g}" if isinf(low) else f"{low:g} to {high:g}"

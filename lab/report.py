"""Rows to read: a report is a title, a caption taken from the rows, and blocks; as text, Markdown or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from lab.claims import judge
from lab.methods import METHODS
from pearl_core.metrics import METRICS

PAPER = "Cityscapes"  # of every paper's published column


@dataclass(frozen=True)
class Block:
    """One table under a heading, a sentence before it and sentences after it."""

    title: str
    note: str
    frame: pd.DataFrame  # index: what a row is; columns may be two levels
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What a notebook shows and a terminal prints. Jupyter takes the HTML form by itself."""

    title: str
    caption: str
    blocks: Sequence[Block]

    def text(self) -> str:
        parts = [self.title, "=" * len(self.title), self.caption]
        for block in self.blocks:
            parts += ["", block.title, "-" * len(block.title), block.note, "", block.frame.to_string(), *block.after]
        return "\n".join(parts)

    def markdown(self) -> str:
        parts = [f"## {self.title}", self.caption]
        for block in self.blocks:
            parts += [f"### {block.title}", block.note, markdown_table(block.frame)]
            parts += ["\n".join(f"- {line}" for line in block.after)] if block.after else []
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        parts = [f"<h2>{escape(self.title)}</h2><p>{escape(self.caption)}</p>"]
        for block in self.blocks:
            lines = "".join(f"<li>{escape(line)}</li>" for line in block.after)
            parts.append(
                f"<h3>{escape(block.title)}</h3><p>{escape(block.note)}</p>{block.frame.to_html()}<ul>{lines}</ul>"
            )
        return "".join(parts)

    def __repr__(self) -> str:
        return self.text()


def caption(rows: pd.DataFrame) -> str:
    """Every setting that was used, read from the measured rows, so that a mistyped parameter shows."""

    def all_of(column: str, frame: pd.DataFrame = rows) -> str:
        return ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in dict.fromkeys(frame[column].dropna()))

    attacked = rows[rows.attack.notna()]
    made = attacked[["attack", "steps", "random_start"]].drop_duplicates()
    searches = ", ".join(
        f"{r.attack.upper()}{r.steps}" + (" from a random start" if r.random_start is True else "")
        for r in made.itertuples()
    )
    source = f" (source {all_of('source')})" if rows.source.notna().any() else ""
    sentences = [
        f"Measured on {all_of('dataset')} {all_of('split')} ({all_of('size')}, {all_of('images')} images, "
        f"rain {all_of('rain', attacked)}) with derainer {all_of('derain')} and segmenter {all_of('segmenter')}, "
        f"nets {all_of('nets')}, training seed {all_of('net_seed')}.",
        f"Attacks: eps {all_of('eps', attacked)}/255; {searches}; step {all_of('alpha', attacked) or 0}/255; "
        f"start seed {all_of('seed')}; threats {all_of('threat')}{source}; "
        f"gradients in {all_of('precision', attacked)}, scores in float32.",
        "Brackets: 95 % bootstrap interval over images. mIoU and allAcc are pooled over pixels; PSNR is the mean over "
        "images, of the attacked rainy picture where nothing derains.",
    ]
    remarks = [f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(rows.note) if note]
    return " ".join(sentences + remarks)


def condition_block(
    title: str, note: str, rows: pd.DataFrame, metrics: Sequence[str], published: dict, conditions: dict[str, str]
) -> Block:
    """Conditions x methods; for each metric the measured value with its interval, the paper's, and the difference."""
    found = {(r.condition, r.method, r.metric): r for r in rows.itertuples()}
    lines = {}
    for condition, heading in conditions.items():
        for method, described in METHODS.items():
            if (condition, method, metrics[0]) in found:
                line = lines[heading, described.title] = {}
                for metric in metrics:
                    row = found[condition, method, metric]
                    line[METRICS[metric].label, f"{row.dataset} [95 %]"] = shown(row, metric)
                    if published:
                        paper = published.get((method, condition, metric))
                        line[METRICS[metric].label, PAPER] = "" if paper is None else f"{paper:.2f}"
                        line[METRICS[metric].label, "diff."] = "" if paper is None else f"{row.value - paper:+.2f}"
    return Block(title, note, framed(lines, ("", "method")))


def orderings(
    rows: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    metrics: Sequence[str],
    published: dict,
    conditions: dict[str, str],
    *,
    beside: bool = True,
) -> Block:
    """Claim by claim: does the paper's ordering of two methods hold here?

    `beside=False` judges by the paper's order without its difference, where its numbers describe another threat.
    """
    lines: dict[tuple, dict] = {}
    verdicts = []
    for claim in judge(rows, pairs, metrics, published, seed=int(rows.seed.iloc[0])):
        first, second = (METHODS[method].title for method in claim.pair)
        line = lines.setdefault((f"{first} - {second}", conditions[claim.condition]), {})
        label = METRICS[claim.metric].label
        line[label, "here [95 %]"] = f"{claim.measured:+.2f} [{claim.low:+.2f}, {claim.high:+.2f}]"
        if claim.paper is not None:
            if beside:
                line[label, PAPER] = f"{claim.paper:+.2f}"
            line[label, "paper's order"] = claim.verdict
        verdicts.append(claim.verdict)
    runs = "One training run: intervals say" if rows.net_seed.nunique() == 1 else "Intervals say"
    note = f"Differences with paired 95 % intervals over the same images. {runs} nothing about other training runs. "
    counts = {word: verdicts.count(word) for word in ("holds", "fails", "undecided")}
    if any(counts.values()):
        note += f"Of the paper's {sum(counts.values())} orderings {counts['holds']} hold, {counts['fails']} fail, "
        note += f"{counts['undecided']} are undecided."
    else:
        note += "Published: 8/255 only, so no ordering of the paper is judged."
    return Block("Orderings", note, framed(lines, ("", "")))


def framed(lines: dict[tuple, dict], names: tuple[str, str]) -> pd.DataFrame:
    """{row: {column: text}} with two levels each way."""
    frame = pd.DataFrame(list(lines.values()), index=pd.MultiIndex.from_tuples(lines, names=names)).fillna("")
    frame.columns = pd.MultiIndex.from_tuples(frame.columns)
    return frame


def shown(row, metric: str) -> str:
    """The value with its interval; PSNR of a picture with itself has neither."""
    if np.isinf(row.value):
        return "identical"
    digits = 4 if METRICS[metric].unit == "fraction" else 2
    return f"{row.value:.{digits}f} [{row.low:.{digits}f}, {row.high:.{digits}f}]"


def markdown_table(frame: pd.DataFrame) -> str:
    """A Markdown table of a frame with two levels each way."""
    heads = [*frame.index.names, *(" ".join(column) for column in frame.columns)]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join([*row[0], *row[1:]]) + " |" for row in frame.itertuples()]
    return "\n".join(lines)

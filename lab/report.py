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
    trained = all_of("net_seed")
    sentences = [
        f"Measured on {all_of('dataset')} {all_of('split')} ({all_of('size')}, {all_of('images')} images, "
        f"rain {all_of('rain', attacked)}) with derainer {all_of('derain')} and segmenter {all_of('segmenter')}; "
        f"training seed {trained}{'' if ',' in trained else ' (one training run)'}.",
        f"Attacks: eps {all_of('eps', attacked)}/255, step {all_of('alpha', attacked)}/255, seed {all_of('seed')}, "
        f"threats {all_of('threat')}" + (f", source {all_of('source')}" if rows.source.notna().any() else "")
        + f"; gradients in {all_of('precision', attacked)}, scores in float32.",
        "Brackets: 95 % bootstrap interval over images. mIoU and allAcc pooled over pixels; PSNR is the mean over "
        "images, of the attacked rainy picture where nothing derains.",
    ]  # fmt: skip
    remarks = [note for note in dict.fromkeys(rows.note) if note]
    return " ".join(sentences + remarks)


def condition_block(
    title: str, note: str, rows: pd.DataFrame, metrics: Sequence[str], published: dict, conditions: dict[str, str]
) -> Block:
    """Conditions x methods; for each metric the measured value with its interval, the paper's, and the difference."""
    found = {(r.condition, r.method, r.metric): r for r in rows.itertuples()}
    here = f"{rows.dataset.iloc[0]}"
    lines, index = [], []
    for condition, heading in conditions.items():
        for method, described in METHODS.items():
            if (condition, method, metrics[0]) not in found:
                continue
            index.append((heading, described.title))
            lines.append({})
            for metric in metrics:
                row = found[condition, method, metric]
                lines[-1][METRICS[metric].label, here] = shown(row.value, metric)
                lines[-1][METRICS[metric].label, "95 %"] = f"[{shown(row.low, metric)}, {shown(row.high, metric)}]"
                if published:
                    printed = published.get((method, condition, metric))
                    lines[-1][METRICS[metric].label, "Cityscapes (paper)"] = (
                        "" if printed is None else shown(printed, metric)
                    )
                    lines[-1][METRICS[metric].label, "diff."] = "" if printed is None else f"{row.value - printed:+.2f}"
    frame = pd.DataFrame(lines, index=pd.MultiIndex.from_tuples(index, names=["", "method"]))
    frame.columns = pd.MultiIndex.from_tuples(frame.columns)
    return Block(title, note, frame)


def orderings(
    rows: pd.DataFrame, pairs: Sequence[tuple[str, str]], metrics: Sequence[str], published: dict, conditions: dict
) -> Block:
    """Claim by claim: does the paper's ordering of two methods hold here? One row per pair and metric."""
    lines: dict[tuple[str, str], dict[str, str]] = {}
    verdicts = []
    for claim in judge(rows, pairs, metrics, published, seed=int(rows.seed.iloc[0])):
        pair = next(p for p in pairs if set(p) == {claim.better, claim.worse})
        name = f"{METHODS[pair[0]].title} - {METHODS[pair[1]].title}"
        turned = 1 if claim.better == pair[0] else -1
        measured = f"{turned * claim.measured:+.2f} [{claim.low:+.2f}, {claim.high:+.2f}]"
        if turned < 0:
            measured = f"{-claim.measured:+.2f} [{-claim.high:+.2f}, {-claim.low:+.2f}]"
        paper = "" if claim.paper is None else f" paper {turned * claim.paper:+.2f}: {claim.verdict}"
        lines.setdefault((claim.metric, name), {})[conditions[claim.condition]] = measured + paper
        verdicts.append(claim.verdict)
    frame = pd.DataFrame.from_dict(lines, orient="index").fillna("")
    frame.index = pd.MultiIndex.from_tuples(frame.index, names=["", "difference"])
    counts = {word: verdicts.count(word) for word in ("holds", "fails", "undecided")}
    note = "Each cell: the difference measured here with its paired 95 % interval over the same images"
    if any(verdicts):
        note += (
            ", the paper's difference, and whether the paper's ordering holds, fails or stays undecided. "
            f"Of {sum(counts.values())} orderings {counts['holds']} hold, {counts['fails']} fail, "
            f"{counts['undecided']} are undecided."
        )
    else:
        note += ". Published: 8/255 only."
    return Block("Orderings", note + " One training run: the interval says nothing about other runs.", frame)


def shown(value: float, metric: str) -> str:
    if np.isinf(value):
        return "identical"
    return f"{value:.4f}" if METRICS[metric].unit == "fraction" else f"{value:.2f}"


def markdown_table(frame: pd.DataFrame) -> str:
    """A Markdown table of any index and columns."""
    flat = frame.reset_index()
    heads = [" ".join(str(p) for p in c if p) if isinstance(c, tuple) else str(c) for c in flat.columns]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(str(v) for v in row) + " |" for row in flat.itertuples(index=False)]
    return "\n".join(lines)

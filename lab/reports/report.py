"""Rows to read: a report is a title, a caption taken from the rows, and blocks; as text, Markdown or HTML."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lab.measure.rows import attacked as with_attack
from lab.nets.methods import METHODS
from lab.reports import table
from lab.reports.orderings import judge, tally
from lab.system import draw
from pearl_core.metrics import METRICS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS = 80  # per inch of a figure
CONVENTIONS = "CONVENTIONS.md"  # in docs/results: what brackets, units, threats and verdicts mean
MEASURED = "How it was measured"


@dataclass(frozen=True)
class Block:
    """One table or figure, or both, under a heading, a sentence before it and sentences after it."""

    title: str
    note: str
    frame: pd.DataFrame | None = None  # index: what a row is; columns are two levels: metric, what of it
    after: tuple[str, ...] = ()
    figure: Figure | None = None


@dataclass(frozen=True)
class Report:
    """What a notebook shows and a terminal prints. Jupyter takes the HTML form by itself."""

    title: str
    caption: str  # how it was measured: stands at the end
    blocks: Sequence[Block]
    about: str = ""  # what it shows: stands at the beginning

    def text(self, width: int | None = None) -> str:
        """Lines of at most `width` characters; without one, tables of 120 and each paragraph on one line."""

        def lines(words: str) -> list[str]:
            return [fill(words, width) if width else words] if words else []

        parts = [self.title, "=" * len(self.title), *lines(self.about)]
        for block in self.blocks:
            parts += ["", block.title, "-" * len(block.title), *lines(block.note)]
            parts += ["", table.text(block.frame, width or table.WIDTH)] if block.frame is not None else []
            parts += [part for line in block.after for part in lines(line)]
        parts += ["", MEASURED, "-" * len(MEASURED), *lines(f"{self.caption} Conventions: docs/results/{CONVENTIONS}.")]
        return "\n".join(parts)

    def pictures(self, name: str) -> dict[str, Figure]:
        """The figures by file name: `name.png`, `name-2.png`, ..."""
        figures = [block.figure for block in self.blocks if block.figure is not None]
        return {f"{name}{f'-{k}' if k > 1 else ''}.png": figure for k, figure in enumerate(figures, 1)}

    def markdown(self, name: str = "", folder: str = "", conventions: str = f"../{CONVENTIONS}") -> str:
        """A page with links to the figures as `pictures(name)` calls them, in `folder`, and to the conventions."""
        files, place = iter(self.pictures(name)), f"{folder}/" if folder else ""
        parts = [f"# {self.title}", *filter(None, [self.about])]
        for block in self.blocks:
            parts += [f"## {block.title}", block.note]
            parts += [table.markdown(block.frame)] if block.frame is not None else []
            parts += [f"![{block.title}]({place}{next(files)})"] if block.figure is not None else []
            parts += ["\n".join(f"- {line}" for line in block.after)] if block.after else []
        parts += [f"## {MEASURED}", f"{self.caption} What brackets, ±, units, threats and verdicts mean: "
                  f"[conventions]({conventions})."]  # fmt: skip
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        parts = [f"<h2>{escape(self.title)}</h2>", f"<p>{escape(self.about)}</p>" if self.about else ""]
        for block in self.blocks:
            parts.append(f"<h3>{escape(block.title)}</h3><p>{escape(block.note)}</p>")
            parts += [table.html(block.frame)] if block.frame is not None else []
            if block.figure is not None:
                code = base64.b64encode(png(block.figure)).decode()
                parts.append(f'<img alt="{escape(block.title)}" src="data:image/png;base64,{code}">')
            parts += [f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in block.after)}</ul>"] if block.after else []
        return "".join([*parts, f"<h3>{MEASURED}</h3><p>{escape(self.caption)}</p>"])

    def __repr__(self) -> str:
        return self.text()


def png(figure: Figure) -> bytes:
    return draw.figure_png(figure, DOTS, bbox_inches="tight", facecolor="white")


def caption(rows: pd.DataFrame) -> str:
    """Every setting that was used, read from the measured rows, so that a mistyped parameter shows."""

    def all_of(column: str, frame: pd.DataFrame = rows) -> str:
        return ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in dict.fromkeys(frame[column].dropna()))

    attacked = with_attack(rows)
    made = attacked[["attack", "steps", "random_start"]].drop_duplicates()
    searches = ", ".join(
        f"{r.attack.upper()}{r.steps}" + (" from a random start" if r.random_start is True else "")
        for r in made.itertuples()
    )
    source = f" (source {all_of('source')})" if rows.source.notna().any() else ""
    sentences = [
        f"Measured on {all_of('dataset')} {all_of('split')} ({all_of('size')}, {all_of('images')} images, "
        f"rain {all_of('rain', rows if attacked.empty else attacked)}) with derainer {all_of('derain')}"
        f"{borrowed(rows)} and segmenter {all_of('segmenter')}, nets {all_of('nets')}, training seed "
        f"{all_of('net_seed')}.",
        "No attack; scores in float32."
        if attacked.empty
        else f"Attacks: eps {all_of('eps', attacked)}/255; {searches}; step {all_of('alpha', attacked) or 0}/255; "
        f"start seed {all_of('seed')}; threats {all_of('threat')}{source}; "
        f"gradients in {all_of('precision', attacked)}, scores in float32.",
        ""
        if rows.net_seed.nunique() == 1
        else "±: standard deviation over training runs, their number in round brackets.",
        "Square brackets: 95 % bootstrap interval over images.",
    ]
    remarks = [f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(rows.note) if note]
    return " ".join(filter(None, sentences + remarks))


def borrowed(rows: pd.DataFrame) -> str:
    """The data set and segmenter that the derainers were trained with, if they are measured with others."""
    words = [
        f"{how} {', '.join(dict.fromkeys(rows[column].dropna()))}"
        for column, how in (("derain_on", "on"), ("derain_with", "with"))
        if column in rows and rows[column].notna().any()
    ]
    return f" (trained {' '.join(words)})" if words else ""


def condition_block(
    title: str,
    note: str,
    rows: pd.DataFrame,
    metrics: Sequence[str],
    published: dict,
    conditions: Mapping[str, str],
    *,
    paper: str = "paper",
) -> Block:
    """Conditions x methods; for each metric the measured value with its interval, the paper's, and the difference."""
    cells = dict(list(rows.groupby(["condition", "method", "metric"], sort=False)))
    dataset, lines = rows.dataset.iloc[0], {}
    for condition, heading in conditions.items():
        for method, described in METHODS.items():
            if (condition, method, metrics[0]) in cells:
                line = lines[heading, described.title] = {}
                for metric in metrics:
                    runs, label = cells[condition, method, metric], METRICS[metric].label
                    line[label, f"{dataset} [95 %]"] = shown(runs, metric)
                    if published:
                        there, digits = published.get((method, condition, metric)), digits_of(metric)
                        line[label, paper] = "" if there is None else f"{there:.{digits}f}"
                        line[label, of_difference("diff.", metric)] = (
                            "" if there is None else f"{runs.value.mean() - there:+.{digits}f}"
                        )
    return Block(title, note, framed(lines, ("", "method")))


def orderings(
    rows: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    metrics: Sequence[str],
    published: dict,
    conditions: Mapping[str, str],
    *,
    beside: bool = True,
    paper: str = "paper",
) -> Block:
    """Claim by claim: does the paper's ordering of two methods hold here?

    `beside=False` judges by the paper's order without its difference, where its numbers describe another threat.
    """
    lines: dict[tuple, dict] = {}
    verdicts = []
    for claim in judge(rows, pairs, metrics, published, seed=int(rows.seed.iloc[0])):
        first, second = (METHODS[method].title for method in claim.pair)
        line = lines.setdefault((f"{first} - {second}", conditions[claim.condition]), {})
        label = label_of_difference(claim.metric)
        line[label, "here [95 %]"] = shown_difference((claim.measured, claim.low, claim.high), claim.metric)
        if claim.paper is not None:
            if beside:
                line[label, paper] = f"{claim.paper:+.{digits_of(claim.metric)}f}"
            line[label, "paper's order"] = claim.verdict
        verdicts.append(claim.verdict)
    note = "Differences of two methods, with paired 95 % intervals over the same images. "
    if rows.net_seed.nunique() == 1:
        note += "One training run: intervals say nothing about other training runs. "
    else:
        note += "A difference is the mean over the training runs that both methods have, and its interval covers the "
        note += "choice of runs too; where that is a single run, the interval says nothing about other runs. "
    counts = tally(verdicts)
    if any(counts.values()):
        note += f"Of the paper's {sum(counts.values())} orderings {counts['holds']} hold, {counts['fails']} fail, "
        note += f"{counts['undecided']} are undecided."
    else:
        note += "The paper prints no numbers for these conditions, so no ordering of the paper is judged."
    return Block("Orderings", note, framed(lines, ("", "")))


def framed(lines: dict[tuple, dict], names: tuple[str, str]) -> pd.DataFrame:
    """{row: {column: text}} with two levels each way."""
    frame = pd.DataFrame(list(lines.values()), index=pd.MultiIndex.from_tuples(lines, names=names)).fillna("")
    frame.columns = pd.MultiIndex.from_tuples(frame.columns)
    return frame


def shown(runs: pd.DataFrame, metric: str) -> str:
    """The value with its interval over images; of several training runs the mean, its deviation and their number.

    The PSNR of identical pictures is infinite and has neither.
    """
    digits, value = digits_of(metric), runs.value.mean()
    if np.isinf(value):
        return number(metric, value)
    if len(runs) > 1:
        return f"{value:.{digits}f} ± {runs.value.std():.{digits}f} ({len(runs)})"
    return f"{value:.{digits}f} [{runs.low.iloc[0]:.{digits}f}, {runs.high.iloc[0]:.{digits}f}]"


def number(metric: str, value: float) -> str:
    """A number without its unit; the infinite PSNR of identical pictures as a word."""
    return "identical" if np.isinf(value) else f"{value:.{digits_of(metric)}f}"


def shown_difference(difference: tuple[float, float, float], metric: str) -> str:
    """A difference and the ends of its interval, each with its sign."""
    return "{} [{}, {}]".format(*(f"{value:+.{digits_of(metric)}f}" for value in difference))


def digits_of(metric: str) -> int:
    return 4 if METRICS[metric].unit == "fraction" else 2


def difference_unit(unit: str) -> str:
    """Of a difference of two numbers in `unit`: percentages differ by points, fractions by numbers without a unit."""
    return {"%": "points", "fraction": ""}.get(unit, unit)


def label_of_difference(metric: str) -> str:
    """As a table of differences heads a metric: "mIoU (points)"."""
    return METRICS[metric].label.replace("(%)", "(points)")


def of_difference(words: str, metric: str) -> str:
    """The heading of a column of differences below a metric's own unit: it says so where that is another."""
    return f"{words} (points)" if METRICS[metric].unit == "%" else words

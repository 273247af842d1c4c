"""docs/RESULTS.md: what was measured, beside what was published, with pictures. Written from stored rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lab.papers import PAPERS
from lab.papers import paper as paper_of
from lab.reproduce import verdict_report, verdicts
from lab.reproduce.run import write_figures, write_rows
from lab.system import disk
from lab.system.progress import bar, say
from pearl_core.types import choose

INTRODUCTION = """# Results

Measured by the code in this repository on CPUs, beside the papers' printed numbers. The data sets differ (the papers
use rainy Cityscapes at full size; the sets named below are small, and so are the nets), so differences in level are
expected; what can be compared is which defence holds.

This page is written by `python -m lab report` from stored rows; the rows lie beside it as CSV. Every row names its
weights, data, attack, precision and seed (newer ones also the device); the nets' cards are in `lab/zoo/`. Code that
rounds otherwise than the one that measured a row moves single cells of accuracy under attack by up to 0.8 points.
"""
SETS = ("scenes", "camvid")
CLAIMS = "claims"


def parts() -> list[tuple[str, str]]:
    """The sections of the page in their order: of each paper its claims, tables and figures."""
    return [
        (paper.key, name) for paper in PAPERS.values()
        for name in (*((CLAIMS,) if paper.claims else ()), *paper.experiments)
    ]  # fmt: skip


def write(folder: Path, data_root: str | None = None, only: Sequence[str] = ()) -> str:
    """Measure what the store lacks, write the page; `only` some of its sections anew.

    Sections that are not written anew, and those of data sets that are not at hand, stay as they are.
    """
    names = {name for _, name in parts()}
    for part in only:
        choose("section", part, names)
    sets = SETS if data_root else SETS[:1]
    asked = [(paper, part, name) for paper, part in parts() if part in (only or names) for name in sets]
    with bar(what="report", unit="section", total=len(asked)) as sections:
        for paper, part, name in asked:
            say(f"{paper} {part} on {name}")
            write_part(folder / "results" / paper, paper, part, name, data_root)
            sections.update()
    files = [folder / "results" / paper / f"{part}-{name}.md" for paper, part in parts() for name in (*SETS, "notes")]
    found = [path for path in files if path.exists()]  # the notes are written by hand
    disk.write_text(folder / "RESULTS.md", "\n\n".join([INTRODUCTION, *(path.read_text() for path in found)]))
    return f"wrote {folder / 'RESULTS.md'}: {', '.join(path.stem for path in found)}"


def write_part(folder: Path, key: str, part: str, dataset: str, data_root: str | None) -> None:
    """One section on one data set: rows as CSV, text as Markdown, figures as PNG.

    What can be is measured over every training run that the zoo holds.
    """
    name, root, paper = f"{part}-{dataset}", None if dataset == "scenes" else data_root, paper_of(key)
    if part == CLAIMS:
        told = verdicts.declared(paper)
        rows = verdicts.judged(paper, told, dataset, root)
        report = verdict_report.report(rows, told, paper.title)
    else:
        made = paper.experiment(part)
        rows = made.measured(data_root=root, **made.known({"dataset": dataset, "seeds": verdicts.SEEDS}))
        report = made.layout(rows)
    report = replace(report, title=f"{report.title} ({dataset})")
    write_rows(folder / f"{name}.csv", rows)
    write_figures(folder, name, report)
    disk.write_text(folder / f"{name}.md", report.markdown(name, f"results/{key}") + "\n")

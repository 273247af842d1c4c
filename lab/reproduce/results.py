"""docs/results: a page for each display and data set, with its rows and pictures; and docs/RESULTS.md over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lab.data import dataset as opened
from lab.data import root_for
from lab.papers import PAPERS
from lab.papers import paper as paper_of
from lab.reports.report import png
from lab.reproduce import overview, verdict_report, verdicts
from lab.reproduce.overview import CLAIMS, PAGE
from lab.reproduce.run import write_figures, write_rows
from lab.system import disk
from lab.system.progress import bar, say
from pearl_core.types import choose

SETS = tuple(overview.SETS)


def parts() -> list[tuple[str, str]]:
    """Paper and display of every page in their order: of each paper its claims, tables and figures."""
    return [
        (paper.key, name) for paper in PAPERS.values()
        for name in (*((CLAIMS,) if paper.claims else ()), *paper.experiments)
    ]  # fmt: skip


def write(folder: Path, data_root: str | None = None, only: Sequence[str] = ()) -> str:
    """Measure what the store lacks, write the pages; `only` some displays anew.

    Pages that are not written anew stay as they are, and so do those of data sets that cannot be opened here.
    """
    names = {name for _, name in parts()}
    for part in only:
        choose("section", part, names)
    sets = SETS if data_root else SETS[:1]
    asked = [(paper, part, name) for paper, part in parts() if part in (only or names) for name in sets]
    for name in sets:
        opened(name, data_root=root_for(data_root, [name]))  # refuses a folder that does not hold it
    for paper, part, name in asked:
        if part != CLAIMS:
            paper_of(paper).experiment(part).ready(**how(paper, part, name, data_root))
    with bar(what="report", unit="page", total=len(asked)) as pages:
        for paper, part, name in asked:
            say(f"{paper} {part} on {name}")
            write_part(folder / "results" / paper, paper, part, name, data_root)
            pages.update()
    return write_page(folder)


def write_page(folder: Path) -> str:
    """The page that leads to all others, and its figures, from the rows in `folder`/results. Nothing is measured."""
    for paper in PAPERS.values():
        place = folder / "results" / paper.key
        rows = overview.overview_rows(paper, place)
        if rows:
            with disk.written(place / overview.OVERVIEW) as draft:
                draft.write_bytes(png(paper.overview.drawn(rows)))
    disk.write_text(folder / PAGE, overview.page(folder))
    return f"wrote {folder / PAGE}"


def write_part(folder: Path, key: str, part: str, dataset: str, data_root: str | None) -> None:
    """One display on one data set: rows as CSV, text as Markdown, figures as PNG.

    What can be is measured over every training run that the zoo holds.
    """
    name, paper = f"{part}-{dataset}", paper_of(key)
    if part == CLAIMS:
        told = verdicts.declared(paper)
        rows = verdicts.judged(paper, told, dataset, root_for(data_root, [dataset]))
        report = verdict_report.report(rows, told, paper.title, paper.remark)
    else:
        made = paper.experiment(part)
        rows = made.measured(**how(key, part, dataset, data_root))
        report = made.layout(rows)
    report = replace(report, title=f"{report.title} ({dataset})")
    write_rows(folder / f"{name}.csv", rows)
    write_figures(folder, name, report)
    disk.write_text(folder / f"{name}.md", report.markdown(name) + "\n")


def how(key: str, part: str, dataset: str, data_root: str | None) -> dict[str, object]:
    """How a display is measured for its page."""
    known = paper_of(key).experiment(part).known({"dataset": dataset, "seeds": verdicts.SEEDS})
    return {"data_root": root_for(data_root, [dataset]), **known}

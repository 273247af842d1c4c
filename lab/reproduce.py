"""A paper's tables and figures, each from its spec to its report: measured where the store lacks something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from inspect import signature
from pathlib import Path

import pandas as pd

from lab import disk
from lab.experiment import run
from lab.experiments import EXPERIMENTS
from lab.report import Report, png
from lab.scene import View
from lab.seen import seen
from lab.setting import Setting
from lab.trial import Trial
from pearl_core.types import choose

Found = pd.DataFrame | list[View]  # what a layout takes: rows of trials, or views of settings


def measured(asked: Sequence[Trial] | Sequence[Setting], *, data_root: str | None = None, quiet: bool = False) -> Found:
    """What the layout of an experiment takes: rows, where its spec gave trials; views, where it gave settings."""
    if all(isinstance(one, Setting) for one in asked):
        return [seen(setting, data_root=data_root) for setting in asked]
    return run(asked, data_root=data_root, quiet=quiet)


def names_of(paper: str) -> list[str]:
    """The experiments of a paper, tables first."""
    papers = {name: module.__name__.split(".")[-2] for name, module in EXPERIMENTS.items()}
    choose("paper", paper, sorted(set(papers.values())))
    return sorted((name for name in papers if papers[name] == paper), key=lambda name: (not name.startswith("t"), name))


def reproduced(
    paper: str, *, data_root: str | None = None, quiet: bool = False, **parameters
) -> Iterator[tuple[str, Report, Found]]:
    """Every experiment of a paper in one process; `parameters` (such as `dataset`) as in `work`."""
    for name in names_of(paper):
        found = measured(work(name, **parameters), data_root=data_root, quiet=quiet)
        yield name, EXPERIMENTS[name].layout(found), found


def work(name: str, **parameters) -> list[Trial] | list[Setting]:
    """What an experiment asks to be measured; it takes of `parameters` what it knows."""
    spec = getattr(EXPERIMENTS[name], name)
    return spec(**{key: value for key, value in parameters.items() if key in signature(spec).parameters})


def write(folder: Path, name: str, report: Report, found: Found) -> None:
    """The report as text, its figures as PNG and the rows as CSV, named after the experiment."""
    disk.write_text(folder / f"{name}.txt", report.text() + "\n")
    write_rows(folder / f"{name}.csv", found)
    write_figures(folder, name, report)


def write_rows(path: Path, found: Found) -> None:
    if isinstance(found, pd.DataFrame):
        disk.write_text(path, found.drop(columns="statistics", errors="ignore").to_csv(index=False))


def write_figures(folder: Path, name: str, report: Report) -> None:
    for file, figure in report.pictures(name).items():
        with disk.written(folder / file) as draft:
            draft.write_bytes(png(figure))

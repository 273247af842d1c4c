"""A paper's tables and figures, each from its spec to its report: measured where the store lacks something."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from lab.data import read_from, root_for
from lab.measure.rows import csv
from lab.papers import paper as paper_of
from lab.reports.experiment import Experiment, Measured
from lab.reports.report import Report, png
from lab.system import disk


def reproduced(
    paper: str, *, data_root: str | None = None, quiet: bool = False, **parameters
) -> Iterator[tuple[Experiment, Report, Measured]]:
    """Every display of a paper in one process; each takes those of `parameters` (such as `dataset`) that it has.

    What one of them would refuse is refused before the first is measured.
    """
    asked = {experiment: experiment.known(parameters) for experiment in paper_of(paper).experiments.values()}
    sets = {experiment: experiment.sets(**known) for experiment, known in asked.items()}
    read_from(data_root, set().union(*sets.values()))
    roots = {experiment: root_for(data_root, names) for experiment, names in sets.items()}
    for experiment, known in asked.items():
        experiment.ready(data_root=roots[experiment], **known)
    for experiment, known in asked.items():
        measured = experiment.measured(data_root=roots[experiment], quiet=quiet, **known)
        yield experiment, experiment.layout(measured), measured


def on_terminal(report: Report) -> str:
    """The report as text that fits the terminal, from 80 to 200 characters wide; 120 where there is none."""
    return report.text(min(max(shutil.get_terminal_size((120, 24)).columns, 80), 200))


def write(folder: Path, name: str, report: Report, measured: Measured) -> None:
    """The report as text, its figures as PNG and the rows as CSV, named after the experiment."""
    disk.write_text(folder / f"{name}.txt", report.text() + "\n")
    write_rows(folder / f"{name}.csv", measured)
    write_figures(folder, name, report)


def write_rows(path: Path, measured: Measured) -> None:
    if isinstance(measured, pd.DataFrame):
        disk.write_text(path, csv(measured))


def write_figures(folder: Path, name: str, report: Report) -> None:
    for file, figure in report.pictures(name).items():
        with disk.written(folder / file) as draft:
            draft.write_bytes(png(figure))

"""Every stored experiment in one tidy frame: measured beside published, with the difference and its interval.

Rows come from the store where it holds an experiment's default arguments whole, else from the rows shipped in
docs/results; nothing is computed.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from lab.data import reader
from lab.measure.live import held, joined
from lab.nets import cards
from lab.papers import PAPERS
from lab.papers import paper as paper_of
from lab.reports.experiment import Experiment
from lab.reports.tidy import COLUMNS, tidy
from lab.system.checkout import ROOT
from pearl_core import SCIENCE

SHIPPED = ROOT / "docs" / "results"
NEEDED = {"method", "dataset", "split", "attack", "eps", "steps", "threat", "images", "seed", "segmenter", "precision",
          "science", "address", "metric", "value", "low", "high", "unit"}  # fmt: skip


class Source(NamedTuple):
    """Where the rows of one experiment on one data set come from, in a sentence, and what measures them anew."""

    experiment: str  # as `label` calls it
    dataset: str
    words: str
    command: str


def gathered(data_root: str | None = None, folder: Path | None = None) -> tuple[pd.DataFrame, list[Source]]:
    """All rows, tidy (`COLUMNS`), and their sources. For missing rows the source says why."""
    folder, frames, sources = folder or SHIPPED, [], []
    for experiment, dataset in known(folder):
        rows, words = rows_and_origin(experiment, dataset, data_root, folder)
        sources.append(Source(label(experiment), dataset, words, command(experiment, dataset, data_root)))
        if rows is not None:
            made, source = tidy(experiment, rows), words.split()[0].strip(",")
            frames.append(made.assign(experiment=label(experiment), dataset=dataset, source=source))
    if not folder.is_dir():
        sources.append(Source("", "", f"no shipped rows: wanted them in {folder}, which is not there", ""))
    everything = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))
    return everything[list(COLUMNS)], sources


def label(experiment: Experiment) -> str:
    """Its name, with that of its paper where displays of several papers may have it."""
    return experiment.name if paper_of(experiment.paper).at_top else f"{experiment.paper}/{experiment.name}"


def known(folder: Path) -> list[tuple[Experiment, str]]:
    """Each experiment on each data set that there are nets or shipped rows for, those at the top first."""
    trained, pairs = cards.derained(), []
    for paper in PAPERS.values():
        there = [path.stem.partition("-") for path in sorted((folder / paper.key).glob("*-*.csv"))]
        for experiment in paper.experiments.values():
            if experiment.gives != "settings":
                shipped = [dataset for name, _, dataset in there if name == experiment.name]
                of_paper = [dataset for _, _, dataset in there] if experiment.numeric else shipped
                pairs += [(experiment, name) for name in {*(trained if experiment.numeric else ()), *of_paper}]
    return sorted(
        pairs, key=lambda pair: (not paper_of(pair[0].paper).at_top, label(pair[0]), pair[1] != "scenes", pair[1])
    )


def rows_and_origin(
    experiment: Experiment, dataset: str, data_root: str | None, folder: Path
) -> tuple[pd.DataFrame | None, str]:
    """The rows and a sentence on their origin, which begins with "store", "shipped" or "nothing"."""
    rows, why = from_store(experiment, dataset, data_root)
    if rows is not None:
        return rows, f"store, measured on this machine ({origin(rows)})"
    path = folder / experiment.paper / f"{experiment.name}-{dataset}.csv"
    try:
        rows = shipped_rows(path)
    except (ValueError, OSError) as error:
        return None, f"nothing: {why}; and {' '.join(str(error).split())}"
    return rows, f"shipped in docs/results/{experiment.paper}/{path.name} ({origin(rows)}); {why}"


def from_store(experiment: Experiment, dataset: str, data_root: str | None) -> tuple[pd.DataFrame | None, str]:
    """The rows of an experiment with its default arguments, if the store holds all of them; else the reason."""
    if not experiment.numeric:
        return None, "the store is not asked for it, as its trials depend on its own results"
    try:
        trials = experiment.asked(dataset=dataset)
        frames = held(trials, data_root)
        if len(frames) < len(trials):
            return None, f"the store lacks {len(trials) - len(frames)} of its {len(trials)} trials"
        return joined(frames.values()), ""
    except (ValueError, OSError) as error:
        return None, f"the store was not asked, as {' '.join(str(error).split())}"


def shipped_rows(path: Path) -> pd.DataFrame:
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}")
    rows = pd.read_csv(path)
    missing = NEEDED - set(rows.columns)
    if missing or rows.empty:
        raise ValueError(f"{path} holds no measured rows: it lacks {', '.join(sorted(missing)) or 'every row'}")
    return rows


def origin(rows: pd.DataFrame) -> str:
    """The origin of the rows, in words."""
    numbers = sorted(set(rows.science))
    words = f"science {', '.join(str(n) for n in numbers)}"
    words += f", torch {', '.join(sorted(map(str, set(rows.torch))))}" if "torch" in rows else ""
    return words if numbers == [SCIENCE] else f"{words}; this code is science {SCIENCE} and may measure otherwise"


def command(experiment: Experiment, dataset: str, data_root: str | None = None) -> str:
    """The command that measures an experiment on a data set."""
    paper, settings = paper_of(experiment.paper), {} if dataset == "scenes" else {"dataset": dataset}
    if not reader(dataset).built_in:
        settings |= {"data_root": data_root or "DIR"}
    if experiment.numeric:
        words = ["papermill", f"notebooks/{paper.notebook(experiment.name)}", "out.ipynb"]
        words += [word for name, value in settings.items() for word in ("-p", name, value)]
    else:
        words = ["python", "-m", "lab", *paper.command(experiment.name)]
        words += [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]
    return shlex.join(words)

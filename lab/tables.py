"""Every stored experiment in one tidy frame: measured beside published, with the difference and its interval.

Rows come from the store where it holds an experiment's default arguments whole, else from the rows shipped in
docs/results; nothing is computed.
"""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from lab import cards
from lab.experiments import EXPERIMENTS
from lab.live import held, joined
from lab.tidy import COLUMNS, tidy
from lab.trial import Trial
from pearl_core import SCIENCE

SHIPPED = Path(__file__).parents[1] / "docs" / "results"  # in a checkout; a wheel has none
STRENGTH = "strength"
NEEDED = {"method", "dataset", "split", "attack", "eps", "steps", "threat", "images", "seed", "segmenter", "precision",
          "science", "address", "metric", "value", "low", "high", "unit"}  # fmt: skip


class Source(NamedTuple):
    """Where the rows of one experiment on one data set come from, in a sentence, and what measures them anew."""

    experiment: str
    dataset: str
    words: str
    command: str


def gathered(data_root: str | None = None, folder: Path | None = None) -> tuple[pd.DataFrame, list[Source]]:
    """All rows, tidy (`COLUMNS`), and their sources. What cannot be had is a source that says why."""
    folder, frames, sources = folder or SHIPPED, [], []
    for experiment, dataset in known(folder):
        rows, words = found(experiment, dataset, data_root, folder)
        sources.append(Source(experiment, dataset, words, command(experiment, dataset, data_root)))
        if rows is not None:
            made = tidy(EXPERIMENTS.get(experiment), rows)
            frames.append(made.assign(experiment=experiment, dataset=dataset, source=words.split()[0].strip(",")))
    if not folder.is_dir():
        sources.append(Source("", "", f"no shipped rows: {folder} comes with the repository, not with a wheel", ""))
    everything = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))
    return everything[list(COLUMNS)], sources


def known(folder: Path) -> list[tuple[str, str]]:
    """Each experiment on each data set that there are nets or shipped rows for."""
    shipped = {tuple(path.stem.split("-", 1)) for path in folder.glob("*-*.csv")}
    everything = [
        (experiment, dataset)
        for experiment in numeric() for dataset in {*cards.derained(), *(of for _, of in shipped)}
    ]  # fmt: skip
    strengths = [pair for pair in shipped if pair[0] == STRENGTH]
    return sorted({*everything, *strengths}, key=lambda pair: (pair[0] == STRENGTH, pair[0], pair[1] != "scenes", pair))


@cache
def numeric() -> tuple[str, ...]:
    """The experiments that measure numbers; those of the others are single pictures."""
    return tuple(name for name, module in EXPERIMENTS.items() if isinstance(getattr(module, name)()[0], Trial))


def found(experiment: str, dataset: str, data_root: str | None, folder: Path) -> tuple[pd.DataFrame | None, str]:
    """The rows and a sentence on their origin, which begins with "store", "shipped" or "nothing"."""
    rows, why = from_store(experiment, dataset, data_root)
    if rows is not None:
        return rows, f"store, measured on this machine ({origin(rows)})"
    path = folder / f"{experiment}-{dataset}.csv"
    try:
        rows = shipped_rows(path)
    except (ValueError, OSError) as error:
        return None, f"nothing: {why}; and {' '.join(str(error).split())}"
    return rows, f"shipped in docs/results/{path.name} ({origin(rows)}); {why}"


def from_store(experiment: str, dataset: str, data_root: str | None) -> tuple[pd.DataFrame | None, str]:
    """What the store holds of an experiment with its default arguments, if all of it; else why not."""
    if experiment not in EXPERIMENTS:
        return None, "the store is not asked for it, as its trials depend on its own results"
    try:
        trials = getattr(EXPERIMENTS[experiment], experiment)(dataset=dataset)
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
    """What the rows say of their own origin."""
    numbers = sorted(set(rows.science))
    words = f"science {', '.join(str(n) for n in numbers)}"
    words += f", torch {', '.join(sorted(map(str, set(rows.torch))))}" if "torch" in rows else ""
    return words if numbers == [SCIENCE] else f"{words}; this code is science {SCIENCE} and may measure otherwise"


def command(experiment: str, dataset: str, data_root: str | None = None) -> str:
    """What measures an experiment on a data set anew."""
    settings = {} if dataset == "scenes" else {"dataset": dataset, "data_root": data_root or "DIR"}
    if experiment in EXPERIMENTS:
        words = ["papermill", f"notebooks/{notebook_of(experiment)}", "out.ipynb"]
        words += [word for name, value in settings.items() for word in ("-p", name, value)]
    else:
        words = ["python", "-m", "lab", experiment]
        words += [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]
    return shlex.join(words)


def notebook_of(experiment: str) -> str:
    """PEARL's notebooks lie at the top, the other papers' in folders of their own."""
    paper = EXPERIMENTS[experiment].__name__.split(".")[-2]
    return f"{experiment}.ipynb" if paper == "pearl" else f"{paper}/{experiment}.ipynb"

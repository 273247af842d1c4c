"""What a paper claims in words: contrasts with margins declared before any result is read, each with a verdict.

A contrast holds if its paired 95 % bootstrap interval lies inside its margins, fails if it lies wholly outside, and is
undecided between. A claim holds if all its contrasts hold and fails if one of them fails.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from lab.data import reader
from lab.measure.live import held, joined
from lab.measure.measuring import compute
from lab.measure.runs import over_runs
from lab.measure.store import Store
from lab.measure.trial import Cell, Trial, cells_of
from lab.nets import cards
from lab.reports.claim import ABSENT, Claim, Contrast, Side
from lab.reports.orderings import difference as apart
from lab.reports.paper import Paper
from lab.reproduce import tables
from pearl_core.bootstrap import Difference
from pearl_core.metrics import METRICS
from pearl_core.types import choose

COLUMNS = ("claim", "threat", "dataset", "contrast", "metric", "unit", "margin_low", "margin_high", "difference", "low",
           "high", "verdict", "published", "images", "runs", "science", "address_a", "address_b", "note")  # fmt: skip
SEEDS = 3  # training runs the zoo's plans make at most


def declared(paper: Paper, only: str | None = None) -> list[Claim]:
    """The claims of a paper, or the one of that key."""
    known = {claim.key: claim for claim in paper.claims}
    return list(known.values()) if only is None else [known[choose("claim", only, known)]]


# ---- judging ----


def combined(verdicts: Iterable[str]) -> str:
    """The verdict on a claim, from those on its contrasts."""
    distinct = set(verdicts)
    return next((word for word in ("fails", ABSENT, "undecided") if word in distinct), "holds")


class Pair(NamedTuple):
    """One contrast of a claim under one threat, as two trials."""

    claim: Claim
    threat: str
    contrast: Contrast
    a: Trial
    b: Trial


def asked(paper: Paper, claims: Iterable[Claim], dataset: str, images: int) -> list[Pair]:
    def trial(side: Side, claim: Claim, threat: str) -> Trial:
        place = {"dataset": dataset}
        if claim.elsewhere:
            place = {"dataset": paper.other(dataset), "derain_on": dataset}
        made = {"threat": "oblivious" if threat == "either" else threat} if side.get("attack") else {}
        return Trial(**place, **side, **made, images=images)

    return [
        Pair(claim, threat, contrast, *(trial(side, claim, threat) for side in (contrast.a, contrast.b)))
        for claim in claims for threat in claim.threats for contrast in claim.contrasts
    ]  # fmt: skip


def judged(
    paper: Paper,
    claims: Sequence[Claim],
    dataset: str = "scenes",
    data_root: str | None = None,
    *,
    images: int = 32,
    seeds: int = SEEDS,
    measure: bool = True,
    store: Store | None = None,
    quiet: bool = False,
) -> pd.DataFrame:
    """One row per claim, threat and contrast (`COLUMNS`), measuring what the store lacks.

    Over the first `seeds` training runs, as far as the zoo holds them. Contrasts whose nets
    or data are missing are not measured, and their note says why. `measure=False` takes what is stored.
    """
    store, pairs = store or Store(), asked(paper, claims, dataset, images)
    reasons = lacking(dict.fromkeys(side for pair in pairs for side in (pair.a, pair.b)), data_root)
    if measure and all(reasons.values()):
        raise ValueError(next(iter(reasons.values())))
    trials = over_runs([trial for trial, why in reasons.items() if not why], seeds)
    if measure:
        compute(cells_of(trials, data_root), store, quiet, data_root=data_root)
    frames: dict[Trial, list[pd.DataFrame]] = {}
    for index, rows in held(trials, data_root, store).items():
        frames.setdefault(replace(trials[index], net_seed=0), []).append(rows)
    cells = {
        (trial, metric): rows for trial, parts in frames.items() for metric, rows in pd.concat(parts).groupby("metric")
    }
    return pd.DataFrame([row(pair, cells, reasons) for pair in pairs], columns=list(COLUMNS))


def lacking(trials: Iterable[Trial], data_root: str | None) -> dict[Trial, str]:
    """Why each trial cannot be measured here: a net is not trained, or data is missing. Empty if it can."""
    places: dict[tuple, str] = {}
    reasons = {}
    for trial in trials:
        place = trial.dataset, trial.rain
        if place not in places:
            places[place] = problem(lambda trial=trial: cells_of([trial], data_root))
        cell = Cell(trial, None)
        reasons[trial] = places[place] or problem(lambda cell=cell: (cell.victim, cell.perturbation))
    return reasons


def problem(work) -> str:
    """What goes wrong, in a sentence; empty if nothing does."""
    try:
        work()
    except (ValueError, OSError) as error:
        return " ".join(str(error).split())
    return ""


def row(pair: Pair, cells: Mapping[tuple[Trial, str], pd.DataFrame], reasons: Mapping[Trial, str]) -> dict:
    contrast = pair.contrast
    line = {
        "claim": pair.claim.key, "threat": pair.threat, "dataset": pair.a.dataset, "contrast": contrast.words,
        "metric": contrast.metric, "unit": METRICS[contrast.metric].unit,
        "margin_low": contrast.low, "margin_high": contrast.high, "verdict": ABSENT,
        "published": None if pair.threat == "adaptive" else contrast.paper, "images": pair.a.images, "note": "",
    }  # fmt: skip
    a, b = (cells.get((side, contrast.metric)) for side in (pair.a, pair.b))
    if a is None or b is None:
        why = [reasons[side] or "the store lacks it" for side, rows in ((pair.a, a), (pair.b, b)) if rows is None]
        return line | {"note": "; ".join(dict.fromkeys(why))}
    both = sorted(set(a.net_seed) & set(b.net_seed))
    if not both:
        return line | {"note": "the store lacks a training run that both sides have"}
    estimate = difference(a, b)
    places = [" ".join(side.address[side.net_seed.isin(both)]) for side in (a, b)]
    return line | estimate._asdict() | {
        "verdict": estimate.within(contrast.low, contrast.high), "runs": len(both), "science": a.science.max(),
        "address_a": places[0], "address_b": places[1],
    }  # fmt: skip


_kept: dict[tuple, Difference] = {}  # an address never changes, and every click needs its numbers


def difference(a: pd.DataFrame, b: pd.DataFrame) -> Difference:
    """The paired difference of two cells in one metric, over the training runs that both have."""
    metric, seed = a.metric.iloc[0], int(a.seed.iloc[0])
    key = metric, seed, int(a.images.iloc[0]), *((*side.net_seed, *side.address) for side in (a, b))
    if key not in _kept:
        _kept[key] = apart(a, b, metric, seed=seed)
    return _kept[key]


# ---- what is there already ----


def gathered(
    paper: Paper, dataset: str, data_root: str | None = None, folder: Path | None = None
) -> tuple[pd.DataFrame, str]:
    """The verdicts on a data set, and what is wrong with the shipped ones, if anything. Nothing is measured.

    Claim by claim from the store where it holds all of one, else from the shipped file; column `source` says which.
    """
    verdicts = judged(paper, declared(paper), dataset, data_root, measure=False)
    path, wrong = (folder or tables.SHIPPED) / paper.key / f"claims-{dataset}.csv", ""
    shipped = verdicts.iloc[:0]
    try:
        shipped = shipped_verdicts(path) if path.exists() else shipped
    except (ValueError, OSError) as error:
        wrong = " ".join(str(error).split())
    parts = []
    for key, rows in verdicts.groupby("claim", sort=False):
        there = shipped[shipped.claim == key]
        absent = (rows.verdict == ABSENT).any()
        source = "store" if not absent else "shipped" if len(there) else ""
        parts.append((there if source == "shipped" else rows).assign(source=source))
    return joined(parts), wrong


def shipped_verdicts(path: Path) -> pd.DataFrame:
    rows = pd.read_csv(path, keep_default_na=False, na_values=[""])
    missing = set(COLUMNS) - set(rows.columns)
    if missing:
        raise ValueError(f"{path} holds no verdicts: it lacks {', '.join(sorted(missing))}")
    return rows[list(COLUMNS)]


def command(paper: Paper, claim: Claim, dataset: str, data_root: str | None = None) -> str:
    """The command that measures a claim on a data set and shows all its contrasts."""
    words = ["python", "-m", "lab", "claims", paper.key, "--claim", claim.key]
    if dataset != "scenes":
        words += ["--dataset", dataset, *([] if reader(dataset).built_in else ["--data-root", data_root or "DIR"])]
    return shlex.join(words)


def datasets(paper: Paper, folder: Path | None = None) -> list[str]:
    """The data sets with trained nets or shipped verdicts."""
    files = sorted(((folder or tables.SHIPPED) / paper.key).glob("claims-*.csv"))
    shipped = [path.stem.removeprefix("claims-") for path in files]
    return list(dict.fromkeys([*cards.datasets(), *shipped]))

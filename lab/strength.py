"""How strong the attacks are: loss by loss and search by search at equal gradients, as in SEA's tables 2 and 7.

On clean pictures, on the undefended and the adversarially trained segmenter. PGD's step is tuned first, on pictures
that are measured nowhere else. Cells that neither hold nor have fallen are measured in float32 too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from lab.experiment import run
from lab.trial import Trial

LOSSES = ("ce", "bal_ce", "cossim_ce", "js", "mask_ce", "mask_sph")  # SEA's table 2
SEARCHES = ("best_pgd", "apgd", "red_eps_apgd")
METHODS = ("seg", "robust_seg")
EPS = (2, 4, 8)
# gradients of each attack: what a data set's nets allow within an hour on one core
STEPS = {"scenes": 30, "camvid": 12}
TUNED_ON = {"scenes": "val", "camvid": "train"}  # not the split that is measured
TUNED_WITH = "bal_ce"  # SegPGD's, as SEA's authors tuned it
SHARES = (1 / 16, 1 / 8, 1 / 4, 3 / 8)  # of eps: the steps PGD may choose from
DECISIVE = (20, 70)  # % of pixels right: where a precision would show


def trials(dataset: str, attack: str, **settings) -> Iterable[Trial]:
    """One attack on both nets at every eps."""
    for method in METHODS:
        for eps in EPS:
            yield Trial(
                method, dataset, rain="none", attack=attack, eps=eps, steps=STEPS[dataset], threat="oblivious",
                **settings,
            )  # fmt: skip


def tuning(dataset: str, images: int = 8) -> list[Trial]:
    """PGD with each step it may choose from."""
    plain = trials(dataset, "best_pgd", objective=TUNED_WITH, split=TUNED_ON[dataset], images=images)
    return [replace(trial, alpha=share * trial.eps) for trial in plain for share in SHARES]


def tuned(rows: pd.DataFrame) -> dict[tuple[str, float], float]:
    """The step under which fewest pixels hold, by method and eps."""
    found = rows[rows.metric == "allAcc"]
    best = found.loc[found.groupby(["method", "eps"]).value.idxmin()]
    return {(r.method, r.eps): r.alpha for r in best.itertuples()}


def strength(dataset: str, alphas: dict[tuple[str, float], float], images: int = 32) -> list[Trial]:
    """Every loss by every search, PGD with its tuned steps; and no attack."""
    found = [Trial(method, dataset, rain="none", images=images) for method in METHODS]
    for search in SEARCHES:
        for objective in LOSSES:
            for trial in trials(dataset, search, objective=objective, images=images):
                steps = {"alpha": alphas[trial.method, trial.eps]} if search == "best_pgd" else {}
                found.append(replace(trial, **steps))
    return found


def decisive(trials: Iterable[Trial], rows: pd.DataFrame) -> list[Trial]:
    """In float32, the attacks on each net at the eps where most of their accuracies lie where precisions are compared."""
    attacked = rows[(rows.metric == "allAcc") & rows.attack.notna()]
    inside = attacked[attacked.value.between(*DECISIVE)]
    places = {(method, group.eps.mode()[0]) for method, group in inside.groupby("method")}
    return [replace(t, precision="float32") for t in trials if t.attack and (t.method, t.eps) in places]


def measure(dataset: str, data_root: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows of the tuning, of the table in the fast precision, and of its decisive cells in float32."""
    chosen = run(tuning(dataset), data_root=data_root)
    wanted = strength(dataset, tuned(chosen))
    rows = run(wanted, data_root=data_root)
    return chosen, rows, run(decisive(wanted, rows), data_root=data_root)

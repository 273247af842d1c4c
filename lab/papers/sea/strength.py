"""How strong the attacks are: loss by loss and search by search at equal gradients, as in SEA's tables 2 and 7.

On clean pictures, on the undefended and the adversarially trained segmenter. PGD's step is tuned first, on pictures
that are measured nowhere else. Cells that neither hold nor have fallen are measured in float32 too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from lab.data import reader
from lab.measure.case import settings_of
from lab.measure.measuring import at_hand, run
from lab.measure.rows import attacked as with_attack
from lab.measure.rows import unattacked
from lab.measure.trial import Trial
from lab.nets.methods import METHODS
from lab.reports.experiment import Experiment
from lab.reports.published import Published
from lab.reports.report import Block, Report, difference_unit, framed, of_difference, shown_difference
from pearl_core.attacks.ensembles import worst_miou
from pearl_core.attacks.zoo import SEA_LOSSES
from pearl_core.bootstrap import paired_difference
from pearl_core.metrics import METRICS, pixel_accuracy
from pearl_core.types import choose

ABOUT = (
    "Which loss and which search find the strongest perturbation with the same number of gradients, on the undefended "
    "and on the adversarially trained segmenter; the lower a number, the stronger the attack."
)
PRINTED = Published(Path(__file__).with_name("published.csv"))
# those of SEA's table 2, but CosSim-CE as CosPGD's package has it (softmax, where SEA takes the sigmoid)
LOSSES = ("ce", "bal_ce", "cossim_ce", "js", "mask_ce", "mask_sph")
SEARCHES = {"best_pgd": "PGD", "apgd": "APGD", "red_eps_apgd": "red-eps"}
NETS = ("seg", "robust_seg")
SHOWN = ("allAcc", "mIoU")
WORST = "worst of 4"
EPS = (2, 4, 8)
# gradients of each attack: what a data set's nets allow within an hour on one core
STEPS = {"scenes": 30, "camvid": 12}
TUNED_ON = {"scenes": "val", "camvid": "train"}  # not the split that is measured
TUNED_WITH = "bal_ce"  # SegPGD's, as SEA's authors tuned it
SHARES = (1 / 16, 1 / 8, 1 / 4, 3 / 8, 3 / 4)  # of eps: the steps PGD may choose from
# whether the order changes with more gradients: at the largest eps on the trained net, where most is left to find
BUDGETS = {"scenes": (30, 100, 300), "camvid": (12, 48)}
BUDGETED = {"method": "robust_seg", "eps": 8.0}
BUDGETED_LOSSES = ("bal_ce", "mask_ce")
DECISIVE = (20, 70)  # % of pixels right: where a precision would show
STAGES = ("tuning", "table", "precision", "budgets")
CLOSE = 0.5  # points by which precisions should differ at most


def trials(dataset: str, attack: str, **settings) -> Iterable[Trial]:
    """One attack on both nets at every eps."""
    shared = {"rain": "none", "attack": attack, "steps": STEPS[dataset]} | settings
    for method in NETS:
        for eps in EPS:
            yield Trial(method, dataset, eps=eps, threat="oblivious", **shared)


def tuning(dataset: str, images: int) -> list[Trial]:
    """PGD with each step it may choose from."""
    plain = trials(dataset, "best_pgd", objective=TUNED_WITH, split=TUNED_ON[dataset], images=images)
    return [replace(trial, alpha=share * trial.eps) for trial in plain for share in SHARES]


def tuned(rows: pd.DataFrame) -> dict[tuple[str, float], float]:
    """The step size with the lowest pixel accuracy, by method and eps."""
    accuracies = rows[rows.metric == "allAcc"]
    best = accuracies.loc[accuracies.groupby(["method", "eps"]).value.idxmin()]
    return {(r.method, r.eps): r.alpha for r in best.itertuples()}


def compared_attacks(
    dataset: str, alphas: dict[tuple[str, float], float], images: int, split: str | None = None
) -> list[Trial]:
    """Every loss by every search, PGD with its tuned steps; and no attack."""
    shared = {"images": images, "split": split}
    wanted = [Trial(method, dataset, rain="none", **shared) for method in NETS]
    for search in SEARCHES:
        for objective in LOSSES:
            for trial in trials(dataset, search, objective=objective, **shared):
                steps = {"alpha": alphas[trial.method, trial.eps]} if search == "best_pgd" else {}
                wanted.append(replace(trial, **steps))
    return wanted


def decisive(trials: Iterable[Trial], rows: pd.DataFrame) -> list[Trial]:
    """The attacks on each net at the eps where most accuracies are decisive: in float32, and in the fast format.

    And in that again from another start, where an attack starts at random: so far they lie apart by chance alone.
    """
    attacked = with_attack(rows[rows.metric == "allAcc"])
    inside = attacked[attacked.value.between(*DECISIVE)]
    places = {(method, group.eps.mode()[0]) for method, group in inside.groupby("method")}
    fast = [t for t in trials if t.attack and (t.method, t.eps) in places]
    exact = [replace(t, precision="float32") for t in fast]
    return [*exact, *fast, *(replace(t, seed=t.seed + 1) for t in fast if settings_of(t.made())["random_start"])]


def budgets(dataset: str, alphas: dict[tuple[str, float], float], images: int, split: str | None = None) -> list[Trial]:
    """A few attacks of the table on fewer pictures, with more and more gradients."""
    few = [
        trial for trial in compared_attacks(dataset, alphas, images, split)
        if trial.objective in BUDGETED_LOSSES and {name: getattr(trial, name) for name in BUDGETED} == BUDGETED
    ]  # fmt: skip
    return [replace(trial, steps=steps) for trial in few for steps in BUDGETS[dataset]]


def strength(
    dataset: str = "scenes",
    images: int = 32,
    split: str | None = None,
    *,
    data_root: str | None = None,
    quiet: bool = False,
) -> pd.DataFrame:
    """Rows of the tuning, of the table in the fast precision, of its decisive cells in both, of larger budgets.

    Each is indexed by its stage.
    """
    choose("data set", dataset, STEPS)
    if (split or reader(dataset).default_split) == TUNED_ON[dataset]:
        raise ValueError(f"wanted another split than {TUNED_ON[dataset]}, where PGD's step is tuned, got that one")
    few, how = max(images // 4, 1), {"data_root": data_root, "quiet": quiet}
    untuned = {(method, eps): SHARES[0] * eps for method in NETS for eps in EPS}
    at_hand([*tuning(dataset, few), *compared_attacks(dataset, untuned, images, split)], data_root)
    stages = {"tuning": run(tuning(dataset, few), **how)}
    alphas = tuned(stages["tuning"])
    wanted = compared_attacks(dataset, alphas, images, split)
    stages["table"] = run(wanted, **how)
    stages["precision"] = run(decisive(wanted, stages["table"]), **how)
    stages["budgets"] = run(budgets(dataset, alphas, few, split), **how)
    rows = pd.concat(stages, names=["stage", None]).droplevel(1)
    return rows[rows.metric.isin(SHOWN)]


def parts_of(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each of `STAGES`."""
    return [rows[rows.index == stage].reset_index(drop=True) for stage in STAGES]


# ---- to read ----


def layout(measured: pd.DataFrame) -> Report:
    """Accuracy and mIoU by loss and search with paired differences; budgets, the tuning, and the two precisions."""
    chosen, rows, both, longer = parts_of(measured)
    plain = unattacked(rows[rows.metric == "allAcc"])
    levels = ", ".join(f"{METHODS[r.method].title} {r.value:.1f} %" for r in plain.itertuples())
    first = rows.iloc[-1]
    words = (
        f"Measured on {first.dataset} {first.split} ({first['size']}, {first.images} clean pictures), segmenter "
        f"{first.segmenter}, nets {first.nets}, training seed {first.net_seed}. Every attack takes {first.steps} "
        f"gradients, in {first.precision}, and returns the iterate of lowest pixel accuracy; PGD and red-eps APGD "
        f"start at random, seed {first.seed}. Scores are in float32; accuracy is that of all labelled pixels, without "
        f"attack {levels}. Square brackets: paired 95 % bootstrap interval over images. The expected order is SEA's: "
        f"red-eps APGD at or below APGD, APGD at or below PGD."
    )
    attacked = rows[rows.metric == "allAcc"]
    cells = {(r.method, r.eps, r.objective, r.attack): r.statistics for r in attacked.itertuples()}
    blocks = [*(strengths(method, cells) for method in NETS), budget_block(longer), step_block(chosen)]
    pairs = compared_precisions(both)
    blocks += [] if pairs.empty else [precision_block(pairs)]
    return Report("Strength of the attacks", words, [*blocks, printed()], ABOUT)


def strengths(method: str, cells: dict[tuple, np.ndarray]) -> Block:
    """One net: every loss by every search at every eps, and the worst case of SEA's four losses."""
    lines, against = {}, []
    for eps in EPS:
        for objective in (*LOSSES, WORST):
            counts = {search: counts_of(cells, method, eps, objective, search) for search in SEARCHES}
            lines[f"{eps}", objective], reversals = compared(counts)
            against += [f"eps {eps}, {objective}, {words}" for words in reversals]
    note = f"Rows: eps in 1/255 and loss; {WORST}: for each image the worst of SEA's four ({', '.join(SEA_LOSSES)})."
    differences = 2 * len(lines) * len(SHOWN)
    greedy = (f"{worst_miou(members(cells, method, eps, 'red_eps_apgd'))[0]:.2f} at eps {eps}" for eps in EPS)
    after = (
        f"Lowest mIoU of the set by greedy choice among the four under red-eps: {', '.join(greedy)}.",
        f"Against the expected order with 95 % confidence: {len(against)} of {differences} differences.",
        *against,
    )
    return Block(METHODS[method].title, note, framed(lines, ("eps", "loss")), after)


def compared(counts: dict[str, np.ndarray]) -> tuple[dict, list[str]]:
    """A row: the numbers of the searches and the difference of each to the one before; and violations of the order."""
    line, against = {}, []
    for metric in SHOWN:
        label = METRICS[metric].label
        line |= {(label, SEARCHES[search]): f"{METRICS[metric].reduce(counts[search]):.2f}" for search in SEARCHES}
        for before, after in pairwise(SEARCHES):
            name = f"{SEARCHES[after]} - {SEARCHES[before]}"
            apart = paired_difference(METRICS[metric], counts[after], counts[before])
            line[label, of_difference(name, metric)] = shown_difference(apart, metric)
            if apart.verdict == "holds":
                unit = difference_unit(METRICS[metric].unit)
                against.append(f"{metric}: {name} {shown_difference(apart, metric)} {unit}")
    return line, against


def budget_block(rows: pd.DataFrame) -> Block:
    """Whether the order of the searches changes with more gradients."""
    cells = {(r.objective, r.steps, r.attack): r.statistics for r in rows[rows.metric == "allAcc"].itertuples()}
    lines = {}
    for objective, steps in dict.fromkeys(key[:2] for key in cells):
        line, _ = compared({search: cells[objective, steps, search] for search in SEARCHES})
        lines[objective, f"{steps}"] = line
    first = rows.iloc[0]
    note = (
        f"{METHODS[first.method].title} at eps {first.eps:g} on the first {first.images} of the pictures; PGD with the "
        f"step tuned for {min(rows.steps)} gradients."
    )
    return Block("With more gradients", note, framed(lines, ("loss", "gradients")))


def counts_of(cells: dict[tuple, np.ndarray], method: str, eps: float, objective: str, search: str) -> np.ndarray:
    """Pixel counts (N, K, 3) of one attack; of `WORST` those of each image's lowest accuracy over SEA's losses."""
    if objective != WORST:
        return cells[method, eps, objective, search]
    counts = members(cells, method, eps, search)
    return counts[pixel_accuracy(counts).argmin(0), np.arange(counts.shape[1])]


def members(cells: dict[tuple, np.ndarray], method: str, eps: float, search: str) -> np.ndarray:
    """Pixel counts (A, N, K, 3) of SEA's four losses."""
    return np.stack([cells[method, eps, objective, search] for objective in SEA_LOSSES])


def step_block(chosen: pd.DataFrame) -> Block:
    """How PGD's step was found."""
    best, lines = tuned(chosen), {}
    for row in chosen[chosen.metric == "allAcc"].itertuples():
        mark = " *" if best[row.method, row.eps] == row.alpha else ""
        line = lines.setdefault((METHODS[row.method].title, f"{row.eps:g}"), {})
        line["accuracy (%)", f"eps / {row.eps / row.alpha:.3g}"] = f"{row.value:.2f}{mark}"
    first = chosen.iloc[0]
    note = (
        f"{TUNED_WITH} on {first.images} pictures of {first.dataset} {first.split}, which are measured nowhere else. "
        "The step that leaves fewest pixels correct (*) is used for all losses."
    )
    return Block("PGD's step", note, framed(lines, ("net", "eps")))


def compared_precisions(both: pd.DataFrame) -> pd.DataFrame:
    """Each decisive cell with how far `apart` the fast format ends, and by `chance` another start in it.

    None where no cell is decisive, or no format is faster.
    """
    if both.empty:
        return both
    cell, exact = ["method", "eps", "objective", "attack", "metric"], both.precision == "float32"
    first = both.seed == both.seed.min()
    pairs = both[exact].merge(both[~exact & first], on=cell, suffixes=("", "_fast"))
    pairs = pairs.merge(both.loc[~exact & ~first, [*cell, "value"]], "left", on=cell, suffixes=("", "_again"))
    decided = pairs.loc[(pairs.metric == "allAcc") & pairs.value.between(*DECISIVE), cell[:-1]]
    pairs = pairs[pairs.metric.isin(SHOWN)].merge(decided, on=cell[:-1])
    return pairs.assign(apart=pairs.value_fast - pairs.value, chance=pairs.value_again - pairs.value_fast)


def precision_block(pairs: pd.DataFrame) -> Block:
    """The same cells with gradients in both formats."""
    lines: dict[tuple, dict] = {}
    for row in pairs.itertuples():
        line = lines.setdefault((f"{METHODS[row.method].title}, eps {row.eps:g}", row.objective), {})
        line[METRICS[row.metric].label, SEARCHES[row.attack]] = f"{row.value:.2f} ({row.apart:+.2f})"
    (low, high), fast = DECISIVE, pairs.precision_fast.iloc[0]
    note = (
        f"Result with float32 gradients, and in brackets how many points {fast} gradients add to it, on all pictures; "
        f"for each net the cells between {low} and {high} % accuracy at the eps that has most of them."
    )
    after = []
    for metric, group in pairs.groupby("metric", sort=False):
        after.append(f"{METRICS[metric].label}, {fast} - float32: {spread(group.apart)}")
        after.append(f"{METRICS[metric].label}, another random start in {fast}: {spread(group.chance.dropna())}")
    for row in pairs[pairs.apart.abs() > CLOSE].itertuples():
        apart = paired_difference(METRICS[row.metric], row.statistics_fast, row.statistics)
        after.append(
            f"{row.method}, {row.objective}, {SEARCHES[row.attack]}, {row.metric}: "
            f"{shown_difference(apart, row.metric)} {difference_unit(METRICS[row.metric].unit)}"
        )
    return Block("Precision of the gradients", note, framed(lines, ("net", "loss")), tuple(after))


def spread(apart: pd.Series) -> str:
    """How far cells lie apart, in words."""
    return (
        f"{apart.mean():+.2f} points in the mean over {len(apart)} cells, at most {apart.abs().max():.2f}; "
        f"{(apart.abs() <= CLOSE).sum()} are within {CLOSE}."
    )


def printed() -> Block:
    """What SEA prints of the same comparison, on its own net and data."""
    rows = PRINTED.rows
    rows = rows[rows.table.isin((2, 7)) & (rows.method == "pir_at") & rows.eps.isin(EPS)]
    lines: dict[tuple, dict] = {}
    for row in rows.sort_values(["eps", "loss"]).itertuples():
        search = "APGD" if row.attack.endswith("apgd") else "PGD"
        lines.setdefault((f"{row.eps:g}", row.loss), {})[row.metric, search] = f"{row.value:.1f}"
    note = (
        "SEA, tables 2 and 7: PIR-AT UPerNet with ConvNeXt-T, VOC 2012, 100 iterations; red-eps only in its figures. "
        "Its cossim_ce is the sigmoid form, the one above CosPGD's own."
    )
    return Block("Published", note, framed(lines, ("eps", "loss")))


EXPERIMENT = Experiment(__doc__, strength, layout, {}, gives="rows")

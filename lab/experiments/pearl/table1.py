"""PEARL, table 1: six methods under rain and five attacks at 8/255, mIoU, allAcc and PSNR."""

from __future__ import annotations

import pandas as pd

from lab.methods import METHODS
from lab.published import table
from lab.report import Block, Report, caption, condition_block, orderings
from lab.trial import Trial
from pearl_core.types import choose

METRICS = ("mIoU", "allAcc", "PSNR")
ATTACKS = {"bim3": ("bim", 3), "bim5": ("bim", 5), "bim10": ("bim", 10), "pgd10": ("pgd", 10), "cw": ("cw", 10)}
CONDITIONS = {"clean": "Clean", "rain": "Rain", "rain+bim3": "Rain + BIM3", "rain+bim5": "Rain + BIM5",
              "rain+bim10": "Rain + BIM10", "rain+pgd10": "Rain + PGD10", "rain+cw": "Rain + CW"}  # fmt: skip
PUBLISHED_EPS = 8
# the paper's rows from top to bottom: each is meant to improve on an earlier one
PAIRS = (
    ("robust_seg", "seg"),
    ("derain_seg", "seg"),
    ("nat", "derain_seg"),
    ("pearl", "nat"),
    ("pearl_ama", "pearl"),
)


def table1(
    eps: float = 8,
    derain: str = "prenet",
    segmenter: str = "pspnet",
    dataset: str = "scenes",
    data_root: str | None = None,
    threat: str = "oblivious",
    images: int = 32,
    seed: int = 0,
) -> list[Trial]:
    """The trials of the table: clean, rain and the five attacks, under `threat` and under the adaptive threat.

    `data_root` is where the data set lies; it decides no number, so no trial holds it.
    """
    shared = {"dataset": dataset, "derain": derain, "segmenter": segmenter, "images": images, "seed": seed}
    threats = dict.fromkeys((threat, "adaptive"))
    trials = [Trial(method, rain=rain, **shared) for rain in ("none", "pearl") for method in METHODS]
    for name in threats:
        for attack, steps in ATTACKS.values():
            for method in METHODS:
                source = "seg" if name == "transfer" else None
                if source != method:  # the source is no target of its own transfer
                    trials.append(
                        Trial(method, attack=attack, steps=steps, eps=eps, threat=name, source=source, **shared)
                    )
    return trials


def condition(row: pd.Series) -> str:
    """The column of the paper a row belongs to."""
    if row.attack is None or pd.isna(row.attack):
        return "clean" if row.rain == "none" else "rain"
    wanted = (row.attack, int(row.steps))
    return "rain+" + next(name for name, made in ATTACKS.items() if made == wanted)


def layout(rows: pd.DataFrame) -> Report:
    """Measured beside published, block by block; then the orderings; then the same under the adaptive threat."""
    rows = rows.assign(condition=rows.apply(condition, axis=1))
    attacked = rows[rows.threat.notna()]
    eps = float(attacked.eps.iloc[0])
    comparable = eps == PUBLISHED_EPS and set(rows.segmenter) == {"pspnet"}
    printed = table("pearl", 1) if comparable else {}
    unattacked = rows[rows.threat.isna()]
    blocks = []
    for threat in dict.fromkeys(attacked.threat):
        here = pd.concat([unattacked, attacked[attacked.threat == threat]])
        beside = printed if threat == "oblivious" else {}
        blocks.append(part(here, threat, beside, comparable))
        same = threat == "oblivious"
        blocks.append(orderings(here[here.attack.notna()], PAIRS, METRICS, printed, CONDITIONS, beside=same))
    return Report("PEARL, table 1", caption(rows), blocks)


def part(rows: pd.DataFrame, threat: str, printed: dict, comparable: bool) -> Block:
    """One threat's half of the table, with a sentence on what its attacker knows and what the paper's numbers are."""
    choose("threat", threat, MEANINGS)
    note = MEANINGS[threat]
    if threat == "oblivious":
        note += " The paper writes its training attack this way (eqs. 4, 6) and leaves open which made its table."
        note += (
            " Column Cityscapes: the paper, rainy Cityscapes, PSPNet-50." if comparable else " Published: 8/255 only."
        )
    else:
        note += " The paper does not say that its attacks did, so its numbers do not stand here."
    return condition_block(f"Threat: {threat}", note, rows, METRICS, printed, CONDITIONS)


MEANINGS = {
    "oblivious": "The attack is made on the segmenter alone, at the rainy picture; it does not know of the derainer.",
    "adaptive": "The gradient runs through derainer and segmenter together: the attack knows the whole defence.",
    "transfer": "The attack is made on another method (its source) and carried over.",
}

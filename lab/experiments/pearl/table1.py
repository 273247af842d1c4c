"""PEARL, table 1: six methods under rain and five attacks at 8/255, mIoU, allAcc and PSNR."""

from __future__ import annotations

from lab.comparison import Comparison
from lab.methods import METHODS
from lab.trial import Trial

TABLE = Comparison(
    title="PEARL, table 1",
    number=1,
    methods=tuple(METHODS),
    attacks={
        "rain+bim3": ("bim", 3),
        "rain+bim5": ("bim", 5),
        "rain+bim10": ("bim", 10),
        "rain+pgd10": ("pgd", 10),
        "rain+cw": ("cw", 10),
    },
    headings={
        "clean": "Clean",
        "rain": "Rain",
        "rain+bim3": "Rain + BIM3",
        "rain+bim5": "Rain + BIM5",
        "rain+bim10": "Rain + BIM10",
        "rain+pgd10": "Rain + PGD10",
        "rain+cw": "Rain + CW",
    },
    metrics=("mIoU", "allAcc", "PSNR"),
    # the paper's rows from top to bottom: each is meant to improve on an earlier one
    pairs=(
        ("robust_seg", "seg"),
        ("derain_seg", "seg"),
        ("nat", "derain_seg"),
        ("pearl", "nat"),
        ("pearl_ama", "pearl"),
    ),
    segmenter="pspnet",
    remark="Column Cityscapes: the paper, rainy Cityscapes, PSPNet-50.",
)
layout, condition, printed = TABLE.layout, TABLE.condition, TABLE.printed


def table1(
    eps: float = 8,
    derain: str = "prenet",
    segmenter: str = "pspnet",
    dataset: str = "scenes",
    data_root: str | None = None,
    threat: str = "oblivious",
    images: int = 32,
    seed: int = 0,
    seeds: int = 1,
) -> list[Trial]:
    """The trials of the table: clean, rain and the five attacks, under `threat` and under the adaptive threat.

    `seeds` training runs are measured, as far as the zoo holds them. `data_root` is where the data set lies; it decides
    no number, so no trial holds it.
    """
    shared = {"dataset": dataset, "derain": derain, "segmenter": segmenter, "images": images, "seed": seed}
    return TABLE.trials(eps, threat, seeds, **shared)

"""PEARL, table 1: six methods under rain and five attacks at 8/255, mIoU, allAcc and PSNR."""

from __future__ import annotations

from lab.measure.trial import Trial
from lab.papers.pearl.printed import OBLIVIOUS, OTHERWISE, PRINTED
from lab.reports.comparison import Comparison
from lab.reports.experiment import Experiment

TABLE = Comparison(
    title="PEARL, table 1",
    numbers=PRINTED.table(1),
    reading=OBLIVIOUS,
    otherwise=OTHERWISE,
    methods=("seg", "robust_seg", "derain_seg", "nat", "pearl", "pearl_ama"),
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
    column="Cityscapes",
    about="How well six methods segment clean pictures, rainy pictures, and rainy pictures under five attacks.",
)


def table1(eps: float = 8, **shared) -> list[Trial]:
    """The trials of the table: clean, rain and the five attacks, under `threat` and under the adaptive threat."""
    return TABLE.trials(eps, **shared)


EXPERIMENT = Experiment(
    __doc__, table1, TABLE.layout, condition=TABLE.condition, headings=TABLE.headings, printed=TABLE.printed
)

"""PEARL, table 4: the derainers of table 1 on another data set, before a segmenter trained there; mIoU and allAcc."""

from __future__ import annotations

from lab.measure.trial import Trial
from lab.papers.pearl import PAPER
from lab.papers.pearl.printed import OBLIVIOUS, OTHERWISE, PRINTED
from lab.reports.comparison import Comparison
from lab.reports.experiment import Experiment

TABLE = Comparison(
    title="PEARL, table 4: unseen data",
    numbers=PRINTED.table(4),
    reading=OBLIVIOUS,
    otherwise=OTHERWISE,
    methods=("derain_seg", "nat", "pearl", "pearl_ama"),
    attacks={"rain+bim": ("bim", 10), "rain+pgd": ("pgd", 10), "rain+cw": ("cw", 10)},
    headings={"clean": "Clean", "rain": "Rain", "rain+bim": "Rain + BIM", "rain+pgd": "Rain + PGD",
              "rain+cw": "Rain + CW"},
    metrics=("mIoU", "allAcc"),
    pairs=(("nat", "derain_seg"), ("pearl", "nat"), ("pearl_ama", "pearl")),
    segmenter="pspnet",
    remark="Column VOC: the paper, rainy VOC 2012 with a segmenter trained there. It states neither radius nor steps; "
    "here they are table 1's strongest, 10 steps at 8/255. It prints the accuracy as Acc alone, and with rain alone "
    "PEARL's is lower than under attack, so mAcc and allAcc may be mixed. NAT is the other data set's segmenter, "
    "trained there behind the plain derainer.",
    renamed={"ACC": "allAcc"},
    column="VOC",
    about="Do the derainers still defend on a data set they never saw, before a segmenter that was trained there?",
)  # fmt: skip


def table4(eps: float = 8, other: str | None = None, *, dataset: str, **shared) -> list[Trial]:
    """Derainers trained on `dataset`, measured on `other` (VOC after Cityscapes, else the built-in objects)."""
    return TABLE.trials(eps, dataset=other or PAPER.other(dataset), derain_on=dataset, **shared)


EXPERIMENT = Experiment(
    __doc__, table4, TABLE.layout, condition=TABLE.condition, headings=TABLE.headings, printed=TABLE.printed
)

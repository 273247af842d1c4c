"""PEARL, table 2: the derainers of table 1 before a segmenter they never met, DeepLabv3; mIoU and PSNR."""

from __future__ import annotations

from lab.measure.trial import Trial
from lab.papers.pearl.printed import OBLIVIOUS, OTHERWISE, PRINTED
from lab.reports.comparison import Comparison
from lab.reports.experiment import TABLE as COMMON
from lab.reports.experiment import Experiment

TABLE = Comparison(
    title="PEARL, table 2: an unseen segmenter",
    numbers=PRINTED.table(2),
    reading=OBLIVIOUS,
    otherwise=OTHERWISE,
    methods=("derain_seg", "nat", "pearl", "pearl_ama"),
    attacks={"rain+bim": ("bim", 10), "rain+pgd": ("pgd", 10), "rain+cw": ("cw", 10)},
    headings={"clean": "Clean", "rain": "Rain", "rain+bim": "Rain + BIM", "rain+pgd": "Rain + PGD",
              "rain+cw": "Rain + CW"},
    metrics=("mIoU", "PSNR"),
    pairs=(("nat", "derain_seg"), ("pearl", "nat"), ("pearl_ama", "pearl")),
    segmenter="deeplabv3",
    remark="Column Cityscapes: the paper, rainy Cityscapes, DeepLabv3-50. It states neither radius nor steps; here "
    "they are table 1's strongest, 10 steps at 8/255. Its numbers step diagonally (NAT under PGD is close to PEARL "
    "under BIM, PEARL under PGD to +AMA under BIM), so cells may be misplaced. NAT is its DeepLabv3, trained "
    "behind the plain derainer; the other derainers were trained against PSPNet.",
    column="Cityscapes",
    about="Do the derainers still defend when another segmenter stands behind them than the one they were trained "
    "with?",
)  # fmt: skip


def table2(eps: float = 8, derain_with: str = "pspnet", **shared) -> list[Trial]:
    """Derainers trained against `derain_with` before `segmenter`: clean, rain, three attacks, under two threats."""
    return TABLE.trials(eps, derain_with=derain_with, **shared)


EXPERIMENT = Experiment(
    __doc__,
    table2,
    TABLE.layout,
    COMMON | {"segmenter": "deeplabv3"},
    condition=TABLE.condition,
    headings=TABLE.headings,
    printed=TABLE.printed,
)

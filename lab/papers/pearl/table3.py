"""PEARL, table 3: rain alone, without any attack; mIoU, mAcc, allAcc, PSNR and SSIM."""

from __future__ import annotations

import pandas as pd

from lab.measure.trial import Trial
from lab.papers.pearl.printed import PRINTED
from lab.reports.experiment import TABLE, Experiment
from lab.reports.report import Report, caption, condition_block, orderings

METHODS = ("derain_seg", "nat", "pearl", "pearl_ama")
METRICS = ("mIoU", "mAcc", "allAcc", "PSNR", "SSIM")
PAIRS = (("pearl", "derain_seg"), ("pearl_ama", "derain_seg"), ("pearl_ama", "pearl"))
CONDITIONS = {"clean": "Clean", "rain": "Rain"}
ABOUT = "What the defences cost, or bring, without an attack: on clean pictures, and with rain alone."
NOTE = """Column Cityscapes: the paper, whose caption names neither data set nor segmenter. Its values do not fit each
other: mIoU 37.52 and mAcc 39.64 beside an allAcc of 97.00, where its table 1 has mIoU 48.55 beside an allAcc of 88.81;
and PEARL's mIoU with rain alone (31.96) is far below its own under rain and attack (41.03 to 47.81, table 1) and with
rain alone before DeepLabv3 (58.39, table 2), while PSNR agrees with table 2 to 0.1 dB. Averaging over classes that are
absent from a picture, or another test set, would give this pattern; the text does not say. The order of methods is
reversed too: with rain alone PEARL and +AMA stand below Derain + Seg here, and above NAT in tables 2 and 4. So levels
of mIoU and mAcc cannot be compared with it. It prints SSIM times 100; here it is a fraction. Clean pictures are not in
the paper."""


def table3(**shared) -> list[Trial]:
    """Every method with a derainer on clean and on rainy pictures, without attack."""
    return [Trial(method, rain=rain, **shared) for rain in ("none", "pearl") for method in METHODS]


def condition(row: pd.Series) -> str:
    return "clean" if row.rain == "none" else "rain"


def printed(rows: pd.DataFrame) -> dict[tuple[str, str, str], float]:
    """The paper's numbers, SSIM as a fraction. Its segmenter is not stated: PSPNet, as in table 1, is a guess."""
    if set(rows.segmenter) != {"pspnet"}:
        return {}
    return {key: value / 100 if key[2] == "SSIM" else value for key, value in PRINTED.table(3).items()}


def layout(rows: pd.DataFrame) -> Report:
    rows = rows.assign(condition=rows.apply(condition, axis=1))
    paper, note = printed(rows), " ".join(NOTE.split())
    table_block = condition_block("Rain alone", note, rows, METRICS, paper, CONDITIONS, paper="Cityscapes")
    return Report(
        "PEARL, table 3: rain alone",
        caption(rows),
        [table_block, orderings(rows, PAIRS, METRICS, paper, CONDITIONS, paper="Cityscapes")],
        ABOUT,
    )


EXPERIMENT = Experiment(
    __doc__,
    table3,
    layout,
    {name: value for name, value in TABLE.items() if name != "threat"},
    condition=condition,
    headings=CONDITIONS,
    printed=printed,
)

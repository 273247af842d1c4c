"""PEARL, figure 7: without rain, three derainers under BIM of 3, 5 and 7 steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from lab.measure.rows import attack_of, beside, threats
from lab.measure.trial import Trial, attacked, both
from lab.reports.bars import empty, explained, heading, intervals, label, pooled
from lab.reports.experiment import Experiment
from lab.reports.lines import lines
from lab.reports.report import Block, Report, caption, condition_block
from lab.system.threats import THREATS
from pearl_core.metrics import METRICS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("derain_seg", "pearl", "pearl_ama")
STEPS = (3, 5, 7)
SHOWN = ("mIoU", "allAcc", "PSNR", "SSIM")
CONDITIONS = {"clean": "No attack"} | {f"bim{steps}": f"BIM{steps}" for steps in STEPS}
ABOUT = "Whether the derainers also remove an attack from pictures without rain."
NOTE = """There is no rain on these pictures, only the attack. The paper prints no numbers, only the figure; it names no
metric and speaks of segmentation results and image quality. It states no radius. Shaded: 95 % intervals."""


def figure7(eps: float = 8, *, threat: str, **shared) -> list[Trial]:
    """Clean pictures without attack and under BIM of every number of steps, `threat` and the adaptive threat."""
    shared |= {"rain": "none"}
    trials = [Trial(method, **shared) for method in NAMES]
    for name in both(threat):
        for steps in STEPS:
            trials += attacked(NAMES, name, attack="bim", eps=eps, steps=steps, **shared)
    return trials


def condition(row: pd.Series) -> str:
    return "clean" if attack_of(row) is None else f"bim{row.steps:g}"


def layout(rows: pd.DataFrame) -> Report:
    """Threat by threat the figure and its numbers, each beside no attack."""
    rows = rows.assign(condition=rows.apply(condition, axis=1))
    blocks = [part(beside(rows, threat), threat) for threat in threats(rows)]
    return Report("PEARL, figure 7: no rain", caption(rows), blocks, ABOUT)


def part(rows: pd.DataFrame, threat: str) -> Block:
    note = " ".join([THREATS[threat].sentence, *NOTE.split(), intervals(rows)])
    table = condition_block(f"Threat: {threat}", note, rows, SHOWN, {}, CONDITIONS)
    return replace(table, figure=drawn(rows, threat))


def drawn(rows: pd.DataFrame, threat: str) -> Figure:
    """A panel for each metric, a line for each method over the steps of the attack; 0 steps are no attack."""
    cells = pooled(rows, "metric", "method", "steps")
    figure, panels = empty(heading(rows, "no rain, BIM", threat), 2, 2, (8, 6))
    for axes, metric in zip(panels, SHOWN, strict=True):
        lines(axes, {method: cells.loc[metric, method] for method in NAMES})
        axes.set_ylabel(label(metric))
        axes.set_ylim(bottom=0 if METRICS[metric].unit == "%" else None)
        axes.set_xticks((0, *STEPS))
    for axes in panels[2:]:
        axes.set_xlabel("steps K of the attack (0: no attack)")
    return explained(figure)


EXPERIMENT = Experiment(__doc__, figure7, layout, condition=condition, headings=CONDITIONS)

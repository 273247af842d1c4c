"""Toy, table 1: what is left of the picture under an attack on the derainer."""

from __future__ import annotations

import pandas as pd

from lab.measure.trial import Trial
from lab.reports.experiment import Experiment
from lab.reports.report import Block, Report, caption, framed, shown

COMMON = {"dataset": "toy_pairs", "derain": "toy_net", "images": 5, "seed": 0, "seeds": 1}


def table1(eps: float = 8, steps: int = 3, **shared) -> list[Trial]:
    """One system without attack and under attack."""
    shared |= {"metrics": ("toy_error", "PSNR")}
    attack = {"attack": "toy_push", "eps": eps, "steps": steps, "threat": "adaptive"}
    return [Trial("toy", **shared), Trial("toy", **attack, **shared)]


def condition(row: pd.Series) -> str:
    return "plain" if pd.isna(row.attack) else "pushed"


def layout(rows: pd.DataFrame) -> Report:
    rows = rows.assign(condition=rows.apply(condition, axis=1))
    lines = {
        (name, "Toy"): {(metric, "here"): shown(cells, metric) for metric, cells in part.groupby("metric", sort=False)}
        for name, part in rows.groupby("condition", sort=False)
    }
    return Report("Toy, table 1", caption(rows), [Block("Errors", "Small is good.", framed(lines, ("", "method")))])


EXPERIMENT = Experiment(__doc__, table1, layout, COMMON, condition=condition, headings={"pushed": "Pushed"})

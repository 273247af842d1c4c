"""PEARL, figure 6: class by class, what a segmenter that the derainers never met still finds under rain and BIM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lab.data import reader
from lab.measure.runs import statistics_of
from lab.measure.trial import Trial, attacked, both
from lab.nets.methods import METHODS
from lab.reports.bars import bars, empty, explained, heading
from lab.reports.experiment import TABLE, Experiment
from lab.reports.report import Block, Report, caption, framed
from lab.system.threats import THREATS
from pearl_core.metrics import class_accuracy, class_iou

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("nat", "pearl", "pearl_ama")
SCORES = {"IoU (%)": class_iou, "accuracy (%)": class_accuracy}
ABOUT = "Which classes a segmenter still finds under rain and attack behind derainers that were not trained with it."
NOTE = """The paper prints no numbers, only the figure, and does not state its attack. It calls the two "mIoU and allAcc
of each class": for one class these are its IoU and the share of its pixels that is found. Shown are the classes that
are labelled in these images, pooled over the images, each with its share of the labelled pixels. A class that is in few
images says little. Of several training runs the mean is shown."""


def figure6(eps: float = 8, steps: int = 10, derain_with: str = "pspnet", *, threat: str, **shared) -> list[Trial]:
    """Derainers trained against `derain_with` before `segmenter`, under rain and BIM; `threat` and the adaptive one."""
    how = {"derain_with": derain_with, "attack": "bim", "eps": eps, "steps": steps}
    return [trial for name in both(threat) for trial in attacked(NAMES, name, **how, **shared)]


def condition(row: pd.Series) -> str:
    return f"Rain + BIM{row.steps:g}"


def layout(rows: pd.DataFrame) -> Report:
    """Threat by threat the figure and its numbers."""
    blocks = [part(rows[rows.threat == threat], threat) for threat in dict.fromkeys(rows.threat)]
    return Report("PEARL, figure 6: class by class, before an unseen segmenter", caption(rows), blocks, ABOUT)


def part(rows: pd.DataFrame, threat: str) -> Block:
    counted = rows[rows.metric == "mIoU"]
    shares = shares_of(counted)
    scores = {title: scores_of(counted, score).loc[shares.index] for title, score in SCORES.items()}
    lines = {
        (name, f"{share:.2f} %"): {
            (title, METHODS[method].title): f"{table.loc[name, method]:.2f}"
            for title, table in scores.items() for method in NAMES
        }
        for name, share in shares.items()
    }  # fmt: skip
    there = (
        f"PEARL's derainers were trained with {rows.derain_with.iloc[0]}; here they stand before "
        f"{rows.segmenter.iloc[0]}. NAT is another {rows.segmenter.iloc[0]}, trained behind the plain derainer."
    )
    note = " ".join([THREATS[threat].sentence, there, *NOTE.split()])
    title = heading(rows, f"rain + BIM{rows.steps.iloc[0]}", threat)
    return Block(f"Threat: {threat}", note, framed(lines, ("class", "of all pixels")), figure=drawn(title, scores))


def shares_of(rows: pd.DataFrame) -> pd.Series:
    """The share of the labelled pixels that each class has, in %, for classes that have any; the same in all rows."""
    labelled = rows.statistics.iloc[0].sum(0)[:, 2]  # (K,)
    shares = pd.Series(100 * labelled / labelled.sum(), reader(rows.dataset.iloc[0]).classes)
    return shares[shares > 0]


def scores_of(rows: pd.DataFrame, score: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    """Classes x methods, from counts pooled over images; of several training runs the mean."""
    runs = {method: statistics_of(rows[rows.method == method]) for method in NAMES}
    scores = {method: np.mean([score(counts.sum(0)) for counts in runs[method]], 0) for method in NAMES}
    return pd.DataFrame(scores, reader(rows.dataset.iloc[0]).classes)


def drawn(title: str, scores: Mapping[str, pd.DataFrame]) -> Figure:
    """A panel for each score; classes from left to right, the methods side by side."""
    figure, panels = empty(title, len(scores), 1, (10, 6))
    for axes, (words, table) in zip(panels, scores.items(), strict=True):
        bars(axes, np.arange(len(table)), {method: table[method].to_frame("value") for method in NAMES})
        axes.set_ylabel(words)
        axes.set_ylim(0, 100)
    panels[-1].set_xticks(np.arange(len(table)), table.index, rotation=45, ha="right", rotation_mode="anchor")
    panels[-1].set_xlabel("class")
    return explained(figure)


EXPERIMENT = Experiment(__doc__, figure6, layout, TABLE | {"segmenter": "deeplabv3"}, condition=condition)

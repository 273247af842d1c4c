"""PEARL, figure 6: class by class, what a segmenter that the derainers never met still finds under rain and BIM."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lab.bars import bars, empty, explained, heading
from lab.comparison import MEANINGS
from lab.methods import METHODS
from lab.report import Block, Report, caption, framed
from lab.runs import over_runs, statistics_of
from lab.trial import Trial
from pearl_core.metrics import class_accuracy, class_iou

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("nat", "pearl", "pearl_ama")
SCORES = {"IoU (%)": class_iou, "accuracy (%)": class_accuracy}
NOTE = """The paper prints no numbers, only the figure, and does not state its attack. It calls the two "mIoU and allAcc of
each class": for one class these are its IoU and the share of its pixels that is found. Classes are those that are
labelled in these images, pooled over them; beside each stands its share of the labelled pixels. A class in few images
says little."""


def figure6(
    eps: float = 8,
    steps: int = 10,
    derain: str = "prenet",
    segmenter: str = "deeplabv3",
    derain_with: str = "pspnet",
    dataset: str = "scenes",
    data_root: str | None = None,
    threat: str = "oblivious",
    images: int = 32,
    seed: int = 0,
    seeds: int = 1,
) -> list[Trial]:
    """Derainers trained against `derain_with` before `segmenter`, under rain and BIM; `threat` and the adaptive one."""
    shared = {"dataset": dataset, "derain": derain, "segmenter": segmenter, "derain_with": derain_with,
              "attack": "bim", "eps": eps, "steps": steps, "images": images, "seed": seed}  # fmt: skip
    trials = [
        Trial(method, threat=name, source="seg" if name == "transfer" else None, **shared)
        for name in dict.fromkeys((threat, "adaptive")) for method in NAMES
    ]  # fmt: skip
    return over_runs(trials, seeds)


def condition(row: pd.Series) -> str:
    return f"Rain + BIM{row.steps:g}"


def layout(rows: pd.DataFrame) -> Report:
    """Threat by threat the figure and its numbers."""
    blocks = [part(rows[rows.threat == threat], threat) for threat in dict.fromkeys(rows.threat)]
    return Report("PEARL, figure 6: class by class, before an unseen segmenter", caption(rows), blocks)


def part(rows: pd.DataFrame, threat: str) -> Block:
    names, shares = classes_of(rows)
    scores = {title: scores_of(rows, score).loc[list(names)] for title, score in SCORES.items()}
    there = f"Derainers learned against {rows.derain_with.iloc[0]}, and stand before {rows.segmenter.iloc[0]}."
    lines = {
        (name, f"{share:.2f} %"): {
            (title, METHODS[method].title): f"{table.loc[number, method]:.2f}"
            for title, table in scores.items() for method in NAMES
        }
        for (number, name), share in zip(names.items(), shares, strict=True)
    }  # fmt: skip
    note = " ".join([MEANINGS[threat], there, *NOTE.split()])
    figure = drawn(heading(rows, condition(rows.iloc[0]).lower(), threat), list(names.values()), scores)
    return Block(f"Threat: {threat}", note, framed(lines, ("class", "of all pixels")), figure=figure)

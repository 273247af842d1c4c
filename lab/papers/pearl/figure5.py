"""PEARL, figure 5: four derain nets before and after PEARL + AMA, under rain and BIM of 5, 7 and 9 steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lab.data.titles import title
from lab.measure.runs import trained
from lab.measure.trial import Trial, attacked, both
from lab.nets.methods import METHODS
from lab.reports.bars import bars, empty, explained, heading, intervals, label, pooled
from lab.reports.experiment import TABLE, Experiment
from lab.reports.orderings import difference, tally
from lab.reports.report import Block, Report, caption, framed, of_difference, shown, shown_difference
from lab.system.threats import THREATS
from pearl_core.bootstrap import Difference
from pearl_core.derain import DERAINERS
from pearl_core.metrics import METRICS
from pearl_core.types import choose

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEFORE, AFTER = "derain_seg", "pearl_ama"
STEPS = (5, 7, 9)
SHOWN = ("PSNR", "SSIM", "mIoU")
NETS = ("rescan", "prenet", "mprnet", "transweather")  # from left to right in the paper
ABOUT = "Whether training as PEARL + AMA helps each of four derainer architectures under rain and attack."
NOTE = f"""Before: {METHODS[BEFORE].title}. After: {METHODS[AFTER].title}, each derain net trained by the same recipe.
The paper prints no numbers, only the figure, and states no radius. Its caption names PSNR and SSIM, its text PSNR and
segmentation: all three are shown here. Thin lines: 95 % intervals. Differences are paired, over the same images."""
Cells = Mapping[tuple[str, str, int, str], pd.DataFrame]  # by metric, derain net, steps and method: its training runs
Differences = Mapping[tuple[str, str, int], Difference]  # by metric, derain net and steps: after less before


def figure5(eps: float = 8, derains: str = "all", *, threat: str, **shared) -> list[Trial]:
    """Every derain net of the list, which has commas, before and after, under `threat` and the adaptive threat.

    "all" are those of the paper's four that the zoo holds before and after.
    """

    def pair(net: str, name: str, steps: int) -> list[Trial]:
        return attacked((BEFORE, AFTER), name, derain=net, steps=steps, attack="bim", eps=eps, **shared)

    if derains == "all":
        nets = [net for net in NETS if all(map(trained, pair(net, threat, STEPS[0])))] or NETS[:1]
    else:
        nets = dict.fromkeys(choose("derain net", name.strip(), DERAINERS) for name in derains.split(","))
    return [trial for name in both(threat) for net in nets for steps in STEPS for trial in pair(net, name, steps)]


def condition(row: pd.Series) -> str:
    return f"{title(row.derain)}, rain + BIM{row.steps:g}"


def layout(rows: pd.DataFrame) -> Report:
    """For each threat the figure, its numbers, and whether the paper's claim holds."""
    blocks = [part(rows[rows.threat == threat], threat) for threat in dict.fromkeys(rows.threat)]
    return Report("PEARL, figure 5: four derain nets before and after", caption(rows), blocks, ABOUT)


def part(rows: pd.DataFrame, threat: str) -> Block:
    cells = dict(list(rows.groupby(["metric", "derain", "steps", "method"], sort=False)))
    changes = differences(cells, ordered(rows), int(rows.seed.iloc[0]))
    absent = [title(net) for net in NETS if net not in set(rows.derain)]
    left = (
        [f"Of the paper's four, {' and '.join(absent)} is left out: not asked for, or not trained."] if absent else []
    )
    note = " ".join([THREATS[threat].sentence, *NOTE.split(), intervals(rows), *left])
    return Block(f"Threat: {threat}", note, numbers(cells, changes), claims(changes), drawn(rows, threat))


def ordered(rows: pd.DataFrame) -> list[str]:
    """The derain nets in the paper's order, then those it does not have."""
    there = dict.fromkeys(rows.derain)
    return [net for net in NETS if net in there] + [net for net in there if net not in NETS]


def differences(cells: Cells, nets: Iterable[str], seed: int) -> Differences:
    return {
        place: difference(cells[*place, AFTER], cells[*place, BEFORE], place[0], seed=seed)
        for place in product(SHOWN, nets, STEPS)
    }


def numbers(cells: Cells, changes: Differences) -> pd.DataFrame:
    """Before, after and the difference, for each derain net and number of steps."""
    lines: dict[tuple, dict] = {}
    for (metric, net, steps), moved in changes.items():
        line = lines.setdefault((title(net), f"rain + BIM{steps}"), {})
        for word, method in (("before [95 %]", BEFORE), ("after [95 %]", AFTER)):
            line[METRICS[metric].label, word] = shown(cells[metric, net, steps, method], metric)
        head = of_difference("after - before [95 %]", metric)
        line[METRICS[metric].label, head] = shown_difference(moved, metric)
    return framed(lines, ("derain net", ""))


def claims(changes: Differences) -> tuple[str, ...]:
    """How often after is above before, as the paper says of PSNR and segmentation, metric by metric."""
    lines = []
    for metric in SHOWN:
        counts = tally(moved.verdict for place, moved in changes.items() if place[0] == metric)
        told = "higher after than before in {holds} of {all}, lower in {fails}, undecided in {undecided}"
        lines.append(f"{metric}: {told.format(all=sum(counts.values()), **counts)}.")
    return tuple(lines)


def drawn(rows: pd.DataFrame, threat: str) -> Figure:
    """Three panels; derain nets from left to right, within each the numbers of steps, before and after side by side."""
    nets, cells = ordered(rows), pooled(rows, "metric", "method", "derain", "steps")
    places = list(product(nets, STEPS))
    at = [place + 0.6 * nets.index(net) for place, (net, _) in enumerate(places)]
    figure, panels = empty(heading(rows, "rain + BIM", threat), len(SHOWN), 1, (8, 7.5))
    for axes, metric in zip(panels, SHOWN, strict=True):
        bars(axes, at, {method: cells.loc[metric, method].loc[places] for method in (BEFORE, AFTER)})
        axes.set_ylabel(label(metric))
    names = [f"{steps}\n{title(net)}" if steps == np.median(STEPS) else steps for net, steps in places]
    panels[-1].set_xticks(at, names)
    panels[-1].set_xlabel("steps K of the attack, derain net by derain net")
    return explained(figure)


COMMON = {name: value for name, value in TABLE.items() if name != "derain"}
EXPERIMENT = Experiment(__doc__, figure5, layout, COMMON, condition=condition)

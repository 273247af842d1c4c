"""Curves as a chart, one line for each defence and threat with 95 % intervals; and the same as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from lab.measure.trial import TABLED
from lab.nets.methods import METHODS
from lab.reports.report import Block, Report, caption, framed, shown
from lab.system.threats import THREATS
from pearl_core.metrics import METRICS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

AXES = {"eps": "strength of the attack ε (1/255)", "steps": "steps of the attack (number)"}
SIMILARITY = "SSIM (1 = the same)"  # it has no unit
POINTS = {"eps": "ε = %{x:g}/255", "steps": "%{x:g} steps"}  # one point of the axis
UNITS = {"%": " %", "dB": " dB", "fraction": ""}


def figure(
    rows: pd.DataFrame, metric: str = "mIoU", *, over: str | None = None, values: Sequence[float] = ()
) -> Figure:
    """One line for each defence and threat. It has no background of its own, so that it fits a light and a dark page.

    `over` ("eps" or "steps", seen from the rows if they are all there) is what the curve runs over, `values` where its
    points will lie, so that the axis stands still while they come.
    """
    from plotly.graph_objects import Figure  # importing it takes a second

    over, drawn = over or axis_of(rows), Figure()
    of_metric = rows if rows.empty else rows[rows.metric == metric].sort_values(over)
    lines = {} if rows.empty else dict(list(of_metric.groupby(["threat", "method"])))
    for threat in THREATS:
        for method in METHODS:
            if (threat, method) in lines:
                drawn.add_scatter(
                    **line(lines[threat, method], method, threat, over), hovertemplate=hover(metric, over)
                )
    ticks = list(values) or sorted(set(of_metric[over]) if lines else ())
    margin = 0.04 * (max(ticks) - min(ticks)) if ticks else 0
    drawn.update_xaxes(title=AXES[over], tickvals=ticks, zeroline=False)
    if ticks:
        drawn.update_xaxes(range=[min(ticks) - margin, max(ticks) + margin])
    drawn.update_yaxes(title=SIMILARITY if metric == "SSIM" else METRICS[metric].label)
    if METRICS[metric].unit == "%":
        drawn.update_yaxes(rangemode="tozero")
    return drawn.update_layout(legend={"orientation": "h", "y": -0.2}, margin={"t": 20}, height=520, showlegend=True)


def line(rows: pd.DataFrame, method: str, threat: str, over: str) -> dict:
    """One curve, its bars the 95 % interval over images."""
    look = METHODS[method]
    up, down = (rows.high - rows.value).tolist(), (rows.value - rows.low).tolist()
    return {
        "x": rows[over].tolist(), "y": rows.value.tolist(), "mode": "lines+markers",
        "name": f"{look.title}, {threat}",
        "line": {"color": look.colour, "dash": THREATS[threat].dash, "width": 2.5},
        "marker": {"symbol": look.mark, "size": 10},
        "error_y": {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 1.5, "width": 5},
        "customdata": rows[["low", "high"]].values.tolist(),
    }  # fmt: skip


def hover(metric: str, over: str) -> str:
    """What stands beside a point, with units: which line, where, the value and its interval."""
    interval = "%{customdata[0]:.3f} to %{customdata[1]:.3f}"
    return f"%{{fullData.name}}<br>{POINTS[over]}: %{{y:.3f}}{UNITS[METRICS[metric].unit]} ({interval})<extra></extra>"


def axis_of(rows: pd.DataFrame) -> str:
    return "steps" if not rows.empty and rows.steps.nunique() > 1 else "eps"


def layout(rows: pd.DataFrame) -> Report:
    """Every metric with its intervals, a line for each defence and threat, a column for each point of the curve."""
    over = axis_of(rows)
    moved = rows[rows.random_start.notna()]  # where eps or steps are 0 there is no attack to describe
    blocks = [block(rows[rows.metric == metric], metric, over) for metric in TABLED]
    return Report(f"Curves over {over}: {rows.dataset.iloc[0]}", caption(rows if moved.empty else moved), blocks)


def block(rows: pd.DataFrame, metric: str, over: str) -> Block:
    lines: dict[tuple, dict] = {}
    for row in rows.itertuples():
        cells = lines.setdefault((row.threat, METHODS[row.method].title), {})
        cells[over, f"{getattr(row, over):g}"] = shown(rows.loc[[row.Index]], metric)
    label = METRICS[metric].label
    return Block(label, f"Columns: {AXES[over]}.", framed(lines, ("threat", "method")))

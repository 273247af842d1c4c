"""The charts of one view for a page that has plotly. They take their colours from the page."""

from __future__ import annotations

import plotly.graph_objects as go

from lab.view.charts import MARK, Bars, Lines

LAYOUT = {
    "margin": {"l": 10, "r": 10, "t": 30, "b": 10},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
}


def trajectory(chart: Lines, height: int = 280) -> go.Figure:
    figure = go.Figure(layout=go.Layout(**LAYOUT, height=height, hovermode="x unified", dragmode=False))
    for line, axis in zip(chart.lines, ("y", "y2"), strict=True):
        figure.add_scatter(
            x=list(range(len(line.heights))), y=line.heights, name=line.name, mode="lines+markers", yaxis=axis,
            text=chart.words, marker={"size": 5}, hovertemplate=f"%{{y:.3g}}{line.unit} (%{{text}})",
            line={"color": line.colour, "dash": "dot" if line.dotted else "solid"},
        )  # fmt: skip
    if chart.marked is not None:
        figure.add_vline(chart.marked, line={"color": MARK, "width": 2})
    left, right = chart.lines
    return figure.update_layout(
        xaxis={"title": chart.along, "rangemode": "tozero", "tick0": 0, "dtick": chart.stride},
        yaxis={"title": left.axis, "range": [0, left.most]},
        yaxis2={"title": right.axis, "overlaying": "y", "side": "right", "showgrid": False},
    )


def classes(chart: Bars) -> go.Figure:
    figure = go.Figure(layout=go.Layout(**LAYOUT, height=90 + 30 * len(chart.names), barmode="group"))
    colours = [f"rgb{tuple(map(int, colour))}" for colour in chart.colours]
    bars = {"under attack": (chart.attacked, colours), "without attack": (chart.unattacked, "rgba(0,0,0,0)")}
    for name, (lengths, colour) in bars.items():
        figure.add_bar(
            y=chart.names, x=lengths, orientation="h", name=name,
            marker={"color": colour, "line": {"color": MARK, "width": 1}},
            hovertemplate=f"%{{y}}: %{{x:.1f}} % {name}<extra></extra>",
        )  # fmt: skip
    return figure.update_layout(xaxis={"title": chart.axis, "range": [0, 100]}, yaxis={"autorange": "reversed"})

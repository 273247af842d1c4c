"""Plotly charts of one view: the course of its attack, and its classes. They take their colours from the page."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from lab.view import panels
from lab.view.session import View

LOSS, ACCURACY, MARK = "#d97706", "#0f766e", "#64748b"  # told apart by the colour-blind, and on light and dark
LAYOUT = {
    "margin": {"l": 10, "r": 10, "t": 30, "b": 10},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
}


def course(view: View, height: int = 280) -> go.Figure:
    """Loss and accuracy of the nets under attack at every point; the one that is shown is marked."""
    at = np.arange(len(view.points))
    words = [f"{panels.title(p.part)}, {p.gradients} gradients".lstrip(", ") for p in view.points]
    figure = go.Figure(layout=go.Layout(**LAYOUT, height=height, hovermode="x unified", dragmode=False))
    named = {f"{view.held} of the attacked nets (%)": ("accuracy", 100, ACCURACY, "solid", "y"),
             "loss": ("loss", 1, LOSS, "dot", "y2")}  # fmt: skip
    for name, (field, factor, colour, dash, axis) in named.items():
        values = [None if (value := getattr(p, field)) is None else factor * value for p in view.points]
        figure.add_scatter(
            x=at, y=values, name=name, mode="lines+markers", yaxis=axis, text=words, marker={"size": 5},
            line={"color": colour, "dash": dash}, hovertemplate="%{y:.3g} (%{text})",
        )  # fmt: skip
    if view.setting.shown is not None:
        figure.add_vline(view.setting.shown, line={"color": MARK, "width": 2})
    figure.update_layout(
        xaxis={"title": "point on the attack's way", "rangemode": "tozero"},
        yaxis={"title": f"{view.held} (%)", "range": [0, 102]},
        yaxis2={"title": "loss", "overlaying": "y", "side": "right", "showgrid": False},
    )
    return figure


def classes(view: View) -> go.Figure:
    """IoU of every class that is there, with and without attack."""
    known = [i for i in np.unique(view.labels) if i < len(view.classes)]
    names = [view.classes[i] for i in known]
    colours = [f"rgb{tuple(map(int, view.palette[i]))}" for i in known]
    figure = go.Figure(layout=go.Layout(**LAYOUT, height=90 + 30 * len(known), barmode="group"))
    edge = {"color": MARK, "width": 1}
    figure.add_bar(
        y=names, x=view.ious[known], orientation="h", name="under attack", marker={"color": colours, "line": edge},
        hovertemplate="%{y}: %{x:.1f} % under attack<extra></extra>",
    )  # fmt: skip
    figure.add_bar(
        y=names, x=view.unattacked_ious[known], orientation="h", name="without attack",
        marker={"color": "rgba(0,0,0,0)", "line": edge}, hovertemplate="%{y}: %{x:.1f} % without attack<extra></extra>",
    )  # fmt: skip
    figure.update_layout(xaxis={"title": "IoU (%)", "range": [0, 100]}, yaxis={"autorange": "reversed"})
    return figure

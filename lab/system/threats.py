"""Threats: what an attacker knows. Each in one entry: its words, and how a curve draws it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Threat:
    """What an attacker knows, for people."""

    label: str  # in two or three words
    sentence: str
    dash: str  # of its lines in plotly


THREATS = {
    "oblivious": Threat(
        "segmenter only",
        "The attack is computed on the segmenter alone, fed the picture as it is; it knows of no derainer.",
        "solid",
    ),
    "adaptive": Threat(
        "derainer and segmenter",
        "The gradient runs through derainer and segmenter together: the attack knows the whole defence.",
        "dash",
    ),
    "transfer": Threat(
        "another method",
        "The attack is computed on another method (its source), then applied to this one.",
        "dot",
    ),
    "black_box": Threat(
        "answers only",
        "The attack sees only what the whole defence answers, as a user of a service does; it takes no gradient.",
        "dashdot",
    ),
}

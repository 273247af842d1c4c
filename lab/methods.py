"""The methods of PEARL's tables: which trained nets stand behind each name."""

from __future__ import annotations

from typing import NamedTuple


class Method(NamedTuple):
    """`derain` and `segment` are the recipes that trained the two nets; None where nothing derains."""

    title: str
    derain: str | None
    segment: str


METHODS = {
    "seg": Method("Seg", None, "clean"),
    "robust_seg": Method("Robust Seg", None, "sat"),
    "derain_seg": Method("Derain + Seg", "derain", "clean"),
    "nat": Method("NAT", "derain", "nat"),
    "pearl": Method("PEARL", "pearl", "clean"),
    "pearl_ama": Method("PEARL + AMA", "pearl_ama", "clean"),
}

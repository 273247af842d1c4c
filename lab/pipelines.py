"""Which nets a method is made of, and which of them an attack sees under each threat."""

from __future__ import annotations

from functools import cache

from lab.methods import METHODS
from lab.zoo import Net, NetName, find
from pearl_core.pipeline import Pipeline
from pearl_core.types import choose

THREATS = ("oblivious", "adaptive", "transfer")
Nets = tuple[Net | None, Net]  # derainer (None where nothing derains), segmenter


def nets(method: str, dataset: str, derain: str, segmenter: str, seed: int = 0) -> Nets:
    """The trained nets behind a method; one that nobody trained is an error that says how to."""
    made = METHODS[choose("method", method, METHODS)]
    names = [NetName(dataset, recipe, derain, segmenter, seed) for recipe in (made.derain, made.segment) if recipe]
    found = [find(name) for name in names]
    for name, net in zip(names, found, strict=True):
        for other, beside in zip(names, found, strict=True):
            wanted = net.card.get("from", {}).get(other.recipe, beside.sha256)
            if wanted != beside.sha256:
                raise ValueError(f"{name} was trained with another {other} than is there now; redo `{name.command}`")
    return (None, *found) if made.derain is None else tuple(found)


def attacked_nets(
    method: str, threat: str, source: str | None, dataset: str, derain: str, segmenter: str, seed: int = 0
) -> Nets:
    """The nets the attack is made on: the segmenter alone, the whole pipeline, or another method's pipeline."""
    choose("threat", threat, THREATS)
    if threat == "transfer":
        return nets(source or "seg", dataset, derain, segmenter, seed)
    derainer, segment = nets(method, dataset, derain, segmenter, seed)
    return (None, segment) if threat == "oblivious" else (derainer, segment)


@cache
def build(found: Nets) -> Pipeline:
    """The pipeline of these nets, in evaluation mode. Shared: its weights stay as they are."""
    derainer, segment = found
    return Pipeline(None if derainer is None else derainer.module, segment.module).eval()

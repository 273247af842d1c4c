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

    def trained(recipe: str) -> Net:
        return find(NetName(dataset, recipe, derain, segmenter, seed))

    return (None if made.derain is None else trained(made.derain)), trained(made.segment)


def attacked_nets(
    method: str, threat: str, source: str | None, dataset: str, derain: str, segmenter: str, seed: int = 0
) -> Nets:
    """The nets the attack is made on: the segmenter alone, the whole pipeline, or another method's pipeline."""
    choose("threat", threat, THREATS)
    if threat == "transfer":
        source = source or "seg"
        if source == method:
            raise ValueError(f"a transfer attack needs another source than its victim, got {source!r} for both")
        return nets(source, dataset, derain, segmenter, seed)
    derainer, segment = nets(method, dataset, derain, segmenter, seed)
    return (None, segment) if threat == "oblivious" else (derainer, segment)


@cache
def build(found: Nets) -> Pipeline:
    """The pipeline of these nets, in evaluation mode. Shared: its weights stay as they are."""
    derainer, segment = found
    return Pipeline(None if derainer is None else derainer.module, segment.module).eval()


def pipeline(method: str, dataset: str, derain: str, segmenter: str, seed: int = 0) -> Pipeline:
    """The pipeline of a method, trained."""
    return build(nets(method, dataset, derain, segmenter, seed))

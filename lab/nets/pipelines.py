"""Which nets a method is made of, and which of them an attack sees under each threat."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

from lab.nets.methods import METHODS
from lab.nets.zoo import Net, NetName, find
from pearl_core.derain import DERAINERS
from pearl_core.pipeline import Pipeline
from pearl_core.types import choose

THREATS = ("oblivious", "adaptive", "transfer")
Nets = tuple[Net | None, Net]  # derainer (None where nothing derains), segmenter


def nets(
    method: str,
    dataset: str,
    derain: str,
    segmenter: str,
    seed: int = 0,
    *,
    derain_on: str | None = None,
    derain_with: str | None = None,
) -> Nets:
    """The trained nets behind a method; one that nobody trained is an error that says how to.

    `derain_on` and `derain_with` are the data set and the segmenter that the derainer learned with, where those are
    not the ones at hand. `seed` is then the derainer's; a borrowed derainer meets the first segmenter trained here.
    """
    made = METHODS[choose("method", method, METHODS)]
    borrowed = (derain_on or dataset, derain_with or segmenter) != (dataset, segmenter)
    segment = NetName(dataset, made.segment, derain, segmenter, 0 if borrowed else seed, derain_on)
    if made.derain is None:
        return None, find(segment)
    derainer = NetName(derain_on or dataset, made.derain, derain, derain_with or segmenter, seed)
    trained_together(segment, derainer)
    if not borrowed:
        trained_together(derainer, segment)
    return find(derainer), find(segment)


def trained_together(name: NetName, other: NetName) -> None:
    """A ValueError if the net learned beside another copy of `other` than the one that is there now."""
    wanted = find(name).card.get("from", {}).get(other.recipe)
    if wanted not in (None, find(other).sha256):
        raise ValueError(f"{name} was trained with another {other} than is there now; redo `{name.command}`")


def available(dataset: str, segmenter: str = "pspnet") -> dict[str, list[str]]:
    """The methods whose nets are there, each with the derainers it is there with; where nothing is, all of them.

    A method without a derainer is there with every one. Which are missing, `nets` says, and how to train them.
    """

    def there(method: str, derain: str) -> bool:
        try:
            return bool(nets(method, dataset, derain, segmenter))
        except (FileNotFoundError, ValueError):  # never trained, or beside another net than is there now
            return False

    found = {method: [derain for derain in DERAINERS if there(method, derain)] for method in METHODS}
    return {method: derains for method, derains in found.items() if derains} or {name: [*DERAINERS] for name in METHODS}


def attacked_nets(
    method: str, threat: str, source: str | None, dataset: str, derain: str, segmenter: str, seed: int = 0, **borrowed
) -> Nets:
    """The nets the attack is made on: the segmenter alone, the whole pipeline, or another method's pipeline."""
    choose("threat", threat, THREATS)
    if threat == "transfer":
        return nets(source or "seg", dataset, derain, segmenter, seed, **borrowed)
    derainer, segment = nets(method, dataset, derain, segmenter, seed, **borrowed)
    return (None, segment) if threat == "oblivious" else (derainer, segment)


@cache
def build(found: Nets, device: str = "cpu") -> Pipeline:
    """The pipeline of these nets, in evaluation mode. Shared: its weights stay as they are."""
    derainer, segment = found
    pipeline = Pipeline(None if derainer is None else derainer.module, segment.module).eval()
    return pipeline if device == "cpu" else deepcopy(pipeline).to(device)

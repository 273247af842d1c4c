"""Systems: the trained nets of a method, and those that an attack has access to under each threat."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache

from lab.data import names
from lab.nets.cards import part
from lab.nets.methods import METHODS
from lab.nets.zoo import Net, NetName, find
from lab.system.parts import kinds, parsed
from lab.system.threats import THREATS
from pearl_core.derain import DERAINERS
from pearl_core.pipeline import Pipeline
from pearl_core.recipes import RECIPES
from pearl_core.segment import SEGMENTERS
from pearl_core.types import choose

Nets = tuple[Net | None, Net | None]  # derainer and segmenter, one of which may be absent
PARTS = ("derain", "segment")


@dataclass(frozen=True)
class System:
    """The nets that an attacker faces: a method, the networks in play, the training run.

    `derain_on` and `derain_with` are the data set and the segmenter that the derainer learned with, where those are
    those of this system. `net_seed` is then the derainer's, and the segmenter is that of training seed 0.
    `variant` tells nets that were trained otherwise than usual: see `NetName`.
    """

    method: str
    dataset: str = "scenes"
    derain: str = "prenet"
    segmenter: str = "pspnet"
    net_seed: int = 0
    derain_on: str | None = None
    derain_with: str | None = None
    variant: str | None = None

    def __post_init__(self):
        METHODS.choose(self.method)
        choose("derain net", self.derain, DERAINERS)
        for segmenter in filter(None, (self.segmenter, self.derain_with)):
            choose("segmenter", segmenter, SEGMENTERS)
        for where in filter(None, (self.dataset, self.derain_on)):
            choose("data set", where, names())

    @property
    def nets(self) -> Nets:
        """The trained nets; a missing one is an error that says how to train it."""
        made = METHODS[self.method]
        on, met = self.derain_on or self.dataset, self.derain_with or self.segmenter
        borrowed = (on, met) != (self.dataset, self.segmenter)
        segment = derainer = None
        if made.segment is not None:
            seed, variant = 0 if borrowed else self.net_seed, self.variant_of(made.segment, made.derain)
            segment = NetName(self.dataset, made.segment, self.derain, self.segmenter, seed, self.derain_on, variant)
        if made.derain is not None:
            variant = self.variant_of(made.derain, made.segment)
            derainer = NetName(on, made.derain, self.derain, met, self.net_seed, variant=variant)
        if segment is not None and derainer is not None:
            trained_together(segment, derainer)
            if not borrowed:
                trained_together(derainer, segment)
        return tuple(None if name is None else find(name) for name in (derainer, segment))

    def variant_of(self, recipe: str, other: str | None) -> str | None:
        """The variant of one of its nets: none of a plain segmenter, or of one that the other net was trained from."""
        parent = other is not None and recipe in RECIPES[other].starts_from
        return None if parent or recipe == "clean" else self.variant

    def attacked(self, threat: str, source: str | None = None, part: str | None = None) -> Nets:
        """The nets that the attack is computed on: those that the threat lets it use, or another system (`source`).

        An attack on one `part` ("derain") has access to that part only.
        """
        if choose("threat", threat, THREATS) == "transfer":
            return only(self.other(source or "").nets, part)
        if threat == "oblivious" and part is None and METHODS[self.method].segment is not None:
            part = "segment"
        return only(self.nets, part)

    def other(self, text: str) -> System:
        """Another system by its text: a method, and where they are others, parts: "nat,segmenter=deeplabv3"."""
        method, *rest = (word.strip() for word in text.split(","))
        given = dict(word.partition("=")[::2] for word in rest)
        for name in given:
            choose("part of a system", name, OTHERS)
        return replace(self, method=method, **{name: parsed(name, text, OTHERS[name]) for name, text in given.items()})

    def text(self, beside: System) -> str:
        """This system as a text; `beside.other(text)` gives it back."""
        apart = [f"{name}={getattr(self, name)}" for name in OTHERS if getattr(self, name) != getattr(beside, name)]
        return ",".join([self.method, *apart])


OTHERS = {name: kind for name, kind in kinds(System).items() if name != "method"}


def only(nets: Nets, part: str | None) -> Nets:
    """One part of a pipeline; the whole pipeline if none is named."""
    if part is None:
        return nets
    kept = tuple(net if name == part else None for name, net in zip(PARTS, nets, strict=True))
    if kept == (None, None):
        raise ValueError(f"wanted a system with a {part} net for this attack, got one without")
    return kept


def trained_together(name: NetName, other: NetName) -> None:
    """A ValueError if the net was trained with another copy of `other` than the present one."""
    wanted = part(find(name).card, "from").get(other.recipe)
    if wanted not in (None, find(other).sha256):
        raise ValueError(f"{name} was trained with another {other} than is there now; redo `{name.command}`")


def trained(dataset: str, segmenter: str = "pspnet") -> dict[str, list[str]]:
    """The methods with trained nets, each with the derainers it is trained for.

    A method without a derainer is listed with every derainer. For missing nets `System.nets` says how to train them.
    """

    def there(method: str, derain: str) -> bool:
        try:
            return bool(System(method, dataset, derain, segmenter).nets)
        except (FileNotFoundError, ValueError):  # not trained, or trained with another net than the present one
            return False

    by_method = {method: [derain for derain in DERAINERS if there(method, derain)] for method in METHODS}
    return {method: derains for method, derains in by_method.items() if derains}


def available(dataset: str, segmenter: str = "pspnet") -> dict[str, list[str]]:
    """The methods to choose from: those of `trained`; if there are none, all methods with all derainers."""
    return trained(dataset, segmenter) or {name: [*DERAINERS] for name in METHODS}


@cache
def build(nets: Nets, device: str = "cpu") -> Pipeline:
    """The pipeline of these nets, in evaluation mode. Shared: its weights stay as they are."""
    pipeline = Pipeline(*(None if net is None else net.module for net in nets)).eval()
    return pipeline if device == "cpu" else deepcopy(pipeline).to(device)

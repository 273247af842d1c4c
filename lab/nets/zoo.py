"""Trained nets: weights as safetensors, each with a JSON card that says where they came from.

A net is named by its data set, its recipe and the networks in play: `scenes/pearl-prenet-pspnet`. The shipped ones
lie in `lab/zoo/`; those a user trains in the lab's home, where they come first.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import ChainMap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import torch
from safetensors.torch import save as serialised
from torch import nn

from lab.data import READERS, names, reader
from lab.nets.checkpoints import parsed
from lab.system import disk, parts
from lab.system.paths import folder_named, read_bytes, read_text
from pearl_core.derain import DERAINERS
from pearl_core.recipes import RECIPES, Defence
from pearl_core.segment import SEGMENTERS
from pearl_core.types import choose

SHIPPED = Path(__file__).parents[1] / "zoo"
BUILDERS = ChainMap(DERAINERS, SEGMENTERS)
CARD = {"network": str, "settings": object, "sha256": str}  # what every card holds; `build` judges the settings
SEEDS = 2**32  # how many there are
SEED = re.compile(r"-s(\d+)$")  # how the name of a net ends whose seed is not 0
VARIANT = re.compile(r"(?!s\d+$)[a-z0-9.+]+")  # "s1" would be read as a seed


@dataclass(frozen=True)
class NetName:
    """The name of a trained net: all that distinguishes it from the other nets of the zoo."""

    dataset: str
    recipe: str
    derain: str = "prenet"
    segmenter: str = "pspnet"
    seed: int = 0
    derain_on: str | None = None  # the data set that the derainer behind `nat` learned on, where it is another
    variant: str | None = None  # how it was made otherwise than planned, such as "k2" or "stages5"

    ALWAYS: ClassVar = ("dataset", "recipe", "derain", "segmenter", "seed", "derain_on")

    def __post_init__(self):
        for where in filter(None, (self.dataset, self.derain_on)):
            choose("data set", where, names())
        if not 0 <= self.seed < SEEDS:
            raise ValueError(f"wanted a seed from 0 to {SEEDS - 1}, got {self.seed}")
        choose("recipe", self.recipe, RECIPES)
        choose("derain net", self.derain, DERAINERS)
        choose("segmenter", self.segmenter, SEGMENTERS)
        if self.variant is not None and not VARIANT.fullmatch(self.variant):
            raise ValueError(f"wanted a variant of small letters, digits, dots and plus signs, got {self.variant!r}")
        # parts that a net does not depend on are set to one value, so that each net has one name
        borrows = self.made.moves == "segment" and "derain" in self.made.starts_from
        if self.derain_on == self.dataset or not borrows:
            object.__setattr__(self, "derain_on", None)
        for other in {"derain", "segmenter"} - set(self.made.depends_on):
            object.__setattr__(self, other, parts.default(NetName, other))

    @property
    def made(self) -> Defence:
        """What is known of its recipe."""
        return RECIPES[self.recipe]

    @property
    def network(self) -> str:
        """The network whose weights these are."""
        return self.derain if self.made.moves == "derain" else self.segmenter

    def __str__(self) -> str:
        words = {"derain": f"{self.derain}@{self.derain_on}" if self.derain_on else self.derain,
                 "segmenter": self.segmenter}  # fmt: skip
        nets = [words[name] for name in words if name in self.made.depends_on]
        more = [*([self.variant] if self.variant else []), *([f"s{self.seed}"] if self.seed else [])]
        return f"{self.dataset}/{'-'.join([self.recipe, *nets, *more])}"

    @property
    def command(self) -> str:
        """The command that trains it."""
        options = f" --derain {self.derain}" if "derain" in self.made.depends_on else ""
        options += f" --segmenter {self.segmenter}" if "segmenter" in self.made.depends_on else ""
        options += f" --derain-on {self.derain_on}" if self.derain_on else ""
        options += f" --variant {self.variant}" if self.variant else ""
        options += f" --seed {self.seed}" if self.seed else ""
        root = "" if reader(self.dataset).built_in else " --data-root DIR"
        return f"python -m lab train {self.recipe} --dataset {self.dataset}{root}{options}"


@dataclass(frozen=True, eq=False)
class Net:
    """A trained net on disk: the card is read at once, the weights on first use."""

    path: Path  # of the weights; the card lies beside them
    card: dict

    @cached_property
    def module(self) -> nn.Module:
        """The network with these weights, float32, in evaluation mode. It is shared: copy it before a change."""
        return load(self.path, self.card)

    @property
    def sha256(self) -> str:
        return self.card["sha256"]


def folders() -> tuple[Path, ...]:
    """Where nets are looked for, in this order; training writes to the first (`PEARL_ZOO` names another)."""
    return folder_named("PEARL_ZOO") or disk.home() / "zoo", SHIPPED


_opened: dict[Path, Net] = {}


def find(name: NetName) -> Net:
    """The net of that name; if it is not trained, an error that says how to train it."""
    for folder in folders():
        path = folder / f"{name}.safetensors"
        if path.exists() and path.with_suffix(".json").exists():
            card = read_card(path.with_suffix(".json"))
            if path not in _opened or _opened[path].card != card:
                _opened[path] = Net(path, card)
            return _opened[path]
    raise FileNotFoundError(f"no trained net {name}; train it with `{name.command}`")


def catalogue() -> dict[str, dict]:
    """All cards by net name, the user's own before the shipped ones."""
    by_name = {}
    for folder in folders():
        for path in sorted(folder.glob("*/*.json")):
            if path.with_suffix(".safetensors").exists():
                by_name.setdefault(str(path.relative_to(folder).with_suffix("")), read_card(path))
    return by_name


def seeds() -> list[int]:
    """The seeds of all training runs that are there, without a look at the nets."""
    ends = (SEED.search(path.stem) for folder in folders() for path in folder.glob("*/*.safetensors"))
    return sorted({0} | {int(end[1]) for end in ends if end})


def read_card(path: Path) -> dict:
    try:
        card = parts.read_object(read_text(path), "a card")
    except ValueError as error:
        raise ValueError(f"{path} is not a card: {error}") from None
    if missing := [key for key, kind in CARD.items() if key not in card or not isinstance(card[key], kind)]:
        raise ValueError(f"{path} is not a card: it lacks {', '.join(missing)}")
    if wrong := misfiled(card, path):
        raise ValueError(f"{path} is the card of another net: {wrong}; move it and its weights away")
    return card


def misfiled(card: dict, path: Path) -> str:
    """What of a card does not fit the place where it lies, which says data set, recipe and networks; else nothing.

    A net of another kind would be measured as if it were the one that is asked for.
    """
    place, network = f"{path.parent.name}/{path.stem}", BUILDERS.get(card["network"])
    recipe, *others = path.stem.split("-")
    moves = RECIPES[recipe].moves if recipe in RECIPES else None
    written, trained_on = written_name(card), part(card, "data").get("name")
    if written not in (None, place):
        return f"wanted {place}, got {written}"
    if trained_on not in (None, path.parent.name):
        return f"wanted a net for {path.parent.name}, got one trained on {trained_on}"
    if network and moves and (network.part != moves or card["network"] not in {word.split("@")[0] for word in others}):
        return f"wanted the {moves} net of {place}, got {card['network']}"
    return other_classes(card, path.parent.name) if network and network.part == "segment" else ""


def part(card: dict, key: str) -> dict:
    """One of the parts of a card; an empty one where it has none."""
    return card[key] if isinstance(card.get(key), dict) else {}


def written_name(card: dict) -> str | None:
    """The name that a card itself says; None where it says none."""
    given = part(card, "name")
    try:
        return str(NetName(**given)) if given else None
    except (TypeError, ValueError) as error:
        return f"a net of no name ({error})"


def other_classes(card: dict, dataset: str) -> str:
    """What is wrong with the number of classes that a segmenter tells apart; nothing where the data set says none."""
    known = READERS[dataset].classes if dataset in READERS else ()
    classes = part(card, "settings").get("classes", len(known))
    if not known or classes == len(known):
        return ""
    return f"wanted a segmenter of the {len(known)} classes of {dataset}, got one of {classes}"


def build(network: str, settings: dict) -> nn.Module:
    """A fresh network: `settings` are the literal arguments of its constructor. Channels last: fastest on CPUs."""
    make = BUILDERS[choose("network", network, BUILDERS)]
    with suiting(network, settings):
        net = make(**settings)
    return net.to(memory_format=torch.channels_last)


@contextmanager
def suiting(network: str, settings: dict) -> Iterator[None]:
    """Whatever goes wrong inside is a ValueError: the network takes no such settings."""
    try:
        yield
    except Exception as error:  # a wrong argument, a depth there is no network for, a width that torch has no room for
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{network} takes no settings {settings}: {reason}") from None


def answers(net: nn.Module, network: str, settings: dict) -> None:
    """A ValueError if a network that could be built, say with no channel at all, has no answer to a small picture."""
    with suiting(network, settings), torch.no_grad():
        net.eval()(torch.zeros(1, 3, 64, 64))


def load(path: Path, card: dict) -> nn.Module:
    """The network of `card` with the weights at `path`; both are checked against each other."""
    data = read_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    if digest != card["sha256"]:
        raise ValueError(f"{path} is not the file of its card: wanted sha256 {card['sha256'][:12]}, got {digest[:12]}")
    net = build(card["network"], card["settings"])
    fill(net, parsed(data, path), path)
    return net.eval()


def fill(net: nn.Module, weights: dict[str, torch.Tensor], path: Path) -> None:
    """Load weights whose names and shapes all match; those of another network are a one-line error."""
    wanted = net.state_dict()
    wrong = sorted(wanted.keys() ^ weights.keys())
    wrong += sorted(k for k in wanted.keys() & weights.keys() if wanted[k].shape != weights[k].shape)
    if wrong:
        raise ValueError(
            f"{path} holds another network than {type(net).__name__}: {len(wrong)} names or shapes differ, "
            f"the first is {wrong[0]}"
        )
    net.load_state_dict({k: v.to(wanted[k].dtype) for k, v in weights.items()})


def save(name: NetName, net: nn.Module, card: dict, *, dtype: torch.dtype = torch.half) -> Net:
    """Write weights, in `dtype` and without what only training needs, and card: both whole, the card last."""
    path = folders()[0] / f"{name}.safetensors"
    weights = {k: v.to(dtype) if v.is_floating_point() else v for k, v in net.state_dict().items()}
    spared = BUILDERS[name.network].training_only
    weights = {
        k: v.clone(memory_format=torch.contiguous_format) for k, v in weights.items() if not k.startswith(spared)
    }
    data = serialised(weights)
    net = Net(path, card | {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)})
    with disk.written(path.with_suffix(".json")) as words:  # both lie on the disk before either takes its place
        words.write_text(text_of(net.card))
        with disk.written(path) as draft:
            draft.write_bytes(data)  # not by safetensors, whose error for a full disk is no OSError
    return net


def write_card(net: Net) -> Net:
    disk.write_text(net.path.with_suffix(".json"), text_of(net.card))
    return net


def text_of(card: dict) -> str:
    return json.dumps(card, indent=2) + "\n"

"""Nets that their authors released, taken into the zoo: checked name by name, kept in float32, with a card."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from lab.data import names
from lab.nets import checkpoints, zoo
from lab.nets.zoo import Net, NetName
from lab.system import parts
from pearl_core.derain import DERAINERS
from pearl_core.types import choose

USUAL = {"derain": "rain100h", "clean": "cityscapes"}  # what released derainers and segmenters were mostly trained on


def import_net(
    network: str, path: Path, *, dataset: str | None = None, seed: int = 0, settings: dict | None = None
) -> Net:
    """A derainer, or a segmenter trained on clean pictures, from its authors' checkpoint; `settings` for the network.

    It is named as if the lab had trained it for that data set, so tables and dials find it. A net of that name that
    is there already is an error: another `seed` tells the two apart.
    """
    recipe = "derain" if choose("network", network, zoo.BUILDERS) in DERAINERS else "clean"
    where = choose("data set", dataset or USUAL[recipe], names())
    name = NetName(where, recipe, **{zoo.MOVES.get(recipe, "derain"): network}, seed=seed)
    if (taken := zoo.folders()[0] / f"{name}.safetensors").exists():
        raise ValueError(f"{taken} is there already; wanted another --seed, or that file out of the way")
    weights, settings = checkpoints.read(path), settings or {}
    if recipe == "clean":
        settings = {"classes": classes_of(weights, path)} | settings
    net = zoo.build(network, settings | ({"aux": holds_aux(weights)} if recipe == "clean" else {}))
    zoo.fill(net, weights, path)
    endless = [key for key, value in weights.items() if not value.isfinite().all()]
    if endless:
        raise ValueError(f"{path} holds values that are not finite, first in {endless[0]}")
    card = {
        "network": network,
        "settings": settings | ({"aux": False} if recipe == "clean" else {}),
        "name": parts.written(name),
        "imported": {"file": Path(path).name, "sha256": checkpoints.digest(path)},
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
    }
    return zoo.save(name, net, card, dtype=torch.float32)


def classes_of(weights: dict[str, Tensor], path: Path) -> int:
    """How many classes a segmenter tells apart, from the last layer of its main head."""
    last = [value for key, value in weights.items() if key.startswith("cls.") and key.endswith(".bias")]
    if not last:
        raise ValueError(f"{path} holds no segmenter: it has no head of the name cls")
    return len(last[-1])


def holds_aux(weights: dict[str, Tensor]) -> bool:
    return any(key.startswith("aux.") for key in weights)


def settings_of_words(words: Iterable[str]) -> dict[str, int | float]:
    """{"width": 96} from ["width=96"]."""
    found = {}
    for word in words:
        name, _, number = word.partition("=")
        try:
            found[name] = int(number) if number.lstrip("-").isdigit() else float(number)
        except ValueError:
            raise ValueError(f"wanted a setting as NAME=NUMBER, such as width=96, got {word!r}") from None
    return found

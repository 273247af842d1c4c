"""Imports nets released by their authors into the zoo: every weight is checked by name and shape, kept in float32."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from lab.data import names
from lab.nets import checkpoints, zoo
from lab.nets.zoo import Net, NetName
from lab.system import parts
from pearl_core.types import choose

USUAL = {"derain": "rain100h", "clean": "cityscapes"}  # what released derainers and segmenters were mostly trained on


def import_net(
    network: str, path: Path, *, dataset: str | None = None, seed: int = 0, settings: dict | None = None
) -> Net:
    """A derainer, or a segmenter trained on clean pictures, from its authors' checkpoint; `settings` for the network.

    It is named as if the lab had trained it for that data set, so tables and dials find it. A net of that name that
    is there already is an error: another `seed` tells the two apart.
    """
    known = zoo.BUILDERS[choose("network", network, zoo.BUILDERS)]
    recipe, part = ("derain", "derain") if known.part == "derain" else ("clean", "segmenter")
    where = choose("data set", dataset or USUAL[recipe], names())
    name = NetName(where, recipe, **{part: network}, seed=seed)
    if (taken := zoo.folders()[0] / f"{name}.safetensors").exists():
        raise ValueError(f"{taken} is there already; wanted another --seed, or that file out of the way")
    weights, settings = checkpoints.read(path), settings or {}
    if known.head:
        settings = {"classes": classes_of(weights, known.head, path)} | settings
    whole = {"aux": any(key.startswith(known.training_only) for key in weights)} if known.training_only else {}
    net = zoo.build(network, settings | whole)
    zoo.fill(net, weights, path)
    endless = [key for key, value in weights.items() if not value.isfinite().all()]
    if endless:
        raise ValueError(f"{path} holds values that are not finite, first in {endless[0]}")
    card = {
        "network": network,
        "settings": settings | dict.fromkeys(whole, False),
        "name": parts.written(name),
        "imported": {"file": Path(path).name, "sha256": checkpoints.digest(path)},
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
    }
    return zoo.save(name, net, card, dtype=torch.float32)


def classes_of(weights: dict[str, Tensor], head: str, path: Path) -> int:
    """How many classes a segmenter tells apart, from the last layer of its main head."""
    last = [value for key, value in weights.items() if key.startswith(head) and key.endswith(".bias")]
    if not last:
        raise ValueError(f"{path} holds no segmenter: it has no head of the name {head.rstrip('.')}")
    return len(last[-1])


def settings_of_words(words: Iterable[str]) -> dict[str, int | float]:
    """{"width": 96} from ["width=96"]."""
    settings = {}
    for word in words:
        name, _, number = word.partition("=")
        if name in settings:
            raise ValueError(f"wanted every setting once, got {name} again")
        try:
            settings[name] = int(number) if number.lstrip("-").isdigit() else float(number)
        except ValueError:
            raise ValueError(f"wanted a setting as NAME=NUMBER, such as width=96, got {word!r}") from None
    return settings

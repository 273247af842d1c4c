"""Imports nets released by their authors into the zoo: every weight is checked by name and shape, kept in float32."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from lab.data import names, reader
from lab.nets import checkpoints, zoo
from lab.nets.zoo import Net, NetName
from lab.system import parts
from pearl_core.types import choose


def import_net(
    network: str,
    path: Path,
    *,
    dataset: str | None = None,
    seed: int = 0,
    settings: dict | None = None,
    shadow: bool = False,
) -> Net:
    """A derainer, or a segmenter trained on clean pictures, from its authors' checkpoint; `settings` for the network.

    It is named as if the lab had trained it for that data set, so tables and dials find it. Weights do not tell the
    data set, but for a number of classes that only one has. A net of that name that is there already is an error:
    another `seed` tells the two apart; `shadow` lets it take the place of a shipped one.
    """
    known = zoo.BUILDERS[choose("network", network, zoo.BUILDERS)]
    recipe, part = ("derain", "derain") if known.part == "derain" else ("clean", "segmenter")
    if dataset is not None:
        choose("data set", dataset, names())
    weights, settings = checkpoints.read(path), settings or {}
    if known.head:
        settings = {"classes": classes_of(weights, known.head, path)} | settings
    whole = {"aux": any(key.startswith(known.training_only) for key in weights)} if known.training_only else {}
    net = zoo.build(network, settings | whole)
    zoo.fill(net, weights, path)
    endless = [key for key, value in weights.items() if not value.isfinite().all()]
    if endless:
        raise ValueError(f"{path} holds values that are not finite, first in {endless[0]}")
    name = NetName(dataset_for(settings.get("classes"), dataset, path), recipe, **{part: network}, seed=seed)
    refuse_taken(name, shadow)
    card = {
        "network": network,
        "settings": settings | dict.fromkeys(whole, False),
        "name": parts.written(name),
        "imported": {"file": Path(path).name, "sha256": checkpoints.digest(path)},
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
    }
    return zoo.save(name, net, card, dtype=torch.float32)


def dataset_for(classes: int | None, dataset: str | None, path: Path) -> str:
    """The data set that a net is for, a segmenter by its classes. Errors: ValueError for none and for several."""
    known = {name: len(reader(name).classes) for name in names()}
    fitting = [name for name, count in known.items() if classes in (None, count)]
    if dataset is None and len(fitting) > 1:
        words = f"wanted --dataset, as {path} does not say whose pictures it is for"
        raise ValueError(f"{words}; choose one of {', '.join(fitting)}")
    if not fitting or dataset not in (None, *fitting):
        wanted = f"a segmenter of the {known[dataset]} classes of {dataset}" if dataset else "a data set's classes"
        there = ", ".join(f"{name} has {count}" for name, count in known.items() if count)
        raise ValueError(f"wanted {wanted}, got {classes} classes in {path}; {there}")
    return dataset or fitting[0]


def refuse_taken(name: NetName, shadow: bool) -> None:
    """A ValueError where there is a net of that name, which the imported one would replace or hide."""
    own, shipped = (folder / f"{name}.safetensors" for folder in zoo.folders())
    if own.exists():
        raise ValueError(f"{own} is there already; wanted another --seed, or that file out of the way")
    if shipped.exists() and not shadow:
        remedy = "wanted another --seed or --dataset, or --shadow to use this one in its place"
        raise ValueError(f"{name} is a net that the lab comes with; {remedy}")


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

"""What is known of each network, declared in its own file: its title, the files it can use, its parameter groups.

A network of your own needs one call, wherever its class stands; then `SEGMENTERS["mine"]` makes one:

    SEGMENTERS.add("mine", Network(MyNet, "My net", "segment"))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from .registry import Registry

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class File:
    """A file of weights from elsewhere that a network may start from, or learn with.

    Args:
        load: (network, weights) -> None: puts the weights to use.
        words: what it is, for a person who looks for such a file.
        settings: weights -> arguments of the constructor of a network that they fit.
        fresh: whether only a network trained from scratch can use it.
        facts: digest of the file, or None without a file -> what a trained net's card says of it; None: the card says
            the digest under the file's name.

    Example:
        >>> from pearl_core.segment import SEGMENTERS
        >>> SEGMENTERS["pspnet"].files["backbone"].fresh
        True
    """

    load: Callable[[nn.Module, Weights], None]
    words: str
    settings: Callable[[Weights], dict[str, Any]] = field(default=lambda weights: {})
    fresh: bool = False
    facts: Callable[[str | None], dict[str, Any]] | None = None


@dataclass(frozen=True)
class Network:
    """A network as the registries know it. Calling it makes the network, with random weights.

    Args:
        make: the constructor. A segmenter's first argument is the number of classes.
        title: its name as papers write it.
        part: "derain" or "segment".
        files: the files that it can use, by name ("backbone", "vgg").
        head: the prefix of the keys of a segmenter's main head, whose last bias has a number for each class.
        training_only: prefixes of keys that only training needs; a file without them is complete.

    Raises:
        ValueError: an unknown part.

    Example:
        >>> from pearl_core.segment import SEGMENTERS
        >>> SEGMENTERS["pspnet"].title, SEGMENTERS["pspnet"].groups
        ('PSPNet', {'heads': ('cls.', 'aux.')})
        >>> net = SEGMENTERS["pspnet"](19, depth=18, width=8)
    """

    make: Callable[..., nn.Module]
    title: str
    part: str
    files: Mapping[str, File] = field(default_factory=dict)
    head: str = ""
    training_only: tuple[str, ...] = ()

    def __post_init__(self):
        if self.part not in ("derain", "segment"):
            raise ValueError(f"unknown part of a pipeline {self.part!r}; choose one of derain, segment")

    def __call__(self, *args, **settings) -> nn.Module:
        return self.make(*args, **settings)

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Its named groups of parameters, each as prefixes of their keys: see `groups_of`."""
        return groups_of(self.make)


def groups_of(net: nn.Module | Callable[..., nn.Module]) -> Mapping[str, tuple[str, ...]]:
    """The named groups of a network's parameters: what its class says in `groups`.

    Args:
        net: a network or its class.

    Returns:
        {name of the group: prefixes of the keys in it}; empty for a network that names none.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.networks import groups_of
        >>> groups_of(toy().net.segment)
        {'heads': ('cls.', 'aux.')}
    """
    return getattr(net, "groups", {})


DERAINERS: Registry[Network] = Registry("derain net")
SEGMENTERS: Registry[Network] = Registry("segmenter")

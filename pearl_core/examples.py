"""A small pipeline and two pictures, for the examples in this package and for trying things out."""

from __future__ import annotations

from typing import NamedTuple

import torch

from .derain.prenet import PReNet
from .pipeline import Pipeline
from .segment.pspnet import PSPNet
from .types import Sample

CLASSES = 3


class Toy(NamedTuple):
    """A pipeline and what to run it on."""

    net: Pipeline  # derains, then tells three classes apart; its weights are random
    sample: Sample  # two pictures of 32x40 with labels


def toy(seed: int = 0) -> Toy:
    """A small pipeline with random weights, and two random pictures with labels. The global random state is kept.

    Args:
        seed: decides the weights and the pictures.

    Returns:
        `net`, a pipeline of PReNet and PSPNet for 3 classes, and `sample`: pictures (2, 3, 32, 40), labels (2, 32, 40).

    Example:
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> net(sample.rainy).logits.shape
        torch.Size([2, 3, 32, 40])
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = Pipeline(PReNet(width=4, iterations=1), PSPNet(CLASSES, depth=18, width=4)).eval()
        clean = torch.rand(2, 3, 32, 40)
        rainy = (clean + 0.2 * torch.rand(2, 3, 32, 40)).clamp(0, 1)
        labels = torch.randint(CLASSES, (2, 32, 40))
    return Toy(net, Sample(rainy, clean, labels, ("a", "b")))

"""Small inputs for the examples in this package, and for trying things out: a pipeline, two pictures, three pixels."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .derain.prenet import PReNet
from .pipeline import Pipeline
from .segment.pspnet import PSPNet
from .types import VOID, Output, Sample

CLASSES = 3


class Toy(NamedTuple):
    """A pipeline and a sample to run it on; `toy` makes it.

    Example:
        >>> from pearl_core.examples import toy
        >>> toy().sample.keys
        ('a', 'b')
    """

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


def pixels() -> tuple[Output, Tensor]:
    """Three pixels in a row, all of class 0 or void: one predicted right, one wrong, one void.

    Returns:
        An `Output` with logits (1, 4, 1, 3), and labels (1, 1, 3).

    Example:
        >>> from pearl_core.examples import pixels
        >>> output, labels = pixels()
        >>> output.predicted, labels
        (tensor([[[0, 1, 0]]]), tensor([[[  0,   0, 255]]]))
    """
    logits = torch.tensor([[2.0, 1.0, 0.0, -1.0], [1.0, 2.0, 0.0, -1.0], [0.0, 0.0, 0.0, 0.0]])
    return Output(torch.zeros(1, 3, 1, 3), logits.T.reshape(1, 4, 1, 3)), torch.tensor([[[0, 0, VOID]]])

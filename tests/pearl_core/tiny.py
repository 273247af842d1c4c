"""Nets and pictures small enough to train inside a test."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pearl_core.derain.prenet import PReNet
from pearl_core.pipeline import Pipeline
from pearl_core.segment.pspnet import PSPNet
from pearl_core.types import VOID, Sample

CLASSES = 3


def pipeline(seed: int = 0, *, aux: bool = True) -> Pipeline:
    torch.manual_seed(seed)
    return Pipeline(PReNet(width=4, iterations=2), PSPNet(CLASSES, depth=18, width=4, aux=aux)).eval()


def sample(step: int = 0, images: int = 4) -> Sample:
    """Halves of light and dark with noise for rain; the label says which is light, a strip is void."""
    g = torch.Generator().manual_seed(1000 + step)
    labels = torch.randint(2, (images, 1, 1), generator=g).repeat(1, 32, 40)
    labels[:, :, 20:] = 1 - labels[:, :, 20:]
    clean = (0.2 + 0.6 * labels.unsqueeze(1)).repeat(1, 3, 1, 1)
    labels[:, :4] = VOID
    return Sample((clean + 0.3 * torch.rand(clean.shape, generator=g)).clamp(0, 1), clean, labels)


def values(net: nn.Module) -> dict[str, Tensor]:
    """Weights and buffers, copied."""
    return {name: value.clone() for name, value in net.state_dict().items()}


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)

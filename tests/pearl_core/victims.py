"""Small nets to attack, and pictures with labels to attack them on."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from pearl_core.pipeline import Pipeline
from pearl_core.types import VOID

CLASSES = 4
H, W = 12, 10


def mixing(channels: int) -> nn.Sequential:
    """No kinks, neighbours that matter, and layers that behave otherwise in training."""
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.Tanh(), nn.Dropout(0.5), nn.Conv2d(6, channels, 1)
    ).eval()


def single(channels: int) -> nn.Module:
    """Every pixel is judged by itself, linearly."""
    torch.manual_seed(2)
    layer = nn.Conv2d(3, channels, 1).eval()
    layer.weight.data *= 10  # as steep as a trained net
    return layer


def smooth() -> Pipeline:
    return Pipeline(None, mixing(CLASSES)).eval()


def pointwise() -> Pipeline:
    return Pipeline(None, single(CLASSES)).eval()


def trained() -> Pipeline:
    """The smooth net after it has learnt to name the strongest channel."""
    net = smooth()
    optimiser = torch.optim.Adam(net.parameters(), 0.03)
    for step in range(60):
        x = torch.rand(4, 3, H, W, generator=torch.Generator().manual_seed(step))
        optimiser.zero_grad()
        F.cross_entropy(net(x).logits, x.argmax(1)).backward()
        optimiser.step()
    return net


def problem(images: int = 3, dtype=torch.float32):
    """Pictures with pixels at 0 and 1, labels with some void."""
    g = torch.Generator().manual_seed(3)
    x = torch.rand(images, 3, H, W, generator=g, dtype=torch.float64).to(dtype)
    x[:, :, 0], x[:, :, 1] = 0, 1
    y = torch.randint(CLASSES, (images, H, W), generator=g)
    y[torch.rand(y.shape, generator=g) < 0.1] = VOID
    return x, y


def count_calls(net: nn.Module) -> list:
    calls = []
    net.register_forward_hook(lambda *_: calls.append(1))
    return calls

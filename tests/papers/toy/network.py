"""A derain net of one convolution."""

from __future__ import annotations

from torch import Tensor, nn

from pearl_core.networks import DERAINERS, Network


class ToyNet(nn.Module):
    def __init__(self, width: int = 3):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, rainy: Tensor) -> Tensor:
        return rainy + self.last(self.first(rainy).relu())

    def loss(self, rainy: Tensor, target: Tensor) -> Tensor:
        return (self(rainy) - target).square().mean()


DERAINERS.add("toy_net", Network(ToyNet, "Toy Net", "derain"))

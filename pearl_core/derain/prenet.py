"""PReNet: one small residual network applied again and again, with an LSTM as memory (Ren et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ..layers import check_pictures


class PReNet(nn.Module):
    """Progressive deraining: (B, 3, H, W) in [0, 1] -> the same, not clamped.

    Every pass sees the rainy picture beside the current estimate and adds a correction to the rainy picture.
    The authors' settings are `width=32, iterations=6` (168,963 parameters); names and shapes are theirs, so
    their checkpoints load.
    """

    def __init__(self, width: int = 32, iterations: int = 6):
        super().__init__()
        self.width, self.iterations = width, iterations
        conv = lambda cin, cout: nn.Conv2d(cin, cout, 3, padding=1)  # noqa: E731
        relu, two = nn.ReLU, 2 * width
        self.conv0 = nn.Sequential(conv(6, width), relu())
        self.res_conv1, self.res_conv2, self.res_conv3, self.res_conv4, self.res_conv5 = (
            nn.Sequential(conv(width, width), relu(), conv(width, width), relu()) for _ in range(5)
        )
        self.conv_i = nn.Sequential(conv(two, width), nn.Sigmoid())
        self.conv_f = nn.Sequential(conv(two, width), nn.Sigmoid())
        self.conv_g = nn.Sequential(conv(two, width), nn.Tanh())
        self.conv_o = nn.Sequential(conv(two, width), nn.Sigmoid())
        self.conv = nn.Sequential(conv(width, 3))

    def forward(self, rainy: Tensor) -> Tensor:
        check_pictures(rainy)
        *_, derained = self.passes(rainy)
        return derained

    def passes(self, rainy: Tensor) -> Iterator[Tensor]:
        """The estimate after every pass, each (B, 3, H, W)."""
        blocks = [self.res_conv1, self.res_conv2, self.res_conv3, self.res_conv4, self.res_conv5]
        estimate, hidden, cell = rainy, None, None
        for _ in range(self.iterations):
            x = self.conv0(torch.cat([rainy, estimate], 1))
            if hidden is None:  # like x, so that autocast keeps its precision through the recurrence
                hidden = cell = torch.zeros_like(x)
            both = torch.cat([x, hidden], 1)
            cell = self.conv_f(both) * cell + self.conv_i(both) * self.conv_g(both)
            x = hidden = self.conv_o(both) * torch.tanh(cell)
            for block in blocks:
                x = torch.relu(x + block(x))
            estimate = self.conv(x) + rainy
            yield estimate


NETS = {"prenet": PReNet}

"""PReNet: one small residual network applied again and again, with an LSTM as memory (Ren et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint as recomputed

from ..layers import check_pictures
from ..networks import DERAINERS, Network
from ..pictures import similarity


class PReNet(nn.Module):
    """Progressive deraining (Ren et al. 2019): (B, 3, H, W) in [0, 1] -> the same shape, not clamped.

    Every pass sees the rainy picture and the current estimate, and adds a correction to the rainy picture. The authors'
    settings are the defaults (168,963 parameters); names and shapes are theirs, so their checkpoints load.

    Args:
        width: channels of the features.
        iterations: number of passes.
        checkpoint: whether only the results of passes are stored. Gradients then compute every pass but the last a
            second time, in a quarter of the memory.

    Raises:
        ValueError: when called, pictures of another shape.

    Example:
        >>> import torch
        >>> from pearl_core.derain.prenet import PReNet
        >>> PReNet(width=4, iterations=1)(torch.rand(1, 3, 32, 40)).shape
        torch.Size([1, 3, 32, 40])
    """

    def __init__(self, width: int = 32, iterations: int = 6, *, checkpoint: bool = False):
        super().__init__()
        self.width, self.iterations, self.checkpoint = width, iterations, checkpoint
        conv = lambda cin, cout: nn.Conv2d(cin, cout, 3, padding=1)  # noqa: E731
        relu = lambda: nn.ReLU(inplace=True)  # noqa: E731 - no gradient needs its input
        self.conv0 = nn.Sequential(conv(6, width), relu())
        self.res_conv1, self.res_conv2, self.res_conv3, self.res_conv4, self.res_conv5 = (
            nn.Sequential(conv(width, width), relu(), conv(width, width), relu()) for _ in range(5)
        )
        # input, forget, candidate and output gate; only their weights and biases are used, see `passes`
        self.conv_i, self.conv_f, self.conv_g, self.conv_o = (nn.Sequential(conv(2 * width, width)) for _ in range(4))
        self.conv = nn.Sequential(conv(width, 3))

    def forward(self, rainy: Tensor) -> Tensor:
        check_pictures(rainy, 1)
        *_, derained = self.passes(rainy)
        return derained

    def estimates(self, rainy: Tensor) -> tuple[Tensor, ...]:
        """The estimates that training compares with the clean picture: here the last alone."""
        return (self(rainy),)

    def loss(self, rainy: Tensor, target: Tensor) -> Tensor:
        """The authors' training loss, a scalar."""
        return negative_ssim(self(rainy), target)

    def passes(self, rainy: Tensor) -> Iterator[Tensor]:
        """The estimate after every pass, each (B, 3, H, W)."""
        # the gates read the same features: one convolution of (4 width, 2 width, 3, 3) makes all four
        gates = [gate[0] for gate in (self.conv_f, self.conv_i, self.conv_o, self.conv_g)]
        weight, bias = torch.cat([gate.weight for gate in gates]), torch.cat([gate.bias for gate in gates])
        estimate, memory = rainy, ()
        for number in range(1, self.iterations + 1):
            inputs = rainy, estimate, weight, bias, *memory
            # the backward pass begins with the last one, so dropping what that stores would save nothing
            if self.checkpoint and torch.is_grad_enabled() and number < self.iterations:
                estimate, *memory = recomputed(self.step, *inputs, use_reentrant=False, preserve_rng_state=False)
            else:
                estimate, *memory = self.step(*inputs)
            yield estimate

    def step(
        self,
        rainy: Tensor,
        estimate: Tensor,
        weight: Tensor,
        bias: Tensor,
        hidden: Tensor | None = None,
        cell: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One pass: the new estimate, hidden state and cell, the latter two (B, width, H, W) and at first zero."""
        hidden, cell = self.remembered(self.conv0(torch.cat([rainy, estimate], 1)), weight, bias, hidden, cell)
        x = hidden
        for block in (self.res_conv1, self.res_conv2, self.res_conv3, self.res_conv4, self.res_conv5):
            x = torch.relu_(x + block(x))
        return self.conv(x) + rainy, hidden, cell

    def remembered(
        self, x: Tensor, weight: Tensor, bias: Tensor, hidden: Tensor | None, cell: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The LSTM: features x and the state so far -> the next hidden state and cell."""
        if hidden is None:  # at first the state is zero, so half of the weights and the forget gate are not needed
            weight, bias = weight[self.width :, : self.width], bias[self.width :]
        else:
            x = torch.cat([x, hidden], 1)
        x = F.conv2d(x, weight, bias, padding=1)
        gates, candidate = x.split((x.shape[1] - self.width, self.width), 1)
        *forget, let, out = gates.sigmoid().split(self.width, 1)
        new = let * candidate.tanh()
        cell = new if cell is None else forget[0] * cell + new
        return out * torch.tanh(cell), cell


def negative_ssim(derained: Tensor, target: Tensor) -> Tensor:
    """1 - SSIM, PReNet's training loss (Ren et al. 2019); in float32, because SSIM subtracts nearly equal numbers.

    Args:
        derained: (B, 3, H, W).
        target: the same shape.

    Returns:
        A scalar.

    Example:
        >>> import torch
        >>> from pearl_core.derain.prenet import negative_ssim
        >>> negative_ssim(torch.ones(1, 3, 16, 16), torch.ones(1, 3, 16, 16))
        tensor(0.)
    """
    with torch.autocast(derained.device.type, enabled=False):
        return 1 - similarity(derained.float(), target.float()).mean()


DERAINERS.add("prenet", Network(PReNet, "PReNet", "derain"))

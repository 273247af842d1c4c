"""RESCAN: in several stages, dilated recurrent units estimate the rain that is still left (Li et al. 2018)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import check_pictures, means
from ..networks import DERAINERS, Network

SLOPE = 0.2  # of the leaky ReLUs
SQUEEZED = 6  # channels of the squeeze-and-excitation bottleneck, at any width


class SqueezeExcite(nn.Module):
    """Every channel of (B, C, H, W) times a factor in (0, 1) computed from the means of all channels."""

    def __init__(self, channel: int):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(channel, SQUEEZED), nn.ReLU(), nn.Linear(SQUEEZED, channel), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.fc(means(x))[..., None, None]


class RecurrentUnit(nn.Module):
    """A convolutional GRU: gates z and r, candidate n. Its input is convolved with dilation, its state without."""

    def __init__(self, cin: int, channel: int, dilation: int):
        super().__init__()
        of_input = lambda: nn.Conv2d(cin, channel, 3, padding=dilation, dilation=dilation)  # noqa: E731
        of_state = lambda: nn.Conv2d(channel, channel, 3, padding=1)  # noqa: E731
        self.conv_xz, self.conv_xr, self.conv_xn = of_input(), of_input(), of_input()
        self.conv_hz, self.conv_hr, self.conv_hn = of_state(), of_state(), of_state()
        self.se = SqueezeExcite(channel)

    def forward(self, x: Tensor, state: Tensor | None) -> Tensor:
        """The next state, which is also the output. In the first stage there is no state, and its layers are unused."""
        if state is None:
            state = torch.sigmoid(self.conv_xz(x)) * torch.tanh(self.conv_xn(x))
        else:  # fused convolutions are no faster here: reading a part of channels-last outputs is slow
            r = torch.sigmoid(self.conv_xr(x) + self.conv_hr(state))
            n = torch.tanh(self.conv_xn(x) + self.conv_hn(r * state))
            state = torch.lerp(state, n, torch.sigmoid(self.conv_xz(x) + self.conv_hz(state)))
        return F.leaky_relu(self.se(state), SLOPE)


class RESCAN(nn.Module):
    """Recurrent squeeze-and-excitation (Li et al. 2018): (B, 3, H, W) in [0, 1] -> the same shape, not clamped.

    Every stage estimates the whole rain layer from the derained picture of the stage before. Of the authors' variants
    this is the one their paper recommends: GRU, frame "Full". Names and shapes are theirs, so their checkpoints load.

    Args:
        channel: channels of the features. The authors' code has 24 (149,823 parameters); 64 gives 1,044,583.
        stages: number of stages.
        depth: number of recurrent units (dilated by 1, 1, 2, 4, 8, ...) plus the two convolutions of the decoder.

    Raises:
        ValueError: impossible settings; when called, pictures of another shape.

    Example:
        >>> import torch
        >>> from pearl_core.derain.rescan import RESCAN
        >>> RESCAN(channel=4, stages=1, depth=3)(torch.rand(1, 3, 32, 40)).shape
        torch.Size([1, 3, 32, 40])
    """

    def __init__(self, channel: int = 24, stages: int = 4, depth: int = 7):
        super().__init__()
        if channel < 1 or stages < 1 or depth < 3:
            got = f"channel {channel}, stages {stages}, depth {depth}"
            raise ValueError(f"wanted channel 1 or more, stages 1 or more, depth 3 or more, got {got}")
        self.stages = stages
        self.rnns = nn.ModuleList(
            RecurrentUnit(channel if number else 3, channel, 2 ** max(number - 1, 0)) for number in range(depth - 2)
        )
        self.dec = nn.Sequential(
            nn.Conv2d(channel, channel, 3, padding=1),
            SqueezeExcite(channel),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(channel, 3, 1),
        )
        self.reset()

    def reset(self) -> None:
        """Initial weights that learn from the first step.

        With PyTorch's own, every unit shrinks the picture and its gradient, and hundreds of steps learn only the mean
        of the rain. So the gates start open, the convolutions orthogonal, and the first ones have weights of mean zero:
        they see differences such as streaks, but not brightness.
        """
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.orthogonal_(module.weight, 1.5)
                nn.init.zeros_(module.bias)
            elif isinstance(module, SqueezeExcite):
                nn.init.constant_(module.fc[2].bias, 2)
        for unit in self.rnns:
            nn.init.constant_(unit.conv_xz.bias, 2)
        with torch.no_grad():
            for name in ("conv_xz", "conv_xr", "conv_xn"):
                weight = getattr(self.rnns[0], name).weight
                weight -= weight.mean(dim=(2, 3), keepdim=True)

    def forward(self, rainy: Tensor) -> Tensor:
        *_, derained = self.passes(rainy)
        return derained

    def estimates(self, rainy: Tensor) -> tuple[Tensor, ...]:
        """The derained picture of every stage, each (B, 3, H, W), the final one last."""
        return tuple(self.passes(rainy))

    def loss(self, rainy: Tensor, target: Tensor) -> Tensor:
        """The authors' training loss: the sum of the mean squared errors of all stages. In float32."""
        estimates = self.estimates(rainy)
        with torch.autocast(rainy.device.type, enabled=False):
            return sum(F.mse_loss(estimate.float(), target.float()) for estimate in estimates)

    def passes(self, rainy: Tensor) -> Iterator[Tensor]:
        """The derained picture of every stage, one after the other."""
        check_pictures(rainy, 1)
        derained, states = rainy, [None] * len(self.rnns)
        for _ in range(self.stages):
            x = derained.contiguous(memory_format=torch.channels_last)  # this layout is a third faster on a CPU
            for number, unit in enumerate(self.rnns):
                x = states[number] = unit(x, states[number])
            derained = rainy - self.dec(x)
            yield derained


DERAINERS.add("rescan", Network(RESCAN, "RESCAN", "derain"))

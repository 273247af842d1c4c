"""A pipeline segments what a derainer makes of the picture: S(F(x)), or S(x) where there is no derainer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from .types import Output


class Pipeline(nn.Module):
    """`derain` and `segment`, either of them None, called one after the other on (B, 3, H, W) in [0, 1]."""

    def __init__(self, derain: nn.Module | None, segment: nn.Module | None):
        super().__init__()
        self.derain, self.segment = derain, segment

    def forward(self, images: Tensor) -> Output:
        derained = images if self.derain is None else self.derain(images)
        return Output(derained, None if self.segment is None else self.segment(derained))


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients for the parameters; everything as it was afterwards, also after an error."""
    modes = {module: module.training for module in model.modules()}
    flags = {parameter: parameter.requires_grad for parameter in model.parameters()}
    try:
        model.eval().requires_grad_(False)
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        for parameter, flag in flags.items():
            parameter.requires_grad_(flag)

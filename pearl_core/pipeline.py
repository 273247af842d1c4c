"""A pipeline derains a picture and segments the result: S(F(x)), or S(x) without a derainer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from .types import Output


class Pipeline(nn.Module):
    """A derainer and a segmenter, called one after the other on images (B, 3, H, W) in [0, 1].

    Args:
        derain: images (B, 3, H, W) -> derained images of the same shape; None: the images stay as they are.
        segment: derained images -> logits (B, K, H, W); None: the pipeline only derains.

    Returns:
        Called on images, an `Output`: `derained` (B, 3, H, W) and `logits` (B, K, H, W) or None.

    Example:
        >>> import torch
        >>> from pearl_core.pipeline import Pipeline
        >>> net = Pipeline(None, torch.nn.Conv2d(3, 19, 1))
        >>> net(torch.rand(1, 3, 8, 8)).logits.shape
        torch.Size([1, 19, 8, 8])
    """

    answers_output = True  # so that nothing has to find out how its answers are read

    def __init__(self, derain: nn.Module | None, segment: nn.Module | None):
        super().__init__()
        self.derain, self.segment = derain, segment

    def forward(self, images: Tensor) -> Output:
        derained = images if self.derain is None else self.derain(images)
        return Output(derained, None if self.segment is None else self.segment(derained))


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """Inside this context the model is in evaluation mode and its parameters ask for no gradient.

    Args:
        model: any model.

    Returns:
        The context. After it, also after an error, modes and flags are as they were.

    Raises:
        ValueError: a model made in `torch.inference_mode()`, of which torch takes no gradients.

    Example:
        >>> import torch
        >>> from pearl_core.pipeline import frozen
        >>> net = torch.nn.Conv2d(3, 19, 1)
        >>> with frozen(net):
        ...     net.training, net.weight.requires_grad
        (False, False)
        >>> net.training, net.weight.requires_grad
        (True, True)
    """
    modes = {module: module.training for module in model.modules()}
    flags = {parameter: parameter.requires_grad for parameter in model.parameters()}
    if any(parameter.is_inference() for parameter in flags):
        raise ValueError("wanted a model made outside torch.inference_mode(), whose gradient can be taken")
    try:
        model.eval().requires_grad_(False)
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        for parameter, flag in flags.items():
            parameter.requires_grad_(flag)

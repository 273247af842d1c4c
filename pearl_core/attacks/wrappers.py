"""Models to attack in place of a model whose own gradient would mislead the attack."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..adapters import adapted
from ..chance import drawing, key_of
from ..types import Output


class StraightThrough(nn.Module):
    """A derainer whose gradient is replaced, for derainers without a useful one (BPDA, Athalye et al. 2018).

    Args:
        derain: images (B, 3, H, W) -> derained images; it need not be differentiable.
        backward: the network whose gradient is used; None: the gradient of the identity.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.wrappers import StraightThrough
        >>> x = torch.full((1, 3, 8, 8), 0.4, requires_grad=True)
        >>> StraightThrough(torch.round)(x).sum().backward()
        >>> x.grad.unique()
        tensor([1.])
    """

    def __init__(self, derain: Callable[[Tensor], Tensor], backward: nn.Module | None = None):
        super().__init__()
        self.derain, self.backward_model = derain, backward

    def forward(self, images: Tensor) -> Tensor:
        with torch.no_grad():
            derained = self.derain(images)
        path = images if self.backward_model is None else self.backward_model(images)
        return path + (derained - path).detach()


class Expectation(nn.Module):
    """A model with random numbers inside, called several times for each picture (EOT, Athalye et al. 2018).

    Its answers are stacked to (draws * B, ...), and attacks take the mean of losses, accuracies and gradients over
    them. The global random state does not change.

    Args:
        model: any model (see `adapters`) with random numbers inside.
        draws: how many answers for each picture.
        seed: decides the random numbers, together with the picture itself.

    Raises:
        ValueError: less than one draw.

    Example:
        >>> from pearl_core.attacks.wrappers import Expectation
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> Expectation(net, draws=3)(sample.rainy).logits.shape
        torch.Size([6, 3, 32, 40])
    """

    answers_output = True

    def __init__(self, model: Callable, draws: int, seed: int = 0):
        super().__init__()
        if draws < 1:
            raise ValueError(f"wanted 1 draw or more, got {draws}")
        self.model, self.draws, self.seed = adapted(model), draws, seed

    def forward(self, images: Tensor) -> Output:
        answers = []  # picture by picture, so that an answer does not depend on the rest of the batch
        for image in images.split(1):
            with drawing(key_of(image, self.seed), images.device):
                answers.append([self.model(image) for _ in range(self.draws)])
        ordered = [answer for draw in zip(*answers, strict=True) for answer in draw]
        logits = None if ordered[0].logits is None else torch.cat([answer.logits for answer in ordered])
        return Output(torch.cat([answer.derained for answer in ordered]), logits)

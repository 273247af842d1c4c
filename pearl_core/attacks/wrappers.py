"""Models dressed for an attack: what to put in a model's place where its own gradient would mislead."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..types import Output
from .problem import key_of


class StraightThrough(nn.Module):
    """A derainer whose backward pass is that of the identity, or of `backward` (BPDA, Athalye et al. 2018).

    For derainers that cannot be differentiated, or that hide their gradient: any function of (B, 3, H, W) will do.
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
    """A random model asked `draws` times for each picture; attacks average the losses (EOT, Athalye et al. 2018).

    The answers are stacked, (draws * B, ...): losses and accuracies are means over the answers, and so are gradients.
    The draws follow from `seed` and the pictures themselves; the global random state is left as found.
    """

    def __init__(self, model: nn.Module, draws: int, seed: int = 0):
        super().__init__()
        if draws < 1:
            raise ValueError(f"wanted 1 draw or more, got {draws}")
        self.model, self.draws, self.seed = model, draws, seed

    def forward(self, images: Tensor) -> Output:
        answers = []  # of each picture, which is asked by itself, so that it does not matter what it is in a batch with
        with torch.random.fork_rng():
            for image in images.split(1):
                torch.manual_seed(key_of(image, self.seed))
                answers.append([self.model(image) for _ in range(self.draws)])
        ordered = [answer for draw in zip(*answers, strict=True) for answer in draw]
        logits = None if ordered[0].logits is None else torch.cat([answer.logits for answer in ordered])
        return Output(torch.cat([answer.derained for answer in ordered]), logits)

"""What an attack maximises: (output, target, progress) -> loss per pixel (B, H, W), zero on void pixels.

`target` is the label map (B, H, W). `progress` runs from 0 to 1 over the steps, for objectives that change on the way.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..types import VOID, Output

Objective = Callable[[Output, Tensor, float], Tensor]


def minus(objective: Objective) -> Objective:
    """The same objective turned round: what maximised it now minimises it. AMA's mirror attack, targeted attacks."""

    def turned(output: Output, target: Tensor, progress: float) -> Tensor:
        return -objective(output, target, progress)

    return turned


def cross_entropy(output: Output, target: Tensor, progress: float) -> Tensor:
    """Cross-entropy of every pixel, the loss that trained the net."""
    return F.cross_entropy(output.logits, target, ignore_index=VOID, reduction="none")


def margin(confidence: float = 0.0) -> Objective:
    """Best wrong logit minus true logit, up to `confidence` (Carlini & Wagner 2017, their f6 with the sign turned).

    A pixel that is wrong by more than `confidence` (in logits) asks for nothing more, so the attack spends
    its budget on the pixels that still hold.
    """

    def objective(output: Output, target: Tensor, progress: float) -> Tensor:
        void = target == VOID
        index = target.masked_fill(void, 0).unsqueeze(1)
        true = output.logits.gather(1, index).squeeze(1)
        wrong = output.logits.scatter(1, index, -torch.inf).amax(1)
        return (wrong - true).clamp(max=confidence).masked_fill(void, 0)

    return objective

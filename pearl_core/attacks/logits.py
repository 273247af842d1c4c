"""What objectives are made of: numbers per pixel (B, H, W), from logits (B, K, H, W) and labels (B, H, W)."""

from __future__ import annotations

import torch
from torch import Tensor

from ..types import VOID, Output


def softmax(logits: Tensor) -> Tensor:
    """Probabilities of the classes.

    Args:
        logits: (B, K, H, W).

    Returns:
        The same shape; each pixel's values sum to 1.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.logits import softmax
        >>> softmax(torch.zeros(1, 2, 1, 1)).flatten()
        tensor([0.5000, 0.5000])
    """
    return logits.softmax(1)


def correct(output: Output, target: Tensor) -> Tensor:
    """Which pixels are predicted right, as numbers to multiply with. Void is never right.

    Args:
        output: `logits` are (B, K, H, W).
        target: labels (B, H, W).

    Returns:
        (B, H, W) of 1 and 0, in the number format of the logits.

    Example:
        >>> from pearl_core.attacks.logits import correct
        >>> from pearl_core.examples import pixels
        >>> correct(*pixels())
        tensor([[[1., 0., 0.]]])
    """
    return (output.predicted == target).to(output.logits.dtype)


def gap(logits: Tensor, target: Tensor) -> Tensor:
    """Best wrong logit minus true logit: positive where a pixel is wrong.

    Args:
        logits: (B, K, H, W).
        target: labels (B, H, W).

    Returns:
        (B, H, W); void pixels hold a number without meaning.

    Example:
        >>> from pearl_core.attacks.logits import gap
        >>> from pearl_core.examples import pixels
        >>> output, labels = pixels()
        >>> gap(output.logits, labels)
        tensor([[[-1.,  1.,  0.]]])
    """
    index = inside(target)
    wrong = logits.scatter(1, index, -torch.inf).amax(1)
    return wrong - logits.gather(1, index).squeeze(1)


def sphere(logits: Tensor, target: Tensor) -> Tensor:
    """True logit divided by the Euclidean length of all logits: the cosine to the true class.

    Args:
        logits: (B, K, H, W).
        target: labels (B, H, W).

    Returns:
        (B, H, W) in [-1, 1]; void pixels hold a number without meaning.

    Example:
        >>> from pearl_core.attacks.logits import sphere
        >>> from pearl_core.examples import pixels
        >>> output, labels = pixels()
        >>> sphere(output.logits, labels)
        tensor([[[0.8165, 0.4082, 0.0000]]])
    """
    return of_label(logits, target) / length(logits)


def of_label(values: Tensor, target: Tensor) -> Tensor:
    """The value at each pixel's own class.

    Args:
        values: (B, K, H, W).
        target: labels (B, H, W).

    Returns:
        (B, H, W); on void pixels the value at class 0.

    Example:
        >>> from pearl_core.attacks.logits import of_label
        >>> from pearl_core.examples import pixels
        >>> output, labels = pixels()
        >>> of_label(output.logits, labels)
        tensor([[[2., 1., 0.]]])
    """
    return values.gather(1, inside(target)).squeeze(1)


def length(values: Tensor) -> Tensor:
    """Euclidean length over the classes. `vector_norm` would be tens of times slower here.

    Args:
        values: (B, K, H, W).

    Returns:
        (B, H, W); 1 where all values are zero, so that dividing by it gives no nan.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.logits import length
        >>> length(torch.tensor([3.0, 4.0]).view(1, 2, 1, 1))
        tensor([[[5.]]])
    """
    square = values.square().sum(1)
    return square.where(square > 0, 1).sqrt()  # the gradient is finite there too


def inside(target: Tensor) -> Tensor:
    """Labels that can index the classes of logits: void becomes class 0.

    Args:
        target: labels (B, H, W).

    Returns:
        (B, 1, H, W) int64.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.logits import inside
        >>> inside(torch.tensor([[[3, 255]]]))
        tensor([[[[3, 0]]]])
    """
    return target.masked_fill(target == VOID, 0).unsqueeze(1)

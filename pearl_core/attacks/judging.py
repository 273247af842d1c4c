"""How a model's answers are judged: the accuracy of each image, which point is kept, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..types import VOID, Output
from .searches import Reading

Share = Callable[[Tensor, Tensor, Tensor, bool], Tensor]


class Keep(NamedTuple):
    """Which of its points an attack returns: that of the lowest `worth`.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.judging import LOWEST_ACCURACY
        >>> from pearl_core.attacks.searches import Reading
        >>> LOWEST_ACCURACY.worth(Reading(None, None, None, accuracy=torch.tensor([0.5, 0.25])))
        tensor([0.5000, 0.2500])
    """

    worth: Callable[[Reading], Tensor]  # what was seen at a point -> (B,), lower is better
    enough: float = -torch.inf  # the worth at which an image is finished
    counts: bool = False  # whether `worth` looks at the accuracy
    ties: bool = True  # whether the later of two equally good points is kept, which had more steps


LOWEST_ACCURACY = Keep(lambda reading: reading.accuracy, 0.0, True)  # at zero every pixel is misclassified
HIGHEST_ACCURACY = Keep(lambda reading: -reading.accuracy, -1.0, True)  # towards a target: every pixel has its class
HIGHEST_LOSS = Keep(lambda reading: -reading.tracked)
TURNED = {LOWEST_ACCURACY: HIGHEST_ACCURACY, HIGHEST_ACCURACY: LOWEST_ACCURACY}


def turned(keep: Keep | None) -> Keep | None:
    """What the targeted form of an attack keeps.

    Args:
        keep: what the attack keeps; None: its last point.

    Returns:
        The opposite for accuracies, which are then those of the wanted labels; else the same.

    Example:
        >>> from pearl_core.attacks.judging import HIGHEST_ACCURACY, LOWEST_ACCURACY, turned
        >>> turned(LOWEST_ACCURACY) == HIGHEST_ACCURACY
        True
    """
    if keep is None or (other := TURNED.get(keep._replace(ties=True))) is None:
        return keep
    return other._replace(ties=keep.ties)


def share_right(right: Tensor, void: Tensor, pixels: Tensor, first: bool) -> Tensor:
    """Accuracy of each image: right pixels over labelled pixels.

    Args:
        right: (B,) pixels predicted right.
        void: (B,) pixels without a label.
        pixels: (B,) all pixels.
        first: whether this is the start of the attack; not looked at.

    Returns:
        (B,); 1 for an image without labels.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.judging import share_right
        >>> share_right(torch.tensor([3.0]), torch.tensor([4.0]), torch.tensor([8.0]), False)
        tensor([0.7500])
    """
    return torch.where(pixels > void, right / (pixels - void).clamp(min=1), 1)


def published_share_right(right: Tensor, void: Tensor, pixels: Tensor, first: bool) -> Tensor:
    """Accuracy as SEA's code counts it: void pixels are wrong at the start, right at every later point.

    An image with many void pixels then looks best at the start, so the attack returns it unchanged.

    Args:
        right: (B,) pixels predicted right.
        void: (B,) pixels without a label.
        pixels: (B,) all pixels.
        first: whether this is the start of the attack.

    Returns:
        (B,).

    Example:
        >>> import torch
        >>> from pearl_core.attacks.judging import published_share_right
        >>> right, void, pixels = torch.tensor([3.0]), torch.tensor([4.0]), torch.tensor([8.0])
        >>> published_share_right(right, void, pixels, True), published_share_right(right, void, pixels, False)
        (tensor([0.3750]), tensor([0.8750]))
    """
    return (right if first else right + void) / pixels


def select(target, pick: Callable[[Tensor], Tensor]):
    """The target with `pick` applied to each of its tensors.

    Args:
        target: labels (B, H, W), a named tuple of tensors, a tuple of tensors, or None.
        pick: tensor -> tensor.

    Returns:
        A target of the same kind.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.judging import select
        >>> select(torch.tensor([5, 6, 7]), lambda rows: rows[:2])
        tensor([5, 6])
    """
    if isinstance(target, Tensor) or target is None:
        return target if target is None else pick(target)
    parts = [select(part, pick) for part in target]
    return type(target)(*parts) if hasattr(target, "_fields") else tuple(parts)


def for_answers(target, draws: int):
    """The target of a model that answers several times for each picture: see `wrappers.Expectation`.

    Args:
        target: of B pictures, as for `select`.
        draws: how many answers each picture has.

    Returns:
        The target repeated: (draws * B, ...).

    Example:
        >>> import torch
        >>> from pearl_core.attacks.judging import for_answers
        >>> for_answers(torch.tensor([5, 6]), draws=2)
        tensor([5, 6, 5, 6])
    """
    return target if draws == 1 else select(target, lambda t: t.repeat(draws, *[1] * (t.dim() - 1)))


def share_of(output: Output, target: Tensor, draws: int = 1, share: Share = share_right, first: bool = False) -> Tensor:
    """Accuracy of each picture, mean over the model's answers.

    Args:
        output: logits (draws * B, K, H, W).
        target: labels (draws * B, H, W).
        draws: how many answers each picture has.
        share: how accuracy is counted; `share_right`, or `published_share_right`.
        first: whether this is the start of the attack.

    Returns:
        (B,) float32.

    Example:
        >>> from pearl_core.attacks.judging import share_of
        >>> from pearl_core.examples import pixels
        >>> share_of(*pixels())
        tensor([0.5000])
    """
    right = (output.predicted == target).flatten(1).sum(1).float()
    void = (target == VOID).flatten(1).sum(1).float()
    return share(right, void, torch.full_like(right, target[0].numel()), first).view(draws, -1).mean(0)


def refuse_nonsense(step: int, **values: Tensor | None) -> None:
    """Stop an attack whose numbers are no longer finite.

    Args:
        step: number of the step, for the error.
        **values: what to look at, by name; None is passed over.

    Raises:
        FloatingPointError: names the step and what is nan or inf there.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.judging import refuse_nonsense
        >>> refuse_nonsense(3, loss=torch.tensor([torch.nan]))
        Traceback (most recent call last):
        FloatingPointError: wanted finite numbers, got a loss of nan or inf at step 3 of the attack
    """
    for name, numbers in values.items():
        if numbers is not None and not numbers.isfinite().all():
            where = f"step {step}" if step else "the start"
            raise FloatingPointError(f"wanted finite numbers, got a {name} of nan or inf at {where} of the attack")


def check_classes(target, output: Output) -> None:
    """Check that labels fit the model's answers.

    Args:
        target: labels (B, H, W); other targets are passed over.
        output: what the model answered.

    Raises:
        ValueError: no logits, another number of answers, or a label that is no class of the model.

    Example:
        >>> from pearl_core.attacks.judging import check_classes
        >>> from pearl_core.examples import pixels
        >>> output, labels = pixels()
        >>> check_classes(labels.where(labels > 0, 9), output)
        Traceback (most recent call last):
        ValueError: wanted labels from 0 to 3 and void 255, got 9
    """
    if not isinstance(target, Tensor):  # it holds no classes
        return
    if output.logits is None:
        raise ValueError("wanted a model that segments for a target of labels, got one that only derains")
    if len(output.logits) != len(target):
        raise ValueError(f"wanted one answer for each of {len(target)} pictures, got {len(output.logits)}")
    classes = output.logits.shape[1]
    beyond = (target >= classes) & (target != VOID)
    if beyond.any():
        raise ValueError(f"wanted labels from 0 to {classes - 1} and void {VOID}, got {int(target[beyond][0])}")

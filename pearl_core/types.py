"""The types that all parts share, and the legend of shapes and units.

    B  images in a batch        H, W  height and width in pixels        K  classes

Pictures are float32 in [0, 1], shape (B, 3, H, W), RGB. Labels are int64, shape (B, H, W), and `VOID`
marks pixels without a label, which have no gradient in an attack and do not count in a metric. Radii and steps
of attacks are in 1/255 wherever a person types them; the computations use `eps / 255`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from torch import Tensor

VOID = 255
PROTOCOLS = ("corrected", "published")  # where a paper's code and text disagree, or hold a fault


class Sample(NamedTuple):
    """A batch of pictures: in the rain, without rain, and their labels.

    Example:
        >>> import torch
        >>> from pearl_core.types import Sample
        >>> images = torch.rand(2, 3, 32, 40)
        >>> Sample(images, images, None).boxes is None
        True
    """

    rainy: Tensor  # (B, 3, H, W)
    clean: Tensor  # (B, 3, H, W)
    labels: Tensor | None  # (B, H, W), None where there are none
    keys: tuple[str, ...] = ()  # a name for each image, under which its results are stored
    boxes: tuple[Tensor, ...] | None = None  # of the persons in each image, (n, 4): left, top, right, bottom in pixels
    reference: Output | None = None  # an output to compare with, such as the one without attack


class Output(NamedTuple):
    """What a pipeline returns for a batch. Without a derainer, `derained` is the input itself.

    Example:
        >>> import torch
        >>> from pearl_core.types import Output
        >>> Output(torch.rand(1, 3, 2, 2), torch.rand(1, 19, 2, 2)).predicted.shape
        torch.Size([1, 2, 2])
    """

    derained: Tensor  # (B, 3, H, W), not clamped
    logits: Tensor | None  # (B, K, H, W), None without a segmenter

    @property
    def predicted(self) -> Tensor:
        """The likeliest class of every pixel, (B, H, W)."""
        return self.logits.max(1).indices  # the same as argmax(1), also for equal logits, in a quarter of its time


def choose(kind: str, name: str, choices: Iterable[str]) -> str:
    """Check that a name that a user typed is one of the known names.

    Args:
        kind: what is chosen, for the error.
        name: what the user typed.
        choices: the known names.

    Returns:
        `name`.

    Raises:
        ValueError: an unknown name; the error lists the choices.

    Example:
        >>> from pearl_core.types import choose
        >>> choose("colour", "red", ("red", "green"))
        'red'
    """
    choices = sorted(choices)
    if name not in choices:
        raise ValueError(f"unknown {kind} {name!r}; choose one of {', '.join(choices)}")
    return name

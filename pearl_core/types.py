"""The nouns every part shares, and the legend of shapes and units.

    B  images in a batch        H, W  height and width in pixels        K  classes

Pictures are float32 in [0, 1], shape (B, 3, H, W), RGB. Labels are int64, shape (B, H, W), and `VOID`
marks pixels that never push an attack and never count in a metric. Radii and steps of attacks are in
1/255 wherever a person types them; inside the mathematics only `eps / 255` is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from torch import Tensor

VOID = 255
PROTOCOLS = ("corrected", "published")  # where a paper's code and text disagree, or hold a fault


class Sample(NamedTuple):
    """A batch of pictures: what the camera saw in the rain, what it would have seen, what is there."""

    rainy: Tensor  # (B, 3, H, W)
    clean: Tensor  # (B, 3, H, W)
    labels: Tensor | None  # (B, H, W), None where nobody labelled them
    keys: tuple[str, ...] = ()  # one name per image: addresses its results
    boxes: tuple[Tensor, ...] | None = None  # of the persons in each image, (n, 4): left, top, right, bottom in pixels
    reference: Output | None = None  # a second answer to compare with, such as the one without attack


class Output(NamedTuple):
    """What a pipeline makes of a batch. Without a derainer `derained` is the input itself."""

    derained: Tensor  # (B, 3, H, W), not clamped
    logits: Tensor | None  # (B, K, H, W), None where nothing segments

    @property
    def predicted(self) -> Tensor:
        """The likeliest class of every pixel, (B, H, W)."""
        return self.logits.max(1).indices  # argmax(1) to the bit, ties too, in a quarter of its time


def choose(kind: str, name: str, choices: Iterable[str]) -> str:
    """`name` if it is one of `choices`; else a ValueError that says what was wanted, what came, the choices."""
    choices = sorted(choices)
    if name not in choices:
        raise ValueError(f"unknown {kind} {name!r}; choose one of {', '.join(choices)}")
    return name

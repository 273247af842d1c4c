"""What becomes of an attacked picture in a file of 8 bits, and what that file scores when it is read back."""

from __future__ import annotations

import io
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import torch
from PIL import Image

from lab.data.base import images_of, unit
from lab.system import draw
from lab.system.computing import alone
from lab.system.words import ROUNDED
from lab.view import panels
from lab.view.photo import answer
from lab.view.session import scores
from lab.view.view import View
from pearl_core.types import Sample


class Saved(NamedTuple):
    """The file of an attacked picture, read back."""

    file: bytes  # a PNG
    metrics: dict[str, float]  # as those of the view, of the picture in the file
    radius: float  # its largest change against the rainy picture, in 1/255


SEEN: WeakKeyDictionary[View, Saved] = WeakKeyDictionary()  # as long as somebody holds the view


def saved(view: View) -> Saved:
    """The attacked picture as a file that stays in the ball, and its scores: one forward pass, the first time.

    No level lies nearer than half of one where 8 bits cannot say it: under eps = 0.5 the file may lie 0.5/255 away.
    """
    if view not in SEEN:
        SEEN[view] = alone(read_back, view, draw.png(view.rounded))
    return SEEN[view]


def read_back(view: View, file: bytes) -> Saved:
    """A file of the attacked picture, scored as the view is."""
    picture = np.asarray(Image.open(io.BytesIO(file)))
    labels = torch.from_numpy(view.labels)[None].long()
    rainy, clean, attacked = (images_of(image[None]) for image in (view.rainy, view.clean, unit(picture)))
    output = answer(view.setting.system.nets, attacked.contiguous(memory_format=torch.channels_last))
    metrics, _ = scores(output, Sample(rainy, clean, labels, (view.key,)))
    return Saved(file, metrics, 255 * float(np.abs(unit(picture) - view.rainy).max()))


def words(view: View) -> str:
    """What the file is and what it scores, in a sentence or two."""
    kept = saved(view)
    return (
        f"The attacked picture as a PNG file: {ROUNDED}, from which it lies up to {kept.radius:.2f}/255. "
        f"Read back, the file scores {panels.listed(kept.metrics, panels.named(view))}."
    )

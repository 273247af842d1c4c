"""Training batches as a function of the step: the same step always gives the same batch, so a run can be resumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

from lab.data.base import Dataset, unit
from pearl_core.rain import add_rain
from pearl_core.types import VOID, Sample


@dataclass(frozen=True, eq=False)
class Batches:
    """Shuffled by epoch, flipped at random, zoomed to between `zoom` and the whole picture, with new rain each time.

    `crop` cuts pieces: squares of so many pixels (int), or that share of each side (float; nets that need no context).
    """

    data: Dataset  # preloaded
    size: int
    seed: int
    zoom: float
    crop: float | int = 1.0
    rain: bool = True

    def __call__(self, step: int) -> Sample:
        random = np.random.RandomState([self.seed, step])
        pictures = [self.picture(index, random) for index in self.indices(step)]
        rainy, clean, labels = (np.stack(arrays) for arrays in zip(*pictures, strict=True))
        images = [
            torch.from_numpy(a.transpose(0, 3, 1, 2)) for a in (rainy, clean)
        ]  # channels last, as the nets like it
        return Sample(*images, torch.from_numpy(labels).long())

    __getitem__ = __call__  # steps are the items of a loader

    def indices(self, step: int) -> list[int]:
        """Every picture once an epoch, in an order of its own each time."""
        places = range(step * self.size, (step + 1) * self.size)
        orders = {p // len(self.data): None for p in places}
        orders = {e: np.random.RandomState([self.seed, 1, e]).permutation(len(self.data)) for e in orders}
        return [int(orders[p // len(self.data)][p % len(self.data)]) for p in places]

    def picture(self, index: int, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rainy and clean (H, W, 3) float32, labels (H, W) uint8."""
        picture = self.data[index]
        flip = slice(None, None, -1 if random.rand() < 0.5 else 1)
        pictures = picture.clean if picture.rainy is None else np.concatenate([picture.clean, picture.rainy], -1)
        marks = picture.labels if picture.labels is not None else np.full(picture.clean.shape[:2], VOID, np.uint8)
        whole, labels = zoomed(pictures[:, flip], marks[:, flip], random.uniform(self.zoom, 1), random)
        clean = whole[..., :3]
        height, width = (
            min(self.crop, side) if isinstance(self.crop, int) else round(self.crop * side) for side in labels.shape
        )
        y, x = (random.randint(0, room + 1) for room in (labels.shape[0] - height, labels.shape[1] - width))
        rainy = self.rained(whole, random) if self.rain else clean
        piece = np.s_[y : y + height, x : x + width]
        return rainy[piece], clean[piece], labels[piece]

    def rained(self, whole: np.ndarray, random: np.random.RandomState) -> np.ndarray:
        """The picture in fresh rain, or in the one that came with it (its channels 3 to 5)."""
        if whole.shape[-1] > 3:
            return whole[..., 3:]
        return add_rain(whole, self.data.rain, int(random.randint(2**31))).image


def zoomed(clean: np.ndarray, labels: np.ndarray, share: float, random: np.random.RandomState):
    """A random window of `share` of both sides, enlarged to the whole size: pictures bilinear, labels nearest."""
    full = labels.shape
    height, width = (round(share * side) for side in full)
    y, x = random.randint(0, full[0] - height + 1), random.randint(0, full[1] - width + 1)
    piece = np.s_[y : y + height, x : x + width]
    image = torch.from_numpy(unit(clean[piece]).transpose(2, 0, 1).copy())[None]
    image = F.interpolate(image, full, mode="bilinear", align_corners=False)[0].permute(1, 2, 0).numpy()
    rows, columns = (((np.arange(n) + 0.5) * m / n).astype(int) for n, m in zip(full, (height, width), strict=True))
    return np.clip(image, 0, 1), labels[piece][np.ix_(rows, columns)]


def ahead(batches: Batches, first: int, last: int, workers: int) -> Callable[[int], Sample]:
    """`batches` for the steps `first` to `last`, made in advance by `workers` processes; to be used in this order."""
    steps = range(first, last)  # workers are forked, so that all share the pictures
    made = iter(DataLoader(batches, None, sampler=steps, num_workers=workers, multiprocessing_context="fork"))
    return lambda step: next(made)

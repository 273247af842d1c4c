"""One image through a trial: what a row of a table looks like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lab.experiment import attacked_pictures
from lab.pipelines import build
from lab.trial import Cell, Trial, cells_of, steps_of
from pearl_core.metrics import METRICS, observe_all
from pearl_core.types import Output, Sample

SHOWN = ("mIoU", "allAcc", "PSNR", "SSIM")


@dataclass(frozen=True, eq=False)
class View:
    """The pictures (H, W, 3) float32 in [0, 1], label maps (H, W) uint8 and figures of one image.

    Figures are of this image alone; its mIoU is the mean over classes labelled or predicted in it, not a data set's.
    """

    trial: Trial
    key: str
    clean: np.ndarray
    rainy: np.ndarray
    attacked: np.ndarray
    derained: np.ndarray  # from the attacked picture; where nothing derains, the attacked picture itself
    derained_unattacked: np.ndarray  # from the rainy picture
    labels: np.ndarray
    predicted: np.ndarray
    predicted_unattacked: np.ndarray
    classes: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    metrics: dict[str, float]  # under attack, by the names of `SHOWN`
    unattacked_metrics: dict[str, float]


def look(
    *,
    dataset: str = "scenes",
    split: str | None = None,
    index: int = 0,
    data_root: str | None = None,
    method: str = "derain_seg",
    derain: str = "prenet",
    segmenter: str = "pspnet",
    threat: str = "oblivious",
    source: str | None = "seg",
    attack: str = "bim",
    eps: float = 8,
    steps: int = 10,
    seed: int = 0,
    precision: str = "float32",
) -> View:
    """Image `index` of a data set in the rain, attacked, derained and segmented, as a trial of a table would.

    `source` counts for transfer attacks only. eps is in 1/255. Errors: ValueError, FileNotFoundError, one line.
    """
    trial = Trial(
        method, dataset, split, derain=derain, segmenter=segmenter, attack=attack, eps=eps, steps=steps, threat=threat,
        source=source if threat == "transfer" else None, images=1, seed=seed, precision=precision,
    )  # fmt: skip
    (cell,) = cells_of([trial], data_root)
    sample = labelled(cell, index)
    attacked = attack_of(cell, sample)
    output, unattacked = (score(cell, images) for images in (attacked, sample.rainy))
    return View(
        cell.trial,
        sample.keys[0],
        *map(picture, (sample.clean, sample.rainy, attacked, output.derained, unattacked.derained)),
        *map(label_map, (sample.labels, output.predicted, unattacked.predicted)),
        cell.data.classes,
        cell.data.palette,
        figures(output, sample),
        figures(unattacked, sample),
    )


def labelled(cell: Cell, index: int) -> Sample:
    """Image `index` as a batch of one."""
    data = cell.data
    if not 0 <= index < len(data):
        raise ValueError(f"wanted an image of {data.name} {data.split} from 0 to {len(data) - 1}, got {index}")
    sample = data.sample([index])
    if sample.labels is None:
        raise ValueError(f"wanted labels to attack and to score, but {data.name} {data.split} has none")
    return sample


def attack_of(cell: Cell, sample: Sample) -> Tensor:
    """The attacked picture (1, 3, H, W)."""
    _ = cell.attacked  # an impossible threat is refused even where the attack would move nothing
    return attacked_pictures(sample, [cell])[steps_of(cell)]


def score(cell: Cell, images: Tensor) -> Output:
    with torch.no_grad():
        return build(cell.victim)(images)


def figures(output: Output, sample: Sample) -> dict[str, float]:
    found = observe_all(output, sample, SHOWN)
    return {name: METRICS[name].reduce(found[METRICS[name].statistic]) for name in SHOWN}


def picture(images: Tensor) -> np.ndarray:
    return images[0].clamp(0, 1).permute(1, 2, 0).numpy()


def label_map(labels: Tensor) -> np.ndarray:
    return labels[0].numpy().astype(np.uint8)

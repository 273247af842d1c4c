"""Worst cases over attacks, folded from what is stored of each: no gradient is computed for another selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pearl_core.attacks.ensembles import worst_miou
from pearl_core.metrics import METRICS, pixel_accuracy

Statistics = Mapping[str, np.ndarray]  # of one attack: name -> (N, ...)


def worst_case(members: Sequence[Statistics]) -> dict[str, np.ndarray]:
    """For each image the statistics under its worst attack: the one with fewest correct pixels, or without labels the
    lowest PSNR. Of equally bad attacks the first counts."""
    return taken(members, left(members).argmin(0))


def left(members: Sequence[Statistics]) -> np.ndarray:
    """Correct pixels (or PSNR) of each image under each attack: (A, N)."""
    if "confusion" in members[0]:
        return np.stack([pixel_accuracy(member["confusion"]) for member in members])
    if "psnr" not in members[0]:
        wanted = f"the statistic confusion or psnr, such as the metrics allAcc or {METRICS['PSNR'].name}"
        raise ValueError(f"a worst case over attacks wants {wanted}, got {', '.join(members[0])}")
    return np.stack([member["psnr"] for member in members])


def worst_set(members: Sequence[Statistics], seed: int = 0) -> dict[str, np.ndarray]:
    """The statistics under the choice of one attack per image that brings the mIoU of all images lowest (greedy)."""
    _, choice = worst_miou(np.stack([member["confusion"] for member in members]), seed)
    return taken(members, choice)


def taken(members: Sequence[Statistics], choice: np.ndarray) -> dict[str, np.ndarray]:
    """Of image i the statistics of member `choice[i]`."""
    return {name: np.stack([members[a][name][i] for i, a in enumerate(choice)]) for name in members[0]}

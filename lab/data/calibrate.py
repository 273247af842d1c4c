"""Finds how strongly it must rain for a data set's pictures to be as bad as the papers' (PEARL: 17.45 dB)."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np

from lab.data import dataset, rainy, reader
from lab.data.base import Dataset, unit
from lab.data.files import Size
from lab.system import disk
from lab.system.paths import writable
from lab.system.progress import bar
from pearl_core import metrics
from pearl_core.rain import calibrate, preset

TARGETS = {"pearl": (17.45, 0.3), "heavy": (12.05, 0.4)}  # PSNR of rainy against clean and its tolerance, dB
SEARCHED, MEASURED = 48, 200  # pictures, from all over the split: neighbours are frames of one film


def calibrate_dataset(
    name: str, *, data_root: str | os.PathLike | None = None, size: Size | None = None
) -> dict[str, dict[str, float]]:
    """Searches every preset's strength on train, measures it on val, records it: {preset: {strength, psnr_train, ...}}.

    One strength holds for all splits, so a split that is darker than train stays off the target: `misses` names it.
    ValueError, and nothing recorded, where the search does not hold on train or the set has rain of its own; OSError
    at once where nothing can be recorded.
    """
    writable(disk.home())
    rainy.read(rainy.own())  # refuses a damaged file, to which nothing can be added
    if reader(name).size is None:
        raise ValueError(f"wanted a data set without rain, but {name} comes with its own")
    train, val = (dataset(name, split, data_root=data_root, size=size, rain="none") for split in ("train", "val"))
    calibrations = {rain: _calibrated(rain, train, val) for rain in TARGETS}
    lost = misses(calibrations, "train")
    if lost:
        raise ValueError(f"{name} at {rainy.size_key(train.size)}: {'; '.join(lost)}; nothing recorded")
    rainy.record(name, train.size, calibrations)
    return calibrations


def misses(calibrations: dict[str, dict[str, float]], split: str) -> list[str]:
    """The presets whose rain on `split` misses the wanted PSNR by more than the tolerance; one line each."""
    return [
        f"rain {rain!r} on {split}: wanted {target} +- {tolerance} dB, got {calibrations[rain][f'psnr_{split}']:.2f} dB"
        for rain, (target, tolerance) in TARGETS.items()
        if abs(calibrations[rain][f"psnr_{split}"] - target) > tolerance
    ]


def quality(data: Dataset, indices: list[int]) -> tuple[float, float]:
    """Mean PSNR in dB and mean SSIM of these rainy pictures against the clean ones."""
    values = []
    for i in bar(indices, what=f"{data.name} {data.split}", unit="picture", leave=False):
        wet, clean, *_ = data.sample([i])
        values.append([metrics.psnr(wet, clean).item(), metrics.ssim(wet, clean).item()])
    psnr, ssim = np.mean(values, axis=0).tolist()
    return psnr, ssim


def _calibrated(name: str, train: Dataset, val: Dataset) -> dict[str, float]:
    target, _ = TARGETS[name]
    chosen = _spread(train, SEARCHED)
    pictures = [unit(train[i].clean) for i in chosen]
    rain = calibrate(pictures, preset(name), target, seeds=[train.keys[i] for i in chosen])
    calibration = {"strength": rain.strength, "probe": rainy.probe(rain)}
    for data in (train, val):
        psnr, ssim = quality(replace(data, rain=rain), _spread(data, MEASURED))
        calibration |= {f"psnr_{data.split}": round(psnr, 4), f"ssim_{data.split}": round(ssim, 4)}
    return calibration


def _spread(data: Dataset, count: int) -> list[int]:
    return sorted(set(np.linspace(0, len(data) - 1, count).round().astype(int).tolist()))

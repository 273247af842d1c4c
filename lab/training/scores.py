"""Scores of a trained net on held-out pictures, for its card."""

from __future__ import annotations

import copy

import numpy as np
import torch

from lab.data import dataset
from lab.data.base import Dataset
from lab.measure.measuring import chosen
from lab.measure.measuring import run as measure
from lab.measure.trial import RAIN, Trial
from lab.nets import zoo
from lab.nets.methods import METHODS
from lab.system.device import here, moved
from lab.training.job import Job
from pearl_core.metrics import psnr


def scores(job: Job) -> dict:
    """The scores of the net within the method it belongs to; of a plain derainer the PSNR of its pictures."""
    recipe = job.name.recipe
    data = dataset(job.name.dataset, "val", data_root=job.data_root)
    images = min(len(data), 100)
    on = {"on": f"{data.name} {data.split}, {images} images"}
    method = next((key for key, made in METHODS.items() if recipe in (made.derain, made.segment)), None)
    if recipe == "derain" or method is None or METHODS[method].segment is None:
        return on | of_derainer(job, data, chosen(data, images))
    return on | of_method(job, method, images)


def of_derainer(job: Job, data: Dataset, indices: list[int]) -> dict:
    """PSNR before and after, mean over images."""
    derainer, values = copy.deepcopy(zoo.find(job.name).module).to(here()), []
    for index in indices:
        sample = moved(data.sample([index]), here())
        with torch.no_grad():
            pictures = sample.rainy, derainer(sample.rainy)
        values.append([psnr(picture, sample.clean).item() for picture in pictures])
    return dict(zip(("PSNR rain", "PSNR"), np.round(np.mean(values, axis=0), 3).tolist(), strict=True))


def of_method(job: Job, method: str, images: int) -> dict:
    """Every usual metric without attack, on clean and on rainy pictures."""
    name = job.name
    shared = {"derain": name.derain, "segmenter": name.segmenter, "net_seed": name.seed, "derain_on": name.derain_on,
              "variant": name.variant, "split": "val", "images": images}  # fmt: skip
    trials = [Trial(method, name.dataset, rain=rain, **shared) for rain in ("none", RAIN)]
    rows = measure(trials, data_root=job.data_root, quiet=True, processes=1)
    rows = rows[np.isfinite(rows.value)]
    return {f"{r.metric} {'clean' if r.rain == 'none' else 'rain'}": round(r.value, 3) for r in rows.itertuples()}

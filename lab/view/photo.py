"""What the camera sees: the picture of a setting in its rain, and where an attack may change it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lab.data import Dataset, Picture, dataset, uploads
from lab.data.base import images_of, unit
from lab.view.setting import Setting
from pearl_core.types import Sample


@dataclass(frozen=True, eq=False)
class Street:
    """A picture in the rain, before anybody segments or attacks it."""

    data: Dataset
    sample: Sample  # a batch of one; labels None where nobody labelled it
    streaks: Tensor  # (1, H, W) bool, where the rain is to be seen

    @property
    def bytes(self) -> int:
        return 4 * self.sample.rainy.nbytes


def place(setting: Setting) -> tuple:
    """The parts of a setting that decide what the camera saw."""
    picture = setting.dataset, setting.split, setting.index, setting.image
    return *picture, setting.amount, setting.angle, setting.rain_seed


@lru_cache(maxsize=16)
def opened(name: str, split: str | None, data_root: str | None) -> Dataset:
    """A data set, kept open."""
    return dataset(name, split, data_root=data_root)


def street_of(setting: Setting, own: np.ndarray | None, data_root: str | None) -> Street:
    """The picture of a setting in its rain."""
    data = opened(setting.dataset, setting.split, data_root)
    found = taken(data, setting.index) if setting.image is None else of_own(setting, own)
    if data.rain is not None:
        rain = replace(data.rain, strength=setting.amount * data.rain.strength, angle=data.rain.angle + setting.angle)
        data = replace(data, rain=rain)
    rainy = data.in_rain(found, rain_seed=setting.rain_seed)
    labels = None if found.labels is None else torch.from_numpy(found.labels)[None].long()
    sample = Sample(images_of(rainy.image[None]), images_of(unit(found.clean)[None]), labels, (found.key,))
    return Street(data, sample, torch.from_numpy(rainy.mask)[None])


def taken(data: Dataset, index: int) -> Picture:
    if not 0 <= index < len(data):
        raise ValueError(f"wanted an image of {data.name} {data.split} from 0 to {len(data) - 1}, got {index}")
    return data[index]


def of_own(setting: Setting, own: np.ndarray | None) -> Picture:
    """The picture of one's own that a setting names by its digest."""
    if own is None:
        raise ValueError("wanted the picture of one's own that this setting was made for; give it with --image FILE")
    found = uploads.digest(own)
    if found != setting.image:
        raise ValueError(f"wanted the picture {setting.image[:12]} of this setting, got another, {found[:12]}")
    return Picture(own, None, f"own/{found[:16]}")


def region(setting: Setting, street: Street) -> Tensor | None:
    """Where the attack may change the picture: (1, H, W) bool, None for everywhere."""
    if setting.region == "everywhere":
        return None
    if setting.region == "rain":
        mask = street.streaks
    else:
        top, left, bottom, right = setting.box
        mask = torch.zeros_like(street.streaks)
        mask[:, top:bottom, left:right] = True
    if not mask.any():
        wanted = "some rain" if setting.region == "rain" else f"a box inside {tuple(mask.shape[1:])} (H, W)"
        raise ValueError(f"wanted {wanted} to attack in, got {'none' if setting.region == 'rain' else setting.box}")
    return mask

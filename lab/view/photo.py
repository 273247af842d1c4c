"""The picture of a setting with its rain, the region that an attack may change, and the outputs of nets on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from lab.data import Dataset, Picture, dataset, uploads
from lab.data.base import images_of, unit
from lab.nets.pipelines import Nets, build
from lab.system.computing import alone
from lab.view.setting import Setting
from pearl_core.attacks.catalogue import LABEL_MAP
from pearl_core.attacks.restoration import Reference
from pearl_core.types import VOID, Output, Sample


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture in the rain before any attack, and the outputs of nets on it that were computed so far."""

    data: Dataset
    sample: Sample  # a batch of one picture; labels None if it has none
    streaks: Tensor  # (1, H, W) bool, where the rain is to be seen
    answers: dict[tuple, Output] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        answered = (part for output in list(self.answers.values()) for part in output if part is not None)
        return 4 * self.sample.rainy.nbytes + sum(part.nbytes for part in answered)

    @property
    def labelled(self) -> bool:
        return self.sample.labels is not None

    @cached_property
    def images(self) -> Tensor:
        return self.sample.rainy.contiguous(memory_format=torch.channels_last)

    def answer(self, nets: Nets) -> Output:
        """The output of these nets on it."""
        key = tuple(hashes(nets))
        if key not in self.answers:
            self.answers[key] = answer(nets, self.images)
        return self.answers[key]

    def truth(self, victim: Nets) -> Tensor:
        """What predictions are scored by, (1, H, W): labels; without any, the victim's prediction without attack."""
        return self.sample.labels if self.labelled else predicted(self.answer(victim))

    def target(self, setting: Setting, attacked: Nets) -> Tensor | Reference:
        """The label map that the attack moves away from, or towards; without labels the attacked nets' prediction."""
        sample = self.sample._replace(labels=self.truth(attacked))
        if setting.label is not None:
            return LABEL_MAP.of(build(attacked), sample, category=setting.label)
        return alone(setting.entry.target.of, build(attacked), sample)


def predicted(output: Output) -> Tensor:
    """The class of every pixel, (1, H, W); void without a segmenter."""
    if output.logits is not None:
        return output.predicted
    return torch.full_like(output.derained[:, 0], VOID, dtype=torch.long)


def answer(nets: Nets, images: Tensor) -> Output:
    def work() -> Output:
        with torch.no_grad():
            return build(nets)(images)

    return alone(work)


def hashes(nets: Nets) -> list[str | None]:
    return [None if net is None else net.sha256 for net in nets]


def place(setting: Setting) -> tuple:
    """The parts of a setting that decide the picture and its rain."""
    picture = setting.dataset, setting.split, setting.index, setting.image
    return *picture, setting.amount, setting.angle, setting.rain_seed


@lru_cache(maxsize=16)
def opened(name: str, split: str | None, data_root: str | None) -> Dataset:
    """A data set, kept open."""
    return dataset(name, split, data_root=data_root)


def photo_of(setting: Setting, own: np.ndarray | None, data_root: str | None) -> Photo:
    """The picture of a setting in its rain."""
    data = opened(setting.dataset, setting.split, data_root)
    picture = taken(data, setting.index) if setting.image is None else of_own(setting, own)
    if data.rain is not None:
        rain = replace(data.rain, strength=setting.amount * data.rain.strength, angle=data.rain.angle + setting.angle)
        data = replace(data, rain=rain)
    rainy = data.in_rain(picture, rain_seed=setting.rain_seed)
    labels = None if picture.labels is None else torch.from_numpy(picture.labels)[None].long()
    sample = Sample(images_of(rainy.image[None]), images_of(unit(picture.clean)[None]), labels, (picture.key,))
    return Photo(data, sample, torch.from_numpy(rainy.mask)[None])


def taken(data: Dataset, index: int) -> Picture:
    return data[within(data, index)]


def within(data: Dataset, index: int) -> int:
    """The number of a picture, if the data set has so many."""
    if not 0 <= index < len(data):
        raise ValueError(f"wanted a picture of {data.name} {data.split} from 0 to {len(data) - 1}, got {index}")
    return index


def of_own(setting: Setting, own: np.ndarray | None) -> Picture:
    """The picture of one's own that a setting names by its digest."""
    if own is None:
        raise ValueError("wanted the picture of one's own that this setting was made for; give it with --image FILE")
    digest = uploads.digest(own)
    if digest != setting.image:
        raise ValueError(f"wanted the picture {setting.image[:12]} of this setting, got another, {digest[:12]}")
    return Picture(own, None, f"own/{digest[:16]}")


def region(setting: Setting, photo: Photo) -> Tensor | None:
    """Where the attack may change the picture: (1, H, W) bool, None for everywhere."""
    if setting.region == "everywhere":
        return None
    if setting.region == "rain":
        mask = photo.streaks
    else:
        top, left, bottom, right = setting.box
        mask = torch.zeros_like(photo.streaks)
        mask[:, top:bottom, left:right] = True
    if not mask.any():
        if setting.region == "rain":
            raise ValueError("wanted some rain to attack in, got none; raise amount, or attack everywhere")
        raise ValueError(f"wanted a box inside {tuple(mask.shape[1:])} (H, W) to attack in, got {setting.box}")
    return mask

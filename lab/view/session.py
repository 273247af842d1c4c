"""One picture, in the rain, under attack, behind a defence: what a row of a table looks like, at every step.

A `Scene` is a setting with its picture, its nets and the course of its attack at hand; a `View` is what is to be seen
at one point of it. What was looked at lately is kept for the whole process, so that visitors share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from lab.data import uploads
from lab.nets.pipelines import Nets, build
from lab.system.recent import Recent
from lab.view.photo import Street, place, region, street_of
from lab.view.setting import Setting
from lab.view.trajectory import Course, Ended, Point, alone, largest_change
from pearl_core.metrics import METRICS, class_iou, observe_all
from pearl_core.types import Output, Sample

SHOWN = ("mIoU", "allAcc", "PSNR", "SSIM")
RECENT = Recent(1 << 30)


@dataclass(frozen=True, eq=False)
class View:
    """The pictures (H, W, 3) float32 in [0, 1], label maps (H, W) uint8 and figures at one point of an attack.

    Figures are of this image alone; its mIoU is the mean over classes labelled or predicted in it, not a data set's.
    Where nobody labelled the picture (`labelled`), the prediction without attack stands for the labels.
    """

    setting: Setting
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
    ious: np.ndarray  # (K,) in %, nan for a class neither labelled nor predicted
    unattacked_ious: np.ndarray
    labelled: bool
    points: tuple[Point, ...]  # the whole course of the attack, as far as it is known
    radius: float  # largest change of a colour value by the attack, in 1/255
    finished: bool  # whether the attack took all its steps

    @property
    def bytes(self) -> int:
        return sum(value.nbytes for field in fields(self) if isinstance(value := getattr(self, field.name), np.ndarray))

    @property
    def held(self) -> str:
        """What the share of pixels that hold is called: of a picture without labels it is agreement."""
        return "accuracy" if self.labelled else "agreement"

    @property
    def outside(self) -> bool:
        """Whether the point lies outside the ball of the attack, as those on red-eps' way do."""
        return self.setting.with_eps and self.radius > self.setting.eps + 1e-3

    def _repr_html_(self) -> str:
        from lab.view import rich  # which shows views

        return rich.view(self)


class Subject:
    """A street with the nets of a setting."""

    def __init__(self, street: Street, victim: Nets, attacked: Nets):
        self.street, self.victim, self.attacked = street, victim, attacked

    @property
    def labelled(self) -> bool:
        return self.street.sample.labels is not None

    @cached_property
    def images(self) -> Tensor:
        return self.street.sample.rainy.contiguous(memory_format=torch.channels_last)

    @cached_property
    def unattacked(self) -> Output:
        return answer(self.victim, self.images)

    @cached_property
    def truth(self) -> Tensor:
        """What predictions are scored by: (1, H, W)."""
        return self.street.sample.labels if self.labelled else self.unattacked.predicted

    @cached_property
    def target(self) -> Tensor:
        """What the attack drives predictions away from: of an unlabelled picture what its own nets saw in it."""
        if self.labelled or self.attacked == self.victim:
            return self.truth
        return answer(self.attacked, self.images).predicted

    @property
    def bytes(self) -> int:
        return 8 * self.images.nbytes


def answer(found: Nets, images: Tensor) -> Output:
    def work() -> Output:
        with torch.no_grad():
            return build(found)(images)

    return alone(work)


@dataclass(frozen=True, eq=False)
class Scene:
    """A setting with all that it takes to look at it."""

    setting: Setting
    subject: Subject
    course: Course | Ended
    key: tuple  # all that decides the view

    def advance(self) -> Iterator[float]:
        """Attack, step by step; yields the share that is done. Whoever stops asking may go on later."""
        expected = self.setting.steps + 1
        if not self.course.extends:
            expected = (self.setting.steps + 3) * max(len(self.course.parts), 1)  # red-eps begins twice anew
        for points in self.course.advance(self.setting.steps):
            yield min(points / expected, 1.0)

    def points(self) -> list[Point]:
        """Every point of the attack that is known."""
        return self.course.points(self.setting.steps)

    def view(self) -> View:
        """What is to be seen at the point the setting asks for; no gradient is computed."""
        if self.course.lacks(self.setting.steps):  # stopped on its way: nothing to remember
            return alone(self.drawn)
        return RECENT.get(("view", *self.key, self.setting), lambda: alone(self.drawn))

    def drawn(self) -> View:
        setting, subject, sample = self.setting, self.subject, self.subject.street.sample
        points = self.points()
        if setting.shown is not None and not setting.shown < max(len(points), 1):
            raise ValueError(f"wanted to show a step from 0 to {len(points) - 1}, got {setting.shown}")
        attacked = self.course.result(setting.steps) if setting.shown is None else self.course.picture(setting.shown)
        output, sample = answer(subject.victim, attacked), sample._replace(labels=subject.truth)
        (metrics, ious), (unattacked, unattacked_ious) = (scores(o, sample) for o in (output, subject.unattacked))
        pictures = (sample.clean, sample.rainy, attacked, output.derained, subject.unattacked.derained)
        return View(
            setting,
            sample.keys[0],
            *map(picture, pictures),
            *map(label_map, (subject.truth, output.predicted, subject.unattacked.predicted)),
            subject.street.data.classes,
            subject.street.data.palette,
            metrics,
            unattacked,
            ious,
            unattacked_ious,
            subject.labelled,
            tuple(points),
            largest_change(attacked, sample.rainy),
            not self.course.lacks(setting.steps),
        )


def look(
    setting: Setting | None = None, *, own: np.ndarray | None = None, data_root: str | None = None, **changes
) -> View:
    """A picture of a data set in the rain, attacked, derained and segmented, as a row of a table would be.

    `changes` are parts of the setting. `own` is a picture of one's own, (H, W, 3) uint8 or in [0, 1], in place of the
    data set's; it is made smaller where it has more than `uploads.MOST` pixels. Errors: ValueError, FileNotFoundError,
    one line.
    """
    setting = setting or Setting()
    if own is not None:
        own = uploads.fitted(uploads.from_array(own))
        if setting.image is None:
            changes.setdefault("image", uploads.digest(own))
    scene = prepared(replace(setting, **changes), own=own, data_root=data_root)
    for _ in scene.advance():
        pass
    return scene.view()


def prepared(setting: Setting, *, own: np.ndarray | None = None, data_root: str | None = None) -> Scene:
    """The scene of a setting; the attack is only begun.

    `own` is what `uploads.fitted` made of a picture of one's own.
    """
    here = place(setting), data_root
    street = RECENT.get(("street", *here), lambda: street_of(setting, own, data_root))
    subject = subject_of(setting, street, here)
    attack = data_root, *hashes(subject.attacked), setting.course
    course = RECENT.get(("course", *attack), lambda: course_of(setting, subject))
    return Scene(setting, subject, course, (*attack, *hashes(subject.victim)))


def subject_of(setting: Setting, street: Street, here: tuple) -> Subject:
    victim, attacked = setting.system.nets, setting.attacked
    key = "subject", *here, *hashes(victim), *hashes(attacked)
    return RECENT.get(key, lambda: Subject(street, victim, attacked))


def hashes(found: Nets) -> list[str | None]:
    return [None if net is None else net.sha256 for net in found]


def course_of(setting: Setting, subject: Subject) -> Course:
    mask = region(setting, subject.street)
    model = build(subject.attacked)
    return Course(setting.made(), model, subject.images, subject.target, mask=mask, extends=setting.stepwise)


def scores(output: Output, sample: Sample) -> tuple[dict[str, float], np.ndarray]:
    """The figures of one picture, and the IoU of each class in %."""
    found = observe_all(output, sample, SHOWN)
    figures = {name: METRICS[name].reduce(found[METRICS[name].statistic]) for name in SHOWN}
    return figures, class_iou(found["confusion"].sum(0))


def picture(images: Tensor) -> np.ndarray:
    return images[0].clamp(0, 1).permute(1, 2, 0).numpy()


def label_map(labels: Tensor) -> np.ndarray:
    return labels[0].numpy().astype(np.uint8)

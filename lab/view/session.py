"""One picture in the rain, under attack, processed by a method: what a row of a table looks like, at every step.

A `Setting` says what is chosen; a `Session` has its photo, its nets and the trajectory of its attack; a `View`
is what is shown at one point of it. Recent sessions are kept for the whole process, so that visitors
share them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from lab.data import uploads
from lab.nets.pipelines import Nets, build
from lab.system.computing import alone
from lab.system.recent import Recent
from lab.view.photo import Photo, answer, hashes, photo_of, place, predicted, region
from lab.view.rich import RichView
from lab.view.setting import Setting
from lab.view.trajectory import Ended, Point, Trajectory, largest_change
from lab.view.view import SHOWN, View
from pearl_core.metrics import METRICS, class_iou, observe_all
from pearl_core.types import Output, Sample

RECENT = Recent(1 << 30)


@dataclass(frozen=True, eq=False)
class Session:
    """A setting with all that is needed to make its views."""

    setting: Setting
    photo: Photo
    victim: Nets  # which derain and segment
    attacked: Nets  # on which the perturbation is computed
    trajectory: Trajectory | Ended
    key: tuple  # all that decides the view, beside the setting

    def at(self, point: int | None) -> Session:
        """The same at another point of its attack; None: at what the attack returns."""
        return replace(self, setting=replace(self.setting, shown=point))

    @property
    def finished(self) -> bool:
        """Whether the attack took all its steps."""
        return not self.trajectory.lacks(self.setting.steps)

    def advance(self) -> Iterator[float]:
        """Attack, step by step; yields the share that is done. It can be stopped and continued later."""
        expected = self.setting.steps + 1
        if not self.trajectory.extends:
            expected = (self.setting.steps + 3) * max(len(self.trajectory.parts), 1)  # red-eps begins twice anew
        for points in self.trajectory.advance(self.setting.steps):
            yield min(points / expected, 1.0)

    def points(self) -> list[Point]:
        """Every point of the attack that is known."""
        return self.trajectory.points(self.setting.steps)

    def reached(self) -> Session:
        """The same, its setting saying how far an attack came that was stopped: whoever computes it sees the same.

        The first steps of most attacks are the attack of so few steps. Of others, whose steps depend on how many are
        to come, the point is shown that they would return if they ended there. At least one point is made.
        """
        if self.finished:
            return self
        if not self.points():
            next(self.advance(), None)
        if not self.trajectory.extends:
            return self.at(self.trajectory.kept())
        return self.taking(len(self.points()) - 1)

    def taking(self, steps: int) -> Session:
        """The attack of so many steps, seen to its end; of most attacks the beginning of this one."""
        taken = replace(self, setting=replace(self.setting, steps=steps))
        for _ in taken.advance():
            pass
        return taken

    def before(self) -> View:
        """What is known before the attack: no attacked picture, but what the nets make of the rainy one."""
        return alone(lambda: replace(self.drawn(self.photo.images, self.photo.answer(self.victim)), waiting=True))

    def view(self) -> View:
        """The view at the point that the setting asks for; no gradient is computed."""
        if not self.finished:  # stopped early: nothing to remember
            return alone(self.shown)
        return RECENT.get(("view", *self.key, self.setting), lambda: alone(self.shown))

    def picture(self) -> Tensor:
        """The attacked picture at that point, (1, 3, H, W)."""
        known, shown = len(self.points()), self.setting.shown
        if shown is None:
            return self.trajectory.result(self.setting.steps)
        if not shown < max(known, 1):
            raise ValueError(f"wanted to show a step from 0 to {known - 1}, got {shown}")
        return self.trajectory.picture(shown)

    def shown(self) -> View:
        attacked = self.picture()
        return self.drawn(attacked, answer(self.victim, attacked))

    def drawn(self, attacked: Tensor, output: Output) -> View:
        """An attacked picture and what the nets answer to it."""
        photo, unattacked = self.photo, self.photo.answer(self.victim)
        sample = photo.sample._replace(labels=photo.truth(self.victim))
        metrics, ious = scores(output, sample)
        unattacked_metrics, unattacked_ious = scores(unattacked, sample)
        return RichView(
            self.setting,
            sample.keys[0],
            *map(pixels, (sample.clean, sample.rainy, attacked, output.derained, unattacked.derained)),
            *map(label_map, (sample.labels, predicted(output), predicted(unattacked))),
            photo.data.classes if output.logits is not None else (),
            photo.data.palette if output.logits is not None else (),
            metrics,
            unattacked_metrics,
            ious,
            unattacked_ious,
            photo.labelled,
            output.logits is not None,
            tuple(self.points()),
            largest_change(attacked, sample.rainy),
            self.finished,
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
    session = prepared(replace(setting, **changes), own=own, data_root=data_root)
    for _ in session.advance():
        pass
    return session.view()


def prepared(setting: Setting, *, own: np.ndarray | None = None, data_root: str | None = None) -> Session:
    """The session of a setting, before any step of its attack.

    `own` is what `uploads.fitted` made of a picture of one's own.
    """
    here = *place(setting), data_root
    photo = RECENT.get(("photo", *here), lambda: photo_of(setting, own, data_root))
    victim, attacked = setting.system.nets, setting.attacked
    attack = data_root, *hashes(attacked), setting.course
    trajectory = RECENT.get(("trajectory", *attack), lambda: trajectory_of(setting, photo, attacked))
    return Session(setting, photo, victim, attacked, trajectory, (*attack, *hashes(victim)))


def trajectory_of(setting: Setting, photo: Photo, attacked: Nets) -> Trajectory:
    mask, target = region(setting, photo), photo.target(setting, attacked)
    return Trajectory(setting.made(), build(attacked), photo.images, target, mask=mask, extends=setting.stepwise)


def scores(output: Output, sample: Sample) -> tuple[dict[str, float], np.ndarray]:
    """The numbers of one picture, and the IoU of each class in %."""
    names = [name for name in SHOWN if output.logits is not None or "labels" not in METRICS[name].needs]
    observed = observe_all(output, sample, names)
    numbers = {name: METRICS[name].reduce(observed[METRICS[name].statistic]) for name in names}
    return numbers, class_iou(observed["confusion"].sum(0)) if "confusion" in observed else np.empty(0)


def pixels(images: Tensor) -> np.ndarray:
    return images[0].clamp(0, 1).permute(1, 2, 0).numpy()


def label_map(labels: Tensor) -> np.ndarray:
    return labels[0].numpy().astype(np.uint8)

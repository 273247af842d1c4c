"""What is shown of one point of an attack on one picture."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from lab.nets.methods import METHODS
from lab.system import draw
from lab.view.setting import Setting
from lab.view.trajectory import Point

SHOWN = ("mIoU", "allAcc", "PSNR", "SSIM")


@dataclass(frozen=True, eq=False)
class View:
    """The pictures (H, W, 3) float32 in [0, 1], label maps (H, W) uint8 and numbers at one point of an attack.

    Numbers are of this image alone; its mIoU is the mean over classes labelled or predicted in it, not a data set's.
    Where a picture has no labels (`labelled`), the prediction without attack takes their place.
    """

    setting: Setting
    key: str
    clean: np.ndarray
    rainy: np.ndarray
    attacked: np.ndarray
    derained: np.ndarray  # from the attacked picture; without a derainer, the attacked picture itself
    derained_unattacked: np.ndarray  # from the rainy picture
    labels: np.ndarray
    predicted: np.ndarray
    predicted_unattacked: np.ndarray
    classes: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    metrics: dict[str, float]  # under attack, by the names of `SHOWN` that apply
    unattacked_metrics: dict[str, float]
    ious: np.ndarray  # (K,) in %, nan for a class neither labelled nor predicted
    unattacked_ious: np.ndarray
    labelled: bool
    segmented: bool  # whether a segmenter is there; without one label maps are void, and there are no classes
    points: tuple[Point, ...]  # the whole trajectory of the attack, as far as it is known
    radius: float  # largest change of a colour value by the attack, in 1/255
    finished: bool  # whether the attack took all its steps
    waiting: bool = False  # whether the attack is yet to come; then the rainy picture stands for the attacked one

    @property
    def bytes(self) -> int:
        return sum(value.nbytes for field in fields(self) if isinstance(value := getattr(self, field.name), np.ndarray))

    @property
    def derains(self) -> bool:
        """Whether the method has a derainer; without one, the attacked picture is what the segmenter gets."""
        return METHODS[self.setting.method].derain is not None

    @property
    def rounded(self) -> np.ndarray:
        """The attacked picture in 8 bits, as it is shown and saved: rounded towards the rainy one, uint8."""
        return draw.eight_bit(self.attacked, self.rainy)

    @property
    def held(self) -> str:
        """What its pixel accuracy is called: of a picture without labels it is agreement."""
        return "accuracy" if self.labelled else "agreement"

    @property
    def outside(self) -> bool:
        """Whether the point lies outside the ball of the attack, as the first points of red-eps APGD do."""
        return self.setting.with_eps and self.radius > self.setting.eps + 1e-3

"""How the zoo's nets are trained: sizes of the networks, batches and steps, for each data set.

The papers leave these to supplements or to clusters. Here every value has one place and one reason: the whole zoo of
the built-in scenes must train from nothing in 40 minutes on two cores.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pearl_core.train import Schedule
from pearl_core.types import choose


@dataclass(frozen=True)
class Plan:
    """Settings of one data set's zoo. Networks are literal constructor arguments; classes are added by the data set."""

    derain: dict[str, dict]
    segmenter: dict[str, dict]
    schedules: dict[str, Schedule]
    batch: int = 16
    zoom: float = 0.6  # smallest share of the picture a training crop may show: objects at other distances
    crop: dict[str, float] = field(default_factory=dict)  # recipes that learn from smaller pieces: share of each side

    def schedule(self, recipe: str) -> Schedule:
        return self.schedules[choose("recipe", recipe, self.schedules)]


# Fine-tuning starts from trained nets, so it takes a smaller step than training from nothing. The defences that the
# paper compares (nat, pearl, pearl_ama) get the same number of steps, so that none owes its place to longer training.
PLANS = {
    "scenes": Plan(
        # quarter width: the net that still passes 60 % mIoU and gives a gradient in about 10 ms
        segmenter={"pspnet": {"depth": 18, "width": 16}},
        # two passes of 16 channels: over 6 dB of rain removed at a tenth of the authors' cost
        derain={"prenet": {"width": 16, "iterations": 2}},
        schedules={
            "clean": Schedule(1500, 3e-3),
            "sat": Schedule(400, 1e-3),
            "derain": Schedule(800, 3e-3),
            "nat": Schedule(250, 1e-3),
            "pearl": Schedule(250, 1e-3),
            "pearl_ama": Schedule(250, 1e-3),
        },
        crop={"derain": 0.5},
    ),
    "camvid": Plan(
        segmenter={"pspnet": {"depth": 18, "width": 32}},
        derain={"prenet": {"width": 16, "iterations": 3}},
        schedules={
            "clean": Schedule(900, 2e-3),
            "sat": Schedule(400, 1e-3),
            "derain": Schedule(700, 3e-3),
            "nat": Schedule(250, 1e-3),
            "pearl": Schedule(250, 1e-3),
            "pearl_ama": Schedule(250, 1e-3),
        },
        crop={"derain": 0.5},
    ),
}


def plan(dataset: str) -> Plan:
    """The plan of that data set's zoo."""
    return PLANS[choose("data set with a training plan", dataset, PLANS)]

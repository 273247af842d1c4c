"""The scenes and their zoo, shrunk until a net trains in a second; also a program, for tests that kill it.

`python -m tests.lab.tiny RECIPE [SECONDS]` trains one net under PEARL_HOME; every step takes SECONDS longer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import lab.data
from lab.data import objects, rainy, scenes
from lab.nets.zoo import NetName
from lab.training import plans
from lab.training import trainer as training
from lab.training.batches import Batches
from pearl_core.rain import preset
from pearl_core.recipes import RECIPES
from pearl_core.train import Schedule

STEPS = 12
PLAN = plans.Plan(
    segmenter={"pspnet": {"depth": 18, "width": 4}, "deeplabv3": {"depth": 18, "width": 4}},
    derain={
        "prenet": {"width": 4, "iterations": 1},
        "rescan": {"channel": 6, "stages": 1, "depth": 3},
        "mprnet": {"width": 8, "step": 4, "full_step": 4, "blocks": 1},
        "transweather": {
            "dims": [8, 8, 8, 8],
            "depths": [1, 1, 1, 1],
            "heads": [1, 1, 1, 1],
            "decoder_depth": 1,
            "decoder_heads": 1,
        },
    },
    schedules={recipe: Schedule(STEPS, 1e-2) for recipe in RECIPES},
    batch=3,
)


def shrink(change: Callable = setattr) -> None:
    """Six small pictures to train on and three to score, tiny nets, a state on disk after every step."""
    training.training_data.cache_clear()
    readers = {**lab.data.READERS} | {
        "scenes": replace(scenes.READER, size=(32, 64)),
        "objects": replace(objects.READER, size=(32, 40)),
    }
    change(lab.data, "READERS", readers)
    for world in (scenes, objects):
        change(world, "LENGTHS", {"train": 6, "val": 3, "test": 3})
    change(rainy, "recorded", lambda name, size, rain: preset(rain))
    change(plans, "PLANS", {"scenes": PLAN})
    change(training, "CHECKPOINT", 0)


def job(recipe: str, **options) -> training.Job:
    return training.Job(NetName("scenes", recipe), **options)


def main(recipe: str, seconds: str = "0") -> None:
    shrink()
    draw = Batches.__call__
    Batches.__call__ = lambda self, step: (time.sleep(float(seconds)), draw(self, step))[1]
    training.scores = lambda job: {}
    training.CHECKPOINT = 2.5 * float(seconds)  # so that a kill loses a step or two
    training.run(job(recipe), quiet=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

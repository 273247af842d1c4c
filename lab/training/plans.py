"""How the zoo's nets are trained: sizes of the networks, batches and steps, for each data set; and which nets it holds.

The papers leave these to supplements or to clusters. Here every value has one place and one reason: the whole zoo of
the built-in worlds must train from nothing in four hours on two cores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lab.data.files import Size
from lab.nets.zoo import NetName
from pearl_core.derain import DERAINERS
from pearl_core.recipes import RECIPES
from pearl_core.registry import Registry
from pearl_core.segment import SEGMENTERS
from pearl_core.train import Schedule
from pearl_core.types import choose

TUNED = Schedule(250, 1e-3)  # of a recipe that starts from trained nets, unless the plan says otherwise


@dataclass(frozen=True)
class Plan:
    """Settings of one data set's zoo. Networks are literal constructor arguments; classes are added by the data set.

    A schedule is found by recipe and network ("derain-mprnet"), else by recipe alone.
    """

    derain: Mapping[str, dict]
    segmenter: Mapping[str, dict]
    schedules: Mapping[str, Schedule]
    batch: int = 16
    zoom: float = 0.6  # smallest share of the picture a training crop may show: objects at other distances
    crop: Mapping[str, float | int] = field(default_factory=dict)  # of recipes, as in `Batches`
    size: Size | None = None  # of the pictures; None: the data set's working size
    split: str = "train"

    def schedule(self, name: NetName) -> Schedule:
        """How long that net is trained; where nothing is said of a recipe that starts from trained nets, `TUNED`."""
        for key in (f"{name.recipe}-{name.network}", name.recipe):
            if key in self.schedules:
                return self.schedules[key]
        if not RECIPES[name.recipe].starts_from:
            choose("recipe with a schedule", name.recipe, self.schedules)
        return TUNED


# All nets of a table learn from the same pictures in the same batches. The defences that a paper compares get the same
# number of steps, so that none owes its place to longer training. Fine-tuning starts from trained nets, so it takes a
# smaller step than training from scratch.
SMALL = {"sat": Schedule(400, 1e-3)}
# quarter width: the nets that still pass 60 % mIoU and give a gradient in about 10 ms
QUARTER = {"pspnet": {"depth": 18, "width": 16}, "deeplabv3": {"depth": 18, "width": 16}}
# each at about the cost of PReNet's two passes of 16 channels; what rain they remove is on their cards
LITTLE = {
    "prenet": {"width": 16, "iterations": 2},
    "rescan": {"channel": 16, "stages": 2},
    "mprnet": {"width": 8, "step": 4, "full_step": 4, "blocks": 2},
    "transweather": {
        "dims": [64, 64, 64, 64], "depths": [1, 1, 1, 1], "heads": [1, 2, 2, 4], "decoder_depth": 1, "decoder_heads": 4,
    },
}  # fmt: skip
PLANS: Registry[Plan] = Registry("data set with a training plan")
PLANS.add(
    "scenes",
    Plan(
        segmenter=QUARTER,
        derain=LITTLE,
        schedules=SMALL
        | {"clean": Schedule(1500, 3e-3), "derain": Schedule(800, 3e-3), "derain-rescan": Schedule(800, 5e-3)},
        crop={"derain": 0.5},
    ),
)
PLANS.add("objects", Plan(segmenter=QUARTER, derain={}, schedules=SMALL | {"clean": Schedule(1500, 3e-3)}))
PLANS.add(
    "camvid",
    Plan(
        segmenter={"pspnet": {"depth": 18, "width": 32}, "deeplabv3": {"depth": 18, "width": 32}},
        derain=LITTLE | {"prenet": {"width": 16, "iterations": 3}},
        schedules=SMALL
        | {"clean": Schedule(900, 2e-3), "derain": Schedule(700, 3e-3), "derain-rescan": Schedule(700, 5e-3)},
        crop={"derain": 0.5},
    ),
)


# ---- the papers' own scale ----

PAPER_BATCH = 16
PAPER_CROP = {"cityscapes": 449, "voc": 473}  # ddcat's, sides of 8 n + 1
PAPER_SIZE = {"camvid": (360, 480)}  # where the working size is smaller than the crop


def paper(dataset: str, pictures: int) -> Plan:
    """The papers' own sizes and schedules, for a train split of so many pictures.

    Networks are as their authors have them: the defaults of the constructors. By the papers or their authors' code:
    Segmenters: SGD, 0.01, weight decay 1e-4, poly; 400 epochs of Cityscapes or 50 of VOC, crops of 449 or 473, batches
    of 16; Robust Seg likewise. PReNet: Adam, 1e-3, in stairs. RESCAN: 5e-3. MPRNet: Adam, 2e-4 to 1e-6, 250 epochs,
    256 pixels, batches of 16. TransWeather: Adam, 2e-4, 256 pixels. Our choice: whatever of a derainer's epochs,
    optimiser, decay, crop and batch is not in this list; zoom; gradients cut at norm 10; and recipes that start from
    trained nets and state no schedule: a quarter of the steps of what they start from, at a tenth of its rate.
    """

    def over(epochs: int, lr: float, optimiser: str, decay: str, weight_decay: float = 0, last_lr: float = 0):
        steps = max(1, epochs * pictures // PAPER_BATCH)
        return Schedule(steps, lr, weight_decay, 0, 10, optimiser, decay, last_lr)  # no warm-up

    clean = over(400 if dataset == "cityscapes" else 50, 1e-2, "sgd", "poly", weight_decay=1e-4)
    derain = dict.fromkeys(DERAINERS, over(100, 1e-3, "adam", "stairs")) | {
        "rescan": over(100, 5e-3, "adam", "stairs"),
        "mprnet": over(250, 2e-4, "adam", "cosine", last_lr=1e-6),
        "transweather": over(200, 2e-4, "adam", "cosine", last_lr=1e-6),
    }
    schedules = {"clean": clean, "sat": clean}
    schedules |= {f"derain-{network}": schedule for network, schedule in derain.items()}
    for name, recipe in RECIPES.items():
        if recipe.moves == "segment":
            schedules.setdefault(name, tuned(clean))
        elif name != "derain":
            schedules |= {f"{name}-{network}": tuned(schedule) for network, schedule in derain.items()}
    side = PAPER_CROP.get(dataset, 473)
    return Plan(
        derain={network: {} for network in DERAINERS},
        segmenter={network: {"depth": 50} for network in SEGMENTERS},
        schedules=schedules,
        batch=PAPER_BATCH,
        zoom=0.5,
        crop={name: side if recipe.moves == "segment" else 256 for name, recipe in RECIPES.items()},
        size=PAPER_SIZE.get(dataset),
        split={"voc": "train_aug"}.get(dataset, "train"),
    )


def tuned(schedule: Schedule) -> Schedule:
    return replace(schedule, steps=max(1, schedule.steps // 4), lr=schedule.lr / 10, last_lr=schedule.last_lr / 10)


PICTURES = {"cityscapes": 2975, "voc": 10582, "camvid": 367, "scenes": 1200, "objects": 1200}
SCALES = ("small", "paper")


def plan(dataset: str, scale: str = "small") -> Plan:
    """The plan of that data set's zoo. Cityscapes and VOC have the papers' scale alone."""
    if choose("scale", scale, SCALES) == "paper" or dataset in PAPER_CROP:
        return paper(dataset, PICTURES[choose("data set with a training plan", dataset, PICTURES)])
    return PLANS[choose("data set with a training plan", dataset, PLANS)]


# ---- which nets there are ----

# by paper: (data set, scale) -> the nets that its displays need, each after those it is trained from
NETS: Registry[Callable[[str, str], list[NetName]]] = Registry("paper with nets")


def nets(dataset: str, scale: str = "small") -> list[NetName]:
    """What the zoo of that data set consists of, each net after those it is trained from."""
    plan(dataset, scale)  # refuses what there is no plan for
    return list(dict.fromkeys(name for of_paper in NETS.values() for name in of_paper(dataset, scale)))

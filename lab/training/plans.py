"""How the zoo's nets are trained: sizes of the networks, batches and steps, for each data set; and which nets it holds.

The papers leave these to supplements or to clusters. Here every value has one place and one reason: the whole zoo of
the built-in worlds must train from nothing in four hours on two cores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lab.data.files import Size
from lab.nets.zoo import NetName
from pearl_core.train import Schedule
from pearl_core.types import choose

DERAINERS = ("prenet", "rescan", "mprnet", "transweather")  # the paper's four; the first makes its tables here


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
        special = f"{name.recipe}-{name.network}"
        return self.schedules[special if special in self.schedules else choose("recipe", name.recipe, self.schedules)]


# The six nets of a table learn from the same pictures in the same batches. The defences that the paper compares (nat,
# pearl, pearl_ama) get the same number of steps, so that none owes its place to longer training. Fine-tuning starts
# from trained nets, so it takes a smaller step than training from nothing.
SMALL = {
    "sat": Schedule(400, 1e-3),
    "nat": Schedule(250, 1e-3),
    "pearl": Schedule(250, 1e-3),
    "pearl_ama": Schedule(250, 1e-3),
}
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
PLANS = {
    "scenes": Plan(
        segmenter=QUARTER,
        derain=LITTLE,
        schedules=SMALL
        | {"clean": Schedule(1500, 3e-3), "derain": Schedule(800, 3e-3), "derain-rescan": Schedule(800, 5e-3)},
        crop={"derain": 0.5},
    ),
    "objects": Plan(segmenter=QUARTER, derain={}, schedules=SMALL | {"clean": Schedule(1500, 3e-3)}),
    "camvid": Plan(
        segmenter={"pspnet": {"depth": 18, "width": 32}, "deeplabv3": {"depth": 18, "width": 32}},
        derain=LITTLE | {"prenet": {"width": 16, "iterations": 3}},
        schedules=SMALL
        | {"clean": Schedule(900, 2e-3), "derain": Schedule(700, 3e-3), "derain-rescan": Schedule(700, 5e-3)},
        crop={"derain": 0.5},
    ),
}


# ---- the papers' own scale ----

# Networks as their authors have them: the defaults of the constructors.
FULL = {"derain": {name: {} for name in DERAINERS}, "segmenter": {name: {"depth": 50} for name in QUARTER}}
PAPER_BATCH = 16
PAPER_CROP = {"cityscapes": 449, "voc": 473}  # ddcat's, sides of 8 n + 1
PAPER_SIZE = {"camvid": (360, 480)}  # where the working size is smaller than the crop


def paper(dataset: str, pictures: int) -> Plan:
    """The papers' own sizes and schedules, for a train split of so many pictures.

    By the papers or their authors' code: the networks. Segmenters: SGD, 0.01, weight decay 1e-4, poly; 400 epochs of
    Cityscapes or 50 of VOC, crops of 449 or 473, batches of 16; Robust Seg likewise. PReNet: Adam, 1e-3, in stairs.
    RESCAN: 5e-3. MPRNet: Adam, 2e-4 to 1e-6, 250 epochs, 256 pixels, batches of 16. TransWeather: Adam, 2e-4, 256
    pixels. Our choice: whatever of a derainer's epochs, optimiser, decay, crop and batch is not in this list; zoom;
    gradients cut at norm 10; and nat, pearl and pearl_ama, which PEARL leaves to a supplement: a quarter of the steps
    of what they start from, at a tenth of its rate.
    """

    def over(epochs: int, lr: float, optimiser: str, decay: str, weight_decay: float = 0, last_lr: float = 0):
        steps = max(1, epochs * pictures // PAPER_BATCH)
        return Schedule(steps, lr, weight_decay, 0, 10, optimiser, decay, last_lr)  # no warm-up

    clean = over(400 if dataset == "cityscapes" else 50, 1e-2, "sgd", "poly", weight_decay=1e-4)
    derain = {
        "prenet": over(100, 1e-3, "adam", "stairs"),
        "rescan": over(100, 5e-3, "adam", "stairs"),
        "mprnet": over(250, 2e-4, "adam", "cosine", last_lr=1e-6),
        "transweather": over(200, 2e-4, "adam", "cosine", last_lr=1e-6),
    }
    schedules = {"clean": clean, "sat": clean, "nat": tuned(clean)}
    for name, schedule in derain.items():
        schedules |= {f"derain-{name}": schedule}
        schedules |= {f"{recipe}-{name}": tuned(schedule) for recipe in ("pearl", "pearl_ama")}
    crop = dict.fromkeys(("clean", "sat", "nat"), PAPER_CROP.get(dataset, 473))
    crop |= dict.fromkeys(("derain", "pearl", "pearl_ama"), 256)
    split = {"voc": "train_aug"}.get(dataset, "train")
    size = PAPER_SIZE.get(dataset)
    return Plan(FULL["derain"], FULL["segmenter"], schedules, PAPER_BATCH, zoom=0.5, crop=crop, size=size, split=split)


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

RECIPES = ("clean", "sat", "derain", "nat", "pearl", "pearl_ama")
BEHIND = ("derain", "nat", "pearl", "pearl_ama")  # what a derainer of its own needs beside the clean segmenter


def core(dataset: str, seeds: int) -> list[NetName]:
    """The six nets of table 1, with PReNet and PSPNet."""
    return [NetName(dataset, recipe, seed=seed) for seed in range(seeds) for recipe in RECIPES]


def derained(dataset: str, recipes: tuple[str, ...]) -> list[NetName]:
    """Those recipes with each of the other derain nets."""
    return [NetName(dataset, recipe, derain) for derain in DERAINERS[1:] for recipe in recipes]


def unseen(dataset: str, segmenter: str, derain_on: str | None = None) -> list[NetName]:
    """A segmenter that PReNet's derainers never met, and the one that NAT makes behind the plain derainer."""
    names = [NetName(dataset, "clean", segmenter=segmenter)]
    return [*names, NetName(dataset, "nat", segmenter=segmenter, derain_on=derain_on)]


def nets(dataset: str, scale: str = "small") -> list[NetName]:
    """What the zoo of that data set consists of, each net after those it is trained from."""
    plan(dataset, scale)  # refuses what there is no plan for
    if scale == "paper" or dataset in PAPER_CROP:
        whole = [*core(dataset, seeds=1), *derained(dataset, BEHIND), *unseen(dataset, "deeplabv3")]
        if dataset == "cityscapes":
            return whole + unseen("voc", "pspnet", derain_on="cityscapes")
        elsewhere = unseen("objects", "pspnet", derain_on=dataset)[1:]  # small: its clean segmenter is shipped
        return whole + (elsewhere if scale == "small" else [])
    if dataset == "objects":
        return unseen("objects", "pspnet", derain_on="scenes")
    if dataset == "scenes":
        others = [*derained("scenes", BEHIND), *unseen("scenes", "deeplabv3"), *nets("objects")]
        return [*core("scenes", seeds=3), *others]
    elsewhere = unseen("objects", "pspnet", derain_on=dataset)[1:]
    return [
        *core(dataset, seeds=1),
        *derained(dataset, ("derain", "pearl_ama")),
        *unseen(dataset, "deeplabv3"),
        *elsewhere,
    ]

"""A net to train: its parents, its network, its recipe, and all that decides its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from lab.data.base import Dataset
from lab.nets import checkpoints, zoo
from lab.nets.zoo import Net, NetName
from lab.system import disk, parts
from lab.system.device import facts as device_facts
from lab.system.device import here
from lab.training.plans import Plan, plan
from pearl_core import SCIENCE
from pearl_core.networks import Network
from pearl_core.precision import fast_dtype
from pearl_core.recipes import RECIPES, Recipe, segmentation_loss, training_attack
from pearl_core.train import Schedule, class_weights
from pearl_core.types import choose

MOST_WORKERS = 256  # more processes than any machine makes batches with
MOST_STEPS = 10**9
DECIDED = {"classes", "aux"}  # arguments of `for_training`


@dataclass(frozen=True)
class Job:
    """One net to train, and the settings of its training."""

    name: NetName
    data_root: str | None = None
    steps: int | None = None  # None: as planned
    eps: float = 8  # of the training attack
    attack_steps: int = 3
    scale: str = "small"
    files: Mapping[str, Path] = field(default_factory=dict)  # weights from elsewhere, as the network declares them
    workers: int = 0  # processes that make batches ahead; 0: the one that trains makes them
    network: Mapping[str, object] = field(default_factory=dict)  # its arguments that are not the plan's

    def __post_init__(self):
        training_attack(self.eps, self.attack_steps)  # refuses what it would refuse once the pictures are made
        if not 0 <= self.workers <= MOST_WORKERS:
            raise ValueError(f"wanted 0 to {MOST_WORKERS} workers, got {self.workers}")
        if self.steps is not None and self.steps > MOST_STEPS:
            raise ValueError(f"wanted at most {MOST_STEPS} training steps, got {self.steps}")
        for name in sorted(DECIDED.intersection(self.network)):
            raise ValueError(f"wanted no setting {name}, which data set and recipe decide, got {self.network[name]}")
        for name in self.files:
            if not takes(self.name, name):
                wanted = " or ".join(f"{r} with {n}" for r, n in takers(name)) or "none"
                got = f"{self.name.recipe} with {self.name.network}"
                raise ValueError(f"wanted a {name} file for {wanted}, got one for {got}")

    @property
    def known(self) -> Network:
        """What is known of the network that is trained."""
        return zoo.BUILDERS[self.name.network]

    def __str__(self) -> str:
        return f"the training of {self.name}"

    @property
    def state(self) -> Path:
        return disk.home() / "runs" / f"{self.name}.pt"


def schedule_of(job: Job) -> Schedule:
    """How long it is trained: as planned, or as many steps as it says."""
    planned = plan(job.name.dataset, job.scale).schedule(job.name)
    return planned if job.steps is None else replace(planned, steps=job.steps)


def takes(name: NetName, file: str) -> bool:
    """Whether the net of that name can be trained with such a file."""
    wanted = zoo.BUILDERS[name.network].files.get(file)
    return wanted is not None and not (wanted.fresh and name.made.starts_from)


def takers(file: str) -> list[tuple[str, str]]:
    """Recipes and networks that take such a file, for an error."""
    return [
        (recipe, network) for recipe, made in RECIPES.items() for network, known in zoo.BUILDERS.items()
        if known.part == made.moves and file in known.files and not (known.files[file].fresh and made.starts_from)
    ]  # fmt: skip


def parents(name: NetName) -> dict[str, NetName]:
    """The nets that must exist before this one, by their recipes."""
    by_recipe = {recipe: replace(name, recipe=recipe, variant=None) for recipe in name.made.starts_from}
    if name.derain_on:
        by_recipe["derain"] = replace(by_recipe["derain"], dataset=name.derain_on)
    return by_recipe


def before(job: Job) -> dict[str, Net]:
    return {recipe: zoo.find(name) for recipe, name in parents(job.name).items()}


def build_recipe(job: Job, data: Dataset) -> Recipe:
    """The recipe with its training attack; segmenters learn with classes balanced by how rare they are."""
    made, options = job.name.made, {}
    if made.attacked:
        options["attack"] = training_attack(job.eps, job.attack_steps)
    if made.loss == "segmentation":
        options["loss"] = segmentation_loss(class_weights(torch.from_numpy(label_counts(data))))
    return made(**options)


def label_counts(data: Dataset) -> np.ndarray:
    """Pixels of each class in the whole split: (K,)."""
    counts = sum(np.bincount(labels.ravel(), minlength=256) for labels in data.preload().labels)
    return counts[: len(data.classes)]


def architecture(job: Job, how: Plan) -> dict:
    """Arguments of the network that is trained, but for the number of classes."""
    planned = {**how.derain, **how.segmenter}
    return planned[choose("network with a plan", job.name.network, planned)] | dict(job.network)


def attack_of(job: Job) -> dict:
    """The training attack, for a card."""
    return {"name": "bim", "eps": job.eps, "steps": job.attack_steps, "start": "zero"}


def settings(job: Job, how: Plan, schedule: Schedule, data: Dataset) -> dict:
    """Everything that decides the weights, for the card and to recognise the state of a killed run."""
    made, digests = job.name.made, {file: checkpoints.digest(path) for file, path in job.files.items()}
    files = begun_with(job, how)
    for name, file in job.known.files.items():
        digest = digests.get(name)
        files |= file.facts(digest) if file.facts else {name: digest} if digest else {}
    return {
        "name": parts.written(job.name),
        "architecture": architecture(job, how),
        "from": {earlier: net.sha256 for earlier, net in before(job).items()},
        "pictures": data.fingerprint,
        "schedule": asdict(schedule),
        "batch": how.batch,
        "zoom": how.zoom,
        "crop": how.crop.get(job.name.recipe, 1.0),
        "attack": attack_of(job) if made.attacked else None,
        "mirror": made.mirror,
        "precision": str(fast_dtype(here().type) or torch.float32).removeprefix("torch."),
        "science": SCIENCE,
        **device_facts(),
    } | files


def for_training(job: Job, classes: int) -> dict:
    """Arguments of a network that the data set decides, and whether it has the parts that only training needs."""
    arguments = {"classes": classes} if job.known.part == "segment" else {}
    return arguments | ({"aux": True} if job.known.training_only else {})


def begun_with(job: Job, how: Plan) -> dict[str, object]:
    """Network arguments that come from its files of weights, or from the net that it starts from."""
    if job.files:
        asked = [job.known.files[file].settings(checkpoints.read(path)) for file, path in job.files.items()]
        return {name: value for arguments in asked for name, value in arguments.items()}
    planned = {*architecture(job, how), "classes", "aux"}
    earlier = [net.card["settings"] for net in before(job).values() if net.card["network"] == job.name.network]
    return {name: value for arguments in earlier for name, value in arguments.items() if name not in planned}

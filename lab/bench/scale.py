"""What the papers' own scale costs: steps of its trainings measured here, hours on larger machines estimated."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode
from tqdm.auto import tqdm

from lab import zoo
from lab.batches import Batches
from lab.bench.measure import machine, times
from lab.bench.memory import fresh, grown
from lab.data import cityscapes, reader, voc
from lab.data.base import Dataset, Picture
from lab.data.files import Size
from lab.experiments.pearl.table1 import table1
from lab.methods import METHODS
from lab.plans import BEHIND, PAPER_BATCH, RECIPES, nets, plan
from lab.training import Job
from lab.zoo import NetName
from pearl_core import recipes as made
from pearl_core.pipeline import Pipeline, frozen
from pearl_core.precision import fast_dtype
from pearl_core.rain import preset
from pearl_core.train import train
from pearl_core.types import Sample, choose

WORLDS = {"cityscapes": cityscapes, "voc": voc}
OFFICIAL = {"cityscapes": (1024, 2048)}  # size of the pictures on the disk, where the lab works at another
PICTURES = 500  # that a table is measured on: Cityscapes' val
KEPT = {"sgd": 8, "adam": 12}  # bytes per parameter that moves: its gradient, and what the optimiser remembers
WIDE = 15  # columns of hours


class Gpu(NamedTuple):
    """Peak rates in TFLOP/s, bfloat16 for gradients and float32 for scores, and which shares of them are sustained."""

    name: str
    fast: float
    exact: float
    shares: tuple[float, ...]

    def hours(self, fast: float, exact: float = 0.0) -> str:
        """For so many FLOPs of each kind, at the largest share and at the smallest."""
        whole = (fast / self.fast + exact / self.exact) / 1e12 / 3600
        return f"{whole / max(self.shares):.1f} - {whole / min(self.shares):.1f}"


class Cost(NamedTuple):
    """One net to train. `flops` and `memory` are of the plan's batch; a multiplication and an addition are two."""

    parameters: int  # that move
    crop: float
    steps: int
    flops: int
    memory: float  # bytes, estimated
    grown: float  # bytes that a step of a few pictures takes beside weights and pictures, here
    seconds: float  # that it takes, here


def scale(
    dataset: str = "cityscapes",
    recipes: tuple[str, ...] = RECIPES,
    derainers: tuple[str, ...] = ("prenet", "mprnet"),
    segmenters: tuple[str, ...] = ("pspnet",),
    batch: int = 2,
    gpus: tuple[str, ...] = ("A100=312,19.5", "H100=989,67"),
    shares: tuple[float, ...] = (0.3, 0.1),
) -> str:
    """What `train --all` trains of these recipes and networks, the making of batches, table 1 behind these derainers.

    FLOPs are counted on tensors without numbers. A step of `batch` pictures at the plan's crop is real: its time and
    memory are measured (0: none is). Hours are FLOPs over those `shares` of the peak rates of `gpus`,
    NAME=BFLOAT16,FLOAT32 in TFLOP/s. The defaults measure the lightest derainer and the heaviest.
    """
    choose("data set", dataset, WORLDS)
    if batch == 1 or batch < 0 or not 0 < min(shares) <= max(shares) <= 1:
        raise ValueError(f"wanted 2 pictures or more, or 0, and shares over 0 up to 1, got {batch} and {shares}")
    machines = [gpu(words, shares) for words in gpus]
    names = chosen(dataset, recipes, derainers, segmenters)
    costs = {name: cost(name, batch) for name in tqdm(names, unit="net", leave=False)}
    together = sum(one.steps * one.flops for one in costs.values())
    sizes = dict.fromkeys((reader(dataset).size, OFFICIAL.get(dataset, reader(dataset).size)))
    return "\n".join([
        *heading(batch, machines),
        *(line(name, found, machines) for name, found in costs.items()),
        f"{'all of these, estimated hours':102}" + hours(machines, together),
        *making(costs),
        *(judging(dataset, derain, size, machines) for size, derain in product(sizes, derainers)),
    ])  # fmt: skip


def gpu(words: str, shares: tuple[float, ...]) -> Gpu:
    name, _, rates = words.partition("=")
    try:
        fast, exact = map(float, rates.split(","))
    except ValueError:
        raise ValueError(f"wanted a GPU as NAME=BFLOAT16,FLOAT32, such as A100=312,19.5, got {words!r}") from None
    return Gpu(name, fast, exact, shares)


def chosen(dataset: str, recipes: Collection, derainers: Collection, segmenters: Collection) -> list[NetName]:
    """The nets of the plan that are of these."""
    found = [
        name
        for name in nets(dataset, "paper")
        if name.recipe in recipes
        and (name.recipe not in BEHIND or name.derain in derainers)
        and (name.recipe == "derain" or name.segmenter in segmenters)
    ]
    if not found:
        given = ", ".join((*recipes, *derainers, *segmenters))
        raise ValueError(f"wanted recipes and networks that {dataset} has nets of, got {given}")
    return found


# ---- a step of training ----


def cost(name: NetName, batch: int) -> Cost:
    """A step of the plan's batch counted; one of `batch` pictures measured in a fresh process, or none if that is 0."""
    how = plan(name.dataset, "paper")
    schedule, (moving, every, flops) = how.schedule(name), counted(name)
    grew, took = fresh(measured, name, batch) if batch else (math.nan, math.nan)
    kept = KEPT[schedule.optimiser] * moving
    memory = 4 * every + kept + (grew - kept) * how.batch / max(batch, 1)
    return Cost(moving, how.crop[name.recipe], schedule.steps, flops, memory, grew, took)


def counted(name: NetName) -> tuple[int, int, int]:
    """Parameters that move, all parameters, and FLOPs of a step of the plan's batch."""
    how = plan(name.dataset, "paper")
    shape = how.batch, *(min(how.crop[name.recipe], side) for side in size_of(name.dataset))
    attacks = {"sat": 1, "nat": 1, "pearl": 1, "pearl_ama": 2}.get(name.recipe, 0)
    recipe = made.RECIPES[name.recipe](**dict.fromkeys(("attack", "mirror")[:attacks], as_many_gradients))
    with unreal() as seen:
        pipeline = built(name).eval().requires_grad_(False)
        part = getattr(pipeline, recipe.moves).train().requires_grad_(True)
        images = torch.rand(shape[0], 3, *shape[1:])
        recipe.loss(pipeline, Sample(images, images, torch.zeros(shape, dtype=torch.long))).backward()
    moving, every = (sum(parameter.numel() for parameter in net.parameters()) for net in (part, pipeline))
    return moving, every, seen.get_total_flops()


@contextmanager
def unreal() -> Iterator[FlopCounterMode]:
    """Tensors without numbers, whose FLOPs are counted; attention is made of products, of which torch knows them."""
    any_number = patch.object(Tensor, "item", lambda tensor: 0.5)  # for nets that look at a parameter
    with any_number, FakeTensorMode(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as seen:
        yield seen


def as_many_gradients(model: Pipeline, images: Tensor, labels: Tensor) -> Tensor:
    """In place of an attack of the training, whose checks ask for numbers."""
    with frozen(model):
        for _ in range(Job.attack_steps):
            cross_entropy(model(images.detach().requires_grad_(True)).logits, labels).backward()
    return images


def measured(name: NetName, batch: int) -> tuple[int, float]:
    """Bytes by which a process grows in its first step, weights and pictures being there, and the step's seconds."""
    torch.manual_seed(0)
    pipeline = built(name).to(memory_format=torch.channels_last)
    recipe, sample = made.RECIPES[name.recipe](), pictures(name, batch)(0)
    schedule = plan(name.dataset, "paper").schedule(name)
    steps = train(pipeline, recipe, lambda step: sample, schedule, dtype=fast_dtype())
    started = time.perf_counter()
    return grown(partial(next, steps)), time.perf_counter() - started


def built(name: NetName) -> Pipeline:
    """Fresh nets of the plan, those that the recipe needs."""
    how, alone = plan(name.dataset, "paper"), zoo.ALONE.get(name.recipe)
    classes = len(WORLDS[name.dataset].CLASSES)
    return Pipeline(
        None if alone == "segmenter" else zoo.BUILDERS[name.derain](**how.derain[name.derain]),
        None if alone == "derain" else zoo.BUILDERS[name.segmenter](classes, **how.segmenter[name.segmenter]),
    )


def pictures(name: NetName, batch: int) -> Batches:
    """Batches as that training draws them, of one picture of noise."""
    how, world, size = plan(name.dataset, "paper"), WORLDS[name.dataset], size_of(name.dataset)
    random = np.random.RandomState(0)
    picture = Picture(
        random.randint(0, 256, (*size, 3)).astype(np.uint8),
        random.randint(0, len(world.CLASSES), size).astype(np.uint8),
        "noise",
    )
    keys = tuple(map(str, range(batch)))
    data = Dataset(name.dataset, how.split, size, world.CLASSES, world.PALETTE, keys, lambda i: picture, tuple,
                   preset("pearl"))  # fmt: skip
    return Batches(data, batch, 0, how.zoom, how.crop[name.recipe], made.RECIPES[name.recipe]().rain)


def size_of(dataset: str) -> Size:
    """Of the pictures that are trained on."""
    return plan(dataset, "paper").size or reader(dataset).size


# ---- table 1 ----


def table(dataset: str, derain: str, size: Size) -> tuple[int, int]:
    """FLOPs of one picture's gradients and scores under both threats, what they share being computed once."""
    longest: dict[tuple, int] = {}  # (recipes of the attacked nets, attack) -> gradients
    scored = set()
    for trial in table1(dataset=dataset, derain=derain, images=1):
        victim = METHODS[trial.method][1:]  # recipes of derainer and segmenter
        key = ((None, victim[1]) if trial.threat == "oblivious" else victim, trial.attack) if trial.attack else None
        if key:
            longest[key] = max(longest.get(key, 0), trial.steps)
        scored.add((victim, trial.rain, key, trial.steps))
    passes = {pair: one_pass(dataset, derain, size, *pair) for pair in product((False, True), repeat=2)}
    gradients = sum(passes[attacked[0] is not None, True] * steps for (attacked, _), steps in longest.items())
    return gradients, sum(passes[victim[0] is not None, False] for victim, *_ in scored)


def one_pass(dataset: str, derain: str, size: Size, behind: bool, gradient: bool) -> int:
    """FLOPs of one picture through PSPNet, `behind` the derainer or not, and back if a `gradient` is wanted."""
    with unreal() as seen:
        model = built(NetName(dataset, "pearl" if behind else "clean", derain))
        point = torch.rand(1, 3, *size, requires_grad=gradient)
        with frozen(model), torch.set_grad_enabled(gradient):
            answer = model(point).logits.sum()
            if gradient:
                answer.backward()
    return seen.get_total_flops()


# ---- in words ----


def heading(batch: int, machines: Sequence[Gpu]) -> list[str]:
    rates = ", ".join(f"{one.name} {one.fast:g} and {one.exact:g}" for one in machines)
    low, high = min(machines[0].shares), max(machines[0].shares)
    return [
        machine(),
        f"measured: s and GiB of a step of {batch} pictures here; counted: 10^12 FLOPs of a step of a whole batch",
        f"estimated: GiB of a whole batch; hours at {high:.0%} - {low:.0%} of peak TFLOP/s in bfloat16 and float32:"
        f" {rates}",
        f"{'net':42}{'parameters':>11}{'crop':>5}{'steps':>8}{'10^12':>10}{'s here':>8}{'GiB here':>9}{'est. GiB':>9}"
        + "".join(f" {'est. h ' + one.name:>{WIDE}}" for one in machines),
    ]


def line(name: NetName, cost: Cost, machines: Sequence[Gpu]) -> str:
    here = f"{cost.seconds:8.2f}{cost.grown / 2**30:9.2f}{cost.memory / 2**30:9.1f}".replace("nan", "  -")
    counts = f"{cost.parameters:11}{cost.crop:5}{cost.steps:8}{cost.flops / 1e12:10.3g}"
    return f"{name!s:42}{counts}{here}{hours(machines, cost.steps * cost.flops)}"


def hours(machines: Sequence[Gpu], fast: float, exact: float = 0.0) -> str:
    return "".join(f" {one.hours(fast, exact):>{WIDE}}" for one in machines)


def making(costs: Mapping[NetName, Cost]) -> list[str]:
    """Pictures are zoomed and rained on by the process that trains, which no GPU makes faster."""
    kinds: dict[tuple, list[NetName]] = {}
    for name in costs:
        kinds.setdefault((name.dataset, made.RECIPES[name.recipe]().rain), []).append(name)
    lines = []
    for (dataset, rain), names in kinds.items():
        draw = pictures(names[0], PAPER_BATCH)
        took, steps = min(times(partial(draw, 0), 3)), sum(costs[name].steps for name in names)
        lines.append(
            f"a batch of {PAPER_BATCH} of {dataset} {'in' if rain else 'without'} rain: {took:.2f} s here, measured;"
            f" {steps} steps of these nets: {took * steps / 3600:.1f} h, estimated"
        )
    return lines


def judging(dataset: str, derain: str, size: Size, machines: Sequence[Gpu]) -> str:
    gradients, scores = table(dataset, derain, size)
    return (
        f"table 1 with {derain} at {size[1]}x{size[0]}, 10^12 FLOPs a picture: gradients {gradients / 1e12:.4g}, scores"
        f" {scores / 1e12:.4g}, counted; {PICTURES} pictures, estimated hours:"
        + hours(machines, PICTURES * gradients, PICTURES * scores)
    )

"""What the papers' own scale costs: steps of its trainings measured here, hours on larger machines estimated."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from itertools import product
from math import inf
from multiprocessing import get_context
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from lab.bench.measure import machine, times
from lab.bench.memory import grown
from lab.data import cityscapes, reader, voc
from lab.data.base import Dataset, Picture
from lab.data.files import Size
from lab.nets import zoo
from lab.nets.methods import METHODS
from lab.nets.zoo import NetName
from lab.papers.pearl.plan import BEHIND, RECIPES
from lab.papers.pearl.table1 import EXPERIMENT
from lab.system.progress import bar
from lab.training.batches import Batches
from lab.training.job import Job
from lab.training.plans import PAPER_BATCH, nets, plan
from pearl_core import recipes as made
from pearl_core.derain import DERAINERS
from pearl_core.pipeline import Pipeline, frozen
from pearl_core.precision import fast_dtype
from pearl_core.rain import preset
from pearl_core.segment import SEGMENTERS
from pearl_core.train import train
from pearl_core.types import Sample, choose

WORLDS = {"cityscapes": cityscapes, "voc": voc}
OFFICIAL = {"cityscapes": (1024, 2048)}  # size of the pictures on the disk, where the lab works at another
PICTURES = 500  # that a table is measured on: Cityscapes' val
KEPT = {"sgd": 8, "adam": 12}  # bytes per parameter that moves: its gradient, and what the optimiser remembers
T, GIB = 1e12, 2**30


class Gpu(NamedTuple):
    """Peak rates in TFLOP/s, bfloat16 for gradients and float32 for scores, and which shares of them are sustained."""

    name: str
    fast: float
    exact: float
    shares: tuple[float, ...]

    def hours(self, fast: float, exact: float = 0.0) -> str:
        """For so many FLOPs of each kind, at the largest share and at the smallest."""
        whole = (fast / self.fast + exact / self.exact) / T / 3600
        return f"{whole / max(self.shares):.1f} - {whole / min(self.shares):.1f}"


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
    if batch == 1 or batch < 0 or not all(0 < share <= 1 for share in shares):
        raise ValueError(f"wanted 2 pictures or more, or 0, and shares over 0 up to 1, got {batch} and {shares}")
    machines = [gpu(words, shares) for words in gpus]
    names = chosen(dataset, recipes, derainers, segmenters)
    costs = pd.DataFrame([cost(name, batch) for name in bar(names, what="timing", unit="net", leave=False)])
    flops = costs["steps"] * costs["10^12 FLOPs"] * T
    hours = {f"est. h {device.name}": flops.map(device.hours) for device in machines}
    sizes = dict.fromkeys((reader(dataset).size, OFFICIAL.get(dataset, reader(dataset).size)))
    judged = [judging(dataset, derain, size, machines) for size, derain in product(sizes, derainers)]
    return "\n".join([
        *heading(batch, machines),
        shown(costs.assign(**hours)),
        "all of these: " + ", ".join(f"est. {device.hours(flops.sum())} h on {device.name}" for device in machines),
        shown(making(names, costs["steps"])),
        shown(pd.DataFrame(judged)),
    ])  # fmt: skip


def gpu(words: str, shares: tuple[float, ...]) -> Gpu:
    name, _, rates = words.partition("=")
    try:
        fast, exact = map(float, rates.split(","))
    except ValueError:
        fast = exact = 0.0
    if not (name and 0 < fast < inf and 0 < exact < inf):
        raise ValueError(f"wanted a GPU as NAME=BFLOAT16,FLOAT32, such as A100=312,19.5, got {words!r}")
    return Gpu(name, fast, exact, shares)


def chosen(dataset: str, recipes: Collection, derainers: Collection, segmenters: Collection) -> list[NetName]:
    """The nets of the plan that are of these."""
    kinds = (
        ("recipe", recipes, made.RECIPES),
        ("derain net", derainers, DERAINERS),
        ("segmenter", segmenters, SEGMENTERS),
    )
    for kind, asked, known in kinds:
        for name in asked:
            choose(kind, name, known)
    names = [
        name
        for name in nets(dataset, "paper")
        if name.recipe in recipes
        and (name.recipe not in BEHIND or name.derain in derainers)
        and (name.recipe == "derain" or name.segmenter in segmenters)
    ]
    if not names:
        given = ", ".join((*recipes, *derainers, *segmenters))
        raise ValueError(f"wanted recipes and networks that {dataset} has nets of, got {given}")
    return names


# ---- a step of training ----


def cost(name: NetName, batch: int) -> dict:
    """A step of the plan's batch counted; one of `batch` pictures measured, unless that is 0; the memory estimated."""
    how = plan(name.dataset, "paper")
    schedule, (moving, every, flops) = how.schedule(name), counted(name)
    row = {"net": str(name), "parameters": moving, "crop": how.crop[name.recipe], "steps": schedule.steps}
    row |= {"10^12 FLOPs": flops / T}
    if batch == 0:
        return row
    grew, seconds, processor = alone(name, batch)
    kept = KEPT[schedule.optimiser] * moving
    whole = 4 * every + kept + (grew - kept) * how.batch / batch
    return row | {"s": seconds, "cpu s": processor, "GiB": grew / GIB, "est. GiB": whole / GIB}


def counted(name: NetName) -> tuple[int, int, int]:
    """Parameters that move, all parameters, and FLOPs of a step of the plan's batch."""
    how = plan(name.dataset, "paper")
    shape = how.batch, *(min(how.crop[name.recipe], side) for side in size_of(name.dataset))
    attacks = name.made.attacked + (name.made.mirror is not None)
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


def alone(name: NetName, batch: int) -> tuple[int, float, float]:
    """`measured` in a fresh process. Its heap is the usual one, a tenth larger than what lives on it: `memory.fresh`,
    which has no such holes, would slow the step whose time is taken."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
        try:
            return child.submit(measured, name, batch).result()
        except BrokenProcessPool:
            raise OSError(
                f"a step of {name} ended its process: no memory, or a fault of torch; 0 measures none"
            ) from None


def measured(name: NetName, batch: int) -> tuple[int, float, float]:
    """Of a first step: bytes it takes beside weights and pictures, its seconds, those of all cores together."""
    torch.manual_seed(0)
    pipeline = built(name).to(memory_format=torch.channels_last)
    recipe, sample = made.RECIPES[name.recipe](), pictures(name, batch)(0)
    schedule = plan(name.dataset, "paper").schedule(name)
    steps = train(pipeline, recipe, lambda step: sample, schedule, dtype=fast_dtype())
    started, used = time.perf_counter(), time.process_time()
    return grown(partial(next, steps)), time.perf_counter() - started, time.process_time() - used


def built(name: NetName) -> Pipeline:
    """Fresh nets of the plan, those that the recipe needs."""
    how, needs = plan(name.dataset, "paper"), {name.made.moves, *(made.RECIPES[r].moves for r in name.made.starts_from)}
    classes = len(WORLDS[name.dataset].CLASSES)
    return Pipeline(
        None if "derain" not in needs else zoo.BUILDERS[name.derain](**how.derain[name.derain]),
        None if "segment" not in needs else zoo.BUILDERS[name.segmenter](classes, **how.segmenter[name.segmenter]),
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
    for trial in EXPERIMENT.asked(dataset=dataset, derain=derain, images=1):
        victim = (METHODS[trial.method].derain, METHODS[trial.method].segment)
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


def judging(dataset: str, derain: str, size: Size, machines: list[Gpu]) -> dict:
    gradients, scores = table(dataset, derain, size)
    row = {"table 1 with": derain, "size": f"{size[1]}x{size[0]}", "10^12 FLOPs, gradients": gradients / T}
    hours = {f"est. h {device.name}": device.hours(PICTURES * gradients, PICTURES * scores) for device in machines}
    return row | {"scores": scores / T, "pictures": PICTURES} | hours


# ---- in words ----


def heading(batch: int, machines: list[Gpu]) -> list[str]:
    low, high = min(machines[0].shares), max(machines[0].shares)
    rates = ", ".join(f"{device.name} {device.fast:g} and {device.exact:g}" for device in machines)
    return [
        machine(),
        f"measured: s, cpu s (of all cores together) and GiB of a step of {batch} pictures here",
        f"counted: FLOPs of a step of a whole batch; estimated: its GiB, and hours at {high:.0%} - {low:.0%} of peak"
        f" TFLOP/s in bfloat16 and float32: {rates}",
    ]


def shown(rows: pd.DataFrame) -> str:
    return rows.to_string(index=False, float_format="{:.4g}".format)


def making(names: list[NetName], steps: Collection[int]) -> pd.DataFrame:
    """Pictures are zoomed and rained on by the process that trains, which no GPU makes faster."""
    kinds: dict[tuple, NetName] = {}
    total: dict[tuple, int] = {}
    for name, some in zip(names, steps, strict=True):
        kind = name.dataset, "in rain" if made.RECIPES[name.recipe]().rain else "without rain"
        kinds.setdefault(kind, name)
        total[kind] = total.get(kind, 0) + some
    rows = []
    for kind, name in kinds.items():
        took = min(times(partial(pictures(name, PAPER_BATCH), 0), 3))
        rows.append({f"a batch of {PAPER_BATCH}": " ".join(kind), "s": took, "steps": total[kind],
                     "est. h": took * total[kind] / 3600})  # fmt: skip
    return pd.DataFrame(rows)

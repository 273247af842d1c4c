"""Trains one net of the zoo: data, recipe and plan brought together, state on disk, a card at the end."""

from __future__ import annotations

import copy
import subprocess
import time
from dataclasses import asdict
from functools import cache
from pathlib import Path

import torch

from lab.data import dataset
from lab.data.base import Dataset
from lab.data.files import Size
from lab.nets import checkpoints, zoo
from lab.nets.pipelines import build
from lab.nets.zoo import Net
from lab.system.allocator import keep_freed
from lab.system.device import here, moved_to
from lab.system.progress import bar
from lab.training.batches import Batches, ahead
from lab.training.job import (
    Job,
    architecture,
    before,
    begun_with,
    build_recipe,
    for_training,
    schedule_of,
    settings,
)
from lab.training.plans import Plan, plan
from lab.training.ready import ready
from lab.training.scores import scores
from lab.training.states import Sitting, changed, forget, keep, resume
from pearl_core.pipeline import Pipeline
from pearl_core.precision import fast_dtype
from pearl_core.recipes import RECIPES
from pearl_core.train import Schedule, train

CHECKPOINT = 30.0  # seconds between two states on disk: the most that a killed run loses


def run(job: Job, *, quiet: bool = False) -> Net:
    """Train, from the last state on disk if there is one; saves the net with its card and returns it as saved."""
    keep_freed()
    started, code = time.monotonic(), revision()
    ready([job])
    how, schedule, name = plan(job.name.dataset, job.scale), schedule_of(job), job.name
    data = training_data(name.dataset, how.split, job.data_root, how.size)
    pipeline, device = start(job, how, len(data.classes)), here()
    facts = settings(job, how, schedule, data)
    if done := finished(job, facts):
        forget(job.state, facts)
        return done
    state = resume(job.state, facts)
    sitting = Sitting.after(state, code)
    recipe, _ = build_recipe(job, data), data.preload()
    batches = Batches(data, how.batch, name.seed, how.zoom, how.crop.get(name.recipe, 1.0), recipe.rain)
    if job.workers:
        batches = ahead(batches, state["done"] if state else 0, schedule.steps, job.workers)
    samples, dtype = moved_to(device, batches), fast_dtype(device.type)
    steps = train(pipeline.to(device), recipe, samples, schedule, seed=name.seed, state=state, dtype=dtype)
    follow(steps, job, schedule, facts, sitting, quiet)
    took = round(sitting.earlier + time.monotonic() - started)
    card = card_of(job, how, facts, data) | sitting.told() | {"seconds": took}
    zoo.save(name, getattr(pipeline, recipe.moves), card)
    net = zoo.find(name)  # as it will be used: in half precision, from the disk
    net = zoo.write_card(Net(net.path, net.card | {"scores": scores(job)}))
    build.cache_clear()  # of the scores, or every net of a long run would stay on the device
    job.state.unlink(missing_ok=True)
    return net


def finished(job: Job, facts: dict) -> Net | None:
    """The net, if it was trained before with these very settings: training it again would end with the same weights."""
    try:
        net = zoo.find(job.name)
    except FileNotFoundError:
        return None
    own = zoo.folders()[0] in net.path.parents
    return net if own and "scores" in net.card and not changed(net.card, facts) else None


@cache
def training_data(name: str, split: str, data_root: str | None, size: Size | None) -> Dataset:
    """What is trained on, once for all nets trained in this process, which keep its pictures in memory."""
    return dataset(name, split, data_root=data_root, size=size)


def follow(steps, job: Job, schedule: Schedule, facts: dict, sitting: Sitting, quiet: bool) -> None:
    """Run the training, with a progress bar and regular checkpoints."""
    last = began = time.monotonic()
    with bar(what=str(job.name), unit="step", total=schedule.steps, disable=quiet, mininterval=1) as shown:
        for progress in steps:
            if shown.n < progress.done - 1:  # a resumed bar starts where the run stopped
                shown.n = shown.initial = shown.last_print_n = progress.done - 1
            shown.set_postfix(loss=f"{sitting.seen(progress.loss):.4f}", refresh=False)
            shown.update()
            if time.monotonic() - last > CHECKPOINT:
                keep(job.state, progress.state() | {"facts": facts} | sitting.kept(time.monotonic() - began))
                last = time.monotonic()


def start(job: Job, how: Plan, classes: int) -> Pipeline:
    """The pipeline a recipe begins with. What moves starts from the net the recipe improves, or from nothing."""
    name, trained = job.name, {recipe: copy.deepcopy(net.module) for recipe, net in before(job).items()}
    torch.manual_seed(name.seed)
    nets = {RECIPES[recipe].moves: net for recipe, net in trained.items()}
    begun = nets.get(name.made.moves)  # what the recipe improves
    if begun is None or job.known.training_only:
        arguments = architecture(job, how) | begun_with(job, how) | for_training(job, classes)
        nets[name.made.moves] = zoo.build(name.network, arguments)
        if job.network:
            zoo.answers(nets[name.made.moves], name.network, arguments)
        if begun is not None:
            fitting(nets[name.made.moves], begun)  # what only training needs is not in the zoo and starts afresh
    for file, path in job.files.items():
        job.known.files[file].load(nets[name.made.moves], checkpoints.read(path))
    return Pipeline(nets.get("derain"), nets.get("segment"))


def fitting(segmenter: torch.nn.Module, trained: torch.nn.Module) -> None:
    """Give a fresh segmenter the weights of a trained one; a ValueError if they have other sizes than the plan."""
    try:
        segmenter.load_state_dict(trained.state_dict(), strict=False)
    except RuntimeError:
        raise ValueError("the clean segmenter of the zoo has other sizes than the plan; train clean again") from None


def card_of(job: Job, how: Plan, facts: dict, data: Dataset) -> dict:
    literal = facts["architecture"]
    if job.name.made.moves == "segment":
        literal = literal | begun_with(job, how) | for_training(job, len(data.classes))
        literal |= {"aux": False} if job.known.training_only else {}
    return {
        "network": job.name.network,
        "settings": literal,
        **facts,
        "data": {"name": data.name, "split": data.split, "size": data.size and list(data.size),
                 "rain": data.rain and asdict(data.rain), "pictures": len(data)},
        "use": data.note or None,
    }  # fmt: skip


def revision() -> str:
    """The commit the code is at, marked where files differ from it."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("+changes" if changed.stdout.strip() else "")

"""Trains one net of the zoo: data, recipe and plan brought together, state on disk, a card at the end."""

from __future__ import annotations

import copy
import io
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch

from lab.data import dataset
from lab.data.base import Dataset
from lab.data.files import Size
from lab.measure.measuring import chosen
from lab.measure.measuring import run as measure
from lab.measure.trial import RAIN, Trial
from lab.nets import checkpoints, zoo
from lab.nets.methods import METHODS
from lab.nets.pipelines import build
from lab.nets.zoo import Net, NetName
from lab.system import disk, parts
from lab.system.allocator import keep_freed
from lab.system.device import facts as device_facts
from lab.system.device import here, moved, moved_to
from lab.system.progress import bar
from lab.training.batches import Batches, ahead
from lab.training.plans import Plan, plan
from pearl_core import SCIENCE
from pearl_core.metrics import psnr
from pearl_core.networks import Network
from pearl_core.pipeline import Pipeline
from pearl_core.precision import fast_dtype
from pearl_core.recipes import RECIPES, Recipe, segmentation_loss, training_attack
from pearl_core.train import Schedule, class_weights, train
from pearl_core.types import choose

CHECKPOINT = 30.0  # seconds between two states on disk: what a kill can cost


@dataclass(frozen=True)
class Job:
    """One net to train, and where everything of it goes."""

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


def run(job: Job, *, quiet: bool = False) -> Net:
    """Train, from the last state on disk if there is one; saves the net with its card and returns it as reloaded."""
    keep_freed()
    started, code = time.monotonic(), revision()
    how, name = plan(job.name.dataset, job.scale), job.name
    schedule = how.schedule(name)
    schedule = schedule if job.steps is None else Schedule(**asdict(schedule) | {"steps": job.steps})
    data = training_data(name.dataset, how.split, job.data_root, how.size)
    recipe = build_recipe(job, data)
    batches = Batches(data, how.batch, name.seed, how.zoom, how.crop.get(name.recipe, 1.0), recipe.rain)
    pipeline, device = start(job, how, len(data.classes)), here()
    facts = settings(job, how, schedule, recipe, data)
    if done := finished(job, facts):
        return done
    state = resume(job.state, facts)
    earlier = state["seconds"] if state else 0.0
    if job.workers:
        batches = ahead(batches, state["done"] if state else 0, schedule.steps, job.workers)
    samples, dtype = moved_to(device, batches), fast_dtype(device.type)
    steps = train(pipeline.to(device), recipe, samples, schedule, seed=name.seed, state=state, dtype=dtype)
    losses = follow(steps, job, schedule, facts, earlier, quiet)
    card = card_of(job, how, facts, data, losses) | {
        "git": code,
        "seconds": round(earlier + time.monotonic() - started),
    }
    zoo.save(name, getattr(pipeline, recipe.moves), card)
    net = zoo.find(name)  # as everyone will meet it: half precision, from the disk
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


def changed(found: dict, facts: dict) -> list[str]:
    """The settings that differ. A device stands among them only where it is no CPU."""
    return [key for key in {**facts, "device": None} if found.get(key) != facts.get(key)]


@cache
def training_data(name: str, split: str, data_root: str | None, size: Size | None) -> Dataset:
    """What is trained on, in memory, once for all nets trained in this process."""
    data = dataset(name, split, data_root=data_root, size=size)
    data.preload()
    return data


def follow(steps, job: Job, schedule: Schedule, facts: dict, earlier: float, quiet: bool) -> list[float]:
    """Drive the training: a bar to watch, a state on disk every so often. Returns the losses of this sitting."""
    losses, last, began = [], time.monotonic(), time.monotonic()
    with bar(what=str(job.name), unit="step", total=schedule.steps, disable=quiet, mininterval=1) as shown:
        for progress in steps:
            if not losses:  # a resumed bar starts where the run stopped
                shown.n = shown.initial = shown.last_print_n = progress.done - 1
            losses.append(progress.loss)
            shown.set_postfix(loss=f"{np.mean(losses[-50:]):.4f}", refresh=False)
            shown.update()
            if time.monotonic() - last > CHECKPOINT:
                whole = io.BytesIO()  # through memory: torch's own writer reports a full disk as no OSError
                torch.save(progress.state() | {"facts": facts, "seconds": earlier + time.monotonic() - began}, whole)
                with disk.written(job.state) as draft:
                    draft.write_bytes(whole.getbuffer())
                last = time.monotonic()
    return losses


def resume(path: Path, facts: dict) -> dict | None:
    """The state a killed run left, if it was one of the same settings; a damaged one is an error, not a fresh start."""
    if not path.exists():
        return None
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        found = dict(state["facts"])
    except Exception as error:
        reason = " ".join(str(error).split()[:12])  # torch explains damage in paragraphs
        raise ValueError(
            f"{path} is not the state of a run, or is damaged ({reason}); delete it to start over"
        ) from None
    if other := changed(found, facts):
        raise ValueError(f"{path} is the state of a run with another {', '.join(other)}; delete it to start over")
    return state


def start(job: Job, how: Plan, classes: int) -> Pipeline:
    """The pipeline a recipe begins with. What moves starts from the net the recipe improves, or from nothing."""
    name, trained = job.name, {recipe: copy.deepcopy(net.module) for recipe, net in before(job).items()}
    torch.manual_seed(name.seed)
    nets = {RECIPES[recipe].moves: net for recipe, net in trained.items()}
    begun = nets.get(name.made.moves)  # what the recipe improves
    if begun is None or job.known.training_only:
        arguments = architecture(job, how) | begun_with(job, how) | for_training(job, classes)
        nets[name.made.moves] = zoo.build(name.network, arguments)
        if begun is not None:
            fitting(nets[name.made.moves], begun)  # what only training needs is not in the zoo and starts afresh
    for file, path in job.files.items():
        job.known.files[file].load(nets[name.made.moves], checkpoints.read(path))
    return Pipeline(nets.get("derain"), nets.get("segment"))


def for_training(job: Job, classes: int) -> dict:
    """Arguments of a network that the data set decides, and whether it has the parts that only training needs."""
    found = {"classes": classes} if job.known.part == "segment" else {}
    return found | ({"aux": True} if job.known.training_only else {})


def begun_with(job: Job, how: Plan) -> dict[str, object]:
    """Arguments that are neither the plan's nor the data set's: what its files ask for, or the net it starts from."""
    if job.files:
        asked = [job.known.files[file].settings(checkpoints.read(path)) for file, path in job.files.items()]
        return {name: value for found in asked for name, value in found.items()}
    planned = {*architecture(job, how), "classes", "aux"}
    earlier = [net.card["settings"] for net in before(job).values() if net.card["network"] == job.name.network]
    return {name: value for found in earlier for name, value in found.items() if name not in planned}


def fitting(segmenter: torch.nn.Module, trained: torch.nn.Module) -> None:
    """Give a fresh segmenter the weights of a trained one; a plan with other widths than its net is an error."""
    try:
        segmenter.load_state_dict(trained.state_dict(), strict=False)
    except RuntimeError:
        raise ValueError("the clean segmenter of the zoo has other sizes than the plan; train clean again") from None


def parents(name: NetName) -> dict[str, NetName]:
    """The nets that must exist before this one, by their recipes."""
    found = {recipe: replace(name, recipe=recipe, variant=None) for recipe in name.made.starts_from}
    if name.derain_on:
        found["derain"] = replace(found["derain"], dataset=name.derain_on)
    return found


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


def settings(job: Job, how: Plan, schedule: Schedule, recipe: Recipe, data: Dataset) -> dict:
    """Everything that decides the weights, for the card and to know a run again."""
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
        "attack": {"name": "bim", "eps": job.eps, "steps": job.attack_steps, "start": "zero"}
        if made.attacked
        else None,
        "mirror": made.mirror,
        "precision": str(fast_dtype(here().type) or torch.float32).removeprefix("torch."),
        "science": SCIENCE,
        **device_facts(),
    } | files


def card_of(job: Job, how: Plan, facts: dict, data: Dataset, losses: list[float]) -> dict:
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
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "final_loss": float(np.mean(losses[-50:])) if losses else None,
    }  # fmt: skip


def scores(job: Job) -> dict:
    """What the net is worth on held-out pictures, with the method it belongs to; a derainer alone by its pictures."""
    name = job.name
    data = dataset(name.dataset, "val", data_root=job.data_root)
    indices = chosen(data, min(len(data), 100))
    on = {"on": f"{data.name} {data.split}, {len(indices)} images"}
    method = next((key for key, made in METHODS.items() if name.recipe in (made.derain, made.segment)), None)
    if name.recipe == "derain" or method is None or METHODS[method].segment is None:
        derainer, values = copy.deepcopy(zoo.find(name).module).to(here()), []
        for index in indices:
            sample = moved(data.sample([index]), here())
            with torch.no_grad():
                pictures = sample.rainy, derainer(sample.rainy)
            values.append([psnr(picture, sample.clean).item() for picture in pictures])
        return on | dict(zip(("PSNR rain", "PSNR"), np.round(np.mean(values, axis=0), 3).tolist(), strict=True))
    shared = {"derain": name.derain, "segmenter": name.segmenter, "net_seed": name.seed, "derain_on": name.derain_on,
              "variant": name.variant, "split": "val", "images": len(indices)}  # fmt: skip
    trials = [Trial(method, name.dataset, rain=rain, **shared) for rain in ("none", RAIN)]
    rows = measure(trials, data_root=job.data_root, quiet=True, processes=1)
    return on | {
        f"{r.metric} {'clean' if r.rain == 'none' else 'rain'}": round(r.value, 3)
        for r in rows.itertuples()
        if np.isfinite(r.value)
    }


def revision() -> str:
    """The commit the code is at, marked where files differ from it."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("+changes" if changed.stdout.strip() else "")

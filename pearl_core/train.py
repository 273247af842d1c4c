"""One training loop for every recipe: an iterator, so that the caller can log, draw, stop and store checkpoints.

Every random number of step t comes from (seed, t) alone, and `samples(t)` is a function of t. So a run that is
killed and resumed from any state ends with the same weights as a run without interruption.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .networks import groups_of
from .pipeline import Pipeline
from .recipes import Recipe
from .types import Sample, choose

# The learning rate, as a share of its highest, when a share t of the steps after the warm-up is done.
DECAYS = {
    "cosine": lambda t: 0.5 * (1 + math.cos(math.pi * t)),
    "poly": lambda t: (1 - t) ** 0.9,  # semseg's
    "stairs": lambda t: 0.2 ** sum(t >= at for at in (0.3, 0.5, 0.8)),  # PReNet's: epochs 30, 50 and 80 of 100
}
OPTIMISERS = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": lambda *of, **options: torch.optim.SGD(*of, momentum=0.9, **options),
}


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a net is trained: linear warm-up, then down to `last_lr`.

    The defaults, AdamW and a cosine, suit short runs from scratch; the other choices are those of the papers.

    Args:
        steps: number of steps.
        lr: the highest learning rate.
        weight_decay: as the optimiser has it.
        warmup: share of the steps in which the learning rate rises.
        clip: largest gradient norm; longer gradients are shortened, so that a bad batch cannot ruin a short run.
        optimiser: a name in `OPTIMISERS`.
        decay: a name in `DECAYS`.
        last_lr: the learning rate at the end.

    Raises:
        ValueError: less than one step, a learning rate of 0, or an unknown name.

    Example:
        >>> from pearl_core.train import Schedule
        >>> Schedule(steps=100, lr=1e-3, warmup=0.1).rate(9)
        0.001
    """

    steps: int
    lr: float = 2e-3
    weight_decay: float = 1e-4
    warmup: float = 0.05
    clip: float = 1.0
    optimiser: str = "adamw"
    decay: str = "cosine"
    last_lr: float = 0.0

    def __post_init__(self):
        choose("optimiser", self.optimiser, OPTIMISERS)
        choose("decay of the learning rate", self.decay, DECAYS)
        if self.steps < 1 or self.lr <= 0:
            raise ValueError(
                f"wanted 1 training step or more and a learning rate over 0, got {self.steps} and {self.lr}"
            )

    def rate(self, step: int) -> float:
        """The learning rate of a step.

        Args:
            step: from 0 on.

        Returns:
            The rate of all parameters that no group gives another rate.
        """
        warm = max(1, round(self.warmup * self.steps))
        if step < warm:
            return self.lr * (step + 1) / warm
        left = DECAYS[self.decay]((step - warm) / max(1, self.steps - warm))
        return self.last_lr + (self.lr - self.last_lr) * left


class Progress(NamedTuple):
    """How far a training run is, after every step.

    Example:
        >>> from pearl_core.train import Progress
        >>> Progress(1, 0.5, dict).state()
        {}
    """

    done: int  # number of steps done
    loss: float  # of the last step
    state: Callable[[], dict]  # gives everything needed to go on from here


@dataclass
class Run:
    """A training run: the part that is trained, its optimiser, and the state to resume from.

    Args:
        pipeline: both nets.
        recipe: what to minimise, and which part is trained.
        schedule: how long and how fast.
        done: number of steps done.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import derain
        >>> from pearl_core.train import Run, Schedule
        >>> Run(toy().net, derain(), Schedule(steps=10)).state()["done"]
        0
    """

    pipeline: Pipeline
    recipe: Recipe
    schedule: Schedule
    optimiser: torch.optim.Optimizer = field(init=False)
    done: int = 0

    def __post_init__(self):
        self.part = getattr(self.pipeline, self.recipe.moves)
        self.factors, groups = grouped(self.part, self.recipe.rates)
        make = OPTIMISERS[self.schedule.optimiser]
        self.optimiser = make(groups, lr=self.schedule.lr, weight_decay=self.schedule.weight_decay)

    def state(self) -> dict:
        """The full state, as numbers and tensors that `torch.load(weights_only=True)` can read."""
        return {"done": self.done, "weights": self.part.state_dict(), "optimiser": self.optimiser.state_dict()}

    def restore(self, state: dict) -> None:
        """Go on from a state that `state` returned."""
        self.done = state["done"]
        self.part.load_state_dict(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])


def train(
    pipeline: Pipeline,
    recipe: Recipe,
    samples: Callable[[int], Sample],
    schedule: Schedule,
    *,
    seed: int = 0,
    state: dict | None = None,
    dtype: torch.dtype | None = None,
) -> Iterator[Progress]:
    """Train the part that the recipe names, and yield after every step.

    Args:
        pipeline: both nets; the other part stays as it is. In evaluation mode at the end.
        recipe: what to minimise.
        samples: number of the step -> batch.
        schedule: how long and how fast.
        seed: decides the random numbers of every step, together with its number.
        state: what `Progress.state` gave; the run goes on from there and ends with the same weights.
        dtype: the format of the forward pass under autocast; None: float32.

    Returns:
        An iterator: `Progress` after every step.

    Raises:
        FloatingPointError: a loss or gradient of nan or inf; the weights stay as they were.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import clean
        >>> from pearl_core.train import Schedule, train
        >>> net, sample = toy()
        >>> [progress.done for progress in train(net, clean(), lambda step: sample, Schedule(steps=2))]
        [1, 2]
    """
    run = Run(pipeline, recipe, schedule)
    if state is not None:
        run.restore(state)
    while run.done < schedule.steps:
        loss = one_step(run, samples(run.done), seed, dtype)
        run.done += 1
        yield Progress(run.done, loss, run.state)
    pipeline.eval()


def one_step(run: Run, sample: Sample, seed: int, dtype: torch.dtype | None) -> float:
    """One step of the optimiser.

    Args:
        run: the training run.
        sample: the batch.
        seed: of the random numbers, together with the number of the step.
        dtype: the format of the forward pass under autocast; None: float32.

    Returns:
        The loss before the step.

    Raises:
        FloatingPointError: a loss or gradient of nan or inf; the weights stay as they were.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.recipes import derain
        >>> from pearl_core.train import Run, Schedule, one_step
        >>> net, sample = toy()
        >>> -1 <= one_step(Run(net, derain(), Schedule(steps=10)), sample, seed=0, dtype=None) <= 1
        True
    """
    for group, factor in zip(run.optimiser.param_groups, run.factors, strict=True):
        group["lr"] = factor * run.schedule.rate(run.done)
    run.pipeline.eval().requires_grad_(False)
    run.part.train().requires_grad_(True)
    device = sample.clean.device.type
    with torch.random.fork_rng(devices=[]), torch.autocast(device, dtype, enabled=dtype is not None):
        torch.manual_seed(hash((seed, run.done)))  # hashes of integers are the same everywhere
        loss = run.recipe.loss(run.pipeline, sample)
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(run.part.parameters(), run.schedule.clip)
    if not (loss.isfinite() and norm.isfinite()):  # before the step, so that the weights stay good
        raise FloatingPointError(
            f"loss {loss:.4g} and gradient norm {norm:.4g} at step {run.done}; try a smaller learning rate"
        )
    run.optimiser.step()
    return float(loss.detach())


def grouped(net: nn.Module, rates: Mapping[str, float]) -> tuple[list[float], list[dict]]:
    """The parameters of a net as groups for an optimiser; first come those that no rate is given for.

    Args:
        net: the part that is trained.
        rates: {name of a group: its learning rate as a multiple}; the net names its groups, see `networks.groups_of`.

    Returns:
        The multiple of each group, and the groups. Without rates: a single group of all parameters.

    Raises:
        ValueError: a group that the net does not name, or a rate that is not over 0.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.train import grouped
        >>> factors, groups = grouped(toy().net.segment, {"heads": 10.0})
        >>> factors, [len(group["params"]) for group in groups]
        ([1.0, 10.0], [81, 10])
    """
    known = groups_of(net)
    if wrong := [name for name, rate in rates.items() if name not in known or not 0 < rate < math.inf]:
        wanted = f"rates over 0 for {', '.join(known) or 'no group'} of {type(net).__name__}"
        raise ValueError(f"wanted {wanted}, got {wrong[0]}: {rates[wrong[0]]}")
    factors, members = [1.0, *rates.values()], [[] for _ in range(1 + len(rates))]
    for key, parameter in net.named_parameters():
        of = (number for number, name in enumerate(rates, 1) if key.startswith(tuple(known[name])))
        members[next(of, 0)].append(parameter)
    held = [(factor, {"params": some}) for factor, some in zip(factors, members, strict=True) if some]
    return [factor for factor, _ in held], [group for _, group in held]


def class_weights(counts: Tensor) -> Tensor:
    """Weights that make rare classes count more: 1 / sqrt(share of the pixels), with mean 1 over the pixels.

    Args:
        counts: (K,) pixels of each class.

    Returns:
        (K,) float32.

    Example:
        >>> import torch
        >>> from pearl_core.train import class_weights
        >>> class_weights(torch.tensor([400, 100]))
        tensor([0.8333, 1.6667])
    """
    share = counts.double() / counts.sum()
    weights = share.clamp(min=1e-4).rsqrt()
    return (weights / (weights * share).sum()).float()

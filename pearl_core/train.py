"""One training loop for every recipe: an iterator the caller logs, draws, stops and checkpoints.

Every random number of step t comes from (seed, t) alone, and `samples(t)` is a function of t. So a run that is
killed and resumed from any state ends with the very same weights as one that was not.
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

# What is left of the learning rate when a share t of the steps after the warm-up is done.
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
    """How long and how fast: linear warm-up, then down to `last_lr`.

    Short runs from scratch want AdamW and a cosine, the default; the papers' own are there for their own scale.
    """

    steps: int
    lr: float = 2e-3
    weight_decay: float = 1e-4
    warmup: float = 0.05  # share of the steps
    clip: float = 1.0  # largest gradient norm: one bad batch must not undo a short run
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
        """Learning rate of a step, counted from 0."""
        warm = max(1, round(self.warmup * self.steps))
        if step < warm:
            return self.lr * (step + 1) / warm
        left = DECAYS[self.decay]((step - warm) / max(1, self.steps - warm))
        return self.last_lr + (self.lr - self.last_lr) * left


class Progress(NamedTuple):
    """After a step: how many are done, the loss of the last one, and everything needed to go on from here."""

    done: int
    loss: float
    state: Callable[[], dict]


@dataclass
class Run:
    """The moving part, its optimiser and the way back to both."""

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
        """The full state: plain numbers and tensors, so that `torch.load(weights_only=True)` reads it."""
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
    """Train the part the recipe moves; yields after every step. `state` resumes, `dtype` is the autocast precision."""
    run = Run(pipeline, recipe, schedule)
    if state is not None:
        run.restore(state)
    while run.done < schedule.steps:
        loss = one_step(run, samples(run.done), seed, dtype)
        run.done += 1
        yield Progress(run.done, loss, run.state)
    pipeline.eval()


def one_step(run: Run, sample: Sample, seed: int, dtype: torch.dtype | None) -> float:
    """One step of the optimiser; returns the loss before it."""
    for group, factor in zip(run.optimiser.param_groups, run.factors, strict=True):
        group["lr"] = factor * run.schedule.rate(run.done)
    run.pipeline.eval().requires_grad_(False)
    run.part.train().requires_grad_(True)
    device = sample.clean.device.type
    with torch.random.fork_rng(devices=[]), torch.autocast(device, dtype, enabled=dtype is not None):
        torch.manual_seed(hash((seed, run.done)))  # integers hash the same everywhere
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
    """The parameters of a net as groups for an optimiser, those without a rate of their own first.

    Args:
        net: the part that moves.
        rates: {name of a group: its learning rate as a multiple}; the net names its groups, see `networks.groups_of`.

    Returns:
        The multiple of each group, and the groups. Without rates that is one group of all parameters.

    Raises:
        ValueError: a group that the net does not name, or a rate that is not over 0.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.train import grouped
        >>> factors, groups = grouped(toy().net.segment, {"heads": 10.0})
        >>> factors, [len(group["params"]) for group in groups]
        ([1.0, 10.0], [76, 10])
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
    """Weights ~ 1 / sqrt(share), mean 1 over pixels: rare classes count more, without drowning the common ones."""
    share = counts.double() / counts.sum()
    weights = share.clamp(min=1e-4).rsqrt()
    return (weights / (weights * share).sum()).float()

"""Clocks and counters that do not change what they measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import torch
from torch import Tensor, nn

from lab.system.allocator import keep_freed
from pearl_core.precision import resolve

REPEATS = 5


def seconds(work: Callable[[], object]) -> float:
    """Median time of a few calls, after one to warm up."""
    work()
    return median(times(work, REPEATS))


def times(work: Callable[[], object], count: int) -> list[float]:
    """Seconds each of `count` calls takes, in a process that keeps its memory, as those that attack and train do."""
    keep_freed()
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return seconds


@dataclass
class Passes:
    """What is computed on a model, in single images."""

    forward: int = 0
    gradients: int = 0
    steps: list[float] = field(default_factory=list)  # seconds from one gradient to the next, no other pass between
    last: float | None = None  # when there was a gradient; None after any other pass


@contextmanager
def watched(model: nn.Module) -> Iterator[Passes]:
    """Counts the passes through the model, and through copies of it that are made in the block."""
    seen = Passes()

    def leave(gradient: Tensor) -> None:
        now = time.perf_counter()
        if seen.last is not None:
            seen.steps.append(now - seen.last)
        seen.gradients, seen.last = seen.gradients + len(gradient), now

    def enter(module: nn.Module, inputs: tuple) -> None:
        seen.forward += len(inputs[0])
        if inputs[0].requires_grad:
            inputs[0].register_hook(leave)
        else:
            seen.last = None

    hook = model.register_forward_pre_hook(enter)  # a plain function: copies of the model share it
    try:
        yield seen
    finally:
        hook.remove()


def features() -> list[str]:
    """What this CPU has for bfloat16."""
    probes = {"AMX": "_is_amx_tile_supported", "AVX-512 BF16": "_is_avx512_bf16_supported"}
    return [name for name, probe in probes.items() if getattr(torch.cpu, probe, bool)()]


def machine() -> str:
    """What the times depend on, in words."""
    extensions = features()
    has = " and ".join(extensions) or "neither AMX nor AVX-512 BF16"
    auto = str(resolve("auto") or torch.float32).removeprefix("torch.")
    return f"torch {torch.__version__}, {torch.get_num_threads()} threads, {has}, auto is {auto}"

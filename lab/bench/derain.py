"""The derain nets over plain renderings of their papers, and what bfloat16, layout and recomputing bring.

Both take the same weights, random ones, and the same picture. A gradient is that of the picture; the weights are
frozen. Times are medians of calls that take turns in this process; memory is the most that a fresh process grows by.
Gradients differ by more than rounding where rounding turns a ReLU the other way; in float64 they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.util import module_from_spec, spec_from_file_location
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lab.bench.attacks import at_most
from lab.bench.measure import machine, times
from lab.bench.memory import fresh, grown
from lab.system.checkout import ROOT
from lab.system.progress import bar
from pearl_core.derain import DERAINERS
from pearl_core.precision import fast_dtype
from pearl_core.types import choose

RECOMPUTING = ("prenet", "mprnet")  # nets with an argument `checkpoint`
# the plain renderings are a reference for tests, which come with the repository only
REFERENCE = ROOT / "tests" / "plain.py"
PLAIN_LIMIT = 1.05  # time and memory over those of the plain rendering
DIFFERENCE = 1e-5  # of the largest value
MEMORY_LIMIT, TIME_LIMIT = 0.5, 1.5  # of recomputing, over plain autograd
SPEED_WANTED = 1.5  # plain float32 over bfloat16, channels-last and fused

Model = Callable[[Tensor], Tensor]
Shape = tuple[int, int, int, int]


class Version(NamedTuple):
    """A net in the authors' settings: the lab's, with or without recomputing, or the plain rendering."""

    net: str
    how: str = "ours"  # or "plain" or "checkpoint"


class Row(NamedTuple):
    """Seconds and bytes of one version beside those of another, and how far apart their results are."""

    seconds: float
    other_seconds: float
    memory: int
    other_memory: int
    difference: float


Rows = dict[tuple[Version, Version, str], Row]  # a version, the one it is held against, and the pass


def derain(
    nets: tuple[str, ...] = ("prenet", "rescan", "mprnet", "transweather"),
    size: str = "512x256",
    batch: int = 1,
    repeats: int = 3,
) -> str:
    """A table and the limits. `size` is width x height, multiples of 32 from 64 up, which no net has to pad."""
    for net in nets:
        choose("net", net, reference())
    if batch < 1 or repeats < 1:
        raise ValueError(f"wanted a batch of 1 or more and 1 repeat or more, got {batch} and {repeats}")
    shape = batch, 3, *sides(size)
    rows = {
        pair: compared(*pair, shape, repeats) for pair in bar(list(pairs(nets)), what="timing", unit="row", leave=False)
    }
    lines = [*heading(size, batch, repeats), *(line(*pair, row) for pair, row in rows.items())]
    speeds = factors(shape, repeats) if "prenet" in nets else {}
    return "\n".join([*lines, *factor_lines(speeds), *limits(rows), *speed_limit(speeds)])


def sides(size: str) -> tuple[int, int]:
    """Height and width from "512x256"."""
    width, _, height = size.partition("x")
    if not all(side.isdecimal() and int(side) >= 64 and int(side) % 32 == 0 for side in (width, height)):
        raise ValueError(f"wanted a size WIDTHxHEIGHT of multiples of 32 from 64 up, such as 512x256, got {size!r}")
    return int(height), int(width)


def pairs(nets: tuple[str, ...]) -> Iterator[tuple[Version, Version, str]]:
    for net in nets:
        for what in PASSES:
            yield Version(net), Version(net, "plain"), what
    for net in nets:
        if net in RECOMPUTING:
            yield Version(net, "checkpoint"), Version(net), "gradient"


# ---- what is measured ----


def compared(version: Version, other: Version, what: str, shape: Shape, repeats: int) -> Row:
    images, run = pictures(shape), PASSES[what]
    models = {each: made(each) for each in (version, other)}
    ours, wanted = (run(model, images) for model in models.values())
    difference = ((ours - wanted).abs().max() / wanted.abs().max()).item()
    seconds = typical(models, what, images, repeats)
    memory = [fresh(peak, each, what, shape) for each in (version, other)]
    return Row(*seconds.values(), *memory, difference)


def typical(models: dict, what: str, images: Tensor, repeats: int) -> dict:
    """Median seconds of each model's pass; they take turns, so that what slows the machine down slows all of them."""
    seconds = {name: [] for name in models}
    for _ in range(repeats):
        for name, model in models.items():
            seconds[name] += times(partial(PASSES[what], model, images), 1)
    return {name: median(each) for name, each in seconds.items()}


def peak(version: Version, what: str, shape: Shape) -> int:
    """Bytes that a pass needs beside net and pictures. For a fresh process."""
    model, images, run = made(version), pictures(shape), PASSES[what]
    run(model, images[:1, :, :64, :64])  # loads what torch loads on first use
    return grown(lambda: run(model, images))


def forward(model: Model, images: Tensor) -> Tensor:
    with torch.no_grad():
        return model(images)


def gradient(model: Model, images: Tensor) -> Tensor:
    point = images.detach().requires_grad_(True)
    return torch.autograd.grad(model(point).float().square().sum(), point)[0]


PASSES: dict[str, Callable[[Model, Tensor], Tensor]] = {"forward": forward, "gradient": gradient}


def pictures(shape: Shape) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def made(version: Version, layout: torch.memory_format = torch.contiguous_format) -> Model:
    """The frozen model, in float32 and evaluation mode, always with the same weights."""
    options = {"checkpoint": True} if version.how == "checkpoint" else {}
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        net: nn.Module = DERAINERS[version.net](**options).eval().requires_grad_(False).to(memory_format=layout)
    return partial(reference()[version.net], net.state_dict()) if version.how == "plain" else net


@cache
def reference() -> dict[str, Callable]:
    """The plain renderings by net."""
    if not REFERENCE.exists():
        raise FileNotFoundError(f"wanted {REFERENCE}, which is not there: this bench needs the repository")
    spec = spec_from_file_location("plain", REFERENCE)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PLAIN


# ---- what makes PReNet's gradient faster ----


def factors(shape: Shape, repeats: int) -> dict[str, float]:
    """Seconds of a gradient in plain float32, with each change alone, and with all of them."""
    ours, plain = Version("prenet"), Version("prenet", "plain")
    last = torch.channels_last
    models: dict[str, Model] = {
        "plain float32": made(plain),
        "bfloat16 alone": in_bfloat16(made(plain)),
        "channels-last alone": laid_out(made(plain, last)),
        "fused alone": made(ours),
        "all three": in_bfloat16(laid_out(made(ours, last))),
    }
    images = pictures(shape)
    for model in models.values():
        gradient(model, images[..., :64, :64])
    return typical(models, "gradient", images, repeats)


def in_bfloat16(model: Model) -> Model:
    def call(images: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return model(images)

    return call


def laid_out(model: Model) -> Model:
    return lambda images: model(images.contiguous(memory_format=torch.channels_last))


# ---- in words ----


def heading(size: str, batch: int, repeats: int) -> list[str]:
    return [
        machine(),
        f"the authors' settings in float32, {batch} of {size} pixels; medians of {repeats}; "
        "differ: largest difference over the largest value",
        f"{'':40}{'seconds':>9}{'':16}{'MiB':>9}",
        f"{'net':14}{'how':17}{'pass':9}{'':9}{'over':>9}{'x':>7}{'':9}{'over':>9}{'x':>7}{'differ':>10}",
    ]


def line(version: Version, other: Version, what: str, row: Row) -> str:
    return (
        f"{version.net:14}{version.how + '/' + other.how:17}{what:9}"
        f"{row.seconds:9.3f}{row.other_seconds:9.3f}{row.seconds / row.other_seconds:7.3f}"
        f"{row.memory / 2**20:9.1f}{row.other_memory / 2**20:9.1f}{row.memory / row.other_memory:7.3f}"
        f"{row.difference:10.1e}"
    )


def factor_lines(speeds: dict[str, float]) -> list[str]:
    return [
        f"prenet gradient, {name:20}{seconds:9.3f} s, {speeds['plain float32'] / seconds:5.2f} times as fast"
        for name, seconds in speeds.items()
    ]


def limits(rows: Rows) -> list[str]:
    lines = []
    for (version, _, what), row in rows.items():
        time, memory = row.seconds / row.other_seconds, row.memory / row.other_memory
        if version.how == "checkpoint":
            lines.append(at_most(f"{version.net} with checkpoint, memory over plain autograd", memory, MEMORY_LIMIT))
            lines.append(at_most(f"{version.net} with checkpoint, time over plain autograd", time, TIME_LIMIT))
            continue
        lines.append(at_most(f"{version.net} {what}, time over the plain rendering", time, PLAIN_LIMIT))
        lines.append(at_most(f"{version.net} {what}, memory over the plain rendering", memory, PLAIN_LIMIT))
        if what == "forward":
            far = row.difference / DIFFERENCE
            lines.append(at_most(f"{version.net}, difference from the plain rendering in {DIFFERENCE:g}", far, 1))
    return lines


def speed_limit(speeds: dict[str, float]) -> list[str]:
    if not speeds:
        return []
    if fast_dtype() is None:
        return ["note: this CPU has no fast bfloat16, so that no limit speaks of it"]
    ratio = speeds["all three"] / speeds["plain float32"]
    what = f"prenet gradient with all three, time over plain float32 ({SPEED_WANTED} times as fast)"
    return [at_most(what, ratio, 1 / SPEED_WANTED)]

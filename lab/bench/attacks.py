"""Attacks over the floor of their gradients, on a small and a large net with random weights: see `costs`."""

from __future__ import annotations

from lab.bench.costs import ATTACKS, CLASSES, Case, Cost, Key, measured
from lab.bench.measure import features, machine
from lab.system.progress import bar
from pearl_core.types import choose

CASES = {"small": Case(18, 16, (128, 256)), "large": Case(50, 64, (256, 256))}
LIMITED = "large", 4  # net and batch that the limits speak of
TIME_LIMITS = {"pgd": 1.05, "apgd": 1.10, "red_eps_apgd": 1.10}  # whole attack over floor, in float32
MEMORY_LIMIT = 1.15
SPEED_WANTED = 3.0  # float32 floor over a step of "auto", on a CPU with AMX
WHOLE_AUTO = 0.33  # whole attack in "auto", not its first on that net, over the float32 floor, on a CPU with AMX

Costs = dict[tuple[str, int, Key], Cost]  # by net and batch


def attacks(
    nets: tuple[str, ...] = ("small", "large"),
    batches: tuple[int, ...] = (1, 4, 8),
    steps: int = 20,
    precision: tuple[str, ...] = ("float32", "auto"),
) -> str:
    """A table and the limits. Batches of the large net that no limit speaks of get a quarter of `steps`."""
    for net in nets:
        choose("net", net, CASES)
    for name in precision:
        choose("precision", name, ATTACKS)
    if steps < 4 or min(batches) < 1:
        raise ValueError(f"wanted 4 steps and batches of 1 or more, got {steps} and {', '.join(map(str, batches))}")
    costs: Costs = {}
    for net, batch in bar(
        [(net, batch) for net in nets for batch in batches], what="timing", unit="batch", leave=False
    ):
        many = steps if net == "small" or (net, batch) == LIMITED else max(steps // 4, 4)
        for key, cost in measured(CASES[net], batch, many, precision):
            costs[net, batch, key] = cost
    return "\n".join([*heading(), *(line(*where, cost) for where, cost in costs.items()), *remarks(costs)])


def heading() -> list[str]:
    nets = (f"{name} = PSPNet-{c.depth} width {c.width} on {c.size[1]}x{c.size[0]}" for name, c in CASES.items())
    return [
        machine(),
        f"{', '.join(nets)}; {CLASSES} classes; seconds per gradient of the batch, passes per picture",
        f"{'':31}{'passes':>15}{'floor':>9}{'whole attack':>16}{'step alone':>16}{'memory: floor':>15}{'peak':>16}",
        f"{'net':6}{'batch':>6}  {'attack':14}{'precision':9}{'back':>5}{'other':>6}{'s':>9}"
        f"{'s':>9}{'x':>7}{'s':>9}{'x':>7}{'MiB':>15}{'MiB':>9}{'x':>7}",
    ]


def line(net: str, batch: int, key: Key, cost: Cost) -> str:
    return (
        f"{net:6}{batch:6}  {key.attack:14}{key.precision:9}"
        f"{cost.gradients:5.4g}{cost.others:6.3g}{cost.floor:9.4f}"
        f"{cost.whole:9.4f}{cost.whole / cost.floor:7.3f}{cost.step:9.4f}{cost.step / cost.floor:7.3f}"
        f"{cost.floor_memory / 2**20:15.1f}{cost.memory / 2**20:9.1f}{cost.memory / cost.floor_memory:7.3f}"
    )


def remarks(costs: Costs) -> list[str]:
    """What makes a row unreliable, and the limits on the rows that were measured."""
    lines = []
    for (net, batch, key), cost in costs.items():
        what = f"{key.attack} in {key.precision}, {net} net, batch {batch}"
        if cost.gradients != cost.wanted:
            lines.append(f"note: {what}: wanted {cost.wanted} gradients per picture, got {cost.gradients:g}")
        if (net, batch) != LIMITED:
            continue
        if key.precision != "float32":
            lines.append(at_least(f"{what}, times as fast as the float32 floor", cost.floor / cost.step, SPEED_WANTED))
            share = f"{what}, {cost.gradients:g} steps, the whole attack over the float32 floor"
            lines.append(at_most(share, cost.whole / cost.floor, WHOLE_AUTO, wants_amx=True))
        elif key.attack in TIME_LIMITS:
            lines.append(at_most(f"{what}, time over the floor", cost.whole / cost.floor, TIME_LIMITS[key.attack]))
            lines.append(at_most(f"{what}, memory over the floor", cost.memory / cost.floor_memory, MEMORY_LIMIT))
    return lines


def at_most(what: str, measured: float, limit: float, *, wants_amx: bool = False) -> str:
    """A line that says whether a limit is held; a limit for AMX is only judged on a CPU that has AMX."""
    judged = "held" if measured <= limit else "missed"
    if wants_amx and "AMX" not in features():
        judged = "this CPU has none"
    return f"limit: {what}: {measured:.3f}, at most {limit:.2f}{' with AMX' if wants_amx else ''}: {judged}"


def at_least(what: str, measured: float, limit: float) -> str:
    judged = ("held" if measured >= limit else "missed") if "AMX" in features() else "this CPU has none"
    return f"limit: {what}: {measured:.2f}, at least {limit:.1f} with AMX: {judged}"

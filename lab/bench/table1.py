"""Table 1 over the floor of what must be computed for it, both measured in one run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from lab.bench.attacks import at_most
from lab.bench.measure import seconds
from lab.measure.measuring import BATCH, missing, run
from lab.measure.store import Store
from lab.measure.trial import Cell, Trial, cells_of, steps_of
from lab.nets.pipelines import Nets, build
from lab.papers.pearl.table1 import EXPERIMENT
from pearl_core.attacks.objectives import cross_entropy
from pearl_core.pipeline import frozen
from pearl_core.precision import fast_dtype, lowered
from pearl_core.types import Sample

RATIO_LIMIT = 1.10


def table1(images: int = 32) -> str:
    """Table 1 on the scenes from an empty store, over its distinct gradient evaluations and scores timed raw."""
    cells = cells_of(EXPERIMENT.asked(images=images), None)
    with tempfile.TemporaryDirectory() as folder:
        gradients, scores = needed(cells, Store(Path(folder) / "empty.sqlite"))
        parts = {
            threat: [c.trial for c in cells if c.trial.threat in (None, threat)] for threat in ("oblivious", "adaptive")
        }
        before = floor(cells, gradients, scores)
        took = []
        for trials in parts.values():
            started = time.perf_counter()
            run(trials, store=Store(Path(folder) / "results.sqlite"), quiet=True, processes=1)
            took.append(time.perf_counter() - started)
        after = floor(cells, gradients, scores)
        started = time.perf_counter()
        run([cell.trial for cell in cells], store=Store(Path(folder) / "results.sqlite"), quiet=True, processes=1)
        again = time.perf_counter() - started
        shown = precisions(images, Store(Path(folder) / "precisions.sqlite"))
    least, everything = (before + after) / 2, sum(took)
    number_format = fast_dtype() or "float32"
    return "\n".join([
        f"table 1 on scenes, {images} images, {torch.get_num_threads()} threads, gradients in {number_format}",
        f"  distinct gradient evaluations {sum(gradients.values())}, distinct scoring passes {sum(scores.values())}",
        f"  oblivious part {took[0]:.1f} s, both threats {everything:.1f} s, again from the full store {again:.1f} s",
        f"  floor {least:.1f} s (before the run {before:.1f} s, after it {after:.1f} s)",
        f"  {at_most('whole table over its floor', everything / least, RATIO_LIMIT)}",
        *shown,
    ])  # fmt: skip


def needed(cells: list[Cell], empty: Store) -> tuple[dict[Nets, int], dict[Nets, int]]:
    """Image-wise gradient evaluations and scoring passes that no sharing can save, by nets."""
    gradients: dict[Nets, int] = {}
    scores: dict[Nets, int] = {}
    for batch in missing(cells, empty):
        longest = max(batch.cells, key=steps_of)
        if longest.attack is not None:
            gradients[longest.attacked] = gradients.get(longest.attacked, 0) + len(batch.indices) * steps_of(longest)
        for cell in batch.cells:
            scores[cell.victim] = scores.get(cell.victim, 0) + len(batch.indices)
    return gradients, scores


def floor(cells: list[Cell], gradients: dict[Nets, int], scores: dict[Nets, int]) -> float:
    """Seconds the needed passes take by themselves: the same nets, batch and precision, nothing around them."""
    sample = cells[-1].data.sample(range(BATCH))
    images = sample.rainy.contiguous(memory_format=torch.channels_last)
    sample = sample._replace(rainy=images)
    total = sum(count * seconds(raw_gradient(nets, sample)) for nets, count in gradients.items())
    total += sum(count * seconds(lambda nets=nets: raw_score(nets, images)) for nets, count in scores.items())
    return total / BATCH


def raw_gradient(nets: Nets, sample: Sample) -> Callable[[], Tensor]:
    """One gradient of the attacked nets, ready to be timed: what is done once for a whole attack is done here."""
    model = build(nets)
    call = lowered(model, sample.rainy, "auto")

    def gradient() -> Tensor:
        with frozen(model):
            point = sample.rainy.detach().requires_grad_(True)
            return torch.autograd.grad(cross_entropy(call(point), sample.labels, 0).sum(), point)[0]

    return gradient


def raw_score(nets: Nets, images: Tensor) -> Tensor:
    with torch.no_grad():
        return build(nets)(images).logits


def precisions(images: int, store: Store) -> list[str]:
    """Pixel accuracy under BIM10 at 8/255, its gradients in the fast format and in float32: equal within 0.5 points?"""
    if fast_dtype() is None:
        return ["  this machine has no faster format than float32"]
    lines = []
    for method, threat in (("seg", "oblivious"), ("robust_seg", "oblivious"), ("nat", "oblivious"),
                           ("derain_seg", "adaptive"), ("pearl", "adaptive")):  # fmt: skip
        accuracy = {}
        for precision in ("float32", "auto"):
            trial = Trial(method, attack="bim", steps=10, eps=8, threat=threat, images=images, precision=precision)
            rows = run([trial], store=store, quiet=True, processes=1)
            accuracy[precision] = rows[rows.metric == "allAcc"].value.item()
        fast, exact = accuracy["auto"], accuracy["float32"]
        lines.append(
            f"  allAcc, BIM10, {threat:9} on {method:10}: {fast:.2f} fast, {exact:.2f} float32, {fast - exact:+.2f}"
        )
    return lines

"""One line for any model: `evaluate(model, loader, eps=(4, 8))`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..adapters import adapted
from ..attacks.compose import check
from ..attacks.ensembles import Attacked, worst_miou
from ..attacks.judging import for_answers
from ..attacks.searches import wide
from ..bootstrap import interval
from ..chance import answer
from ..metrics import METRICS, confusion, pixel_accuracy
from ..types import VOID, Sample
from .budgets import BUDGETS
from .flags import Flag, Probe, flags
from .pictures import Batch, batches
from .result import Evaluation

REPORTED = ("allAcc", "ACC", "mIoU")
PROBED = 4  # pictures that flags are looked for on


def evaluate(
    model: Callable,
    loader: Iterable,
    eps: float | Sequence[float] = (4, 8),
    *,
    budget: str = "standard",
    norm: str = "linf",
    ignore: int = VOID,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    scores: str | None = None,
    precision: str = "auto",
    seed: int = 0,
    probe: bool = True,
) -> Evaluation:
    """The worst case of a segmenter on pictures, with 95 % intervals, and flags where it may flatter.

    Args:
        model: any model, see `adapters`; `Pipeline(derainer, segmenter)` for a whole pipeline.
        loader: batches (images, labels) or dicts of them; pictures in [0, 1], labels (B, H, W).
        eps: radii in 1/255; in l2 the root mean square over all values of a picture.
        budget: "quick", "standard" or "full", a name in `BUDGETS`.
        norm: "linf" or "l2".
        ignore: the label of pixels that do not count.
        mean: what the model wants subtracted from pictures in [0, 1]; with `std`.
        std: what it wants them divided by.
        scores: "logits" or "probabilities", where the model's numbers do not tell.
        precision: of the gradients, see `precision.lowered`.
        seed: of random starts and intervals.
        probe: whether to look for flags, on the first pictures.

    Returns:
        What was found; print it.

    Raises:
        TypeError, ValueError: a model, pictures or labels that cannot be read, in one line.

    Example:
        >>> from pearl_core import evaluate
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> found = evaluate(net, [sample], eps=8, budget="quick", precision="float32", probe=False)
        >>> 0 <= found.value("worst") <= found.value("clean") <= 100
        True
    """
    radii = sorted({float(radius) for radius in ([eps] if isinstance(eps, int | float) else eps)})
    if not radii or radii[0] <= 0:
        raise ValueError(f"wanted one eps or more above 0, got {eps}")
    options = {"norm": norm, "seed": seed, "precision": precision}
    ensembles = {radius: BUDGETS.choose(budget).of(radius, **options) for radius in radii}
    net = adapted(model, mean=mean, std=std, scores=scores)
    statistics: dict[tuple[float, str], list[np.ndarray]] = {}
    raised: list[Flag] = []
    for number, batch in enumerate(batches(loader, ignore)):
        check(*batch)
        results = {radius: ensemble.each(net, *batch) for radius, ensemble in ensembles.items()}
        pictures = {(0.0, "clean"): batch.images}
        pictures |= {(radius, name): a.images for radius, each in results.items() for name, a in each.items()}
        for key, images in pictures.items():
            statistics.setdefault(key, []).append(counted(net, images, batch))
        if number == 0 and probe:
            worst = Attacked(*(x[:PROBED] for x in lowest(results[radii[-1]].values())))
            raised = flags(Probe(net, *(x[:PROBED] for x in batch), radii[-1], worst, options))
    known = {key: np.concatenate(parts) for key, parts in statistics.items()}
    images, classes = known[0.0, "clean"].shape[:2]
    settings = {"budget": budget, "eps": radii, **options, "images": images, "classes": classes}
    reading = str(getattr(net, "reading", None) or "a pipeline's own output")
    return Evaluation(list(rows_of(known, seed)), raised, settings, reading, constant(known[0.0, "clean"]))


def counted(net: nn.Module, images: Tensor, batch: Batch) -> np.ndarray:
    """How many pixels of each class are right (B, K, 3), summed over the answers of a model that gives several."""
    output = answer(net, images)
    draws = len(output.logits) // len(images)
    seen = confusion(output, Sample(images, batch.images, for_answers(batch.labels, draws)))
    return seen.view(draws, len(images), *seen.shape[1:]).sum(0).cpu().numpy()


def lowest(results: Iterable[Attacked]) -> Attacked:
    """Of each picture the attack that leaves least."""
    first, *others = results
    for other in others:
        better = other.left < first.left
        pictures = torch.where(wide(better), other.images, first.images)
        first = Attacked(pictures, torch.where(better, other.left, first.left))
    return first


def rows_of(known: Mapping[tuple[float, str], np.ndarray], seed: int) -> Iterator[dict]:
    """Tidy rows: without attack, under each attack, and the worst of them in both ways."""
    for eps in dict.fromkeys(radius for radius, _ in known):
        members = {name: counts for (radius, name), counts in known.items() if radius == eps}
        if eps:
            each = np.stack(list(members.values()))
            images = np.arange(each.shape[1])
            members["worst"] = each[pixel_accuracy(each.sum(2, keepdims=True)).argmin(0), images]
            members["worst mIoU"] = each[worst_miou(each, seed)[1], images]
        for name, counts in members.items():
            for metric in map(METRICS.get, REPORTED):
                low, high = interval(metric, counts, seed=seed)
                yield {"eps": eps, "attack": name, "metric": metric.name, "value": metric.reduce(counts),
                       "low": low, "high": high, "unit": metric.unit}  # fmt: skip


def constant(clean: np.ndarray) -> dict[str, float]:
    """What the best constant prediction gets on these labels, in %."""
    labelled = clean[..., 2].sum(0)  # (K,)
    seen = np.count_nonzero(labelled)
    share = 100 * labelled.max() / labelled.sum() if seen else np.nan
    return {"allAcc": float(share), "mIoU": float(share / seen if seen else np.nan)}

"""How any model's answer is read: by the same adapter wherever a model is attacked or scored.

A model may return a tensor of logits, a dict, an object with `.logits`, a tuple whose first part counts, an `Output`.
How it is read is decided at its first answer, and `Adapted.reading` says it; an answer that can be read in two ways is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Normalize
from .types import Output

KEYS = ("out", "logits", "sem_seg", "pred")  # of dicts and objects, in the order in which they are looked for
MASKS = ("class_queries_logits", "masks_queries_logits")  # of MaskFormer's kind
COARSEST = 32  # an answer may have this many times fewer pixels a side than the picture, but not more
SURE = 1e-3  # scores are probabilities if their sum over the classes differs from 1 by less than this
SMALL = 1e-12  # probabilities below this count as this, so that their logarithm is finite

_known: WeakKeyDictionary[Any, dict[tuple, Reading]] = WeakKeyDictionary()  # decided once for each model


class Reading(NamedTuple):
    """Which part of a model's answer is used, and what its numbers are."""

    path: tuple[str | int, ...]  # keys and places that lead to the part
    kind: str  # "logits", "probabilities", "masks", "picture"
    last: bool  # whether channels come last
    channels: int  # how many
    size: tuple[int, int]  # height and width in the first answer; pictures of other sizes may follow
    enlarged: bool  # whether it is enlarged to the picture's size

    def __str__(self) -> str:
        what = {"picture": "a derained picture", "masks": "masks of queries"}.get(self.kind)
        what = what or f"{self.kind} of {max(self.channels, 2)} classes{', one channel' * (self.channels == 1)}"
        where = "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in self.path)
        parts = [f"{what}{' in ' * bool(where)}{where}", f"channels {'last' if self.last else 'first'}"]
        height, width = self.size
        return ", ".join([*parts, *[f"{height}x{width} pixels enlarged to the picture's"] * self.enlarged])

    def __call__(self, answer: Any, images: Tensor) -> Output:
        """The answer to `images` (B, 3, H, W) as an `Output`."""
        values = at(answer, self.path)
        if self.kind == "masks":
            return Output(images, to_size(mask_scores(values).clamp(min=SMALL).log(), images))
        values = laid_out(values, self.last)
        if values.shape[1] != self.channels or len(values) % len(images):
            raise ValueError(f"wanted {self} as in the first answer, got {tuple(values.shape)}")
        if self.kind == "picture":
            return Output(values, None)
        if self.kind == "probabilities":
            values = values.clamp(min=SMALL).log() if self.channels > 1 else values.logit(SMALL)
        values = torch.cat([torch.zeros_like(values), values], 1) if self.channels == 1 else values
        return Output(images, to_size(values, images))


class Adapted(nn.Module):
    """A model whose answers are read as an `Output`; `adapted` makes it.

    Args:
        model: a module or function of tensors.
        part: "segment", or "derain" for a model that returns pictures.
        scores: "logits", "probabilities", or None: its first answer tells.

    Example:
        >>> import torch
        >>> from pearl_core.adapters import Adapted
        >>> net = Adapted(torch.nn.Conv2d(3, 19, 4, stride=4), "segment", None)
        >>> net(torch.rand(1, 3, 32, 64)).logits.shape
        torch.Size([1, 19, 32, 64])
        >>> print(net.reading)
        logits of 19 classes, channels first, 8x16 pixels enlarged to the picture's
    """

    answers_output = True

    def __init__(self, model: Callable[[Tensor], Any], part: str, scores: str | None):
        super().__init__()
        self.model = model if isinstance(model, nn.Module) else Called(model)
        self.part, self.scores = part, scores
        vars(self)["given"] = model  # not as a submodule, which it may be already

    @property
    def reading(self) -> Reading | None:
        """How its answers are read; None before the first, and for a model that returns an `Output`."""
        return readings_of(self.given).get((self.part, self.scores))

    def forward(self, images: Tensor) -> Output:
        return self.read(self.model(images), images)

    def read(self, answer: Any, images: Tensor) -> Output:
        """The model's answer to `images`, as an `Output`."""
        if isinstance(answer, Output):
            return answer
        readings, key = readings_of(self.given), (self.part, self.scores)
        if key not in readings:
            readings[key] = decided(answer, images, *key)
        return readings[key](answer, images)


def readings_of(model: Callable) -> dict[tuple, Reading]:
    """The readings decided for a model; they are forgotten when it is deleted."""
    return _known.setdefault(model, {})


class Called(nn.Module):
    """A function of tensors as a module. It cannot set modes and flags of modules that the function calls."""

    def __init__(self, function: Callable[[Tensor], Any]):
        super().__init__()
        self.function = function

    def forward(self, images: Tensor) -> Any:
        return self.function(images)


def adapted(
    model: Callable[[Tensor], Any],
    *,
    part: str = "segment",
    scores: str | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
) -> nn.Module:
    """Any model in the form that attacks need: images (B, 3, H, W) in [0, 1] -> `Output`.

    Args:
        model: a module or function of tensors that returns logits of the picture's size or less: a tensor (B, K, h, w)
            or (B, h, w, K), a dict ("out", "logits"), an object with `.logits`, a tuple or list (its first part), or
            an `Output`. One channel is the logit of the second of two classes.
        part: "segment", or "derain" for a model that returns pictures.
        scores: "logits" or "probabilities", if the numbers do not show which; None: they do.
        mean: to subtract from pictures in [0, 1] before the model, a number per channel; given together with `std`.
        std: to divide by afterwards, a number per channel.

    Returns:
        The model itself if its type says that it returns an `Output`; else an `Adapted`, which says how it reads.

    Raises:
        TypeError: not a function of tensors; when called, an answer without scores.
        ValueError: only one of mean and std; when called, an answer that can be read in two ways.

    Example:
        >>> import torch
        >>> from pearl_core.adapters import adapted
        >>> from pearl_core.attacks.zoo import bim
        >>> images, labels = torch.rand(1, 3, 32, 32), torch.zeros(1, 32, 32, dtype=torch.long)
        >>> bim(eps=8, steps=2)(torch.nn.Conv2d(3, 4, 1), images, labels).shape
        torch.Size([1, 3, 32, 32])
    """
    if not callable(model):
        raise TypeError(f"wanted a module or a function of tensors, got a {type(model).__name__}")
    if (mean is None) != (std is None):
        raise ValueError("wanted both mean and std, or neither, got one of them")
    if mean is not None:
        body = model if isinstance(model, nn.Module) else Called(model)
        return Adapted(nn.Sequential(Normalize(tuple(mean), tuple(std)), body), part, scores)
    return model if getattr(model, "answers_output", False) is True else Adapted(model, part, scores)


# ---- what an answer is ----


def decided(answer: Any, images: Tensor, part: str, scores: str | None = None) -> Reading:
    """How this answer is read. Raises TypeError if it has no scores, ValueError if there are two ways."""
    path, values = found_in(answer, images, part)
    if isinstance(values, tuple):
        return Reading(path, "masks", False, values[0].shape[2] - 1, tuple(values[1].shape[2:]), True)
    refuse_labels(values)
    last = channels_last(values, images)
    values = laid_out(values, last)
    size, channels = tuple(values.shape[2:]), values.shape[1]
    kind = "picture" if part == "derain" else kind_of(values.detach().float(), scores)
    if kind == "picture" and (channels != 3 or size != tuple(images.shape[2:])):
        raise TypeError(f"wanted derained pictures {tuple(images.shape)}, got {tuple(values.shape)}")
    return Reading(path, kind, last, channels, size, size != tuple(images.shape[2:]))


def found_in(answer: Any, images: Tensor, part: str) -> tuple[tuple, Tensor | tuple[Tensor, Tensor]]:
    """Where in the answer the scores are, and the scores; for a model like MaskFormer two tensors."""
    path: tuple[str | int, ...] = ()
    while not isinstance(answer, Tensor):
        if all(part_of(answer, key) is not None for key in MASKS):
            return (*path, MASKS), tuple(part_of(answer, key) for key in MASKS)
        step = next_step(answer, images, part)
        path, answer = (*path, step), part_of(answer, step)
    return path, answer


def next_step(answer: Any, images: Tensor, part: str) -> str | int:
    """The key, attribute or place of the scores in an answer that is no tensor."""
    for key in KEYS:
        if part_of(answer, key) is not None:
            return key
    if isinstance(answer, tuple | list) and answer:
        if part == "segment" and pictured(answer, images):
            raise ValueError(
                f"two readings of {words_of(answer)}: logits of 3 classes first, or a derained picture and logits; "
                "return Output(derained, logits), or the logits alone"
            )
        return 0
    maps = [key for key, value in named(answer) if isinstance(value, Tensor) and value.dim() == 4]
    if len(maps) == 1:
        return maps[0]
    raise TypeError(
        f"wanted a tensor of logits, a dict or object with one of {', '.join(KEYS)}, a tuple whose first part is one, "
        f"or an Output, got {words_of(answer)}"
    )


def pictured(answer: tuple | list, images: Tensor) -> bool:
    """Whether the first part has the shape of the pictures, and the second that of logits of other classes."""
    first, second = (answer[0], answer[1]) if len(answer) > 1 else (None, None)
    maps = isinstance(first, Tensor) and isinstance(second, Tensor) and second.dim() == 4
    return maps and first.shape[1:] == images.shape[1:] and second.shape[1] != 3


def part_of(answer: Any, key: str | int) -> Any:
    if isinstance(answer, Mapping):
        return answer.get(key)
    return answer[key] if isinstance(key, int) else getattr(answer, key, None)


def named(answer: Any) -> Iterator[tuple[str, Any]]:
    parts = answer if isinstance(answer, Mapping) else getattr(answer, "__dict__", {})
    yield from parts.items()


def at(answer: Any, path: tuple) -> Any:
    for step in path:
        answer = tuple(part_of(answer, key) for key in step) if isinstance(step, tuple) else part_of(answer, step)
    return answer


def words_of(answer: Any) -> str:
    """An answer in words: its type, and what is in it."""
    if isinstance(answer, tuple | list):
        inner = ", ".join(str(tuple(x.shape)) if isinstance(x, Tensor) else type(x).__name__ for x in answer)
        return f"a {type(answer).__name__} ({inner})"
    keys = ", ".join(str(key) for key, _ in named(answer))
    return f"a {type(answer).__name__}" + (f" with {keys}" if keys else "")


def refuse_labels(values: Tensor) -> None:
    if not values.is_floating_point():
        raise TypeError(
            f"wanted scores for every class, got {values.dtype} of shape {tuple(values.shape)}: a label map has no "
            "gradient"
        )
    if values.dim() not in (3, 4):
        raise TypeError(f"wanted scores (B, K, h, w), (B, h, w, K) or (B, h, w), got {tuple(values.shape)}")


def channels_last(values: Tensor, images: Tensor) -> bool:
    """Whether scores (B, ...) have their classes in the last place; those without such a place count as first."""
    if values.dim() == 3:
        return False
    size = images.shape[2:]
    first, last = fits(values.shape[2:], size), fits(values.shape[1:3], size)
    if first and last:
        raise ValueError(
            f"two readings of scores {tuple(values.shape)} for pictures of {size[0]}x{size[1]}: classes in the second "
            "place or in the last; try a picture that is wider than high, or put them second"
        )
    if not (first or last):
        raise TypeError(
            f"wanted scores of the picture's {size[0]}x{size[1]} pixels or a whole part of them, got "
            f"{tuple(values.shape)}"
        )
    return last


def fits(small: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether one size is the other, or a part of it that is the same in both directions."""
    factors = [round(big / little) if little else 0 for little, big in zip(small, whole, strict=True)]
    near = all(abs(little * f - big) < f for little, big, f in zip(small, whole, factors, strict=True))
    return factors[0] == factors[1] and 1 <= factors[0] <= COARSEST and near


def laid_out(values: Tensor, last: bool) -> Tensor:
    """Scores as (B, K, h, w)."""
    return values.unsqueeze(1) if values.dim() == 3 else values.movedim(-1, 1) if last else values


def kind_of(values: Tensor, scores: str | None) -> str:
    """Whether the numbers (B, K, h, w) are logits or probabilities."""
    between = bool(values.min() >= 0 and values.max() <= 1)
    if scores in ("logits", "probabilities"):
        if scores == "probabilities" and not between:
            raise ValueError(f"wanted probabilities in [0, 1], got [{values.min():.3g}, {values.max():.3g}]")
        return scores
    if scores is not None:
        raise ValueError(f"unknown scores {scores!r}; choose one of logits, probabilities")
    if values.shape[1] > 1:
        return "probabilities" if between and bool(((values.sum(1) - 1).abs() < SURE).all()) else "logits"
    if between:
        raise ValueError(
            "two readings of one channel in [0, 1]: a probability or a logit; say scores='probabilities' or 'logits'"
        )
    return "logits"


def mask_scores(queries: tuple[Tensor, Tensor]) -> Tensor:
    """Class scores per pixel of a model of masks (Cheng et al. 2021): (B, Q, K + 1), (B, Q, h, w) -> (B, K, h, w)."""
    classes, masks = queries
    return torch.einsum("bqk,bqhw->bkhw", classes.softmax(-1)[..., :-1], masks.sigmoid())


def to_size(values: Tensor, images: Tensor) -> Tensor:
    """The values at the size of the pictures (bilinear, corners not aligned, as in SegFormer)."""
    if values.shape[2:] == images.shape[2:]:
        return values
    return F.interpolate(values, images.shape[2:], mode="bilinear", align_corners=False)

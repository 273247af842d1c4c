"""An attack is made of an objective, a ball and a search, and is a function (model, images, target) -> images.

    attack = ascend(cross_entropy, Linf(8 / 255), FixedSteps(alpha=3 / 255, steps=10))

`target` is a label map (B, H, W), or a `restoration.Reference` or `restoration.Patches` for attacks on derainers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from ..precision import PRECISIONS
from ..types import VOID, choose
from .balls import NORMS, Ball
from .judging import Keep, Share, select, share_right
from .objectives import Objective
from .problem import ImageProblem
from .searches import Search

T = TypeVar("T")
Attack = Callable[[nn.Module, Tensor, Tensor], Tensor]


class Trajectory(NamedTuple):
    """The result of an attack and its course: a row for the start, for each of T steps, for the end of each stage.

    Example:
        >>> from pearl_core.attacks.zoo import bim
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> bim(eps=8, steps=2).trace(net, sample.rainy, sample.labels).loss.shape
        torch.Size([3, 2])
    """

    images: Tensor  # (B, 3, H, W), what the attack returns
    loss: Tensor  # (T + stages, B), the objective, mean over the pixels
    tracked: Tensor  # of the same shape, the loss by which the search compares points
    accuracy: Tensor | None  # of the same shape, share of the labelled pixels that are right; None without labels
    iterates: Tensor | None  # (T + 1, B, 3, H, W), the picture at the start and after every step; None: not wanted


@dataclass(frozen=True)
class Ascent:
    """The attack that increases `objective` inside `ball` and [0, 1] by `search`. Call it, or loop over `iterates`.

    Args:
        objective: the loss to increase.
        ball: how far the attacked picture may lie from the picture.
        search: the loop, such as `FixedSteps` or `APGD`.
        random_start: start from a uniformly random point of the ball, not from the picture.
        seed: decides the random numbers, together with the picture itself; its batch has no influence.
        precision: that of the gradients, see `precision.lowered`.
        track: the loss by which the search compares points; None: the objective.
        keep: which of the points is returned; None: the last.
        share: how accuracy is counted.
        finite: whether nan and inf are an error. Some published losses need False.

    Raises:
        ValueError: an unknown precision; when called, pictures, target and mask that do not fit together.
        FloatingPointError: when called, a loss, gradient or prediction of nan or inf.

    Example:
        >>> from pearl_core.attacks.zoo import bim
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> attack = bim(eps=8, steps=2)
        >>> len(list(attack.iterates(net, sample.rainy, sample.labels)))
        3
    """

    objective: Objective
    ball: Ball
    search: Search
    random_start: bool = False
    seed: int = 0
    precision: str = "float32"
    track: Objective | None = None
    keep: Keep | None = None
    share: Share = share_right
    finite: bool = True

    def __post_init__(self):
        choose("precision", self.precision, PRECISIONS)

    def __call__(self, model: nn.Module, images: Tensor, target, **options) -> Tensor:
        """The attacked pictures (B, 3, H, W).

        Args:
            model: images (B, 3, H, W) -> `Output`.
            images: in [0, 1].
            target: labels (B, H, W), `Reference` or `Patches`.
            **options: `mask` (B, H, W): only its true pixels may change. `keys`: one name per picture, which decide
                its random numbers in place of its pixels.
        """
        problem = self.problem(model, images, target, **options)
        for delta in self.search(problem, self.ball):  # noqa: B007 - the last one counts
            pass
        return self.finish(problem, delta)

    def iterates(self, model: nn.Module, images: Tensor, target, **options) -> Iterator[Tensor]:
        """The attacked pictures at the start and after every step, each (B, 3, H, W); `keep` does not matter here."""
        problem = self.problem(model, images, target, **options)
        for delta in self.search(problem, self.ball):
            yield (problem.images + delta).clamp(0, 1)

    def trace(self, model: nn.Module, images: Tensor, target, *, iterates: bool = False, **options) -> Trajectory:
        """The attack's result and its course; if the attack returns its last point, one forward pass is added.

        Args:
            model: images (B, 3, H, W) -> `Output`.
            images: in [0, 1].
            target: labels (B, H, W), `Reference` or `Patches`.
            iterates: whether to keep the picture of every step.
            **options: `mask` and `keys`, as for calling the attack.
        """
        problem = self.problem(model, images, target, watch=True, **options)
        points = []
        for delta in self.search(problem, self.ball):
            if iterates:
                points.append((problem.images + delta).clamp(0, 1))
        problem.look(delta, 1.0, gradient=False)
        columns = ([getattr(r, name) for r in problem.log] for name in ("loss", "tracked", "accuracy"))
        seen = (None if column[0] is None else torch.stack(column) for column in columns)
        kept = delta if self.keep is None else problem.kept
        return Trajectory((problem.images + kept).clamp(0, 1), *seen, torch.stack(points) if iterates else None)

    def problem(
        self,
        model: nn.Module,
        images: Tensor,
        target,
        *,
        mask: Tensor | None = None,
        keys: Sequence[str] | None = None,
        watch: bool = False,
    ) -> ImageProblem:
        """This attack's problem on these pictures, which counts the passes that are made on it; options as above."""
        images, target = ready(images, target, mask, keys)
        return ImageProblem(model, images, target, self, mask=mask, keys=keys, watch=watch)

    def finish(self, problem: ImageProblem, delta: Tensor) -> Tensor:
        if self.keep is not None:
            problem.look(delta, 1.0, gradient=False)
            delta = problem.kept
        return (problem.images + delta).clamp(0, 1)


def ascend(objective: Objective, ball: Ball, search: Search, *, norm: str | None = None, **options) -> Ascent:
    """The attack made of these parts.

    Args:
        objective: the loss to increase.
        ball: how far the attacked picture may lie from the picture.
        search: the loop, such as `FixedSteps` or `APGD`.
        norm: "linf" or "l2" takes the ball of that norm and the same radius in place of `ball`; in l2 the radius is
            the root mean square over all values of an image. None: `ball`.
        **options: the other fields of `Ascent`.

    Returns:
        The attack: (model, images, target) -> attacked images (B, 3, H, W).

    Raises:
        ValueError: an unknown precision or norm.

    Example:
        >>> from pearl_core.attacks.balls import L2
        >>> from pearl_core.attacks.compose import ascend
        >>> from pearl_core.attacks.objectives import cross_entropy
        >>> from pearl_core.attacks.searches import FixedSteps
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> attack = ascend(cross_entropy, L2(0.5), FixedSteps(alpha=0.2, steps=3))
        >>> attacked = attack(net, sample.rainy, sample.labels)
        >>> bool((attacked - sample.rainy).flatten(1).norm(dim=1).max() <= 0.5 + 1e-5)
        True
    """
    ball = ball if norm is None else NORMS[choose("norm", norm, NORMS)](ball.radius)
    return Ascent(objective, ball, search, **options)


def restarted(attack: Ascent, starts: int) -> tuple[Ascent, ...]:
    """The attack from several random points, for `ensembles.worst_of`.

    Args:
        attack: the attack.
        starts: how many.

    Returns:
        The attacks, each with its own seed.

    Raises:
        ValueError: less than one start.

    Example:
        >>> from pearl_core.attacks.compose import restarted
        >>> from pearl_core.attacks.zoo import pgd
        >>> [attack.seed for attack in restarted(pgd(eps=8), 3)]
        [0, 1, 2]
    """
    if starts < 1:
        raise ValueError(f"wanted 1 start or more, got {starts}")
    return tuple(replace(attack, random_start=True, seed=attack.seed + i) for i in range(starts))


def ready(images: Tensor, target, mask: Tensor | None = None, keys: Sequence[str] | None = None):
    """What an attack is given, checked: pictures detached from what made them, labels as int64.

    Args:
        images: (B, 3, H, W) in [0, 1].
        target: labels (B, H, W) of any integer type, `Reference` or `Patches`.
        mask: (B, H, W), or None.
        keys: a name for each picture, or None.

    Returns:
        Images and target.

    Raises:
        ValueError: they do not fit together.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.compose import ready
        >>> ready(torch.zeros(1, 3, 8, 8), torch.zeros(1, 8, 8, dtype=torch.uint8))[1].dtype
        torch.int64
    """
    check(images, target, mask, keys)
    with torch.inference_mode(False):  # so that an attack can take gradients when it is called there
        images, target = (select(part, outside) for part in (images, target))
        return images.detach(), target.long() if isinstance(target, Tensor) else target


def with_gradients(points: Iterator[T]) -> Iterator[T]:
    """The same, each made outside `torch.inference_mode()`, whose mode the caller keeps meanwhile.

    Args:
        points: makes one at a time, with gradients.

    Returns:
        An iterator of the same.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.compose import with_gradients
        >>> with torch.inference_mode():
        ...     list(with_gradients(torch.is_inference_mode_enabled() for _ in range(2)))
        [False, False]
    """
    while True:
        with torch.inference_mode(False):
            try:
                point = next(points)
            except StopIteration:
                return
        yield point


def outside(tensor: Tensor) -> Tensor:
    """The tensor, or a copy that can have gradients if it was made in `torch.inference_mode()`.

    Args:
        tensor: any tensor.

    Returns:
        The tensor or its copy.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.compose import outside
        >>> with torch.inference_mode():
        ...     images = torch.ones(2)
        >>> outside(images).is_inference()
        False
    """
    return tensor.clone() if tensor.is_inference() else tensor


def check(images: Tensor, target, mask: Tensor | None = None, keys: Sequence[str] | None = None) -> None:
    """Check that pictures, target, mask and keys fit together.

    Args:
        images: (B, 3, H, W) in [0, 1].
        target: labels (B, H, W) from 0 up, `Reference` or `Patches`.
        mask: (B, H, W), or None.
        keys: a name for each picture, or None.

    Raises:
        ValueError: what was wanted and what came.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.compose import check
        >>> check(torch.zeros(1, 3, 8, 8), torch.zeros(1, 9, 9, dtype=torch.long))
        Traceback (most recent call last):
        ValueError: wanted labels (B, H, W) for pictures (1, 3, 8, 8), got (1, 9, 9)
    """
    kind = target.dtype if isinstance(target, Tensor) else None
    if not images.is_floating_point() or (kind is not None and kind.is_floating_point):
        raise ValueError(f"wanted float pictures and integer labels, got {images.dtype} and {kind}")
    if images.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"wanted pictures of float32 or float64, got {images.dtype}: rounding would leave the ball; "
            "precision='bfloat16' makes the gradients alone coarser"
        )
    if not len(images):
        raise ValueError("wanted one picture or more, got none")
    if not isinstance(target, Tensor):
        if not hasattr(target, "check"):
            raise ValueError(f"wanted labels, a Reference or Patches as the target, got {type(target).__name__}")
        target.check(images)
    elif images.shape[:1] + images.shape[2:] != target.shape:
        raise ValueError(f"wanted labels (B, H, W) for pictures {tuple(images.shape)}, got {tuple(target.shape)}")
    elif (target < 0).any():
        raise ValueError(f"wanted labels from 0 up and void {VOID}, got {int(target.min())}")
    if not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"wanted pictures in [0, 1], got [{images.min():.3g}, {images.max():.3g}]")
    if mask is not None and mask.shape != images.shape[:1] + images.shape[2:]:
        raise ValueError(f"wanted a mask (B, H, W) for pictures {tuple(images.shape)}, got {tuple(mask.shape)}")
    if keys is not None and len(keys) != len(images):
        raise ValueError(f"wanted a key for each of {len(images)} pictures, got {len(keys)}")

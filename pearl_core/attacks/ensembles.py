"""Several attacks on the same pictures, and the worst result of them for each picture or for the data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..chance import answer
from ..metrics import confusion, mean_iou
from ..types import PROTOCOLS, VOID, Sample, choose
from .compose import Attack, Trajectory, ready
from .judging import for_answers, select, share_of, share_right
from .searches import wide


class Attacked(NamedTuple):
    """The pictures of one attack, and how far each is from the attack's goal; lower is better for the attacker.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.ensembles import Attacked
        >>> Attacked(torch.zeros(2, 3, 8, 8), torch.tensor([0.5, 0.0])).left
        tensor([0.5000, 0.0000])
    """

    images: Tensor  # (B, 3, H, W)
    left: Tensor  # (B,) accuracy; minus accuracy for attacks towards labels; minus the loss for other targets


@dataclass(frozen=True)
class WorstOf:
    """Several attacks; of each image the result with the lowest pixel accuracy (SEA, section 2.4).

    For a target that is no label map, the result with the highest loss is taken, by the objective of the first member:
    the members should share it.

    Args:
        members: the attacks by name.
        skip: whether later members do not get images of which every pixel is misclassified already. It saves time;
            but what each member does by itself is then unknown, and `counts` is refused.
        towards: whether the target is a label map to reach; of each image the result nearest to it is taken.

    Raises:
        ValueError: from `counts`, with `skip`.

    Example:
        >>> from pearl_core.attacks.ensembles import WorstOf
        >>> from pearl_core.attacks.zoo import bim, cw
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> WorstOf({"bim": bim(8, 2), "cw": cw(8, 2)})(net, sample.rainy, sample.labels).shape
        torch.Size([2, 3, 32, 40])
    """

    members: Mapping[str, Attack]
    skip: bool = False
    towards: bool = False

    def __call__(self, model: nn.Module, images: Tensor, target, **options) -> Tensor:
        worst = None
        for attacked in self.each(model, images, target, **options).values():
            if worst is None:
                worst = attacked
                continue
            better = attacked.left < worst.left
            pictures = torch.where(wide(better), attacked.images, worst.images)
            worst = Attacked(pictures, torch.where(better, attacked.left, worst.left))
        return worst.images

    def trace(self, model: nn.Module, images: Tensor, target, **options) -> dict[str, Trajectory]:
        """The course of every member, each on all images."""
        return {name: attack.trace(model, images, target, **options) for name, attack in self.members.items()}

    def each(self, model: nn.Module, images: Tensor, target, **options) -> dict[str, Attacked]:
        """The result of every member, in their order; for an image that it was not given, the one of the member before.

        Args:
            model: images (B, 3, H, W) -> `Output`.
            images: in [0, 1].
            target: labels (B, H, W), `Reference` or `Patches`.
            **options: those of the members, such as `mask` and `keys`.
        """
        images, target = ready(images, target, options.get("mask"), options.get("keys"))
        pictures, left = images, images.new_full((len(images),), torch.inf)
        results: dict[str, Attacked] = {}
        open_ = torch.arange(len(images), device=images.device)
        for name, attack in self.members.items():
            if len(open_):
                some = select(target, lambda values: values[open_])  # noqa: B023 - called at once
                made = attack(model, images[open_], some, **{key: rows(value, open_) for key, value in options.items()})
                pictures = pictures.index_copy(0, open_, made)
                left = left.index_copy(0, open_, self.measure(model, made, some).to(left))
            results[name] = Attacked(pictures, left)
            if self.skip and isinstance(target, Tensor):
                open_ = (left > (-1 if self.towards else 0)).nonzero().flatten()
        return results

    def measure(self, model: nn.Module, images: Tensor, target) -> Tensor:
        """How far each picture is from the attack's goal, (B,): see `Attacked`. In float32."""
        if isinstance(target, Tensor):
            accuracy = accuracy_of(model, images, target)
            return -accuracy if self.towards else accuracy
        with torch.no_grad():
            loss = next(iter(self.members.values())).objective(answer(model, images), target, 1.0)
        return -loss.flatten(1).mean(1) if loss.dim() > 1 else -loss

    def counts(self, model: nn.Module, images: Tensor, target: Tensor, **options) -> np.ndarray:
        """`metrics.confusion` under each of A members, (A, B, K, 3); `worst_miou` wants it for all images."""
        if self.skip:
            raise ValueError(
                "wanted an ensemble that gives every image to every member, as a worst mIoU compares them all, "
                "got skip=True: use stop='member'"
            )
        counts = []
        for attacked in self.each(model, images, target, **options).values():
            output = answer(model, attacked.images)
            draws = len(output.logits) // len(images)
            seen = confusion(output, Sample(attacked.images, images, for_answers(target, draws)))
            counts.append(seen.view(draws, len(images), *seen.shape[1:]).sum(0))
        return torch.stack(counts).cpu().numpy()


def rows(values, which: Tensor):
    """Some rows of an option that says something of each picture.

    Args:
        values: a tensor, a list, or None.
        which: the numbers of the rows.

    Returns:
        The rows; None for None.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.ensembles import rows
        >>> rows(["a", "b", "c"], torch.tensor([0, 2]))
        ['a', 'c']
    """
    if values is None or isinstance(values, Tensor):
        return values if values is None else values[which]
    return [values[i] for i in which.tolist()]


def worst_of(*attacks: Attack) -> WorstOf:
    """The worst case of several attacks for each image, without names for them.

    Args:
        *attacks: each (model, images, target) -> images.

    Returns:
        The attack.

    Example:
        >>> from pearl_core.attacks.compose import restarted
        >>> from pearl_core.attacks.ensembles import worst_of
        >>> from pearl_core.attacks.zoo import pgd
        >>> len(worst_of(*restarted(pgd(eps=8), 3)).members)
        3
    """
    return WorstOf({str(i): attack for i, attack in enumerate(attacks)})


def accuracy_of(model: nn.Module, images: Tensor, target: Tensor) -> Tensor:
    """Share of the labelled pixels of each image that the model gets right, in float32.

    Args:
        model: images (B, 3, H, W) -> `Output`.
        images: in [0, 1].
        target: labels (B, H, W).

    Returns:
        (B,) in [0, 1]; 1 for an image without labelled pixels.

    Example:
        >>> from pearl_core.attacks.ensembles import accuracy_of
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> accuracy_of(net, sample.rainy, net(sample.rainy).predicted)
        tensor([1., 1.])
    """
    output = answer(model, images)
    draws = len(output.logits) // len(images)
    return share_of(output, for_answers(target, draws), draws)


def worst_accuracy(predictions: Tensor, labels: Tensor, *, batch: int, protocol: str = "corrected") -> Tensor:
    """The lowest accuracy of each image over several attacks, from their predictions; SEA reports the mean of it.

    Args:
        predictions: (A, N, H, W), classes under each of A attacks.
        labels: (N, H, W).
        batch: the batch size of the evaluation; it matters for "published" alone, see `published_pairing`.
        protocol: "corrected" or "published".

    Returns:
        (N,) in [0, 1].

    Raises:
        ValueError: shapes that do not fit, or an unknown protocol.

    Example:
        >>> import torch
        >>> from pearl_core.attacks.ensembles import worst_accuracy
        >>> labels = torch.zeros(1, 2, 2, dtype=torch.long)
        >>> worst_accuracy(torch.stack([labels, labels + 1]), labels, batch=1)
        tensor([0.])
    """
    if predictions.ndim != 4 or predictions.shape[1:] != labels.shape:
        wanted = f"(attacks, {', '.join(map(str, labels.shape))})"
        raise ValueError(f"wanted predictions {wanted} for labels (N, H, W), got {tuple(predictions.shape)}")
    if choose("protocol", protocol, PROTOCOLS) == "published":
        predictions = predictions[:, published_pairing(len(labels), batch)]
    right = (predictions == labels).flatten(2).sum(2).float()
    void = (labels == VOID).flatten(1).sum(1)
    return share_right(right, void, torch.full_like(void, labels[0].numel()), False).amin(0)


def published_pairing(images: int, batch: int) -> Tensor:
    """Whose prediction SEA's code compares with the labels of each image: in a shorter last batch another image's.

    It is known that of 1449 images in batches of 24 the last 9 are wrong. One error explains exactly these: the
    predictions of batch b are looked up from b times the size of that batch on. For the last batch, which has 9 images
    and begins at 1440, that is 60 * 9 = 540.

    Args:
        images: N, how many there are.
        batch: the batch size of the evaluation.

    Returns:
        (N,) int64, numbers of images.

    Raises:
        ValueError: a batch size under 1.

    Example:
        >>> from pearl_core.attacks.ensembles import published_pairing
        >>> published_pairing(images=5, batch=3)
        tensor([0, 1, 2, 2, 3])
    """
    if batch < 1:
        raise ValueError(f"wanted batches of 1 image or more, got {batch}")
    at = torch.arange(images)
    size = (images - at // batch * batch).clamp(max=batch)  # of the batch the image is in
    return at // batch * size + at % batch


def worst_miou(counts: np.ndarray, seed: int = 0, gain: float = 1e-4) -> tuple[float, np.ndarray]:
    """The lowest mIoU of a data set when each image gets one of several attacks, by greedy search.

    All images start with the attack that gives the lowest mIoU by itself. Then, in random order, each image changes its
    attack if that lowers the mIoU of the whole set; rounds are repeated until one gains no more than `gain`. This is
    the later code of SEA's authors; only an attacker who knows the whole set could do it.

    Args:
        counts: (A, N, K, 3), `metrics.confusion` under each attack of each image.
        seed: decides the order of the images.
        gain: in % of mIoU.

    Returns:
        The mIoU in %, and the attack of each image (N,).

    Raises:
        ValueError: counts of another shape.

    Example:
        >>> import numpy as np
        >>> from pearl_core.attacks.ensembles import worst_miou
        >>> right, wrong = [[4, 4, 4]], [[0, 4, 4]]
        >>> worst_miou(np.array([[right, wrong], [wrong, right]]))
        (0.0, array([1, 0]))
    """
    if counts.ndim != 4 or counts.shape[3] != 3 or not counts.shape[0] * counts.shape[1]:
        raise ValueError(f"wanted counts (attacks, images, classes, 3), got {counts.shape}")
    everyone, random = np.arange(counts.shape[1]), np.random.RandomState(seed)
    choice = np.full(len(everyone), int(np.argmin(mean_iou(counts.sum(1)))))
    total = counts[choice, everyone].sum(0)
    best = before = float(mean_iou(total))
    while True:
        for image in random.permutation(everyone):
            candidates = total - counts[choice[image], image] + counts[:, image]
            mious = mean_iou(candidates)
            if mious.min() < best:
                choice[image] = int(mious.argmin())
                total, best = candidates[choice[image]], float(mious.min())
        if before - best <= gain:
            return best, choice
        before = best

"""What is known of each attack, declared beside its function: its target, its title, what it needs.

`CATALOGUE` holds the attacks by name. It is complete once `zoo` is imported, so import it from there. An attack of your
own needs one decorator, wherever its function stands:

    @declared("My attack", "Moves every pixel a little.")
    def mine(eps: float = 8, steps: int = 10, **options) -> Ascent:
        return ascend(cross_entropy, *steps_within(eps, steps, None), **options)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature

import torch
from torch import Tensor, nn

from ..registry import Registry
from ..types import PROTOCOLS, Sample, choose
from .compose import Attack
from .restoration import Features, Patches, Reference, own_output, patches, reference

Members = Callable[[str], Mapping[str, tuple[str, dict]]]


@dataclass(frozen=True)
class Target:
    """The kind of target of an attack, and how to make it from a model and a sample.

    Args:
        name: how errors and addresses call it.
        words: one sentence for a reader who knows no paper.
        make: (model, sample, **options) -> the target; `of` calls it.
        part: "segment" for attacks on what the segmenter sees, "derain" for attacks on the derained picture.

    Example:
        >>> from pearl_core.attacks.zoo import CATALOGUE
        >>> CATALOGUE["bim"].target.name, CATALOGUE["lmse"].target.name
        ('labels', 'own output')
    """

    name: str
    words: str
    make: Callable[..., Tensor | Reference | Patches]
    part: str = "segment"

    def of(self, model: nn.Module, sample: Sample, **options) -> Tensor | Reference | Patches:
        """The target of an attack on `model` at `sample.rainy`.

        Args:
            model: what is attacked.
            sample: pictures (B, 3, H, W) with what is known of them.
            **options: `category` (LABEL_MAP); `features` and `region` (OWN_OUTPUT, INPUT); `features`, `source`,
                `wanted` and `size` (PATCHES).

        Returns:
            Labels (B, H, W), a `Reference` or `Patches`.

        Raises:
            ValueError: the target is made of labels, and the sample has none.

        Example:
            >>> from pearl_core.attacks.catalogue import LABELS, OWN_OUTPUT
            >>> from pearl_core.examples import toy
            >>> net, sample = toy()
            >>> LABELS.of(net, sample) is sample.labels
            True
            >>> OWN_OUTPUT.of(net, sample).image.shape
            torch.Size([2, 3, 32, 40])
        """
        return self.make(model, sample, **options)


def _labels(model: nn.Module, sample: Sample) -> Tensor:
    if sample.labels is None:
        raise ValueError("wanted a sample with labels for this attack, got one without")
    return sample.labels


def _label_map(model: nn.Module, sample: Sample, *, category: int) -> Tensor:
    shape = len(sample.rainy), *sample.rainy.shape[2:]
    return torch.full(shape, category, dtype=torch.long, device=sample.rainy.device)


def _own_output(
    model: nn.Module, sample: Sample, *, features: Features | None = None, region: Tensor | None = None
) -> Reference:
    return reference(own_output(model, sample.rainy), features, region)


def _input(
    model: nn.Module, sample: Sample, *, features: Features | None = None, region: Tensor | None = None
) -> Reference:
    return reference(sample.rainy, features, region)


def _patches(
    model: nn.Module, sample: Sample, *, features: Features, source: Tensor, wanted: Tensor, size: tuple[int, int]
) -> Patches:
    return patches(own_output(model, sample.rainy), features, source, wanted, size)


LABELS = Target("labels", "Away from the true class of every pixel.", _labels)
LABEL_MAP = Target("label map", "Towards one given class everywhere.", _label_map)
OWN_OUTPUT = Target("own output", "Away from what the net makes of the rainy picture.", _own_output, "derain")
INPUT = Target("input", "Towards the rainy picture, as if the rain were not removed.", _input, "derain")
PATCHES = Target("patches", "One part of the output shall look like another part.", _patches, "derain")


@dataclass(frozen=True)
class Entry:
    """An attack as the catalogue knows it. Calling it makes the attack.

    Args:
        make: the function that makes the attack, with `eps` first where it has one.
        title: its name as papers write it.
        words: one sentence for a reader who knows no paper.
        target: the kind of target it wants.
        sized: whether it has a radius `eps`; if not, it looks for the smallest perturbation that succeeds.
        stepwise: whether its first n steps are the attack of n steps, so that one run gives all shorter attacks.
        queries: whether it asks the model for answers alone, never for a gradient: a black-box attack.
        needs: names of arguments that it cannot do without, such as `features`.
        members: for an ensemble: protocol -> {member: (name of an attack, its options)}, so that each member can be
            measured by itself. Options are names and numbers; `objective` is a name in `OBJECTIVES`.

    Example:
        >>> from pearl_core.attacks.zoo import CATALOGUE
        >>> CATALOGUE["bim"].title, CATALOGUE["bim"].stepwise, CATALOGUE["alma_prox"].sized
        ('BIM', True, False)
        >>> CATALOGUE["bim"](eps=8, steps=3).search.steps
        3
    """

    make: Callable[..., Attack]
    title: str
    words: str
    target: Target = LABELS
    sized: bool = True
    stepwise: bool = False
    queries: bool = False
    needs: tuple[str, ...] = ()
    members: Members | None = None

    def __call__(self, *args, **options) -> Attack:
        return self.make(*args, **options)

    def takes(self, option: str) -> bool:
        """Whether the attack names this option: "steps", "alpha", "objective", "protocol", "threshold", ..."""
        return option in signature(self.make).parameters

    def members_of(self, protocol: str = "corrected") -> Mapping[str, tuple[str, dict]]:
        """The members of an ensemble; empty for an attack that is none.

        Args:
            protocol: "corrected" or "published".

        Returns:
            {name of the member: (name of its attack, options of that attack)}.

        Example:
            >>> from pearl_core.attacks.zoo import CATALOGUE
            >>> CATALOGUE["sea"].members_of()["js"]
            ('red_eps_apgd', {'objective': 'js', 'protocol': 'corrected'})
        """
        choose("protocol", protocol, PROTOCOLS)
        return self.members(protocol) if self.members else {}


CATALOGUE: Registry[Entry] = Registry("attack")


def declared(title: str, words: str, **facts) -> Callable[[Callable[..., Attack]], Callable[..., Attack]]:
    """A decorator that puts the function of an attack into `CATALOGUE` under its own name, and leaves it as it is.

    Args:
        title: its name as papers write it.
        words: one sentence for a reader who knows no paper.
        **facts: the other fields of `Entry`.

    Returns:
        The decorator.

    Raises:
        ValueError: the name is taken.

    Example:
        >>> from pearl_core.attacks.zoo import CATALOGUE, bim, declared
        >>> with CATALOGUE.forgetting():  # a test cleans up; you need not
        ...     @declared("Half BIM", "Takes half of the radius.")
        ...     def half(eps=8, steps=10, **options):
        ...         return bim(eps / 2, steps, **options)
        ...     CATALOGUE["half"].title
        'Half BIM'
    """

    def put(make: Callable[..., Attack]) -> Callable[..., Attack]:
        CATALOGUE.add(make.__name__, Entry(make, title, words, **facts))
        return make

    return put

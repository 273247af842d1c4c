"""What a recipe is, and what is known of each recipe: declared beside its function, by name in `RECIPES`.

A recipe of your own needs one decorator, wherever its function stands:

    @declared("My defence", "The segmenter learns on noisy pictures.", moves="segment", depends_on=("segmenter",))
    def mine(loss: SegLoss | None = None) -> Recipe:
        ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from ..pipeline import Pipeline
from ..registry import Registry
from ..types import Sample

PARTS = ("derain", "segment")
NETS = ("derain", "segmenter")


@dataclass(frozen=True)
class Recipe:
    """What one training step minimises, and whose weights move.

    Args:
        loss: (pipeline, sample) -> scalar.
        moves: the part that is trained, "segment" or "derain"; the other part stays as it is, in evaluation mode.
        rain: whether it uses the rainy pictures.
        rates: learning rates of groups of parameters, as multiples of the schedule's: {"heads": 10.0}. The network
            names its groups (`networks.groups_of`).

    Example:
        >>> from pearl_core.recipes import Recipe
        >>> Recipe(lambda net, sample: net(sample.rainy).logits.square().mean(), "segment", rates={"heads": 10.0}).moves
        'segment'
    """

    loss: Callable[[Pipeline, Sample], Tensor]
    moves: str
    rain: bool = True
    rates: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Defence:
    """A recipe as the registry knows it. Calling it makes the recipe.

    Args:
        make: the function that makes the recipe.
        title: its name as papers write it.
        words: one sentence for a reader who knows no paper.
        moves: the part it trains, "segment" or "derain".
        depends_on: the networks that decide the trained weights, of "derain" and "segmenter"; the trained net's name
            has their names in it.
        starts_from: the recipes whose trained nets it begins with.
        attacked: whether it trains on an attack, its argument `attack`.
        loss: "segmentation": its argument `loss` may balance classes; "own": the derainer's own loss.
        mirror: where its mirror attack is made ("attacked" or "clean"); None: it has none.

    Raises:
        ValueError: an unknown part or network.

    Example:
        >>> from pearl_core.recipes import RECIPES
        >>> RECIPES["nat"].starts_from, RECIPES["nat"].depends_on
        (('derain', 'clean'), ('derain', 'segmenter'))
        >>> RECIPES["nat"]().moves
        'segment'
    """

    make: Callable[..., Recipe]
    title: str
    words: str
    moves: str
    depends_on: tuple[str, ...]
    starts_from: tuple[str, ...] = ()
    attacked: bool = False
    loss: str = "segmentation"
    mirror: str | None = None

    def __post_init__(self):
        if self.moves not in PARTS or not self.depends_on or set(self.depends_on) - set(NETS):
            got = f"{self.moves!r} and {', '.join(self.depends_on) or 'none'}"
            raise ValueError(f"wanted a part of {', '.join(PARTS)} and networks of {', '.join(NETS)}, got {got}")

    def __call__(self, *args, **options) -> Recipe:
        return self.make(*args, **options)


RECIPES: Registry[Defence] = Registry("recipe")


def declared(title: str, words: str, **facts) -> Callable[[Callable[..., Recipe]], Callable[..., Recipe]]:
    """A decorator that puts the function of a recipe into `RECIPES` under its own name, and leaves it as it is.

    Args:
        title: its name as papers write it.
        words: one sentence for a reader who knows no paper.
        **facts: the other fields of `Defence`.

    Returns:
        The decorator.

    Raises:
        ValueError: the name is taken, or a fact is impossible.

    Example:
        >>> from pearl_core.recipes import RECIPES, Recipe, declared
        >>> with RECIPES.forgetting():  # a test cleans up; you need not
        ...     @declared("Nothing", "Learns nothing.", moves="segment", depends_on=("segmenter",))
        ...     def nothing():
        ...         return Recipe(lambda net, sample: 0 * net(sample.clean).logits.sum(), "segment")
        ...     RECIPES["nothing"]().moves
        'segment'
    """

    def put(make: Callable[..., Recipe]) -> Callable[..., Recipe]:
        RECIPES.add(make.__name__, Defence(make, title, words, **facts))
        return make

    return put

"""Recipes: what one training step minimises, and whose weights move. Every file of this package is loaded.

`RECIPES` holds them by name, with what is known of each; see `recipe` for how to add one.
"""

from importlib import import_module
from pkgutil import iter_modules

from .parts import DerainLoss, SegLoss, alone, own_loss, segmentation_loss, training_attack
from .recipe import RECIPES, Defence, Recipe, declared
from .single import clean, derain, sat
from .together import nat, pearl, pearl_ama

for _file in iter_modules(__path__):
    import_module(f"{__name__}.{_file.name}")

__all__ = [
    "RECIPES", "Defence", "DerainLoss", "Recipe", "SegLoss", "alone", "clean", "declared", "derain", "nat",
    "own_loss", "pearl", "pearl_ama", "sat", "segmentation_loss", "training_attack",
]  # fmt: skip

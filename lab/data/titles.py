"""Titles of attacks, losses, networks, recipes and data sets: each declares its own."""

from __future__ import annotations

from collections import ChainMap

from lab.data.base import READERS
from pearl_core.attacks.zoo import CATALOGUE, OBJECTIVES
from pearl_core.derain import DERAINERS
from pearl_core.recipes import RECIPES
from pearl_core.segment import SEGMENTERS


def title(name: str) -> str:
    """The title declared under that name; the name itself if there is none."""
    entry = ChainMap(READERS, CATALOGUE, DERAINERS, SEGMENTERS, RECIPES, OBJECTIVES).get(name)
    return name if entry is None else entry.title

"""Built-in street scenes: procedural, seen from a dashboard, with the 19 Cityscapes classes and boxes of persons."""

from pearl_core.worlds.scenes.classes import CLASSES, PALETTE
from pearl_core.worlds.scenes.render import SPLITS, Scene, scene

__all__ = ["CLASSES", "PALETTE", "SPLITS", "Scene", "scene"]

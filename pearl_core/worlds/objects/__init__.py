"""Built-in pictures of objects: procedural, one to four things on a background, with PASCAL VOC's 21 ids."""

from pearl_core.worlds.objects.classes import CLASSES, PALETTE
from pearl_core.worlds.objects.render import SPLITS, Drawn, drawn

__all__ = ["CLASSES", "PALETTE", "SPLITS", "Drawn", "drawn"]

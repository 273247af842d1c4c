"""Segmentation nets by name, each made by `net(classes, **settings)`. Every file of this package is loaded."""

from importlib import import_module
from pkgutil import iter_modules

from ..networks import SEGMENTERS

__all__ = ["SEGMENTERS"]

for _file in iter_modules(__path__):
    import_module(f"{__name__}.{_file.name}")

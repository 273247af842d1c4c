"""Segmentation nets by name, each `net(classes, **settings)`. A file that defines `NETS` adds its nets."""

from importlib import import_module
from pkgutil import iter_modules

_FILES = [import_module(f"{__name__}.{file.name}") for file in iter_modules(__path__)]
SEGMENTERS = {name: net for file in _FILES for name, net in getattr(file, "NETS", {}).items()}

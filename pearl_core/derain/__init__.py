"""Derain nets by name. Every file of this package is loaded, and adds its net to `DERAINERS`."""

from importlib import import_module
from pkgutil import iter_modules

from ..networks import DERAINERS

__all__ = ["DERAINERS"]

for _file in iter_modules(__path__):
    import_module(f"{__name__}.{_file.name}")

"""Every table and figure by name. A file in a paper's folder is one: a spec function of its name, and `layout`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

_FILES = [import_module(file.name) for file in walk_packages(__path__, f"{__name__}.") if not file.ispkg]
EXPERIMENTS: dict[str, ModuleType] = {file.__name__.rpartition(".")[2]: file for file in _FILES}

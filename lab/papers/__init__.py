"""Every paper by its key. A folder here is one, and so is each folder in those that `PEARL_PAPERS` names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from lab.reports.paper import Paper
from pearl_core.types import choose

_OTHERS = list(filter(None, os.environ.get("PEARL_PAPERS", "").split(os.pathsep)))
if _missing := [folder for folder in _OTHERS if not os.path.isdir(folder)]:
    raise FileNotFoundError(f"wanted folders of papers in PEARL_PAPERS, got no folder at {', '.join(_missing)}")
__path__ = [*__path__, *_OTHERS]


def _files(package: ModuleType) -> Iterator[tuple[str, ModuleType]]:
    """The files of a paper by name."""
    for file in iter_modules(package.__path__):
        yield file.name, import_module(f"{package.__name__}.{file.name}")


def _whole(package: ModuleType) -> Paper:
    """The paper with what its files declare: an `EXPERIMENT` each, `CLAIMS`, an `OVERVIEW`. Other files only help."""
    files = dict(_files(package))
    experiments = {name: file.EXPERIMENT for name, file in files.items() if hasattr(file, "EXPERIMENT")}
    tables_first = dict(sorted(experiments.items(), key=lambda item: (not item[0].startswith("t"), item[0])))
    claims = next((file.CLAIMS for file in files.values() if hasattr(file, "CLAIMS")), ())
    overview = next((file.OVERVIEW for file in files.values() if hasattr(file, "OVERVIEW")), None)
    return replace(package.PAPER, experiments=tables_first, claims=claims, overview=overview)


PAPERS: dict[str, Paper] = {
    folder.name: _whole(package)
    for folder in iter_modules(__path__)
    if folder.ispkg and hasattr(package := import_module(f"{__name__}.{folder.name}"), "PAPER")
}


def paper(key: str) -> Paper:
    return PAPERS[choose("paper", key, PAPERS)]

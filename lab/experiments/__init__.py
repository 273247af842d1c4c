"""Every table and figure by name. A module is one of them: a spec function of the module's own name, and `layout`."""

from __future__ import annotations

from types import ModuleType

from lab.experiments.pearl import table1

EXPERIMENTS: dict[str, ModuleType] = {"table1": table1}

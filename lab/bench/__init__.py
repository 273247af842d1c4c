"""What the lab costs over what must be computed. A file in `BENCHES` is one bench: a function of its name -> text."""

from __future__ import annotations

from types import ModuleType

from lab.bench import alma, attacks, dashboard, derain, scale, sea, table1

BENCHES: dict[str, ModuleType] = {
    "table1": table1,
    "attacks": attacks,
    "sea": sea,
    "alma": alma,
    "derain": derain,
    "scale": scale,
    "dashboard": dashboard,
}

"""The plan of one street: its ground, what stands on it and where, and in which order it is painted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from pearl_core.worlds.scenes.backdrop import Ground
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.stage import Stage

LANE, FAR = 3.3, 85.0  # metres: the width of a lane, the length of the street


class Footprint(NamedTuple):
    """The ground a thing covers."""

    x0: float
    z0: float
    x1: float
    z1: float

    def meets(self, other: Footprint) -> bool:
        return self.x0 < other.x1 and other.x0 < self.x1 and self.z0 < other.z1 and other.z0 < self.z1

    def clears(self, other: Footprint) -> bool:
        """Whether `other` cannot hide this, seen from (0, 0): it is farther away, or farther out on the same side."""
        outside = (self.x1 <= other.x0 and other.x0 >= 0) or (other.x1 <= self.x0 and other.x1 <= 0)
        return self.z1 <= other.z0 or outside

    def hides(self, other: Footprint) -> bool:
        return self.clears(other) and not other.clears(self)


class Verge(NamedTuple):
    """A side of the street: distances from the middle of the camera's lane, outwards."""

    side: int  # -1 left, 1 right
    kerb: float
    pave: float  # the outer edge of the pavement
    front: float  # the line of houses and walls


Paint = Callable[[Stage], None]


@dataclass
class Street:
    """The plan: the ground, and what stands on it."""

    dice: Dice
    ground: Ground
    left: Verge
    right: Verge
    behind: list[tuple[float, Paint]] = field(default_factory=list)  # z of the near end, and a house, wall or hedge
    things: list[tuple[Footprint, Paint]] = field(default_factory=list)  # what stands between them

    def put_behind(self, z: float, paint, *where) -> None:
        self.behind.append((z, lambda stage: paint(stage, *where)))

    def stand(self, x: float, z: float, wide: float, long: float, paint, *more, **how) -> bool:
        """Put a thing at (x, z) unless something stands there already."""
        wide, long = wide / 2 + 0.1, long / 2 + 0.2
        ground = Footprint(x - wide, z - long, x + wide, z + long)
        if any(ground.meets(other) for other, _ in self.things):
            return False
        self.things.append((ground, lambda stage: paint(stage, x, z, *more, **how)))
        return True

    def in_order(self) -> list[Paint]:
        """All of it, in the order of painting."""
        order: list[tuple[Footprint, Paint]] = []
        for thing in sorted(self.things, key=lambda thing: -thing[0].z1):
            at = next((k for k, other in enumerate(order) if other[0].hides(thing[0])), len(order))
            order.insert(at, thing)
        behind = sorted(self.behind, key=lambda thing: -thing[0])
        return [paint for _, paint in (*behind, *order)]

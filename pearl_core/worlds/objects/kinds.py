"""The twenty kinds: the functions that paint them, their sizes, their headings, and their backgrounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pearl_core.worlds.objects import classes as c
from pearl_core.worlds.objects import indoors, outdoors
from pearl_core.worlds.objects.aircraft import paint_aeroplane
from pearl_core.worlds.objects.beasts import paint_cow, paint_horse, paint_sheep
from pearl_core.worlds.objects.birds import paint_branch, paint_flying, paint_perched, paint_swimming, paint_wading
from pearl_core.worlds.objects.boats import paint_boat
from pearl_core.worlds.objects.cycles import paint_bicycle, paint_motorbike
from pearl_core.worlds.objects.furniture import paint_chair, paint_sofa, paint_table
from pearl_core.worlds.objects.household import paint_bottle, paint_plant
from pearl_core.worlds.objects.people import paint_person, rider
from pearl_core.worlds.objects.pets import paint_cat, paint_dog
from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.screens import paint_screen
from pearl_core.worlds.objects.trains import paint_rails, paint_train
from pearl_core.worlds.objects.vehicles import paint_bus, paint_car
from pearl_core.worlds.objects.view import Figure
from pearl_core.worlds.scenes.dice import Dice

SETTINGS = {
    "air": outdoors.air, "desk": indoors.desk, "foliage": outdoors.foliage, "meadow": outdoors.meadow,
    "road": outdoors.road, "room": indoors.room, "runway": outdoors.runway, "sand": outdoors.sand,
    "studio": indoors.studio, "water": outdoors.water, "yard": outdoors.yard,
}  # fmt: skip
LOOSE = ("air", "foliage")  # backgrounds whose things need not stand on the ground
SIDE = (0.0, 0.45)


@dataclass(frozen=True)
class Kind:
    """A kind of thing, in metres and radians. `turns` are measured from a side view, with `front` from a front view."""

    label: int
    paint: Callable[[Figure], Coat]
    wide: float
    high: float
    settings: tuple[str, ...]
    turns: tuple[float, float] = SIDE
    front: bool = False  # whether it faces the camera, not a side
    far: float = 4.0  # distance of the camera, in multiples of its longest side
    pitch: tuple[float, float] = (0.02, 0.14)
    roll: float = 0.03
    flies: bool = False
    lead: float = 0.0  # metres from its middle forwards to the point that is put at its place in the picture
    large: float = 1.0  # size in the picture, relative to other kinds
    under: Callable[[Figure], None] | None = None  # paints what lies below all things
    rider: Callable[[Figure], Coat] | None = None
    seat: float = 0.0  # metres by which a rider is higher than it
    holds: tuple[float, float, tuple[int, ...]] | None = None  # height, half width of its top; labels of what is on it


ON_BICYCLE = rider((-0.24, 1.06), (0.12, 0.78), (0.02, 0.2), (0.36, 1.06))
ON_MOTORBIKE = rider((-0.22, 0.92), (0.2, 0.66), (0.02, 0.3), (0.38, 1.08))
ON_HORSE = rider((-0.06, 1.62), (0.22, 1.22), (0.08, 0.82), (0.42, 1.7))
PASTURE, HOME = ("meadow", "meadow", "meadow", "foliage", "sand", "yard"), ("room", "room", "room", "studio")
PATHS, STREET = ("road", "yard", "meadow", "sand", "studio"), ("road", "road", "road", "yard", "studio")
FROM_BELOW, FROM_ABOVE, LEVEL = (-0.8, -0.3), (0.3, 0.7), (0.0, 0.12)
FLAT = (c.PERSON, c.BOTTLE, c.POTTEDPLANT)  # drawn in a plane that must face the camera

KINDS = (
    Kind(c.AEROPLANE, paint_aeroplane, 3.4, 1.0, ("air",), (0.0, 0.8), pitch=FROM_BELOW, roll=0.35,
         flies=True, large=1.25),
    Kind(c.AEROPLANE, paint_aeroplane, 3.4, 1.0, ("air",), (0.0, 0.8), pitch=FROM_ABOVE, roll=0.35,
         flies=True, large=1.25),
    Kind(c.AEROPLANE, paint_aeroplane, 3.4, 1.0, ("runway",), (0.3, 0.9), pitch=(0.14, 0.32), large=1.25),
    Kind(c.BICYCLE, paint_bicycle, 1.8, 1.1, ("yard", "room", *PATHS), rider=ON_BICYCLE, seat=0.8),
    Kind(c.BIRD, paint_perched, 1.2, 0.7, ("foliage", "foliage", "air", "studio"), (0.0, 0.5),
         roll=0.2, flies=True, under=paint_branch),
    Kind(c.BIRD, paint_flying, 1.6, 1.1, ("air", "air", "water"), (-0.2, 0.8), pitch=FROM_BELOW, roll=0.3, flies=True),
    Kind(c.BIRD, paint_flying, 1.6, 1.1, ("air", "water"), (-0.2, 0.8), pitch=FROM_ABOVE, roll=0.3, flies=True),
    Kind(c.BIRD, paint_swimming, 1.3, 0.8, ("water",), (0.0, 0.6)),
    Kind(c.BIRD, paint_wading, 1.0, 1.1, ("meadow", "sand", "sand", "yard")),
    Kind(c.BOAT, paint_boat, 2.6, 1.8, ("water",), (0.0, 0.6)),
    Kind(c.BOTTLE, paint_bottle, 0.11, 0.32, ("desk", "desk", "desk", "studio"), front=True, large=1.2),
    Kind(c.BUS, paint_bus, 7.0, 3.4, STREET, (0.4, 1.25), far=1.6, pitch=LEVEL, lead=2.6),
    Kind(c.CAR, paint_car, 3.8, 1.7, ("road", "road", *PATHS), (0.0, 1.2), far=2.2, pitch=(0.03, 0.25), lead=0.5),
    Kind(c.CAT, paint_cat, 0.6, 0.5, (*HOME, "yard", "meadow", "foliage", "desk"), (0.0, 0.4)),
    Kind(c.CHAIR, paint_chair, 0.6, 1.0, (*HOME, "yard", "meadow"), (-0.9, 0.9), front=True, pitch=(0.12, 0.42),
         large=1.15, holds=(0.5, 0.05, (c.CAT,))),
    Kind(c.COW, paint_cow, 2.6, 1.6, PASTURE),
    Kind(c.DININGTABLE, paint_table, 1.9, 0.8, (*HOME, "yard"), (-0.6, 0.6), front=True, far=2.5, pitch=(0.22, 0.55),
         large=1.3, holds=(0.75, 0.5, (c.BOTTLE, c.BOTTLE, c.POTTEDPLANT))),
    Kind(c.DOG, paint_dog, 1.1, 0.85, ("meadow", "meadow", "sand", "yard", "room", "studio"), large=1.1),
    Kind(c.HORSE, paint_horse, 2.6, 2.1, PASTURE, rider=ON_HORSE, seat=0.35, large=1.2),
    Kind(c.MOTORBIKE, paint_motorbike, 2.1, 1.2, ("road", *PATHS), rider=ON_MOTORBIKE, seat=0.6),
    Kind(c.PERSON, paint_person, 0.8, 1.8, ("room", "room", "foliage", *PATHS), (-0.5, 0.5), front=True, large=1.4),
    Kind(c.POTTEDPLANT, paint_plant, 0.7, 1.15, (*HOME, "yard", "desk"), front=True, pitch=(0.05, 0.3), large=1.2),
    Kind(c.SHEEP, paint_sheep, 1.3, 1.0, PASTURE),
    Kind(c.SOFA, paint_sofa, 2.2, 0.9, (*HOME, "room"), (-0.7, 0.7), front=True, far=2.5, pitch=(0.12, 0.32),
         large=1.1, holds=(0.46, 0.7, (c.CAT, c.DOG))),
    Kind(c.TRAIN, paint_train, 9.0, 3.8, ("meadow", "meadow", "road"), (0.5, 1.25), far=1.3, pitch=LEVEL,
         lead=6.5, under=paint_rails),
    Kind(c.TVMONITOR, paint_screen, 0.95, 0.7, ("desk", "desk", "room", "studio"), (-0.6, 0.6), front=True,
         pitch=(0.03, 0.2)),
)  # fmt: skip


def of(label: int) -> list[Kind]:
    """The kinds of one class."""
    return [kind for kind in KINDS if kind.label == label]


def heading(kind: Kind, dice: Dice) -> float:
    """A heading for the frame of a figure."""
    turn = dice.between(*kind.turns)
    if kind.label in FLAT:
        return dice.side() * (math.pi / 2 + 0.6 * turn)
    return math.pi + turn if kind.front else dice.side() * (math.pi / 2 + turn)

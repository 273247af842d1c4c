"""Cars: a body, a cabin that narrows upwards, lamps and wheels, in several shapes."""

from __future__ import annotations

from dataclasses import dataclass

from pearl_core.worlds.scenes.classes import CAR
from pearl_core.worlds.scenes.hull import GLASS, PAINT, Hull
from pearl_core.worlds.scenes.stage import Frame, Stage, box


@dataclass(frozen=True)
class Shape:
    """Metres; the cabin's four ends are measured forwards from the middle of the car."""

    long: float
    wide: float
    belt: float  # height of the bonnet
    roof: float
    back: float  # of the cabin, at the belt
    front: float
    back_top: float  # of the cabin, at the roof
    front_top: float


SALOON = Shape(4.5, 1.8, 0.95, 1.45, -1.7, 0.95, -1.0, 0.2)
HATCHBACK = Shape(4.0, 1.75, 0.98, 1.5, -1.95, 1.0, -1.6, 0.3)
ESTATE = Shape(4.7, 1.85, 1.05, 1.65, -2.3, 1.0, -2.0, 0.4)
VAN = Shape(5.0, 1.95, 1.2, 2.1, -2.5, 1.6, -2.4, 1.0)
TAPER = 0.2  # metres by which the roof is narrower than the belt, on each side


def paint_car(stage: Stage, x: float, z: float, turn: float) -> None:
    dice = stage.dice
    paint, shape = dice.near(dice.pick(PAINT), 0.05), dice.pick([SALOON, HATCHBACK, HATCHBACK, ESTATE, VAN])
    glass = GLASS if dice.chance(0.7) else (0.4, 0.48, 0.55)
    hull = Hull(Frame(stage, x, z, turn), CAR, shape.long, shape.wide)
    hull.axle(0.12, 0.5, 0.33)
    _cabin(hull, shape, paint, glass)
    _body(hull, shape, paint)
    hull.lamps(shape.belt * 0.68, 0.36)
    hull.wheels((-shape.long * 0.31, shape.long * 0.31), 0.33)


def _body(hull: Hull, shape: Shape, paint) -> None:
    low, half, end, dark = 0.28, shape.wide / 2, shape.long / 2, [c * 0.35 for c in paint]
    hull.side(box(-end, low, end, shape.belt), paint)
    hull.side(box(-end, low - 0.08, end, low + 0.08), dark)
    hull.across(box(-half, low, half, shape.belt), paint)
    hull.across(box(-half * 0.95, low - 0.05, half * 0.95, low + 0.12), dark)
    hull.decal(box(-0.26, low + 0.16, 0.26, low + 0.28), (0.85, 0.85, 0.8))
    if hull.end > 0:
        hull.decal(box(-half * 0.5, low + 0.3, half * 0.5, low + 0.42), dark)


def _cabin(hull: Hull, shape: Shape, paint, glass) -> None:
    """The side with two panes, the screen of the visible end, and the roof if the camera looks down on it."""
    belt, roof, half, top = shape.belt, shape.roof, shape.wide / 2, shape.wide / 2 - TAPER
    bright = hull.frame.stage.light.shade(0, 0, 1)
    hull.side(
        [(shape.back, belt), (shape.front, belt), (shape.front_top, roof, TAPER), (shape.back_top, roof, TAPER)], paint
    )
    middle, low, high = (shape.front + shape.back) / 2, belt + 0.03, roof - 0.1
    for start, stop, start_top, stop_top in (
        (shape.back + 0.35, middle - 0.05, shape.back_top + 0.15, middle - 0.05),
        (middle + 0.05, shape.front - 0.3, middle + 0.05, shape.front_top - 0.05),
    ):
        hull.side([(start, low), (stop, low), (stop_top, high, TAPER), (start_top, high, TAPER)], glass, None)
    if hull.end:
        foot, edge = (shape.front, shape.front_top) if hull.end > 0 else (shape.back, shape.back_top)
        tip = hull.end * shape.long / 2
        screen = [(foot, belt, -half), (foot, belt, half), (edge, roof, top), (edge, roof, -top)]
        pane = [(foot, low, -half * 0.9), (foot, low, half * 0.9), (edge, high, top * 0.92), (edge, high, -top * 0.92)]
        hull.frame.face([(tip, belt, -half), (tip, belt, half), *screen[1::-1]], paint, CAR, shade=bright)
        hull.frame.face(screen, paint, CAR, shade=bright)
        hull.frame.face(pane, glass)
    if hull.frame.stage.camera.height > roof:
        lid = [
            (s, roof, t)
            for s, t in ((shape.back_top, -top), (shape.back_top, top), (shape.front_top, top), (shape.front_top, -top))
        ]
        hull.frame.face(lid, paint, CAR, shade=bright)

"""Cars and buses: boxes seen from a corner, with panes, wheels and lamps."""

from __future__ import annotations

from typing import NamedTuple

from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import ROUND, Figure, dark
from pearl_core.worlds.scenes.hull import Hull
from pearl_core.worlds.scenes.stage import box

PAINT = [(0.85, 0.12, 0.12), (0.15, 0.35, 0.75), (0.93, 0.93, 0.93), (0.12, 0.12, 0.14), (0.95, 0.75, 0.1),
         (0.6, 0.62, 0.65), (0.2, 0.5, 0.3), (0.9, 0.45, 0.12), (0.45, 0.7, 0.8), (0.5, 0.15, 0.3)]  # fmt: skip
GLASS, TYRE, STEEL = (0.2, 0.27, 0.33), (0.08, 0.08, 0.09), (0.7, 0.71, 0.73)
LAMP, TAIL, PLATE = (1.0, 0.97, 0.85), (0.85, 0.1, 0.08), (0.92, 0.92, 0.86)
IN = 0.22  # metres by which a car's roof is narrower than its sill, on each side


class Car(NamedTuple):
    """Metres; the ends of the cabin are measured forwards from the middle of the car."""

    long: float
    wide: float
    sill: float  # of the panes
    roof: float
    back: float  # of the cabin, at the sill
    front: float
    back_top: float  # of the cabin, at the roof
    front_top: float


CARS = {
    "saloon": Car(4.4, 1.8, 0.95, 1.45, -1.75, 0.95, -1.15, 0.25),
    "hatchback": Car(3.8, 1.75, 0.95, 1.5, -1.85, 0.95, -1.5, 0.35),
    "off-roader": Car(4.4, 1.9, 1.12, 1.85, -2.15, 0.95, -2.0, 0.55),
    "sports": Car(4.3, 1.85, 0.8, 1.2, -1.5, 0.75, -0.75, 0.0),
    "beetle": Car(4.0, 1.6, 0.92, 1.5, -1.4, 0.75, -0.7, 0.3),
}


def _wheels(hull: Hull, me: Figure, places, r: float) -> None:
    for s in places if hull.flank else ():
        t = hull.flank * hull.wide / 2
        me.ball(s, r, r * 1.15, dark(TYRE, 0.5), t=t)
        me.ball(s, r, r, TYRE, t=t)
        me.ball(s, r, r * 0.62, STEEL, t=t, label=None)
        for c, q in ROUND[::4]:
            me.limb((s, r), (s + 0.6 * r * c, r + 0.6 * r * q), r * 0.13, (0.4, 0.4, 0.42), t=t)


def paint_car(me: Figure) -> Coat:
    dice = me.dice
    paint = dice.near(dice.pick(PAINT), 0.05)
    car = CARS[dice.pick([*CARS])]
    hull = Hull(me, me.label, car.long, car.wide)
    hull.across(box(-car.wide * 0.45, 0.2, car.wide * 0.45, 0.5), TYRE)
    hull.side(
        [(car.back, car.sill), (car.front, car.sill), (car.front_top, car.roof, IN), (car.back_top, car.roof, IN)],
        paint,
    )
    if hull.end:
        _screen(hull, me, car, paint)
    _lid(me, paint, car.roof, car.back_top, car.front_top, car.wide / 2 - IN)
    _flank(hull, car, paint)
    _bumper(hull, car, paint)
    _wheels(hull, me, (-car.long * 0.31, car.long * 0.3), 0.34)
    return Coat(0.25, 0.015, 0.04)


def _lid(me: Figure, paint, y: float, back: float, front: float, half: float) -> None:
    """The roof, if the camera looks down on it."""
    if me.stage.camera.height > y:
        me.face([(back, y, -half), (back, y, half), (front, y, half), (front, y, -half)], paint, me.label, shade=1.15)


def _screen(hull: Hull, me: Figure, car: Car, paint) -> None:
    """Bonnet or boot, and the pane above it."""
    half, inner, sill, roof = car.wide / 2, car.wide / 2 - IN, car.sill, car.roof
    foot, edge = (car.front, car.front_top) if hull.end > 0 else (car.back, car.back_top)
    tip, low, high = hull.end * car.long / 2, sill + 0.04, roof - 0.07
    bonnet = [(tip, sill - 0.12, -half), (tip, sill - 0.12, half), (foot, sill, half), (foot, sill, -half)]
    me.face(bonnet, paint, me.label, shade=1.08)
    me.face([(foot, sill, -half), (foot, sill, half), (edge, roof, inner), (edge, roof, -inner)], paint, me.label)
    a, b = half * 0.9, inner * 0.9
    me.face([(foot, low, -a), (foot, low, a), (edge, high, b), (edge, high, -b)], GLASS)
    gleam = [(foot, low, half * 0.2), (foot, low, half * 0.6), (edge, high, inner * 0.3)]
    me.face(gleam, (0.6, 0.68, 0.74), opacity=0.5)


def _flank(hull: Hull, car: Car, paint) -> None:
    """Two panes, the body below them, doors and a handle."""
    end, sill, low, middle = car.long / 2, car.sill, 0.28, (car.front + car.back) / 2
    for start, stop, start_top, stop_top in (
        (car.back + 0.22, middle - 0.04, car.back_top + 0.1, middle - 0.04),
        (middle + 0.04, car.front - 0.2, middle + 0.04, car.front_top - 0.06),
    ):
        foot, top = sill + 0.03, car.roof - 0.09
        hull.side([(start, foot), (stop, foot), (stop_top, top, IN), (start_top, top, IN)], GLASS, None)
    upper = [(end, sill - 0.12), (end - 0.9, sill), (-end + 0.4, sill), (-end, sill - 0.1)]
    hull.side([(-end, low), (end, low), *upper], paint)
    hull.side(box(-end, low - 0.06, end, low + 0.08), dark(paint, 0.35))
    for s in (middle, car.back + 0.1):
        hull.side(box(s, low + 0.1, s + 0.025, sill - 0.02), dark(paint, 0.5), None)
    hull.side(box(middle - 0.35, sill - 0.16, middle - 0.15, sill - 0.11), dark(paint, 0.4), None)


def _bumper(hull: Hull, car: Car, paint) -> None:
    """The seen end: plate, grille, lamps."""
    half, low, high = car.wide / 2, 0.28, car.sill
    hull.across(box(-half, low, half, high - 0.12), paint)
    hull.across(box(-half * 0.98, low - 0.05, half * 0.98, low + 0.14), dark(paint, 0.35))
    hull.decal(box(-0.26, low + 0.04, 0.26, low + 0.15), PLATE)
    if hull.end > 0:
        hull.decal(box(-half * 0.48, low + 0.22, half * 0.48, high - 0.2), (0.1, 0.1, 0.11))
        hull.decal(box(-half * 0.48, (low + high) / 2, half * 0.48, (low + high) / 2 + 0.03), STEEL)
    for sign in (-1, 1):
        inside, outside = sign * half * 0.55, sign * half * 0.96
        lamp = [(inside, low + 0.26), (outside, low + 0.26), (outside, high - 0.16), (sign * half * 0.6, high - 0.2)]
        hull.decal(lamp, LAMP if hull.end > 0 else TAIL, glow=0.5)


def paint_bus(me: Figure) -> Coat:
    """A long box with a row of large panes and a lettered front; at times with two decks."""
    dice = me.dice
    paint, trim = dice.near(dice.pick(PAINT), 0.05), dice.near(dice.pick([*PAINT, (0.95, 0.95, 0.93)]), 0.05)
    decks = 2 if dice.chance(0.25) else 1
    top, long, half = (4.2 if decks == 2 else 3.0), 9.5, 1.25
    hull, end = Hull(me, me.label, long, 2 * half), long / 2
    hull.across(box(-half * 0.9, 0.15, half * 0.9, 0.5), TYRE)
    hull.side(box(-end, 0.35, end, top), paint)
    hull.side(box(-end, 0.35, end, 0.75), trim)
    for deck in range(decks):
        y = 1.3 + 1.55 * deck
        hull.side(box(-end + 0.2, y, end - 0.15, y + 0.95), GLASS, None)
        for k in range(1, 7):
            s = -end + 0.2 + k * (long - 0.35) / 7
            hull.side(box(s - 0.07, y, s + 0.07, y + 0.95), paint, None)
    for s in (end - 1.15, -0.6):
        hull.side(box(s, 0.45, s + 0.9, 2.3), dark(GLASS, 1.3), None)
        hull.side(box(s + 0.42, 0.45, s + 0.48, 2.3), TYRE, None)
    _bus_end(hull, half, top, paint, trim)
    _lid(me, paint, top, -end, end, half)
    _wheels(hull, me, (-end * 0.58, end * 0.62), 0.5)
    return Coat(0.2, 0.015, 0.05)


def _bus_end(hull: Hull, half: float, top: float, paint, trim) -> None:
    """A large screen below the lettering, lamps, mirrors."""
    hull.across(box(-half, 0.35, half, top), paint)
    hull.across(box(-half, 0.35, half, 0.8), trim)
    hull.decal(box(-half * 0.92, 1.15, half * 0.92, 2.45), GLASS)
    hull.decal([(-half * 0.5, 1.15), (-half * 0.1, 1.15), (half * 0.25, 2.45), (-half * 0.15, 2.45)], (0.45, 0.53, 0.6))
    hull.decal(box(-half * 0.75, 2.55, half * 0.75, 2.9), (0.06, 0.06, 0.07))
    hull.decal(box(-half * 0.55, 2.65, half * 0.5, 2.8), (1.0, 0.7, 0.1), glow=0.7)
    if top > 4:
        hull.decal(box(-half * 0.92, 3.05, half * 0.92, 3.85), GLASS)
    for sign in (-1, 1):
        hull.decal(box(sign * half * 0.6, 0.85, sign * half * 0.92, 1.05), LAMP if hull.end > 0 else TAIL, glow=0.6)
        hull.across(box(sign * half * 1.02, 1.6, sign * half * 1.2, 2.3), TYRE)
    hull.decal(box(-0.3, 0.5, 0.3, 0.65), PLATE)

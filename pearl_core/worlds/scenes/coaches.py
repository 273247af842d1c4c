"""Trucks, buses and trams."""

from __future__ import annotations

from pearl_core.worlds.scenes.classes import BUS, TRAIN, TRUCK
from pearl_core.worlds.scenes.hull import GLASS, PAINT, RED, RUBBER, Hull
from pearl_core.worlds.scenes.stage import Frame, Stage, box

BUS_PAINT = [(0.75, 0.14, 0.12), (0.85, 0.7, 0.15), (0.85, 0.86, 0.85), (0.15, 0.35, 0.6), (0.2, 0.5, 0.3),
             (0.5, 0.2, 0.45), (0.85, 0.45, 0.12)]  # fmt: skip
TRAM_PAINT = [(0.85, 0.75, 0.25), (0.8, 0.16, 0.14), (0.86, 0.87, 0.86), (0.2, 0.42, 0.65), (0.3, 0.5, 0.35)]
TRIM = [(0.9, 0.9, 0.9), (0.15, 0.15, 0.2), (0.8, 0.2, 0.2)]
LOAD = [(0.88, 0.88, 0.86), (0.2, 0.32, 0.55), (0.6, 0.16, 0.14), (0.4, 0.44, 0.36), (0.85, 0.65, 0.2)]
AMBER, DARK_GLASS = (1.0, 0.65, 0.1), (0.3, 0.36, 0.42)


def paint_bus(stage: Stage, x: float, z: float, turn: float) -> None:
    """A city bus: a long box, a band of windows, a bright destination board."""
    dice = stage.dice
    paint, stripe = dice.near(dice.pick(BUS_PAINT), 0.05), dice.near(dice.pick(TRIM))
    long, top = dice.between(9, 12), dice.between(2.9, 3.2)
    hull, half, end, low = Hull(Frame(stage, x, z, turn), BUS, long, 2.5), 1.25, long / 2, 0.3
    hull.axle(0.1, 0.5, 0.48)
    hull.side(box(-end, low, end, top), paint)
    hull.side(box(-end, low, end, 0.75), stripe)
    hull.side(box(-end, 1.25, end, top - 0.5), GLASS, None)
    for k in range(1, 7):
        s = -end + long * k / 7
        hull.side(box(s - 0.07, 1.25, s + 0.07, top - 0.5), paint, None)
    for s in (long * 0.4, -long * 0.05):
        hull.side(box(s - 0.55, low + 0.1, s + 0.55, top - 0.5), (0.2, 0.24, 0.28), None)
        hull.side(box(s - 0.04, low + 0.1, s + 0.04, top - 0.5), paint, None)
    hull.wheels((-long * 0.3, long * 0.24), 0.48)
    hull.across(box(-half, low, half, top), paint)
    hull.across(box(-half, low, half, 0.75), stripe)
    if hull.end > 0:
        hull.decal(box(-half * 0.92, 1.05, half * 0.92, top - 0.55), GLASS)
        hull.decal(box(-half * 0.9, 1.7, -half * 0.1, top - 0.6), DARK_GLASS)
    else:
        hull.decal(box(-half * 0.8, 1.6, half * 0.8, top - 0.6), GLASS)
        hull.decal(box(-half * 0.7, 0.8, half * 0.7, 1.3), [c * 0.55 for c in paint])
    hull.decal(box(-half * 0.7, top - 0.48, half * 0.7, top - 0.12), (0.08, 0.08, 0.08))
    hull.decal(box(-half * 0.5, top - 0.4, half * 0.4, top - 0.2), AMBER, glow=0.8)
    hull.lamps(0.8, 0.34)


def paint_truck(stage: Stage, x: float, z: float, turn: float) -> None:
    """A lorry: a cab, and behind it a ribbed box or an open tipper on a dark chassis."""
    dice = stage.dice
    paint, load, ribs = dice.near(dice.pick(PAINT), 0.05), dice.near(dice.pick(LOAD)), dice.pick([4, 8])
    long, top, floor = dice.between(7, 9), dice.pick([2.3, 3.1, 3.3, 3.6]), 0.95
    hull, end, cab = Hull(Frame(stage, x, z, turn), TRUCK, long, 2.45), long / 2, long / 2 - 2.0
    hull.axle(0.35, floor, 0.5)
    hull.side(box(-end, 0.55, end, floor), RUBBER)
    hull.side(box(-end, floor, cab - 0.25, top), load)
    for k in range(1, ribs):
        s = -end + (cab - 0.25 + end) * k / ribs
        hull.side(box(s - 0.06, floor, s + 0.06, top), [c * 0.72 for c in load], None)
    hull.side(box(cab, 0.5, end, 2.7), paint)
    hull.side(box(cab + 0.6, 1.5, end - 0.25, 2.35), GLASS, None)
    (_truck_front if hull.end > 0 else _truck_rear)(hull, floor, top, paint, load)
    hull.lamps(0.6, 0.34)
    hull.wheels((-long * 0.38, -long * 0.2, long * 0.36), 0.5)


def _truck_front(hull: Hull, floor: float, top: float, paint, load) -> None:
    half = hull.wide / 2
    hull.across([(-half, floor, 2.25), (half, floor, 2.25), (half, top, 2.25), (-half, top, 2.25)], load)
    hull.across(box(-half, 0.5, half, 2.7), paint)
    hull.decal(box(-half * 0.88, 1.55, half * 0.88, 2.4), GLASS)
    hull.decal(box(-half * 0.7, 0.8, half * 0.7, 1.35), [c * 0.3 for c in paint])
    hull.across(box(-half, 0.35, half, 0.6), RUBBER)


def _truck_rear(hull: Hull, floor: float, top: float, paint, load) -> None:
    """Two doors with bars, and a red and white bumper."""
    half = hull.wide / 2
    hull.across(box(-half, floor, half, top), load)
    hull.decal(box(-half * 0.94, floor + 0.1, half * 0.94, top - 0.12), [c * 0.9 for c in load])
    for t, wide, colour in (
        (0.0, 0.05, [c * 0.4 for c in load]),
        (-half / 2, 0.04, (0.4, 0.4, 0.4)),
        (half / 2, 0.04, (0.4, 0.4, 0.4)),
    ):
        hull.decal(box(t - wide, floor + 0.05, t + wide, top - 0.05), colour)
    hull.across(box(-half, floor - 0.22, half, floor), (0.92, 0.9, 0.85))
    for k in range(4):
        t = -half + hull.wide * (k + 0.25) / 4
        hull.decal(box(t, floor - 0.22, t + hull.wide / 8, floor), RED)


def paint_tram(stage: Stage, x: float, z: float, turn: float) -> None:
    """A tram on its rails: skirts instead of wheels, a raked dark front, joints, a pantograph."""
    dice = stage.dice
    paint, trim = dice.near(dice.pick(TRAM_PAINT), 0.05), dice.near(dice.pick(TRIM))
    long, top, low = dice.between(18, 26), dice.between(3.3, 3.6), 0.2
    hull, end = Hull(Frame(stage, x, z, turn), TRAIN, long, 2.4), long / 2
    hull.side(box(-end, low, end, top), trim)
    hull.side(box(-end, low, end, 1.2), paint)
    hull.side(box(-end, top - 0.45, end, top), paint)
    hull.side(box(-end + 0.4, 1.3, end - 0.4, top - 0.55), GLASS, None)
    for k in range(1, 12):
        s = -end + long * k / 12
        hull.side(box(s - 0.06, 1.3, s + 0.06, top - 0.55), trim, None)
        if k % 4 == 0:
            hull.side(box(s - 0.3, low, s + 0.3, top), (0.16, 0.16, 0.17), None)
        elif k % 4 == 2:
            hull.side(box(s - 0.7, low + 0.1, s + 0.7, top - 0.55), [c * 0.7 for c in paint], None)
    _tram_end(hull, top, paint, trim)
    arm = hull.end * long * 0.2
    for a, b in (((arm, top), (arm + 0.8, top + 0.5)), ((arm + 0.8, top + 0.5), (arm, top + 1.0))):
        hull.frame.face([(*a, 0.0), (*a, 0.08), (*b, 0.08), (*b, 0.0)], RUBBER)


def _tram_end(hull: Hull, top: float, paint, trim) -> None:
    half, rake = hull.wide / 2, 0.5
    hull.across(box(-half, 0.2, half, 1.35), paint)
    hull.across([(-half, 1.35), (half, 1.35), (half * 0.8, top, rake), (-half * 0.8, top, rake)], (0.1, 0.11, 0.13))
    hull.decal(
        [(-half * 0.8, 1.5), (half * 0.8, 1.5), (half * 0.68, top - 0.6), (-half * 0.68, top - 0.6)], (0.24, 0.3, 0.36)
    )
    hull.decal(box(-half * 0.45, top - 0.45, half * 0.45, top - 0.2), (1.0, 0.75, 0.2), glow=0.8)
    hull.decal(box(-half * 0.4, 0.2, half * 0.4, 0.5), RUBBER)
    hull.decal(box(-half, 1.12, half, 1.3), trim)
    hull.lamps(0.75, 0.3, 0.2)

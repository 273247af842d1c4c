"""Who drives, rides and parks on a street."""

from __future__ import annotations

from pearl_core.worlds.scenes import cars, coaches, people
from pearl_core.worlds.scenes.hull import AWAY, LEFT, RIGHT, TOWARDS
from pearl_core.worlds.scenes.layout import LANE, Street


def drive(street: Street, lanes: int, tram: bool, parking: tuple[bool, bool]) -> None:
    dice = street.dice
    oncoming = [-LANE * (k + 1) for k in range(lanes)]
    if tram and dice.chance(0.9):
        way = dice.pick([TOWARDS, AWAY])
        street.stand(oncoming[-1], dice.between(20, 34), 2.5, 26, coaches.paint_tram, way)
    big = [(coaches.paint_bus, 12.0), (coaches.paint_truck, 9.0)]
    for paint, long in big if dice.chance(0.5) else big[::-1]:
        if dice.chance(0.55):
            if dice.chance(0.45):
                z = dice.between(8, 22) + long / 2
                street.stand(dice.between(-0.3, 0.3), z, 2.5, long, paint, AWAY)
            else:
                z = dice.between(7, 24) + long / 2
                street.stand(oncoming[0] + dice.between(-0.2, 0.3), z, 2.5, long, paint, TOWARDS)
    for x, way in ((0.0, AWAY), *((x, TOWARDS) for x in oncoming)):
        for _ in range(dice.whole(0, 2)):
            street.stand(x + dice.between(-0.3, 0.3), dice.between(9, 45), 1.8, 4.6, cars.paint_car, way)
    _crossing_traffic(street)
    _two_wheelers(street)
    for parked, verge in zip(parking, (street.left, street.right), strict=True):
        z, x = dice.between(4, 9), verge.side * (verge.kerb - 1.1)
        way = AWAY if verge.side > 0 else TOWARDS
        while parked and z < 42:
            if dice.chance(0.62) and not _in_crossing(street, z, 4):
                street.stand(x, z, 1.8, 4.5, cars.paint_car, way)
            z += dice.between(5.3, 6.5)


def _in_crossing(street: Street, z: float, margin: float) -> bool:
    crossing = street.ground.crossing
    return bool(crossing) and crossing[0] - margin < z < crossing[1] + margin


def _crossing_traffic(street: Street) -> None:
    """Somebody who comes out of the side street, seen from the side."""
    dice, crossing = street.dice, street.ground.crossing
    if crossing and dice.chance(0.5):
        paint, long = dice.pick([(cars.paint_car, 4.6)] * 3 + [(coaches.paint_bus, 11.0), (coaches.paint_truck, 8.5)])
        low, high = -street.left.front + long / 2, street.right.front - long / 2
        x, z = dice.between(min(low, high), max(low, high)), (crossing[0] + crossing[1]) / 2
        street.stand(x, z, long, 2.5, paint, dice.pick([LEFT, RIGHT]))


def _two_wheelers(street: Street) -> None:
    """Riders in the lanes, machines left at the kerbs."""
    dice = street.dice
    for paint in (people.paint_bicycle, people.paint_motorcycle):
        if dice.chance(0.5):
            x = dice.pick([1.2, 0.6, -1.3, -2.3, -3.4])
            street.stand(x, dice.between(6, 14), 1.0, 2.2, paint, people.heading(dice), ridden=True)
        if dice.chance(0.42):
            verge = dice.pick([street.left, street.right, street.right])
            x = verge.side * (verge.kerb + dice.between(0.2, 0.7))
            for k in range(dice.whole(1, 3)):
                z = dice.between(7, 9) + 2.0 * k
                street.stand(x, z, 0.6, 1.0, paint, people.heading(dice), ridden=False)

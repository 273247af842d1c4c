"""What stands and who walks beside the road: posts, signs, bins, trees, people."""

from __future__ import annotations

from pearl_core.worlds.scenes import furniture, people
from pearl_core.worlds.scenes.layout import Street, Verge


def furnish(street: Street) -> None:
    for verge in (street.left, street.right):
        _kerbside(street, verge)
        _greenery(street, verge)
    dice, crossing = street.dice, street.ground.crossing
    if dice.chance(0.3):  # people who cross the road
        z = crossing[0] - 2 if crossing else dice.between(9, 15)
        for _ in range(dice.whole(1, 3)):
            street.stand(dice.between(-4, 3), z, 0.6, 0.6, people.paint_person)


def _kerbside(street: Street, verge: Verge) -> None:
    """Posts along the kerb, people and bins on the pavement."""
    dice, crossing = street.dice, street.ground.crossing
    side, kerb, pave = verge.side, verge.kerb, verge.pave
    posts = [(furniture.paint_lamp, dice.between(8, 15))] * dice.chance(0.6)
    posts += [(furniture.paint_lamp, dice.between(18, 30))] * dice.chance(0.6)
    if dice.chance(0.45):
        posts += [(furniture.paint_traffic_light, crossing[0] - 3.8 if crossing else dice.between(8, 17))]
    posts += [(furniture.paint_sign, dice.between(7, 20)) for _ in range(dice.whole(0, 2))]
    for paint, z in posts:
        street.stand(side * (kerb + dice.between(0.3, 0.6)), z, 0.3, 0.3, paint)
    for _ in range(dice.whole(0, 3)):
        street.stand(side * dice.between(kerb + 0.6, pave), dice.between(7, 22), 0.5, 0.5, people.paint_person)
    if dice.chance(0.5):
        street.stand(side * dice.between(pave - 0.8, pave), dice.between(7, 16), 1.0, 0.8, furniture.paint_bin)


def _greenery(street: Street, verge: Verge) -> None:
    dice, side, pave, front = street.dice, verge.side, verge.pave, verge.front
    if front - pave > 1 or dice.chance(0.3):
        for _ in range(dice.whole(1, 3)):
            x = side * (dice.between(max(pave, front - 4), front) - 0.5)
            street.stand(x, dice.between(9, 40), 0.6, 0.6, furniture.paint_tree)
        if dice.chance(0.5):
            street.stand(side * (front - 0.7), dice.between(8, 20), 1.4, 1.0, furniture.paint_bush)

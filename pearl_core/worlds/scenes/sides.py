"""The borders of a street: houses, walls, fences, hedges and parks on both sides, and something at its end."""

from __future__ import annotations

from pearl_core.worlds.scenes import barriers, furniture, houses
from pearl_core.worlds.scenes.layout import FAR, Street


def close(street: Street) -> None:
    """The end of the street: houses, trees, or the open sky above a far hedge."""
    dice, kind = street.dice, street.dice.pick(["houses", "trees", "open"])
    street.put_behind(FAR + 2, houses.paint_block, -120.0, 120.0, FAR + 2, dice.between(2, 5), houses.house(dice))
    if kind == "houses":
        for k in range(6):
            x = -36 + 12 * k + dice.between(-1, 1)
            street.put_behind(FAR, houses.paint_block, x, x + 12, FAR, dice.between(8, 20), houses.house(dice))
    elif kind == "trees":
        for _ in range(6):
            street.put_behind(FAR, furniture.paint_tree, dice.between(-25, 25), FAR - dice.between(5, 25))


def line(street: Street) -> None:
    """Walk down each side and set houses, walls, fences, hedges or parks, leaving the side street open."""
    dice, crossing = street.dice, street.ground.crossing
    for verge in (street.left, street.right):
        z, x, side = 3.0, verge.front, verge.side
        while z < FAR - 6:
            end = z + dice.between(8, 18)
            if crossing and z < crossing[1] and end > crossing[0] - 1:
                if z >= crossing[0] - 4:
                    z = crossing[1] + 0.5
                    continue
                end = crossing[0] - 0.5
            _stretch(street, side * x, z, end)
            z = end + (dice.between(1, 4) if dice.chance(0.2) else 0.0)


def _stretch(street: Street, x: float, z0: float, z1: float) -> None:
    dice, side = street.dice, 1 if x > 0 else -1
    kind = dice.pick(["house"] * 10 + ["wall"] * 5 + ["fence"] * 5 + ["hedge"] * 2 + ["park"] * 2)
    if kind == "house":
        roof = dice.between(1.5, 3) if dice.chance(0.45) else 0.0
        street.put_behind(z0, houses.paint_house, x, z0, z1, dice.between(6, 16), houses.house(dice), roof)
        return
    if kind == "wall":
        street.put_behind(z0, barriers.paint_wall, x, z0, z1, dice.between(1.8, 3.2))
    elif kind == "fence":
        street.put_behind(z0, barriers.paint_fence, x, z0, z1, dice.between(1.4, 2.4))
    elif kind == "hedge":
        street.put_behind(z0, barriers.paint_hedge, x, z0, z1, dice.between(1.5, 4))
    behind = dice.between(4, 9)
    if dice.chance(0.6):
        look, back = houses.house(dice), x + side * (behind + 4)
        street.put_behind(z0 + 0.2, houses.paint_house, back, z0, z1, dice.between(5, 9), look, 2.5)
    for _ in range(dice.whole(1, 3)):
        at = dice.between(z0, z1)
        street.put_behind(at + 0.1, furniture.paint_tree, x + side * dice.between(1.5, behind), max(at, 6.0))

"""The plan of a picture: a random background, a main thing, others that fit the background, and their places."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pearl_core.worlds.objects import classes, kinds
from pearl_core.worlds.objects.kinds import LOOSE, Kind
from pearl_core.worlds.objects.view import ASPECT, View
from pearl_core.worlds.scenes.dice import Dice

COUNTS = (1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4)
MAIN = [*range(1, 21), classes.PERSON]


@dataclass(frozen=True)
class Thing:
    """A thing with its place in the picture."""

    kind: Kind
    view: View
    turn: float
    standing: bool  # on ground that takes a shadow
    ridden: bool = False

    @property
    def order(self) -> tuple[bool, float]:
        """A key that sorts from far to near; what flies or perches is behind all that stands."""
        return not self.kind.flies, self.view.v


def setting(dice: Dice) -> tuple[str, Kind]:
    """The background, and the kind of the main thing."""
    kind = dice.pick(kinds.of(dice.pick(MAIN)))
    return dice.pick(kind.settings), kind


def arrange(dice: Dice, where: str, main: Kind, ground: float) -> list[Thing]:
    """One to four things of one to three kinds, from far to near."""
    count, cast = dice.pick(COUNTS), [main]
    others = [kind for kind in kinds.KINDS if where in kind.settings and kind.label != main.label]
    for _ in range(count - 1):
        crowd = cast if dice.chance(0.45) or len({k.label for k in cast}) == 3 or not others else others
        if dice.chance(0.25) and where not in ("air", "water", "desk") and crowd is others:
            crowd = kinds.of(classes.PERSON)
        cast.append(dice.pick(crowd))
    height = main.high * dice.between(0.35, 1.1)  # of the camera above the ground
    things: list[Thing] = []
    for number, kind in enumerate(cast):
        least, most = ((0.45, 1.25) if count < 3 else (0.4, 0.8)) if number == 0 else (0.25, 0.65)
        size = least * (most / least) ** dice.between(0, 1) * kind.large
        things.append(_place(dice, where, kind, size, ground, height, things))
    return sorted(things, key=lambda thing: thing.order)


def _place(dice: Dice, where: str, kind: Kind, size: float, ground: float, height: float, things) -> Thing:
    """A thing beside the others, of `size` as a share of the picture's height, seen by a camera at `height` metres."""
    ridden = kind.rider is not None and dice.chance(0.35)
    high = kind.high + kind.seat * ridden
    scale = size / max(high, kind.wide / ASPECT)
    half, tall = kind.wide * scale / ASPECT / 2, high * scale
    if kind.flies or where in LOOSE:
        foot = dice.between(0.3 + 0.4 * tall, 0.7 + 0.5 * tall) if where != "water" else ground * dice.between(0.6, 1.0)
    else:
        foot = ground + 0.04 + height * scale * dice.between(0.6, 1.1)
        foot = max(min(foot, 0.8 + 0.35 * tall if tall > 0.7 else 0.97), ground + 0.05, 0.06 + 0.92 * tall)
        foot += dice.between(-0.3, 0.3) * min(tall, 1.0) * dice.chance(0.15)  # so that the frame cuts some things
    spots = [dice.between(0.1, 0.9) if size < 0.7 else dice.between(0.25, 0.75) for _ in range(5)]
    u = max(spots, key=lambda spot: _room(spot, half, things))
    far = kind.far * max(kind.wide, kind.high)
    view = View(u, foot, scale, far, dice.between(*kind.pitch), dice.between(-kind.roll, kind.roll))
    standing = not kind.flies and where not in (*LOOSE, "water")
    return Thing(kind, view, kinds.heading(kind, dice), standing, ridden)


def _room(u: float, half: float, things: list[Thing]) -> float:
    """The distance of a thing at u, with this half width, from those placed already; negative: it covers them."""
    reach = [0.35 * (half + thing.kind.wide * thing.view.scale / 2.5) for thing in things]
    return min((abs(u - thing.view.u) - r for thing, r in zip(things, reach, strict=True)), default=0.0)


def on_top(dice: Dice, thing: Thing, place) -> Thing | None:
    """A thing that stands on a table or lies on a sofa; `place(s, y, t)` gives its foot in the picture."""
    if thing.kind.holds is None or not dice.chance(0.4):
        return None
    high, reach, labels = thing.kind.holds
    kind = dice.pick(kinds.of(dice.pick(labels)))
    u, v = place(dice.between(-0.1, 0.25), high, dice.between(-reach, reach))
    scale = thing.view.scale * {classes.BOTTLE: 1.35, classes.POTTEDPLANT: 0.6}.get(kind.label, 1.1)
    far, pitch = kind.far * max(kind.wide, kind.high), min(thing.view.pitch, 0.2)
    view = replace(thing.view, u=u, v=v, scale=scale, far=far, pitch=pitch)
    turn = kinds.heading(kind, dice) if kind.label != classes.DOG else math.pi / 2
    return Thing(kind, view, turn, False)

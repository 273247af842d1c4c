"""What stands along a street: lamp posts, traffic lights, signs, bins, trees."""

from __future__ import annotations

import numpy as np

from pearl_core.types import VOID
from pearl_core.worlds.scenes.classes import POLE, TRAFFIC_LIGHT, TRAFFIC_SIGN, VEGETATION
from pearl_core.worlds.scenes.noise import CLOUDY, WHITE, sample
from pearl_core.worlds.scenes.stage import Frame, Stage

METAL = [(0.5, 0.52, 0.53), (0.3, 0.32, 0.32), (0.2, 0.28, 0.24), (0.62, 0.62, 0.6)]
WHITE_ENAMEL, RED, BLUE, YELLOW = (0.93, 0.93, 0.92), (0.8, 0.1, 0.1), (0.1, 0.28, 0.65), (0.92, 0.76, 0.12)


def _post(me: Frame, top: float, width: float, colour) -> None:
    me.rectangle(-width / 2, 0, width / 2, top, colour, POLE, shade=1.05)
    me.rectangle(0.0, 0, width / 2, top, [c * 0.75 for c in colour])


def paint_lamp(stage: Stage, x: float, z: float) -> None:
    """A street lamp whose arm reaches over the road."""
    dice, me = stage.dice, Frame(stage, x, z)
    top, reach = dice.between(5, 8), (-1 if x > 0 else 1) * dice.between(1.0, 2.2)
    colour = dice.near(dice.pick(METAL))
    _post(me, top, dice.between(0.2, 0.28), colour)
    me.limb((0, top - 0.1), (reach, top + 0.25), 0.16, colour, POLE)
    me.limb((reach * 0.7, top + 0.12), (reach * 1.2, top + 0.28), 0.26, colour, POLE)
    me.limb(
        (reach * 0.75, top + 0.05), (reach * 1.15, top + 0.2), 0.12, (1.0, 0.93, 0.7), glow=0.2 + 0.8 * stage.light.dark
    )


def _head(me: Frame, s: float, low: float, size: float, lit: int) -> None:
    """Three lamps in a dark box with a pale border."""
    half = 0.27 * size
    me.rectangle(s - half, low, s + half, low + 1.3 * size, (0.07, 0.08, 0.08), TRAFFIC_LIGHT)
    for k, colour in enumerate(((0.1, 0.85, 0.45), (1.0, 0.7, 0.1), (1.0, 0.12, 0.08))):
        on = k == lit
        me.disc(
            s, low + (0.24 + 0.41 * k) * size, 0.19 * size, colour if on else [c * 0.25 for c in colour], glow=0.95 * on
        )


def paint_traffic_light(stage: Stage, x: float, z: float) -> None:
    """On a post beside the road, at times with a second one on an arm above it."""
    dice, me = stage.dice, Frame(stage, x, z)
    colour, lit, size = dice.near(dice.pick(METAL)), dice.pick([0, 0, 2, 2, 1]), dice.between(0.95, 1.3)
    arm = dice.chance(0.45)
    top = dice.between(4.4, 5.2) if arm else 3.0
    _post(me, top, 0.22, colour)
    if arm:
        reach = (-1 if x > 0 else 1) * dice.between(2.0, 3.4)
        me.limb((0, top - 0.1), (reach, top), 0.17, colour, POLE)
        _head(me, reach, top - 1.2 * size, size, lit)
    _head(me, 0.0, 2.1, size, lit)


def paint_sign(stage: Stage, x: float, z: float) -> None:
    """A round, triangular, square or long sign on a post."""
    dice, me = stage.dice, Frame(stage, x, z)
    kind, y, r = (
        dice.pick(["round", "round", "warning", "square", "yield", "name", "stop"]),
        dice.between(2.2, 2.9),
        dice.between(0.42, 0.58),
    )
    _post(me, y + r, 0.16, dice.near(dice.pick(METAL)))
    rim, plate, mark = dice.pick(
        [(RED, WHITE_ENAMEL, (0.1, 0.1, 0.1)), (RED, YELLOW, (0.1, 0.1, 0.1)), (BLUE, BLUE, WHITE_ENAMEL)]
    )
    if kind == "round":
        me.disc(0, y, r, rim, TRAFFIC_SIGN)
        me.disc(0, y, r * 0.72, plate)
        me.limb((-r * 0.4, y), (r * 0.4, y), r * 0.3, mark)
    elif kind in ("warning", "yield"):
        up = 1 if kind == "warning" else -1
        for size, colour in ((1.15, RED), (0.68, plate if plate != BLUE else WHITE_ENAMEL)):
            foot, tip = y - up * r * 0.6 * size, y + up * r * 1.15 * size
            me.flat([(-r * size, foot), (r * size, foot), (0, tip)], colour, TRAFFIC_SIGN)
    elif kind == "stop":
        me.disc(0, y, r, RED, TRAFFIC_SIGN)
        me.limb((-r * 0.7, y), (r * 0.7, y), r * 0.4, WHITE_ENAMEL)
    else:
        wide, high = (r, r) if kind == "square" else (r * 2.4, r * 0.6)
        board = dice.pick([BLUE, BLUE, YELLOW, (0.1, 0.42, 0.25)])
        me.rectangle(-wide, y - high, wide, y + high, WHITE_ENAMEL, TRAFFIC_SIGN)
        me.rectangle(-wide * 0.92, y - high * 0.86, wide * 0.92, y + high * 0.86, board)
        me.limb((-wide * 0.6, y), (wide * 0.6, y), high * 0.4, WHITE_ENAMEL)


def paint_bin(stage: Stage, x: float, z: float) -> None:
    """Things of no class: a bin, a crate, a power box. Their label is void."""
    dice, me = stage.dice, Frame(stage, x, z)
    colour = dice.near(
        dice.pick([(0.2, 0.34, 0.24), (0.3, 0.3, 0.32), (0.75, 0.4, 0.15), (0.2, 0.28, 0.45), (0.6, 0.58, 0.5)])
    )
    wide, top = dice.between(0.3, 0.6), dice.between(0.9, 1.5)
    me.flat([(-wide * 0.85, 0), (wide * 0.85, 0), (wide, top), (-wide, top)], colour, VOID)
    me.rectangle(-wide * 1.08, top, wide * 1.08, top + 0.12, [c * 0.6 for c in colour], VOID)
    me.rectangle(-wide * 0.6, top * 0.55, wide * 0.6, top * 0.75, [min(1.0, c * 1.6) for c in colour])


GREENS = [
    (0.24, 0.4, 0.14),
    (0.32, 0.46, 0.18),
    (0.18, 0.32, 0.16),
    (0.42, 0.44, 0.16),
    (0.5, 0.38, 0.14),
    (0.28, 0.36, 0.22),
]


def paint_tree(stage: Stage, x: float, z: float) -> None:
    """A trunk and a crown of leaves with a ragged edge; the trunk belongs to the vegetation, as in Cityscapes."""
    dice, me = stage.dice, Frame(stage, x, z)
    crown, stem, slim = dice.between(1.5, 2.6), dice.between(2.2, 3.4), dice.between(1.0, 1.5)
    bark = dice.near((0.3, 0.23, 0.17))
    me.rectangle(-0.17, 0, 0.17, stem + crown, bark, VEGETATION)
    me.rectangle(0.03, 0, 0.17, stem + crown, [c * 0.65 for c in bark])
    leaves(stage, x, stem + crown * slim * 0.8, z, crown, crown * slim, dice.near(dice.pick(GREENS)))


def paint_bush(stage: Stage, x: float, z: float) -> None:
    size = stage.dice.between(0.6, 1.3)
    leaves(stage, x, size * 0.6, z, size * 1.3, size, stage.dice.near(stage.dice.pick(GREENS)))


def leaves(stage: Stage, x: float, y: float, z: float, wide: float, tall: float, colour) -> None:
    """A ball of leaves, brighter towards the sun and above, with an edge made ragged by noise."""
    camera, light = stage.camera, stage.light
    shift, green = stage.dice.between(0, 256), np.asarray(colour, np.float32)

    def texture(u, v):
        across, up = camera.on_front(u, v, z)
        across, up = (across + 0 * up - x) / wide, (up - y) / tall
        leaf = sample(CLOUDY, across * wide * 22 + shift, up * tall * 22)
        speck = sample(WHITE, u * 400 + shift, v * 200)
        lit = 0.62 + light.strength * 0.2 * (across * light.sun + up) + 0.15 * up
        tone = lit * (0.45 + 0.85 * leaf + 0.35 * speck)
        ragged = across * across + up * up + 0.9 * (leaf - 0.45)
        opaque = np.clip((0.85 - ragged) * 6, 0, 1)
        return stage.hazy(green * (tone * 1.35)[..., None], z), opaque

    (u0, v0), (u1, v1) = (
        camera.project(x - wide * 1.15, y - tall * 1.15, z),
        camera.project(x + wide * 1.15, y + tall * 1.15, z),
    )
    stage.canvas.polygon([(u0, v0), (u1, v0), (u1, v1), (u0, v1)], texture, VEGETATION, cut=True)

"""Farm animals from the side: cow, horse, sheep; and the legs of all four-legged animals."""

from __future__ import annotations

import math

from pearl_core.worlds.objects.relief import Coat
from pearl_core.worlds.objects.view import Figure, dark

BROWN, WHITE, BLACK = (0.5, 0.3, 0.17), (0.92, 0.9, 0.86), (0.13, 0.12, 0.12)


def legs(me: Figure, places, hip: float, thick: float, colour, foot, *, apart: float, swing: float, near: bool) -> None:
    """The near or the far pair of legs, each at (s, how far its joint bends backwards)."""
    side = me.near if near else -me.near
    tone = colour if near else dark(colour, 0.62)
    for s, bend in places:
        step = me.dice.between(-swing, swing)
        knee, ankle = (s + step * 0.4 - bend, hip * 0.5), (s + step, hip * 0.1)
        me.blob((s, hip), thick * 1.5, knee, thick * 0.8, tone, t=side * apart)
        me.blob(knee, thick * 0.8, ankle, thick * 0.62, tone, t=side * apart)
        me.blob(ankle, thick * 0.72, (s + step + thick * 0.5, hip * 0.04), thick * 0.7, foot, t=side * apart)


def paint_cow(me: Figure) -> Coat:
    """Heavy and level, with horns, an udder and a tuft on the tail; spotted or plain."""
    dice = me.dice
    coat = dice.near(dice.pick([WHITE, WHITE, WHITE, BROWN, (0.68, 0.45, 0.25), BLACK]), 0.05)
    spot = dice.near(dice.pick([BLACK, BLACK, BROWN]), 0.03) if coat[2] > 0.6 else None
    places, grazing = [(0.55, 0.0), (-0.62, 0.06)], dice.chance(0.4)
    legs(me, places, 0.66, 0.09, coat, BLACK, apart=0.2, swing=0.12, near=False)
    me.blob((-0.93, 1.2), 0.035, (-0.98, 0.6), 0.025, dark(coat, 0.8))
    me.blob((-0.98, 0.6), 0.03, (-0.98, 0.45), 0.05, BLACK)
    me.ball(-0.35, 0.58, 0.17, (0.9, 0.66, 0.62))
    me.blob((-0.6, 0.98), 0.38, (0.45, 0.92), 0.41, coat)
    me.blob((-0.74, 1.16), 0.22, (0.62, 1.16), 0.22, coat)
    legs(me, places, 0.66, 0.09, coat, BLACK, apart=0.2, swing=0.12, near=True)
    poll = (1.08, 0.6) if grazing else (1.08, 1.3)
    nose = (1.28, 0.2) if grazing else (1.4, 0.94)
    me.blob((0.62, 1.05), 0.33, poll, 0.2, coat)
    for way in (-0.06, 0.08):
        start, bend = (poll[0] + way, poll[1] + 0.13), (poll[0] + 2.2 * way, poll[1] + 0.25)
        me.blob(start, 0.045, bend, 0.035, (0.85, 0.82, 0.72))
        me.blob(bend, 0.035, (bend[0] + 0.1, bend[1] + 0.1), 0.012, (0.85, 0.82, 0.72))
    me.blob((poll[0] - 0.1, poll[1] + 0.02), 0.07, (poll[0] - 0.32, poll[1] - 0.06), 0.06, dark(coat, 0.75))
    me.blob(poll, 0.19, nose, 0.13, coat)
    me.blob((nose[0] - 0.01, nose[1]), 0.12, (nose[0] + 0.05, nose[1] - 0.02), 0.1, (0.82, 0.62, 0.56))
    me.ball(nose[0] + 0.09, nose[1] + 0.02, 0.022, BLACK, label=None)
    me.ball(poll[0] + 0.1, poll[1] - 0.03, 0.03, BLACK, label=None)
    return Coat(0.4, 0.04, 0.08, coat, spot, dice.between(0.4, 0.6), (110.0, 110.0))


def paint_horse(me: Figure) -> Coat:
    """Long legs, a long arched neck with a mane, a full tail."""
    dice = me.dice
    coat = dice.near(
        dice.pick([BROWN, (0.42, 0.22, 0.12), (0.66, 0.42, 0.22), BLACK, (0.8, 0.78, 0.75), (0.6, 0.58, 0.56)]), 0.05
    )
    mane = dice.pick([dark(coat, 0.35), dark(coat, 0.35), (0.88, 0.82, 0.7)])
    sock = dice.pick([coat, dark(coat, 0.4), (0.9, 0.88, 0.85)])
    gait = dice.pick([0.06, 0.12, 0.34])
    places, grazing = [(0.52, 0.0), (-0.6, 0.1)], dice.chance(0.22)
    legs(me, places, 0.95, 0.075, coat, sock, apart=0.16, swing=gait, near=False)
    me.blob((-0.86, 1.38), 0.08, (-1.06, 1.1), 0.13, mane)
    me.blob((-1.06, 1.1), 0.13, (-1.05, 0.62), 0.05, mane)
    me.blob((-0.6, 1.24), 0.29, (0.0, 1.2), 0.25, coat)
    me.blob((0.0, 1.2), 0.25, (0.52, 1.24), 0.29, coat)
    legs(me, places, 0.95, 0.075, coat, sock, apart=0.16, swing=gait, near=True)
    poll, nose = ((1.25, 0.7), (1.42, 0.22)) if grazing else ((1.12, 1.92), (1.46, 1.56))
    throat = ((0.6 + poll[0]) / 2 + 0.03, (1.32 + poll[1]) / 2)
    me.blob((0.5, 1.3), 0.27, throat, 0.17, coat)
    me.blob(throat, 0.17, poll, 0.11, coat)
    lift = 0.14
    me.blob((0.38, 1.45), 0.08, (throat[0] - lift * 0.9, throat[1] + lift * 0.8), 0.09, mane)
    me.blob((throat[0] - lift * 0.9, throat[1] + lift * 0.8), 0.09, (poll[0] - 0.05, poll[1] + 0.08), 0.05, mane)
    for way in (-0.05, 0.04):
        me.part(
            [
                (poll[0] + way - 0.04, poll[1] + 0.06),
                (poll[0] + way + 0.05, poll[1] + 0.06),
                (poll[0] + way + 0.02, poll[1] + 0.26),
            ],
            dark(coat, 0.85),
        )
    me.blob((poll[0] + 0.02, poll[1]), 0.135, nose, 0.085, coat)
    me.blob(nose, 0.085, (nose[0] + 0.03, nose[1] - 0.03), 0.08, dark(coat, 0.6))
    if dice.chance(0.4):
        me.mark([(poll[0] + 0.1, poll[1] + 0.04), (poll[0] + 0.16, poll[1]), (nose[0] + 0.05, nose[1] + 0.04)], WHITE)
    me.ball(poll[0] + 0.08, poll[1] - 0.01, 0.028, BLACK, label=None)
    me.ball(nose[0] + 0.05, nose[1], 0.018, BLACK, label=None)
    return Coat(0.42, 0.03, 0.06)


def saddle(me: Figure) -> None:
    me.blob((-0.18, 1.47), 0.06, (0.2, 1.48), 0.06, (0.25, 0.14, 0.08))
    me.mark([(-0.18, 1.45), (0.16, 1.45), (0.12, 1.05), (-0.12, 1.05)], (0.3, 0.17, 0.1), t=0.1 * me.near)


def paint_sheep(me: Figure) -> Coat:
    """A cloud of wool on thin legs, with a bare face and ears that stick out sideways."""
    dice = me.dice
    wool = dice.near(dice.pick([(0.93, 0.9, 0.82), (0.88, 0.84, 0.75), (0.8, 0.75, 0.68), (0.35, 0.3, 0.27)]), 0.04)
    face = dice.near(dice.pick([BLACK, BLACK, (0.85, 0.78, 0.7), (0.35, 0.26, 0.2)]), 0.04)
    places, grazing = [(0.28, 0.0), (-0.3, 0.03)], dice.chance(0.4)
    legs(me, places, 0.4, 0.045, face, BLACK, apart=0.12, swing=0.06, near=False)
    for k in range(13):
        angle = 2 * math.pi * k / 13
        r = dice.between(0.13, 0.18)
        me.ball(0.4 * math.cos(angle), 0.58 + 0.19 * math.sin(angle), r, dark(wool, 0.94 + 0.06 * math.sin(angle)))
    me.blob((-0.3, 0.58), 0.2, (0.3, 0.58), 0.2, dark(wool, 0.97))
    legs(me, places, 0.34, 0.045, face, BLACK, apart=0.12, swing=0.06, near=True)
    for _ in range(7):
        me.ball(dice.between(-0.35, 0.35), dice.between(0.46, 0.72), 0.12, dark(wool, dice.between(0.92, 1.04)))
    poll, nose = ((0.6, 0.48), (0.7, 0.2)) if grazing else ((0.6, 0.84), (0.82, 0.7))
    me.ball(poll[0] - 0.12, poll[1] - 0.02, 0.16, wool)
    me.blob((poll[0] - 0.02, poll[1]), 0.04, (poll[0] - 0.2, poll[1] + 0.01), 0.045, face)
    me.blob(poll, 0.115, nose, 0.07, face)
    me.ball(poll[0] - 0.03, poll[1] + 0.1, 0.09, wool)
    me.ball(poll[0] + 0.07, poll[1] + 0.01, 0.018, (0.9, 0.8, 0.4), label=None)
    me.ball(nose[0] + 0.04, nose[1], 0.015, dark(face, 0.4), label=None)
    return Coat(0.4, 0.14, 0.16)

"""How far attacks are, and how much longer they take, in words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lab.data.titles import title
from lab.system.words import to_go
from lab.view.session import Session


class Progress(NamedTuple):
    """Where attacks are that are being computed."""

    share: float  # of all steps, from 0 to 1
    words: str  # 'step 7 of 100, about 12 s to go'


def attacked(sessions: Sequence[Session]) -> Iterator[Progress]:
    """Attack in turns, a step each, so that whoever stops finds all equally far; yields before and after each round.

    Whoever stops asking may go on later.
    """
    walks = {i: session.advance() for i, session in enumerate(sessions)}
    shares, began = [0.0] * len(sessions), None
    yield Progress(0.0, "starting")
    while walks:
        for i, walk in list(walks.items()):
            share = next(walk, None)
            shares[i] = 1.0 if share is None else share
            if share is None:
                del walks[i]
        share = sum(shares) / len(shares)
        began = began or (time.monotonic(), share)
        yield Progress(share, ", ".join(filter(None, [step_words(sessions), to_go(left(share, *began))])))


def evenly(sessions: Sequence[Session]) -> list[Session]:
    """Stopped attacks, each as far as it came; those whose first steps are an attack all as far as the slowest."""
    reached = [session.reached() for session in sessions]
    if not all(session.setting.stepwise for session in sessions):
        return reached
    steps = min(session.setting.steps for session in reached)
    return [session if session.setting.steps == steps else session.taking(steps) for session in reached]


def left(share: float, began: float, share_then: float) -> float:
    """Seconds that the rest takes at the pace so far; nan where there is none yet."""
    gone = share - share_then
    return (time.monotonic() - began) * (1 - share) / gone if gone > 0 else float("nan")


def step_words(sessions: Sequence[Session]) -> str:
    """The step of the one that is least far: 'step 7 of 100'; of an ensemble also which of its attacks."""
    session = min(sessions, key=lambda session: session.trajectory.spent())
    _, part, spent = session.trajectory.spent()
    name = f"{title(part)}, " if part else ""
    return f"{name}step {spent} of {session.setting.steps}"

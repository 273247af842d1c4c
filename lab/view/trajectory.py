"""The trajectory of an attack on one picture: every iterate, with its loss and accuracy.

A trajectory is computed as far as needed and kept, so nothing is computed twice: fewer steps are read from what is
kept, more steps continue where it stopped. Several threads may share one.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lab.system.computing import alone
from pearl_core.attacks.alma import AlmaProx, Best
from pearl_core.attacks.compose import Ascent, Attack, ready
from pearl_core.attacks.ensembles import WorstOf, accuracy_of


class Point(NamedTuple):
    """One point of a trajectory; loss and accuracy are those of the nets under attack, None if not computed."""

    part: str  # which member of an ensemble; "" where there is but one
    gradients: int  # that this part had spent on the way here
    loss: float | None
    accuracy: float | None  # share of the labelled pixels that are right


def number(accuracy: Tensor | None) -> float | None:
    """An accuracy as a number; None for an attack without labels."""
    return None if accuracy is None else accuracy.item()


class Climb:
    """The trajectory of an `Ascent`. Point i was seen at look i; the last one is seen by a forward pass alone."""

    def __init__(self, attack: Ascent, model: nn.Module, images: Tensor, target: Tensor, mask: Tensor | None):
        self.attack, self.images = attack, images
        self.problem = attack.problem(model, images, target, mask=mask, watch=True)
        self.walk = attack.search(self.problem, attack.ball)
        self.deltas: list[Tensor] = []
        self.spent: list[int] = []
        self.ends: dict[int, tuple[float, float]] = {}
        self.over = False

    def step(self) -> bool:
        """Compute the next point; False if the attack has ended, whose last point is then evaluated."""
        if self.over:
            return False
        delta = next(self.walk, None)
        if delta is not None:
            self.spent.append(self.problem.looks)
            self.deltas.append(delta)  # last: who looks on from another thread counts these
            return True
        self.look_back()
        self.over = True
        return False

    def look_back(self) -> None:
        """Evaluate the last point without a gradient. Continuing from there evaluates it again, with a gradient."""
        last = len(self.deltas) - 1
        if last >= len(self.problem.log) and last not in self.ends:
            seen = self.problem.look(self.deltas[-1], 1.0, gradient=False)
            self.ends[last] = seen.loss.item(), number(seen.accuracy)
            self.problem.log.pop()

    def point(self, i: int) -> tuple[int, float | None, float | None]:
        try:
            seen = self.problem.log[i]
        except IndexError:  # not asked for its length before: another thread may take the last one back
            return self.spent[i], *self.ends.get(i, (None, None))
        return self.spent[i], seen.loss.item(), number(seen.accuracy)

    def picture(self, i: int) -> Tensor:
        return (self.images + self.deltas[i]).clamp(0, 1)

    def result(self, last: int) -> Tensor:
        """What the attack returns that ends at point `last`."""
        kept = None if self.attack.keep is None else self.problem.kept
        return self.picture(last) if kept is None else (self.images + kept).clamp(0, 1)


class Walk:
    """The trajectory of ALMA-prox, which sees every point before it says where that is."""

    def __init__(self, attack: AlmaProx, model: nn.Module, images: Tensor, target: Tensor, mask: Tensor | None):
        self.attack = attack
        self.images, target = ready(images, target, mask)
        self.walk = attack.walk(model, images, target, mask=mask)
        self.deltas: list[Tensor] = []
        self.seen: list[tuple[int, float, float]] = []
        self.best = Best(self.images)

    def step(self) -> bool:
        step = next(self.walk, None)
        if step is None:
            return False
        self.best.offer(step.delta, step.share, self.attack.threshold)
        self.seen.append((len(self.seen), step.loss.item(), 1 - step.share.item()))
        self.deltas.append(step.delta)
        return True

    def look_back(self) -> None:
        pass

    def point(self, i: int) -> tuple[int, float, float]:
        return self.seen[i]

    def picture(self, i: int) -> Tensor:
        return (self.images + self.deltas[i]).clamp(0, 1)

    def result(self, last: int) -> Tensor:
        return (self.images + self.best.delta).clamp(0, 1)


class Trajectory:
    """The trajectory of any attack; of an ensemble those of its members one after the other. None: no attack.

    `extends` says that the attack with fewer steps is the beginning of this one. Then a budget may be any number of
    steps, else it is that of the attack.
    """

    def __init__(
        self,
        attack: Attack | None,
        model: nn.Module,
        images: Tensor,
        target: Tensor,
        *,
        mask: Tensor | None = None,
        extends: bool = False,
    ):
        members = attack.members if isinstance(attack, WorstOf) else {} if attack is None else {"": attack}
        self.model, self.images, self.target, self.extends = model, images, target, extends
        kinds = {Ascent: Climb, AlmaProx: Walk}
        self.parts = {
            name: kinds[type(member)](member, model, images, target, mask) for name, member in members.items()
        }
        self.todo = list(self.parts.values())
        self.worst: Tensor | None = None
        self.lock = Lock()

    def __len__(self) -> int:
        return sum(len(part.deltas) for part in self.parts.values()) or 1

    @property
    def bytes(self) -> int:
        """How much memory the points take, roughly."""
        return (len(self) + 2) * self.images.nbytes

    def advance(self, steps: int) -> Iterator[int]:
        """Compute until the attack of `steps` steps is known; yields the number of points after each of them.

        It can be stopped at any point and continued later.
        """
        while self.lacks(steps):
            with self.lock:
                if self.lacks(steps) and not alone(self.todo[0].step):
                    del self.todo[0]
            yield len(self)
        with self.lock:
            alone(self.conclude, steps)

    def lacks(self, steps: int) -> bool:
        return bool(self.todo) and not (self.extends and len(self) > steps and self.todo[0].deltas)

    def conclude(self, steps: int) -> None:
        """What is only known at the end of the attack."""
        if self.extends and self.todo and len(self) == steps + 1:
            self.todo[0].look_back()
        if len(self.parts) > 1 and self.worst is None:
            ends = [part.result(-1) for part in self.parts.values()]
            left = [accuracy_of(self.model, pictures, self.target).item() for pictures in ends]
            self.worst = ends[min(range(len(left)), key=left.__getitem__)]

    def points(self, steps: int) -> list[Point]:
        """All points of the attack of `steps` steps that are known."""
        known = [Point(name, *part.point(i)) for name, part in self.parts.items() for i in range(len(part.deltas))]
        return known[: steps + 1] if self.extends else known

    def picture(self, i: int) -> Tensor:
        """Point i, (1, 3, H, W)."""
        if not self.parts:
            return self.images
        for part in self.parts.values():
            if i < len(part.deltas):
                return part.picture(i)
            i -= len(part.deltas)
        raise ValueError(f"wanted a point from 0 to {len(self) - 1}, got {len(self) + i}")

    def result(self, steps: int) -> Tensor:
        """What the attack of `steps` steps returns; if it is not finished, what it would return here."""
        if not any(part.deltas for part in self.parts.values()):
            return self.images
        if self.worst is not None:
            return self.worst
        part = next(part for part in reversed(self.parts.values()) if part.deltas)
        return part.result(min(steps, len(part.deltas) - 1) if self.extends else -1)

    def spent(self) -> tuple[int, str, int]:
        """How far the walk is: which of its parts, counted from 0, that part's name, and its gradients so far."""
        begun = [i for i, part in enumerate(self.parts.values()) if part.deltas]
        if not begun:
            return 0, "", 0
        name, part = list(self.parts.items())[begun[-1]]
        return begun[-1], name, part.point(len(part.deltas) - 1)[0]

    def kept(self) -> int:
        """Which of the known points an unfinished walk returns: the best one, or the last."""
        end, last = self.result(len(self) - 1), len(self) - 1
        return next((i for i in range(last, -1, -1) if torch.equal(self.picture(i), end)), last)


class Ended:
    """A trajectory computed earlier, of which its points and the returned picture (1, 3, H, W) are kept."""

    def __init__(self, attacked: Tensor, points: list[Point]):
        self.end, self.known = attacked, points

    def lacks(self, steps: int) -> bool:
        return False

    def points(self, steps: int) -> list[Point]:
        return self.known

    def result(self, steps: int) -> Tensor:
        return self.end


def largest_change(pictures: Tensor, images: Tensor) -> float:
    """The l-infinity distance of two pictures, in 1/255."""
    return 255 * torch.dist(pictures, images, torch.inf).item()

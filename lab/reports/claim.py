"""What a paper says in words, as differences of measured numbers with margins declared before any result is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from lab.nets.methods import METHODS

ABSENT = "not measured"
VERDICTS = ("holds", "fails", "undecided", ABSENT)
Side = Mapping[str, object]


@dataclass(frozen=True)
class Contrast:
    """metric(a) - metric(b) lies between `low` and `high`, in the metric's unit.

    The sides are fields of a `Trial`. Data set, pictures and seeds are filled in, and the threat of an attack.
    """

    a: Side
    b: Side
    metric: str
    low: float = 0.0
    high: float = inf
    paper: float | None = None  # the difference in the paper's own numbers, where it prints both

    @property
    def words(self) -> str:
        """What is compared, what both sides share first: "rain with BIM10 at 8/255: PEARL minus NAT"."""
        a, b = parts(self.a), parts(self.b)
        shared = [part for part, other in zip(a, b, strict=True) if part == other and part not in ("prenet", "pspnet")]
        first, second = (
            ", ".join(p for p, q in pairs if p != q) for pairs in (zip(a, b, strict=True), zip(b, a, strict=True))
        )
        return f"{', '.join(shared)}: {first} minus {second}"


def parts(side: Side) -> list[str]:
    """Condition, method, derainer and segmenter of one side."""
    weather = "clean" if side.get("rain") == "none" else "rain"
    made = f" with {str(side['attack']).upper()}{side['steps']} at {side['eps']:g}/255" if side.get("attack") else ""
    nets = [str(side.get("derain", "prenet")), str(side.get("segmenter", "pspnet"))]
    return [weather + made, METHODS[str(side["method"])].title, *nets]


@dataclass(frozen=True)
class Claim:
    """One statement of a paper, in our words, and the contrasts that test it."""

    key: str
    text: str
    where: str  # in the paper
    contrasts: tuple[Contrast, ...]
    margin: str  # why these margins
    remark: str = ""
    elsewhere: bool = False  # judged on the other data set of the paper, with derainers from the one asked for

    @property
    def threats(self) -> tuple[str, ...]:
        """Threats to judge it under: "none" without attacks, "either" where no attacked method has a derainer."""
        attacked = [side for contrast in self.contrasts for side in (contrast.a, contrast.b) if side.get("attack")]
        if not attacked:
            return ("none",)
        derained = any(METHODS[str(side["method"])].derain for side in attacked)
        return ("oblivious", "adaptive") if derained else ("either",)

    def described(self) -> str:
        return f"{self.key} ({self.where}): {self.text} Margins: {self.margin} {self.remark}".strip()

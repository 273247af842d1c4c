"""Methods beside each other under rain, attacks and threats: the shape of PEARL's tables 1, 2 and 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from lab.published import table
from lab.report import Block, Report, caption, condition_block, orderings
from lab.runs import over_runs
from lab.trial import Trial
from pearl_core.types import choose

MEANINGS = {
    "oblivious": "The attack is made on the segmenter alone, at the picture as it is; it knows of no derainer.",
    "adaptive": "The gradient runs through derainer and segmenter together: the attack knows the whole defence.",
    "transfer": "The attack is made on another method (its source) and carried over.",
}
PUBLISHED_EPS = 8  # /255, of all tables whose radius the paper states


@dataclass(frozen=True)
class Comparison:
    """One table: what is compared with what, and what the paper prints."""

    title: str
    number: int
    methods: Sequence[str]
    attacks: Mapping[str, tuple[str, int]]  # condition -> attack, steps
    headings: Mapping[str, str]  # condition -> heading; "clean" and "rain" among them are without attack
    metrics: Sequence[str]
    pairs: Sequence[tuple[str, str]]  # each method meant to improve on another
    segmenter: str  # of the paper's numbers
    remark: str  # what those numbers are
    renamed: Mapping[str, str] | None = None  # metric as printed -> as measured here
    paper: str = "Cityscapes"  # whose numbers the paper's column holds

    def trials(self, eps: float, threat: str, seeds: int, **shared) -> list[Trial]:
        """Clean, rain and the attacks, under `threat` and under the adaptive threat; run by run."""
        trials = [Trial(method, rain=rain, **shared) for rain in self.rains for method in self.methods]
        for name in dict.fromkeys((threat, "adaptive")):
            for attack, steps in self.attacks.values():
                for method in self.methods:
                    source = "seg" if name == "transfer" else None
                    if source != method:  # the source is no target of its own transfer
                        made = {"attack": attack, "steps": steps, "eps": eps, "threat": name, "source": source}
                        trials.append(Trial(method, **made, **shared))
        return over_runs(trials, seeds)

    @property
    def rains(self) -> list[str]:
        return [rain for rain, condition in (("none", "clean"), ("pearl", "rain")) if condition in self.headings]

    def condition(self, row: pd.Series) -> str:
        """The column of the paper a row belongs to."""
        if row.attack is None or pd.isna(row.attack):
            return "clean" if row.rain == "none" else "rain"
        wanted = (row.attack, int(row.steps))
        return next(name for name, made in self.attacks.items() if made == wanted)

    def printed(self, rows: pd.DataFrame) -> dict[tuple[str, str, str], float]:
        """The paper's numbers by method, condition and metric; none where radius or segmenter are not its own."""
        eps = set(rows[rows.attack.notna()].eps)
        if not eps <= {PUBLISHED_EPS} or set(rows.segmenter) != {self.segmenter}:
            return {}
        renamed = self.renamed or {}
        return {(m, c, renamed.get(name, name)): v for (m, c, name), v in table("pearl", self.number).items()}

    def layout(self, rows: pd.DataFrame) -> Report:
        """Measured beside published, threat by threat, each with the orderings."""
        rows = rows.assign(condition=rows.apply(self.condition, axis=1))
        printed, unattacked = self.printed(rows), rows[rows.threat.isna()]
        blocks = []
        for threat in dict.fromkeys(rows.threat.dropna()):
            here = pd.concat([unattacked, rows[rows.threat == threat]])
            blocks.append(self.part(here, threat, printed))
            same = threat == "oblivious"
            judged = here if self.judges_rain else here[here.attack.notna()]
            blocks.append(
                orderings(judged, self.pairs, self.metrics, printed, self.headings, beside=same, paper=self.paper)
            )
        return Report(self.title, caption(rows), blocks)

    @property
    def judges_rain(self) -> bool:
        """Whether the paper prints numbers without attack."""
        return any(condition == "rain" for _, condition, _ in table("pearl", self.number))

    def part(self, rows: pd.DataFrame, threat: str, printed: dict) -> Block:
        """One threat's half of the table, with a sentence on what its attacker knows and on the paper's numbers."""
        note = MEANINGS[choose("threat", threat, MEANINGS)]
        if threat == "oblivious":
            note += " The paper writes its training attack this way (eqs. 4, 6) and leaves open which made its table. "
            note += self.remark if printed else f"Published: {PUBLISHED_EPS}/255 only."
        else:
            note += " The paper does not say that its attacks did, so its numbers do not stand here."
            printed = {}
        return condition_block(f"Threat: {threat}", note, rows, self.metrics, printed, self.headings, paper=self.paper)

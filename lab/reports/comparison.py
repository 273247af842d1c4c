"""Methods beside each other under rain, attacks and threats: one table with what the paper prints of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from lab.measure.rows import attacked as with_attack
from lab.measure.rows import beside, made_of, threats
from lab.measure.trial import RAIN, Trial, attacked, both
from lab.reports.report import Block, Report, caption, condition_block, orderings
from lab.system.threats import THREATS
from pearl_core.types import choose


@dataclass(frozen=True)
class Comparison:
    """One table: what is compared with what, and what the paper prints."""

    title: str
    numbers: Mapping[tuple[str, str, str], float]  # by method, condition, metric: what the paper prints
    methods: Sequence[str]
    attacks: Mapping[str, tuple[str, int]]  # condition -> attack, steps
    headings: Mapping[str, str]  # condition -> heading; "clean" and "rain" among them are without attack
    metrics: Sequence[str]
    pairs: Sequence[tuple[str, str]]  # each method meant to improve on another
    segmenter: str  # of the paper's numbers
    remark: str  # what those numbers are
    reading: str  # why its attacks are read as `reads`
    otherwise: str  # why its numbers do not stand beside other threats
    reads: str = "oblivious"
    published_eps: float = 8
    renamed: Mapping[str, str] = field(default_factory=dict)  # metric as printed -> as measured here
    column: str = "paper"  # whose numbers the paper's column holds
    about: str = ""  # a sentence on what the table shows

    @cached_property
    def conditions(self) -> dict[tuple, str]:
        """(rain, attack, steps) -> condition: what trials are made of, and by which their rows are found again."""
        plain = {("none", None, 0): "clean", (RAIN, None, 0): "rain"}
        there = {made: name for made, name in plain.items() if name in self.headings}
        return there | {(RAIN, attack, steps): name for name, (attack, steps) in self.attacks.items()}

    def trials(self, eps: float, threat: str, **shared) -> list[Trial]:
        """Clean, rain and the attacks, under `threat` and under the adaptive threat."""
        plain = [rain for rain, attack, _ in self.conditions if attack is None]
        trials = [Trial(method, rain=rain, **shared) for rain in plain for method in self.methods]
        for name in both(threat):
            for rain, attack, steps in self.conditions:
                if attack is not None:
                    how = {"rain": rain, "attack": attack, "steps": steps, "eps": eps}
                    trials += attacked(self.methods, name, **how, **shared)
        return trials

    def condition(self, row: pd.Series) -> str:
        """The column of the paper that a row belongs to."""
        return self.conditions[made_of(row)]

    def printed(self, rows: pd.DataFrame) -> dict[tuple[str, str, str], float]:
        """The paper's numbers by method, condition and metric; none where radius or segmenter are not its own."""
        eps = set(with_attack(rows).eps)
        if not eps <= {self.published_eps} or set(rows.segmenter) != {self.segmenter}:
            return {}
        return {(m, c, self.renamed.get(name, name)): v for (m, c, name), v in self.numbers.items()}

    def layout(self, rows: pd.DataFrame) -> Report:
        """Measured beside published, threat by threat, each with the orderings."""
        rows = rows.assign(condition=rows.apply(self.condition, axis=1))
        printed, blocks = self.printed(rows), []
        for threat in threats(rows):
            here = beside(rows, threat)
            blocks.append(self.part(here, threat, printed))
            same = threat == self.reads
            judged = here if self.judges_rain else with_attack(here)
            blocks.append(
                orderings(judged, self.pairs, self.metrics, printed, self.headings, beside=same, paper=self.column)
            )
        return Report(self.title, caption(rows), blocks, self.about)

    @property
    def judges_rain(self) -> bool:
        """Whether the paper prints numbers without attack."""
        return any(condition == "rain" for _, condition, _ in self.numbers)

    def part(self, rows: pd.DataFrame, threat: str, printed: dict) -> Block:
        """One threat's half of the table, with a sentence on what its attacker knows and on the paper's numbers."""
        note = THREATS[choose("threat", threat, THREATS)].sentence
        if threat == self.reads:
            note += f" {self.reading} {self.remark if printed else f'Published: {self.published_eps:g}/255 only.'}"
        else:
            note, printed = f"{note} {self.otherwise}", {}
        return condition_block(f"Threat: {threat}", note, rows, self.metrics, printed, self.headings, paper=self.column)

"""Methods beside each other under rain, attacks and threats: one table with what the paper prints of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from lab.measure.trial import Trial, attacked, both
from lab.reports.report import Block, Report, caption, condition_block, orderings
from lab.system.words import THREAT_SENTENCES
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

    def trials(self, eps: float, threat: str, **shared) -> list[Trial]:
        """Clean, rain and the attacks, under `threat` and under the adaptive threat."""
        trials = [Trial(method, rain=rain, **shared) for rain in self.rains for method in self.methods]
        for name in both(threat):
            for attack, steps in self.attacks.values():
                trials += attacked(self.methods, name, attack=attack, steps=steps, eps=eps, **shared)
        return trials

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
        if not eps <= {self.published_eps} or set(rows.segmenter) != {self.segmenter}:
            return {}
        return {(m, c, self.renamed.get(name, name)): v for (m, c, name), v in self.numbers.items()}

    def layout(self, rows: pd.DataFrame) -> Report:
        """Measured beside published, threat by threat, each with the orderings."""
        rows = rows.assign(condition=rows.apply(self.condition, axis=1))
        printed, unattacked = self.printed(rows), rows[rows.threat.isna()]
        blocks = []
        for threat in dict.fromkeys(rows.threat.dropna()):
            here = pd.concat([unattacked, rows[rows.threat == threat]])
            blocks.append(self.part(here, threat, printed))
            same = threat == self.reads
            judged = here if self.judges_rain else here[here.attack.notna()]
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
        note = THREAT_SENTENCES[choose("threat", threat, THREAT_SENTENCES)]
        if threat == self.reads:
            note += f" {self.reading} {self.remark if printed else f'Published: {self.published_eps:g}/255 only.'}"
        else:
            note, printed = f"{note} {self.otherwise}", {}
        return condition_block(f"Threat: {threat}", note, rows, self.metrics, printed, self.headings, paper=self.column)

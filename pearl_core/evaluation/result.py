"""What an evaluation found: tidy rows, flags, and words."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from .flags import Flag

HEADS = ("clean", "worst", "worst mIoU")


@dataclass(frozen=True)
class Evaluation:
    """The worst case of a model, and how it was found. Print it.

    Args:
        rows: one per number: eps, attack ("clean", a member, "worst", "worst mIoU"), metric, value, low, high, unit.
        flags: signs that a number may be too good.
        settings: budget, norm, seed, precision, images, classes.
        reading: how the model's answers were read.
        constant: accuracy and mIoU in % of the best constant prediction on these labels.

    Example:
        >>> from pearl_core import evaluate
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> found = evaluate(net, [sample], eps=8, budget="quick", precision="float32", probe=False)
        >>> found.row("worst")["unit"], [flag.name for flag in found.flags]
        ('%', [])
    """

    rows: list[dict]
    flags: list[Flag]
    settings: dict
    reading: str
    constant: dict[str, float] = field(default_factory=dict)

    def value(self, attack: str, metric: str = "allAcc", eps: float | None = None) -> float:
        """One number. `eps` defaults to the largest."""
        return self.row(attack, metric, eps)["value"]

    def row(self, attack: str, metric: str = "allAcc", eps: float | None = None) -> dict:
        radius = 0 if attack == "clean" else max(row["eps"] for row in self.rows) if eps is None else eps
        for row in self.rows:
            if (row["attack"], row["metric"], row["eps"]) == (attack, metric, radius):
                return row
        known = ", ".join(dict.fromkeys(row["attack"] for row in self.rows))
        raise ValueError(f"wanted a number of {known}, got {attack!r} with {metric} at eps {radius:g}")

    @property
    def verdict(self) -> str:
        """The worst case in a sentence, and whether to believe it."""
        worst, eps = self.row("worst"), max(row["eps"] for row in self.rows)
        said = (
            f"At eps {eps:g}/255 the strongest attack leaves {worst['value']:.1f} % of the pixels right "
            f"[{worst['low']:.1f}, {worst['high']:.1f}], of {self.value('clean'):.1f} % without attack; a constant "
            f"prediction gets {self.constant['allAcc']:.1f} %."
        )
        if self.flags:
            names = ", ".join(flag.name for flag in self.flags)
            return f"{said} Do not rely on it: {names}."
        return f"{said} Nothing here says that a stronger attack would find less."

    def __str__(self) -> str:
        attacks = list(dict.fromkeys(row["attack"] for row in self.rows))
        lines = [f"{self.settings['images']} pictures, budget {self.settings['budget']}, {self.reading}"]
        for metric in dict.fromkeys(row["metric"] for row in self.rows):
            lines.append(f"{metric + ', %':10}" + "".join(f"{name:>22}" for name in attacks))
            for eps in dict.fromkeys(row["eps"] for row in self.rows if row["attack"] != "clean"):
                lines.append(f"  eps {eps:<4g}" + "".join(f"{self.cell(name, metric, eps):>22}" for name in attacks))
        return "\n".join([*lines, self.verdict, *map(str, self.flags)])

    def cell(self, attack: str, metric: str, eps: float) -> str:
        try:
            row = self.row(attack, metric, eps)
        except ValueError:
            return ""
        return f"{row['value']:.1f} [{row['low']:.1f}, {row['high']:.1f}]"

    def frame(self):
        """The rows as a pandas frame."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    def save(self, path: str | Path) -> None:
        """Write rows, flags and settings as JSON."""
        card = {"settings": self.settings, "reading": self.reading, "constant": self.constant, "verdict": self.verdict,
                "flags": [flag._asdict() for flag in self.flags], "rows": self.rows}  # fmt: skip
        draft = Path(f"{path}.part")
        draft.write_text(json.dumps(card, indent=1))
        draft.replace(path)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

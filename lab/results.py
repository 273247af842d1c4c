"""docs/RESULTS.md: what was measured, beside what was published, with pictures. Written from stored rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from lab import disk, strength
from lab.draw import sheet
from lab.experiment import run
from lab.experiments.pearl import table1
from lab.methods import METHODS
from lab.scene import look

INTRODUCTION = """# Results

Measured by the code in this repository on CPUs, beside the papers' printed numbers. The data sets differ (the papers
use rainy Cityscapes at full size; the sets named below are small, and so are the nets), so differences in level are
expected; what can be compared is which defence holds.

This page is written by `python -m lab report` from stored rows; the rows lie beside it as CSV. Every row names its
weights, data, attack, precision and seed; the nets' cards are in `lab/zoo/`.
"""
CREDITS = {"camvid": "Picture: CamVid (Brostow et al. 2009), CC BY-NC 4.0; rain and attack added, made smaller."}
SHOWN = ("seg", "derain_seg", "nat", "pearl", "pearl_ama")


PARTS = ("table1", "strength")
SETS = ("scenes", "camvid")


def write(folder: Path, data_root: str | None = None) -> str:
    """Measure what the store lacks, write the page; data sets that are not at hand keep the sections they have."""
    for name in SETS if data_root else SETS[:1]:
        root = None if name == "scenes" else data_root
        table1_section(folder / "results", name, root)
        strength_section(folder / "results", name, root)
    parts = [folder / "results" / f"{part}-{name}.md" for part in PARTS for name in (*SETS, "notes")]
    found = [path for path in parts if path.exists()]  # the notes are written by hand
    disk.write_text(folder / "RESULTS.md", "\n\n".join([INTRODUCTION, *(path.read_text() for path in found)]))
    return f"wrote {folder / 'RESULTS.md'}: {', '.join(path.stem for path in found)}"


def table1_section(folder: Path, name: str, data_root: str | None) -> None:
    """One data set's table 1: rows as CSV, text as Markdown, pictures as PNG."""
    rows = run(table1.table1(dataset=name), data_root=data_root)
    disk.write_text(folder / f"table1-{name}.csv", rows.drop(columns="statistics").to_csv(index=False))
    picture = f"table1-{name}.png"
    views = {
        f"{METHODS[method].title}, oblivious BIM10 at 8/255": look(
            dataset=name, method=method, data_root=data_root, precision="auto"
        )
        for method in SHOWN
    }
    figure = sheet(views)
    with disk.written(folder / picture) as draft:
        figure.savefig(draft, format="png", dpi=60, bbox_inches="tight")
    text = table1.layout(rows).markdown()
    text += f"\n\n![rainy, attacked, derained, difference to clean, segmentation](results/{picture})\n"
    text += f"\n{CREDITS[name]}\n" if name in CREDITS else ""
    disk.write_text(folder / f"table1-{name}.md", text)


def strength_section(folder: Path, name: str, data_root: str | None) -> None:
    """One data set's comparison of the attacks: rows as CSV, text as Markdown."""
    frames = strength.measure(name, data_root)
    rows = pd.concat(frames).query("metric in @strength.SHOWN").drop(columns="statistics")
    disk.write_text(folder / f"strength-{name}.csv", rows.to_csv(index=False))
    disk.write_text(folder / f"strength-{name}.md", strength.layout(*frames).markdown() + "\n")

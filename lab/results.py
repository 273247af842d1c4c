"""docs/RESULTS.md: what was measured, beside what was published, with pictures. Written from stored rows."""

from __future__ import annotations

from pathlib import Path

from lab import disk
from lab.draw import sheet
from lab.experiment import run
from lab.experiments.pearl.table1 import layout, table1
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


def write(folder: Path, data_root: str | None = None) -> str:
    """Measure what the store lacks, write the page; data sets that are not at hand keep the section they have."""
    section(folder / "results", "scenes", None)
    if data_root:
        section(folder / "results", "camvid", data_root)
    found = sorted((folder / "results").glob("table1-*.md"), reverse=True)
    page = "\n\n".join([INTRODUCTION, *(path.read_text() for path in found)])
    disk.write_text(folder / "RESULTS.md", page)
    return f"wrote {folder / 'RESULTS.md'}: {', '.join(path.stem for path in found)}"


def section(folder: Path, name: str, data_root: str | None) -> None:
    """One data set's table 1: rows as CSV, text as Markdown, pictures as PNG."""
    rows = run(table1(dataset=name), data_root=data_root)
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
    text = layout(rows).markdown()
    text += f"\n\n![rainy, attacked, derained, difference to clean, segmentation](results/{picture})\n"
    text += f"\n{CREDITS[name]}\n" if name in CREDITS else ""
    disk.write_text(folder / f"table1-{name}.md", text)

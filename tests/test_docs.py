"""What README and the pages beside it show runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from lab.papers import PAPERS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def run(code: str, home: Path) -> str:
    """The code in a process of its own, with the shipped nets and an empty home."""
    environment = os.environ | {"PEARL_HOME": str(home), "PYTHONPATH": str(ROOT), "PEARL_DEVICE": "cpu"}
    environment.pop("PEARL_ZOO", None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def indented(page: str) -> str:
    """The Python of a page: its indented blocks but for commands."""
    blocks = re.findall(r"(?:^    .*\n|^\n)+", page, re.MULTILINE)
    python = [block for block in blocks if block.strip() and "python -m" not in block]
    return "\n".join(re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in python)


def test_the_library_example_of_the_readme_runs(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    printed = " ".join(run(code, tmp_path).split())
    shown = " ".join(re.search(r"```\n\n((?:    .*\n)+)", README).group(1).split())
    numbers = [re.findall(r"\d+\.\d", text) for text in (printed, shown)]
    assert re.sub(r"\d+\.\d", "x", printed) == re.sub(r"\d+\.\d", "x", shown)
    assert np.allclose(*(np.array(found, float) for found in numbers), atol=1.0)  # bfloat16 here, float32 there


def test_what_the_page_on_adding_things_declares_is_found_and_measured(tmp_path):
    code = indented((ROOT / "docs" / "EXTENDING.md").read_text())
    assert "def half(" in code and "Trial(" in code
    code = code.replace("images=4", "images=1").replace("steps=10, threat", "steps=1, threat")
    code += (
        "\nrows = run([Trial('seg', attack='half', eps=8, steps=1, threat='oblivious', images=1)], quiet=True)\n"
        "print(list(rows.attack.unique()), len(rows))\n"
    )
    assert "['half'] 5" in run(code, tmp_path)


def test_the_readme_names_every_display_of_the_paper_at_the_top():
    readme = (ROOT / "README.md").read_text()
    (line,) = [line for line in readme.splitlines() if "python -m lab table1 --eps" in line]
    told = line.partition("#")[2]
    spans = re.findall(r"(table|figure)(\d) to \1(\d)", told)
    named = {f"{kind}{k}" for kind, first, last in spans for k in range(int(first), int(last) + 1)}
    named |= set(re.findall(r"\b(?:table|figure)\d\b|supplement", told))
    assert named == {name for paper in PAPERS.values() if paper.at_top for name in paper.experiments}

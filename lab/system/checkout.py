"""Where the files are that stand beside `lab` in a checkout: dashboard, notebooks, measured rows, settings."""

from __future__ import annotations

from pathlib import Path

LAB = Path(__file__).parents[1]
CARRIED = LAB / "checkout"  # where a wheel holds those that an installed lab needs: setup.py
ROOT = CARRIED if CARRIED.is_dir() else LAB.parent


def importable() -> list[str]:
    """What a process that starts elsewhere must have on its path to import this `lab`; an installed one needs none."""
    return [] if ROOT == CARRIED else [str(ROOT)]

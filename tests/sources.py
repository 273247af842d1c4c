"""Which files the repository consists of."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_BEHIND = {".git", ".venv", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints", "__pycache__",
               "pearl_lab.egg-info", "build", "dist", "out", "runs", "PKG-INFO", "setup.cfg"}  # fmt: skip


def source_files() -> list[str]:
    """What git tracks or would add; without git (an unpacked archive) every file that no tool left behind."""
    git = ["git", "ls-files", "-coz", "--exclude-standard"]
    if (ROOT / ".git").exists():
        listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    else:
        every = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        listed = [str(path) for path in every if not LEFT_BEHIND & set(path.parts)]
    return sorted(name for name in listed if name and (ROOT / name).is_file())

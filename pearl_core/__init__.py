"""The science of PEARL Lab in plain PyTorch: networks, attacks, defences, rain, scenes, metrics. No disk, no plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .evaluation import evaluate

__all__ = ["SCIENCE", "evaluate"]

SCIENCE = 2  # version of everything that decides a number; stored results of another version are not reused


def __getattr__(name: str):
    """`evaluate`, at first use: importing the package alone loads nothing."""
    if name == "evaluate":
        from .evaluation import evaluate

        return evaluate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

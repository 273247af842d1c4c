"""The explorer for notebooks."""

from lab.widgets.explorer import Explorer, explore

__all__ = ["Explorer", "explore"]

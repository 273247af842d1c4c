"""Notebooks that papermill runs: a parameter that a notebook does not have is refused, as a command refuses an option.

papermill puts a cell of its own behind the one with the parameters, and sets there whatever it was told to. So a name
that only this cell sets is a slip, and what was meant keeps its default.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import pairwise

INJECTED = "# Parameters\n"  # how papermill begins its cell


def refuse_unknown_parameters() -> None:
    """In a notebook that papermill runs: a ValueError if it was given a parameter that the notebook does not have."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        refuse_unknown(shell.user_ns.get("In", []))


def refuse_unknown(cells: Sequence[str]) -> None:
    """The same of the code of the cells that ran so far."""
    for parameters, injected in pairwise(cells):
        known = assigned(parameters)
        for name in assigned(injected) if known and injected.startswith(INJECTED) else ():
            if name not in known:
                near = get_close_matches(name, known, 1, 0)[0]
                choices = ", ".join(sorted(known))
                raise ValueError(f"unknown parameter {name!r}, did you mean {near!r}? choose one of {choices}")


def assigned(cell: str) -> list[str]:
    """The names that a cell sets, if it does nothing else; none of any other cell."""
    try:
        lines = ast.parse(cell).body
    except SyntaxError:  # a command of IPython
        return []
    if not all(isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) for line in lines):
        return []
    return [line.targets[0].id for line in lines]

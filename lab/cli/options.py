"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def add_options(command, parameters: Mapping[str, object]) -> None:
    """One option per parameter, of the type of its default; where the default is a tuple, it takes several values."""
    for name, default in parameters.items():
        several = isinstance(default, tuple)
        example = default[0] if several else default
        kind = float if name == "eps" else str if example is None else type(example)
        how = {"nargs": "+"} if several else {}
        command.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default, **how)


def add_processes(command) -> None:
    command.add_argument("--processes", type=int, dest="measuring", metavar="N",
                         help="processes that measure side by side, each with an equal share of the threads; also as "
                         "PEARL_PROCESSES in the environment, for notebooks and papermill. Default: one for each core "
                         "where pictures are small and much is to be measured")  # fmt: skip


def given(options, parameters: Iterable[str]) -> dict:
    """What `add_options` read."""
    return {name: getattr(options, name) for name in parameters}

"""The parser, and options that several commands have."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping, Sequence


class Parser(argparse.ArgumentParser):
    """Takes options by their whole names: `--seed` must not be read as `--seeds`.

    A command with the default `hands_on=True` finds in `rest` what it does not know, for the program that it starts.
    """

    def __init__(self, *args, **options):
        super().__init__(*args, **{"allow_abbrev": False} | options)

    def parse_args(self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None):
        words = sys.argv[1:] if args is None else args
        refuse_nothing(words)
        options, options.rest = self.parse_known_args(words, namespace)
        if options.rest and not getattr(options, "hands_on", False):
            self.error(f"unrecognized arguments: {' '.join(options.rest)}")
        return options


def refuse_nothing(words: Iterable[str]) -> None:
    """A ValueError where a word is empty, as it is where a variable of the shell was never set.

    argparse would take `--steps=--` for no value at all, and a path that is empty for the folder one is in.
    """
    before = "the command"
    for word in words:
        if not word or re.fullmatch(r"--[^=]+=(--)?", word):
            raise ValueError(f"wanted a value after {word.partition('=')[0] or before}, got nothing")
        before = word


def at_least_one(text: str) -> int:
    """For an option that counts."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"wanted 1 or more, got {text!r}")
    return int(text)


def add_options(command, parameters: Mapping[str, object]) -> None:
    """One option per parameter, of the type of its default; where the default is a tuple, it takes several values."""
    for name, default in parameters.items():
        several = isinstance(default, tuple)
        example = default[0] if several else default
        kind = float if name == "eps" else str if example is None else type(example)
        how = {"nargs": "+"} if several else {}
        command.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default, **how)


def add_processes(command) -> None:
    command.add_argument("--processes", type=at_least_one, dest="measuring", metavar="N",
                         help="processes that measure side by side, each with an equal share of the threads; also as "
                         "PEARL_PROCESSES in the environment, for notebooks and papermill. Default: one for each core "
                         "where pictures are small and much is to be measured")  # fmt: skip


def given(options, parameters: Iterable[str]) -> dict:
    """What `add_options` read."""
    return {name: getattr(options, name) for name in parameters}

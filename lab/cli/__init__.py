"""pearl-lab, or python -m lab: tables, training, the zoo, data and benchmarks from the command line.

A user's mistake is one line and exit code 2.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.cli import displays, faces, nets, tools
from lab.cli.options import Parser
from lab.data import files
from lab.system.device import DEVICES, here
from lab.system.mistakes import caused, out_of_memory, sentence
from lab.system.paths import folder_named, writable
from pearl_core.types import choose


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        options = parser().parse_args(arguments)
        settle(options)
        options.run(options)
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept, the same command goes on from there", file=sys.stderr)
        return 130
    except Exception as error:
        if not caused(error):
            raise
        print(told(error), file=sys.stderr)
        return 2
    return 0


def told(error: Exception) -> str:
    """What went wrong: all lines of what the lab says, one of what Python or torch say."""
    if out_of_memory(error) and not isinstance(error, MemoryError):
        return f"{str(error).split('. ')[0]}; what was finished is kept. --device cpu goes without"
    return str(error) if isinstance(error, ValueError | OSError) and str(error) else sentence(error)


def settle(options: argparse.Namespace) -> None:
    """Hand on what other processes must know, too; refuse what is refused of every command."""
    if options.device is not None:
        os.environ["PEARL_DEVICE"] = choose("device", options.device, DEVICES)
        here()
    if getattr(options, "measuring", None) is not None:
        os.environ["PEARL_PROCESSES"] = str(options.measuring)
    for name in ("out", "zoo"):
        if (folder := getattr(options, name, None)) is not None:
            writable(folder)
    for variable in ("PEARL_HOME", "PEARL_ZOO"):
        folder_named(variable)
    if getattr(options, "data_root", None) is not None:
        files.folder_given(options.data_root)


def called() -> str:
    """How this program was started, for its help."""
    return "pearl-lab" if Path(sys.argv[0]).stem == "pearl-lab" else "python -m lab"


def parser() -> Parser:
    top = Parser(called(), description="PEARL Lab: segmentation in the rain, under attack.")
    top.add_argument("--device", help="where to train and measure: cuda, cpu, or auto (default): cuda if there is one")
    commands = top.add_subparsers(required=True, metavar="command")
    displays.add_experiments(commands)
    displays.add_reproduce(commands)
    displays.add_claims(commands)
    faces.add_dashboard(commands)
    faces.add_notebooks(commands)
    tools.add_look(commands)
    nets.add_train(commands)
    nets.add_zoo(commands)
    tools.add_data(commands)
    tools.add_bench(commands)
    displays.add_report(commands)
    return top

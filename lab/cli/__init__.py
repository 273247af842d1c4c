"""python -m lab: tables, training, the zoo, data and benchmarks from the command line.

A user's mistake is one line and exit code 2.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from lab.cli import displays, nets, tools


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(arguments)
    if options.device:
        os.environ["PEARL_DEVICE"] = options.device  # for the processes of `train --all`, too
    if getattr(options, "measuring", None) is not None:
        os.environ["PEARL_PROCESSES"] = str(options.measuring)
    try:
        options.run(options)
    except (ValueError, OSError, FloatingPointError) as error:
        print(f"{type(error).__name__ if not str(error) else error}", file=sys.stderr)
        return 2
    except RuntimeError as error:
        if type(error).__name__ != "OutOfMemoryError":  # torch's, which most commands need not import to say so
            raise
        print(f"{str(error).split('. ')[0]}; what was finished is kept. --device cpu goes without", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept, the same command goes on from there", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser("python -m lab", description="PEARL Lab: segmentation in the rain, under attack.")
    top.add_argument("--device", help="where to train and measure: cuda, cpu, or auto (default): cuda if there is one")
    commands = top.add_subparsers(required=True, metavar="command")
    displays.add_experiments(commands)
    displays.add_reproduce(commands)
    displays.add_claims(commands)
    tools.add_look(commands)
    nets.add_train(commands)
    nets.add_zoo(commands)
    tools.add_data(commands)
    tools.add_bench(commands)
    displays.add_report(commands)
    return top

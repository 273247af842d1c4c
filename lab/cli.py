"""python -m lab: tables, training, the zoo, data and benchmarks from the command line.

A user's mistake is one line and exit code 2.
"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path


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
    add_experiments(commands)
    add_reproduce(commands)
    add_claims(commands)
    add_look(commands)
    add_train(commands)
    add_zoo(commands)
    add_data(commands)
    add_bench(commands)
    add_report(commands)
    return top


def add_experiments(commands) -> None:
    """One command per display, its options those of its spec; those of most papers stand behind the paper's key."""
    from lab.papers import PAPERS

    for paper in PAPERS.values():
        place = commands
        if not paper.at_top:
            about = f"{paper.title}: {', '.join(paper.experiments)}"
            place = commands.add_parser(paper.key, help=about).add_subparsers(required=True, metavar="display")
        for name, made in paper.experiments.items():
            command = place.add_parser(name, help=made.title)
            add_options(command, made.parameters)
            command.add_argument("--data-root", help="where a data set lies that is not built in")
            command.add_argument("--out", type=Path, help="folder for the text, the rows as CSV and the figures")
            add_processes(command)
            command.set_defaults(run=experiment, made=made)


def add_options(command, parameters: Mapping[str, object]) -> None:
    """One option per parameter, of the kind of its default; several values where that is a tuple."""
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


def experiment(options) -> None:
    from lab.reproduce.run import write

    made = options.made
    found = made.measured(data_root=options.data_root, **given(options, made.parameters))
    report = made.layout(found)
    print(report.text())
    if options.out:
        write(options.out, made.name, report, found)


def add_reproduce(commands) -> None:
    from lab.papers import PAPERS

    command = commands.add_parser("reproduce", help="all tables and figures of a paper, from the store where it can")
    command.add_argument("paper", help=", ".join(PAPERS))
    command.add_argument("--dataset", default="scenes")
    command.add_argument("--data-root")
    command.add_argument("--images", type=int, default=32)
    command.add_argument("--seeds", type=int, default=1)
    command.add_argument("--out", type=Path, help="folder for the texts, the rows as CSV and the figures")
    add_processes(command)
    command.set_defaults(run=reproduce)


def reproduce(options) -> None:
    from lab.reproduce.run import reproduced, write

    chosen = {"dataset": options.dataset, "images": options.images, "seeds": options.seeds}
    for made, report, found in reproduced(options.paper, data_root=options.data_root, **chosen):
        print(report.text(), end="\n\n", flush=True)
        if options.out:
            write(options.out, made.name, report, found)


def add_claims(commands) -> None:
    from lab.papers import PAPERS

    command = commands.add_parser("claims", help="what a paper claims in words, judged: holds, fails or undecided")
    command.add_argument("paper", help=", ".join(PAPERS))
    command.add_argument("--dataset", default="scenes")
    command.add_argument("--data-root")
    command.add_argument("--images", type=int, default=32)
    command.add_argument("--seeds", type=int, default=3, help="training runs, as far as the zoo holds them")
    command.add_argument("--claim", metavar="KEY", help="one claim, with all its contrasts")
    add_processes(command)
    command.set_defaults(run=claims)


def claims(options) -> None:
    from lab.papers import paper as paper_of
    from lab.reproduce import verdict_report, verdicts

    paper = paper_of(options.paper)
    told = verdicts.declared(paper, options.claim)
    found = verdicts.judged(paper, told, options.dataset, options.data_root, images=options.images, seeds=options.seeds)
    print(verdict_report.report(found, told, paper.title).text())


def add_look(commands) -> None:
    command = commands.add_parser("look", help="one picture under attack, from a setting that the dashboard exported")
    command.add_argument("setting", type=Path, help="the JSON file of the setting")
    command.add_argument("--image", type=Path, help="the picture of one's own that the setting was made for")
    command.add_argument("--data-root", help="where the setting's data set lies")
    command.add_argument("--out", type=Path, help="folder for pictures, numbers and the setting")
    command.set_defaults(run=look)


def look(options) -> None:
    from lab.data import uploads
    from lab.view import setting, take
    from lab.view.session import look

    own = (
        None
        if options.image is None
        else uploads.fitted(uploads.decoded(options.image.read_bytes(), str(options.image)))
    )
    found = setting.read(options.setting.read_text())
    if own is not None and found.image is None:
        raise ValueError(f"{options.setting} looks at a picture of {found.dataset}, but {options.image} was given")
    view = look(found, own=own, data_root=options.data_root)
    print(take.text(view))
    if options.out:
        take.write(view, options.out, own, options.data_root)


def add_train(commands) -> None:
    from pearl_core.recipes import RECIPES

    command = commands.add_parser("train", help="train one net of the zoo, or all of a data set's (--all)")
    command.add_argument("recipe", nargs="?", help=", ".join(RECIPES))
    command.add_argument("--all", action="store_true", help="every net of the data set's plan, each after its parents")
    command.add_argument("--workers", type=int, default=0, help="processes that make each net's batches ahead")
    command.add_argument("--processes", type=int, default=1, help="nets of --all trained side by side")
    command.add_argument("--dataset", default="scenes")
    command.add_argument("--data-root")
    command.add_argument("--derain", default="prenet")
    command.add_argument("--segmenter", default="pspnet")
    command.add_argument("--derain-on", help="for nat: the data set the derainer learned on, where it is another")
    for name, words in wanted_files().items():
        command.add_argument(f"--{name}", type=Path, help=words)
    command.add_argument("--variant", help="a name for a net that is made otherwise than planned, such as k2")
    command.add_argument("--setting", action="append", default=[], metavar="NAME=NUMBER",
                         help="an argument of the network that is not the plan's; wants a --variant")  # fmt: skip
    command.add_argument("--scale", default="small", help="small, or paper: the papers' sizes and schedules")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--steps", type=int, help="instead of the plan's")
    command.add_argument("--eps", type=float, default=8, help="of the training attack, in 1/255")
    command.add_argument("--attack-steps", type=int, default=3, help="of the training attack")
    command.add_argument("--zoo", type=Path, help="folder for the nets (default: the lab's home)")
    command.set_defaults(run=train)


def wanted_files() -> dict[str, str]:
    """Files that networks may learn with, by their option, and what they are."""
    from lab.nets.zoo import BUILDERS

    every = [(network, *item) for network, made in BUILDERS.items() for item in made.files.items()]
    return {name: f"for {', '.join(n for n, f, _ in every if f == name)}: {file.words}" for _, name, file in every}


def train(options) -> None:
    from lab.data import reader
    from lab.nets.imports import settings_of_words
    from lab.nets.zoo import NetName
    from lab.training import one as training
    from lab.training.many import to_train, train_all
    from pearl_core.recipes import RECIPES

    if options.all == (options.recipe is not None):
        raise ValueError(f"wanted one recipe or --all; recipes are {', '.join(RECIPES)}")
    if options.zoo:
        os.environ["PEARL_ZOO"] = str(options.zoo)
    name = NetName(options.dataset, options.recipe or "clean", options.derain, options.segmenter, options.seed,
                   options.derain_on, options.variant)  # fmt: skip
    if options.setting and not options.variant:
        raise ValueError("wanted a --variant to tell a net with other settings from the planned one, got none")
    files = {file: path for file in wanted_files() if (path := getattr(options, file)) is not None}
    jobs = [
        training.Job(
            one,
            None if reader(one.dataset).built_in else options.data_root,
            options.steps,
            options.eps,
            options.attack_steps,
            options.scale,
            {file: path for file, path in files.items() if not options.all or training.takes(one, file)},
            options.workers,
            settings_of_words(options.setting),
        )
        for one in (to_train(options.dataset, options.scale) if options.all else [name])
    ]
    for net in train_all(jobs, options.processes):
        print(f"{net.path}, {net.card['seconds']} s", flush=True)
        print("  " + ", ".join(f"{key} {value}" for key, value in net.card["scores"].items()), flush=True)


def add_zoo(commands) -> None:
    command = commands.add_parser(
        "zoo", help="the trained nets and their cards; `zoo import NETWORK FILE` takes one in"
    )
    command.add_argument("words", nargs="*", metavar="NET | import NETWORK FILE", help="one net: its whole card")
    command.add_argument("--dataset", help="of an imported net: whose pictures it is for")
    command.add_argument("--seed", type=int, default=0, help="of an imported net: to tell several apart")
    command.add_argument("--setting", action="append", default=[], metavar="NAME=NUMBER",
                         help="of an imported net: what differs from the authors' own, such as width=96")  # fmt: skip
    command.set_defaults(run=zoo)


def zoo(options) -> None:
    import json

    from lab.nets.imports import import_net, settings_of_words
    from lab.nets.zoo import catalogue
    from pearl_core.types import choose

    if options.words[:1] == ["import"]:
        if len(options.words) != 3:
            raise ValueError("wanted `zoo import NETWORK FILE`, such as `zoo import rescan path/to/net.pth`")
        settings = settings_of_words(options.setting)
        net = import_net(*options.words[1:], dataset=options.dataset, seed=options.seed, settings=settings)
        print(f"{net.path}, {net.card['parameters']:,} parameters, {net.card['bytes'] / 1e6:.2f} MB")
        return
    cards = catalogue()
    for name in options.words:
        print(json.dumps(cards[choose("net", name, cards)], indent=2))
    for name, card in {} if options.words else cards.items():
        scores = ", ".join(f"{key} {value:.2f}" for key, value in card.get("scores", {}).items() if key != "on")
        print(f"{name:40} {card.get('bytes', 0) / 1e6:5.2f} MB  {card.get('seconds', 0):5} s  {scores}")


def add_data(commands) -> None:
    command = commands.add_parser("data", help="check a data set, or find how strongly it must rain there")
    command.add_argument("action", nargs="?", choices=("list", "check", "calibrate"), default="list")
    command.add_argument("dataset", nargs="?")
    command.add_argument("--data-root")
    command.add_argument("--size", help="HxW in pixels; default: the set's working size")
    command.set_defaults(run=data)


def data(options) -> None:
    from lab.data import names, reader
    from lab.data.calibrate import calibrate_dataset, misses
    from lab.data.check import check
    from lab.data.rainy import parse_size

    if options.action == "list" or options.dataset is None:
        for name in names():
            how = reader(name)
            where = "built in" if how.built_in else "--data-root DIR"
            size = "own sizes" if how.size is None else f"{how.size[1]}x{how.size[0]}"
            print(f"{name:10} {where:16} {size:10} splits {', '.join(how.splits)}")
        return
    if options.action == "check":
        print(check(options.dataset, options.data_root))
        return
    found = calibrate_dataset(options.dataset, data_root=options.data_root, size=parse_size(options.size))
    for name, values in found.items():
        print(name, ", ".join(f"{key} {value:.4f}" for key, value in values.items()))
    for line in misses(found, "val"):
        print("note:", line)


def add_bench(commands) -> None:
    from lab.bench import BENCHES

    command = commands.add_parser("bench", help="how fast the lab is, against the floor of what must be computed")
    benches = command.add_subparsers(required=True, metavar="what")
    for name, module in BENCHES.items():
        work = getattr(module, name)
        one = benches.add_parser(name, help=module.__doc__.splitlines()[0])
        parameters = {p.name: p.default for p in inspect.signature(work).parameters.values()}
        add_options(one, parameters)
        one.set_defaults(run=lambda options, work=work, names=parameters: bench(work, given(options, names)))


def bench(work: Callable[..., str], settings: dict) -> None:
    os.environ["PEARL_DEVICE"] = "cpu"  # whose clocks and memory the benchmarks know
    print(work(**settings))


def add_report(commands) -> None:
    command = commands.add_parser(
        "report", help="write docs/RESULTS.md, measuring what the store lacks: hours from nothing"
    )
    command.add_argument("--data-root", help="where CamVid lies; without it only the built-in scenes are reported")
    command.add_argument("--only", nargs="+", default=[], help="these sections alone, such as table2 figure5")
    command.add_argument("--out", type=Path, default=Path("docs"))
    add_processes(command)
    command.set_defaults(run=report)


def report(options) -> None:
    from lab.reproduce.results import write

    print(write(options.out, options.data_root, options.only))

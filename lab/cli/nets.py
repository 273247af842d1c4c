"""Commands about trained nets: train them, list them, import those of other authors."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lab.cli.options import at_least_one

if TYPE_CHECKING:
    from lab.nets.zoo import NetName
    from lab.training.job import Job


# what tells one net from another: nothing for --all, which trains every one, and no influence on some
ONE_NET = ("derain", "segmenter", "derain_on", "seed", "variant")


def add_train(commands) -> None:
    from pearl_core.recipes import RECIPES

    command = commands.add_parser("train", help="train one net of the zoo, or all of a data set's (--all)")
    command.add_argument("recipe", nargs="?", help=", ".join(RECIPES))
    command.add_argument("--all", action="store_true", help="every net of the data set's plan, each after its parents")
    command.add_argument("--workers", type=int, default=0, help="processes that make each net's batches ahead")
    command.add_argument("--processes", type=at_least_one, default=1, help="nets of --all trained side by side")
    command.add_argument("--dataset", default="scenes")
    command.add_argument("--data-root")
    command.add_argument("--derain", help="default: prenet")
    command.add_argument("--segmenter", help="default: pspnet")
    command.add_argument("--derain-on", help="for nat: the data set the derainer learned on, where it is another")
    for name, words in wanted_files().items():
        command.add_argument(f"--{name}", type=Path, help=words)
    command.add_argument("--variant", help="a name for a net that is made otherwise than planned, such as k2")
    command.add_argument("--setting", action="append", default=[], metavar="NAME=NUMBER",
                         help="an argument of the network that is not the plan's; wants a --variant")  # fmt: skip
    command.add_argument("--scale", default="small", help="small, or paper: the papers' sizes and schedules")
    command.add_argument("--seed", type=int, help="default: 0")
    command.add_argument("--steps", type=int, help="instead of the plan's")
    command.add_argument("--eps", type=float, help="of the training attack, in 1/255; default: 8")
    command.add_argument("--attack-steps", type=int, help="of the training attack; default: 3")
    command.add_argument("--zoo", type=Path, help="folder for the nets (default: the lab's home)")
    command.set_defaults(run=train)


def wanted_files() -> dict[str, str]:
    """Files that the training of a network can start from, by the name of their option, each with its help text."""
    from lab.nets.zoo import BUILDERS

    every = [(network, *item) for network, made in BUILDERS.items() for item in made.files.items()]
    return {name: f"for {', '.join(n for n, f, _ in every if f == name)}: {file.words}" for _, name, file in every}


def train(options) -> None:
    from lab.training.many import train_all

    if options.zoo:
        os.environ["PEARL_ZOO"] = str(options.zoo)
    for net in train_all(jobs(options), options.processes):
        print(f"{net.path}, {net.card['seconds']} s", flush=True)
        print("  " + ", ".join(f"{key} {value}" for key, value in net.card["scores"].items()), flush=True)


def jobs(options) -> list[Job]:
    """What the options ask to be trained. Errors: ValueError, also for one that would have no influence."""
    from lab.data import read_from, root_for
    from lab.nets.imports import settings_of_words
    from lab.training.job import Job
    from lab.training.many import to_train
    from pearl_core.recipes import RECIPES

    if options.all == (options.recipe is not None):
        raise ValueError(f"wanted one recipe or --all; recipes are {', '.join(RECIPES)}")
    if not options.all and options.processes > 1:
        raise ValueError(f"wanted --processes with --all, as one net is trained in one, got {options.processes}")
    if options.setting and not options.variant:
        raise ValueError("wanted a --variant to tell a net with other settings from the planned one, got none")
    names = all_of(options, to_train(options.dataset, options.scale)) if options.all else [one_of(options)]
    read_from(options.data_root, [name.dataset for name in names])
    shared = {"scale": options.scale, "workers": options.workers, "network": settings_of_words(options.setting)}
    shared |= chosen(options, ("steps", "eps", "attack_steps"))
    return [
        Job(name, root_for(options.data_root, [name.dataset]), files=files_for(name, options), **shared)
        for name in names
    ]


def chosen(options, names: Iterable[str]) -> dict[str, object]:
    """Those of these options that were given."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def one_of(options) -> NetName:
    """The net that is asked for."""
    from lab.nets.zoo import NetName

    asked = chosen(options, ONE_NET)
    name = NetName(options.dataset, options.recipe, **asked)
    idle = {part: value for part, value in asked.items() if getattr(name, part) != value}
    idle |= {} if name.made.attacked else chosen(options, ("eps", "attack_steps"))
    for part, value in idle.items():
        raise ValueError(f"wanted no {dashed(part)}, which has no influence on {name}, got {value}")
    return name


def all_of(options, names: list[NetName]) -> list[NetName]:
    """Every net of a plan, of which nothing is chosen; a file must be for one of them."""
    from lab.training.job import takes

    for part, value in chosen(options, ONE_NET).items():
        raise ValueError(f"wanted no {dashed(part)} with --all, which trains every net of the plan, got {value}")
    for file in chosen(options, wanted_files()):
        if not any(takes(name, file) for name in names):
            raise ValueError(f"wanted no --{file} with --all for {options.dataset}, whose nets take none")
    return names


def files_for(name: NetName, options) -> dict[str, Path]:
    """The files that were given: of --all those that this net takes."""
    from lab.training.job import takes

    return {
        file: path for file, path in chosen(options, wanted_files()).items() if not options.all or takes(name, file)
    }


def dashed(part: str) -> str:
    return f"--{part.replace('_', '-')}"


def add_zoo(commands) -> None:
    command = commands.add_parser(
        "zoo", help="the trained nets and their cards; `zoo import NETWORK FILE` takes one in"
    )
    command.add_argument("words", nargs="*", metavar="NET | import NETWORK FILE", help="one net: its whole card")
    command.add_argument("--dataset", help="of an imported net: whose pictures it is for")
    command.add_argument("--seed", type=int, help="of an imported net: to tell several apart; default: 0")
    command.add_argument("--setting", action="append", default=[], metavar="NAME=NUMBER",
                         help="of an imported net: what differs from the authors' own, such as width=96")  # fmt: skip
    command.add_argument("--shadow", action="store_true", default=None,
                         help="of an imported net: it takes the place of the shipped net of its name")  # fmt: skip
    command.set_defaults(run=zoo)


def zoo(options) -> None:
    import json

    from lab.nets.cards import cards
    from lab.nets.imports import import_net, settings_of_words
    from pearl_core.types import choose

    asked = chosen(options, ("dataset", "seed", "shadow")) | ({"settings": options.setting} if options.setting else {})
    if options.words[:1] == ["import"]:
        if len(options.words) != 3:
            raise ValueError("wanted `zoo import NETWORK FILE`, such as `zoo import rescan path/to/net.pth`")
        net = import_net(*options.words[1:], **asked | {"settings": settings_of_words(options.setting)})
        print(f"{net.path}, {net.card['parameters']:,} parameters, {net.card['bytes'] / 1e6:.2f} MB")
        return
    if asked:
        raise ValueError(f"wanted `zoo import` with the options of an imported net, got {', '.join(asked)} without")
    by_name, problems = cards()
    if options.words:
        problems = [words for words in problems for name in options.words if f"/{name}.json " in words]
    if options.words and not problems:
        for name in options.words:
            print(json.dumps(by_name[choose("net", name, by_name)], indent=2))
    for name, card in {} if options.words else by_name.items():
        print(line(name, card))
    if problems:
        raise ValueError("\n".join(problems))


def line(name: str, card: dict) -> str:
    """A net in the list of all; what its card lacks, or holds as something else, stays empty."""
    from lab.nets.cards import amount, part

    size, seconds = amount(card.get("bytes")), amount(card.get("seconds"))
    scores = {key: amount(value) for key, value in part(card, "scores").items() if key != "on"}
    words = ", ".join(f"{key} {value:.2f}" for key, value in scores.items() if value is not None)
    told = [f"{number:{form}} {unit}" if number is not None else "" for number, form, unit in
            ((size and size / 1e6, "5.2f", "MB"), (seconds, "5.0f", "s"))]  # fmt: skip
    return f"{name:40} {told[0]:8}  {told[1]:7}  {words}".rstrip()

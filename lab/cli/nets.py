"""Commands about trained nets: train them, list them, import those of other authors."""

from __future__ import annotations

import os
from pathlib import Path


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
    """Files that the training of a network can start from, by the name of their option, each with its help text."""
    from lab.nets.zoo import BUILDERS

    every = [(network, *item) for network, made in BUILDERS.items() for item in made.files.items()]
    return {name: f"for {', '.join(n for n, f, _ in every if f == name)}: {file.words}" for _, name, file in every}


def train(options) -> None:
    from lab.data import reader
    from lab.nets.imports import settings_of_words
    from lab.nets.zoo import NetName
    from lab.training.job import Job, takes
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
        Job(
            net_name,
            None if reader(net_name.dataset).built_in else options.data_root,
            options.steps,
            options.eps,
            options.attack_steps,
            options.scale,
            {file: path for file, path in files.items() if not options.all or takes(net_name, file)},
            options.workers,
            settings_of_words(options.setting),
        )
        for net_name in (to_train(options.dataset, options.scale) if options.all else [name])
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

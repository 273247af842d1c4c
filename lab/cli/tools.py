"""Commands beside papers and nets: look at one picture, check data, measure costs."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path

from lab.cli.options import add_options, given
from lab.system.paths import read_bytes, read_text
from lab.system.words import OPACITY


def add_look(commands) -> None:
    command = commands.add_parser("look", help="one picture under attack, from a setting that the dashboard exported")
    command.add_argument("setting", type=Path, help="the JSON file of the setting")
    command.add_argument("--image", type=Path, help="the picture of one's own that the setting was made for")
    command.add_argument("--data-root", help="where the setting's data set lies")
    command.add_argument("--out", type=Path, help="folder for pictures, numbers and the setting")
    command.add_argument(
        "--opacity",
        type=float,
        default=OPACITY,
        help=f"of the classes over the pictures, from 0 to 1; default: {OPACITY}",
    )
    command.set_defaults(run=look)


def look(options) -> None:
    from lab.data import uploads
    from lab.view import saved, setting, take
    from lab.view.session import look

    own = (
        None
        if options.image is None
        else uploads.fitted(uploads.decoded(read_bytes(options.image), str(options.image)))
    )
    if not 0 <= options.opacity <= 1:
        raise ValueError(f"wanted an opacity from 0 to 1, got {options.opacity}")
    exported = setting.read(read_text(options.setting))
    if own is not None and exported.image is None:
        raise ValueError(f"{options.setting} looks at a picture of {exported.dataset}, but {options.image} was given")
    view = look(exported, own=own, data_root=options.data_root)
    print(take.text(view))
    if options.out:
        take.write(view, options.out, own, options.data_root, options.opacity)
        print(f"attacked.png: {saved.words(view)}")


def add_data(commands) -> None:
    command = commands.add_parser("data", help="check a data set, or find how strongly it must rain there")
    command.add_argument("action", nargs="?", choices=("list", "check", "calibrate"), default="list")
    command.add_argument("dataset", nargs="?")
    command.add_argument("--data-root")
    command.add_argument("--size", help="HxW in pixels; default: the set's working size")
    command.set_defaults(run=data)


def data(options) -> None:
    refuse_idle(options)
    if options.action == "list":
        sets()
    elif options.action == "check":
        from lab.data.check import check

        print(check(options.dataset, options.data_root))
    else:
        calibrate(options)


def refuse_idle(options) -> None:
    """A ValueError for a data set that is missing, and for what an action does not take."""
    from lab.data import names, read_from

    if options.action != "list":
        if options.dataset is None:
            raise ValueError(f"wanted the data set to {options.action}; choose one of {', '.join(names())}")
        read_from(options.data_root, [options.dataset])
    elif options.dataset or options.data_root:
        raise ValueError(f"wanted `data list` alone, got {options.dataset or options.data_root!r}; `data check` looks")
    if options.size and options.action != "calibrate":
        raise ValueError(f"wanted --size with `data calibrate` alone, got {options.size}")


def sets() -> None:
    from lab.data import names, reader

    for name in names():
        how = reader(name)
        where = "built in" if how.built_in else "--data-root DIR"
        size = "own sizes" if how.size is None else f"{how.size[1]}x{how.size[0]}"
        print(f"{name:10} {where:16} {size:10} splits {', '.join(how.splits)}")


def calibrate(options) -> None:
    from lab.data.calibrate import calibrate_dataset, misses
    from lab.data.rainy import own, parse_size

    calibrations = calibrate_dataset(options.dataset, data_root=options.data_root, size=parse_size(options.size))
    for name, values in calibrations.items():
        print(name, ", ".join(f"{key} {value:.4f}" for key, value in values.items()))
    for line in misses(calibrations, "val"):
        print("note:", line)
    print(f"saved in {own()}")


def add_bench(commands) -> None:
    from lab.bench import BENCHES

    command = commands.add_parser("bench", help="how fast the lab is, against the floor of what must be computed")
    benches = command.add_subparsers(required=True, metavar="what")
    for name, module in BENCHES.items():
        work = getattr(module, name)
        parser = benches.add_parser(name, help=module.__doc__.splitlines()[0])
        parameters = {p.name: p.default for p in inspect.signature(work).parameters.values()}
        add_options(parser, parameters)
        parser.set_defaults(run=lambda options, work=work, names=parameters: bench(work, given(options, names)))


def bench(work: Callable[..., str], settings: dict) -> None:
    os.environ["PEARL_DEVICE"] = "cpu"  # whose clocks and memory the benchmarks know
    print(work(**settings))

"""Commands that open the lab's other faces, wherever it is installed: the dashboard, and notebooks of one's own."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from lab.system.checkout import ROOT, importable
from lab.system.paths import writable

NOTEBOOKS = ROOT / "notebooks"


def add_dashboard(commands) -> None:
    command = commands.add_parser(
        "dashboard",
        help="dial and look, in the browser",
        usage="%(prog)s [-h] [options of streamlit run ...]",
        epilog="Options are handed to `streamlit run`, such as --server.port 8600 or --server.headless true.",
    )
    command.set_defaults(run=dashboard, hands_on=True)


def dashboard(options) -> None:
    """The server takes the place of this process, so that what stops the one stops the other."""
    given = [str(ROOT / "dashboard" / "app.py"), *options.rest]
    path = [*importable(), *filter(None, [os.environ.get("PYTHONPATH")])]
    # -P: a folder `lab` in the folder of the caller is not this one
    command = [sys.executable, "-P", "-m", "streamlit", "run", *given]
    os.execve(sys.executable, command, streamlit_settings() | os.environ | {"PYTHONPATH": os.pathsep.join(path)})


def streamlit_settings() -> dict[str, str]:
    """The settings of .streamlit/config.toml as variables of the environment.

    Streamlit seeks that file only in the folder of the caller, whose own options and variables are stronger.
    """
    table = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    return {f"STREAMLIT_{upper_snake(name)}": str(value) for name, value in flat(table)}


def flat(table: dict, *above: str) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, *above, name)
        else:
            yield "_".join([*above, name]), " ".join(map(str, value)) if isinstance(value, list) else value


def upper_snake(name: str) -> str:
    """`browser_gatherUsageStats` -> `BROWSER_GATHER_USAGE_STATS`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def add_notebooks(commands) -> None:
    command = commands.add_parser("notebooks", help="copy the lab's notebooks into a folder, to run and to change")
    command.add_argument("folder", nargs="?", type=Path, default=Path("notebooks"), help="default: notebooks")
    command.add_argument("--overwrite", action="store_true", help="also where a notebook of that name is another one")
    command.set_defaults(run=notebooks)


def notebooks(options) -> None:
    """Nothing is written where something would be lost."""
    writable(options.folder)
    pending = {options.folder / path.relative_to(NOTEBOOKS): path.read_bytes() for path in shipped_notebooks()}
    changed = [target for target, content in pending.items() if target.exists() and target.read_bytes() != content]
    if changed and not options.overwrite:
        names = ", ".join(str(path.relative_to(options.folder)) for path in changed)
        raise ValueError(f"wanted a folder without other notebooks of these names, but {options.folder} holds {names}; "
                         "choose another folder, or --overwrite replaces them")  # fmt: skip
    for target, content in pending.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    print(f"{len(pending)} notebooks in {options.folder}; jupyter lab {options.folder} opens them")


def shipped_notebooks() -> list[Path]:
    return [path for path in sorted(NOTEBOOKS.rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]

"""Whatever is killed, at random points and again while it is resumed, ends with the same bytes as what was not."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def homes(tmp_path_factory, tiny_nets):
    """The folder of homes "train/never", "train/killed", and so on; and what happened there."""
    folder = tmp_path_factory.mktemp("kills")
    shutil.copytree(tiny_nets, folder / "home" / "zoo")
    told = {"PEARL_HOME": str(folder / "home"), "PEARL_DEVICE": "cpu", "PEARL_PROCESSES": "1", "OMP_NUM_THREADS": "1"}
    environment = {name: value for name, value in os.environ.items() if name != "PEARL_ZOO"} | told
    command = [sys.executable, "-m", "tests.lab.killing", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout.splitlines()[-1])


def contents(home: Path) -> dict[str, bytes]:
    """Every file but the store, hidden ones too."""
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*") if path.is_file() and path.suffix != ".sqlite"
    }  # fmt: skip


def rows(home: Path) -> list[tuple]:
    with closing(sqlite3.connect(home / "results.sqlite")) as connection:
        return connection.execute("SELECT * FROM statistics ORDER BY address, image, name").fetchall()


def killed_as_meant(told: dict) -> None:
    assert set(told["kills"]) <= {0, signal.SIGKILL, signal.SIGPROF}
    assert sum(killer != 0 for killer in told["kills"]) >= 2, told["kills"]


def test_a_training_that_is_killed_over_and_over_ends_with_the_same_net_and_card(homes):
    folder, told = homes
    killed_as_meant(told["train"])
    state = "runs/scenes/derain-prenet.pt"
    assert any(state in files for files in told["train"]["begun"]), "no try was killed while it was resumed"
    never, killed = (contents(folder / "train" / name) for name in ("never", "killed"))
    card = "zoo/scenes/derain-prenet.json"
    cards = [json.loads(files.pop(card)) for files in (never, killed)]
    for words in cards:
        del words["seconds"]
    assert cards[0] == cards[1] and cards[0]["final_loss"] > 0
    assert never == killed, "states and drafts are gone, the net is the same"


def test_a_paper_that_is_reproduced_with_kills_has_the_same_tables_figures_and_numbers(homes):
    folder, told = homes
    killed_as_meant(told["reproduce"])
    assert any("results.sqlite" in files for files in told["reproduce"]["begun"]), "no try found results of another"
    never, killed = (folder / "reproduce" / name for name in ("never", "killed"))
    assert {path.suffix for path in (never / "out").iterdir()} == {".txt", ".csv", ".png"}
    assert contents(never) == contents(killed)
    assert rows(never) == rows(killed)

"""A second paper that nothing outside its own folder knows: every face of the lab finds it.

It lies in tests/papers/toy: a method, a recipe, an attack on a derainer, a network, a metric, a data set with pictures
of two sizes, a claim, and a table of the same name as one of PEARL's. PEARL_PAPERS leads there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = r"""
import json, sys
from pathlib import Path
from lab.cli import main
out, told = Path(sys.argv[1]), {}
assert main(["train", "--all", "--dataset", "toy_pairs"]) == 0
assert main(["toy", "table1", "--out", str(out / "one")]) == 0
assert main(["reproduce", "toy", "--dataset", "toy_pairs", "--images", "5", "--out", str(out / "all")]) == 0
assert main(["claims", "toy", "--dataset", "toy_pairs"]) == 0
assert main(["table1", "--images", "0"]) == 2 # PEARL's is still there, and refuses

from lab.papers import PAPERS
told["papers"] = {key: list(paper.experiments) for key, paper in PAPERS.items()}
from lab.nets import zoo
told["nets"] = sorted(zoo.catalogue())
from lab.data import names
from lab.data.titles import title
told["titles"] = [title(name) for name in ("toy_push", "toy_net", "toy_noise", "toy_pairs")]
from lab.reproduce import tables, verdicts
frame, sources = tables.gathered()
told["table"] = frame[frame.experiment == "toy/table1"][["dataset", "method", "condition", "metric"]].values.tolist()
told["command"] = [s.command for s in sources if s.experiment == "toy/table1"]
told["verdicts"] = verdicts.gathered(PAPERS["toy"], "toy_pairs")[0].note.tolist()
from lab.view import choices
told["help"] = choices.help_of("method")
told["datasets"] = choices.datasets()
told["attacks"] = choices.attacks()
told["available"] = __import__("lab.nets.pipelines").nets.pipelines.available("toy_pairs")
from lab.view.session import look
view = look(dataset="toy_pairs", method="toy", derain="toy_net", attack="toy_push", threat="adaptive", steps=3, index=1)
told["view"] = [view.derained.shape, sorted(name for name, value in view.metrics.items() if value == value)]
from lab.widgets import explore
explorer = explore(dataset="toy_pairs", method="toy", derain="toy_net", attack="toy_push", threat="adaptive").wait()
told["explorer"] = [str(explorer.error), explorer.setting.attack]
print("TOLD" + json.dumps(told))
"""
NOTEBOOK = r"""
from lab.papers.toy.table1 import EXPERIMENT
found = EXPERIMENT.measured(eps=4, images=3)
report = EXPERIMENT.layout(found)
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """What the lab says of itself with that paper, and what it wrote."""
    folder = tmp_path_factory.mktemp("toy")
    new = {"PEARL_PAPERS": str(ROOT / "tests" / "papers"), "PEARL_HOME": str(folder / "home"), "PEARL_DEVICE": "cpu"}
    environment = os.environ | new | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    environment.pop("PEARL_ZOO", None)
    how = {"cwd": ROOT, "env": environment, "capture_output": True, "text": True, "timeout": 300}
    done = subprocess.run([sys.executable, "-c", PROGRAM + NOTEBOOK, str(folder)], **how)
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("TOLD")]
    return json.loads(line.removeprefix("TOLD")), done.stdout, folder, how


def test_command_line_and_reproduce_find_its_table_beside_that_of_the_same_name(toy):
    told, printed, folder, _ = toy
    assert told["papers"]["toy"] == ["table1"] and "table1" in told["papers"]["pearl"]
    assert "Toy, table 1" in printed and "pushed" in printed
    assert (folder / "one" / "table1.csv").read_text() == (folder / "all" / "table1.csv").read_text()
    assert "toy_error" in (folder / "one" / "table1.csv").read_text()


def test_its_nets_are_trained_by_its_recipe_in_their_order(toy):
    names = [name for name in toy[0]["nets"] if name.startswith("toy_pairs/")]
    assert names == ["toy_pairs/derain-toy_net", "toy_pairs/toy_noise-toy_net"]


def test_claims_are_judged(toy):
    told, printed, *_ = toy
    assert "toy-falls" in printed and set(told["verdicts"]) == {""}, "measured"


def test_tables_page_lists_it_with_its_command(toy):
    told = toy[0]
    assert ["toy_pairs", "Toy", "Pushed", "toy_error"] in told["table"]
    assert told["command"] and all("notebooks/toy/table1.ipynb" in command for command in told["command"])


def test_dials_offer_what_it_declares(toy):
    told = toy[0]
    assert told["titles"] == ["Toy push", "Toy Net", "Toy noise", "toy_pairs"]
    assert "Toy: Removes the rain and segments nothing." in told["help"]
    assert "toy_pairs" in told["datasets"] and "toy_push" in told["attacks"]
    assert told["available"] == {"toy": ["toy_net"]}
    assert told["view"] == [[48, 32, 3], ["PSNR", "SSIM"]]
    assert told["explorer"] == ["None", "toy_push"]


def test_the_page_of_tables_shows_it(toy):
    *_, how = toy
    program = (
        "import sys; sys.path[:0] = ['dashboard']\n"
        "from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('dashboard/views/tables.py', default_timeout=120).run()\n"
        "assert not page.exception and not page.error, page\n"
        "print([list(box.options) for box in page.multiselect if box.label == 'Experiment'])\n"
        "page.radio[0].set_value('claims').run()\n"
        "assert not page.exception and not page.error, page\n"
        "print([list(box.options) for box in page.selectbox if box.label == 'Paper'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], **how)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "toy/table1" in done.stdout and "'Toy'" in done.stdout


def test_without_it_nothing_of_it_is_known():
    program = (
        "from lab.papers import PAPERS; from lab.nets.methods import METHODS\n"
        "from pearl_core.attacks.zoo import CATALOGUE\n"
        "assert 'toy' not in [*PAPERS, *METHODS] and 'toy_push' not in CATALOGUE"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PEARL_PAPERS"}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment | {"PYTHONPATH": str(ROOT)}, check=True)

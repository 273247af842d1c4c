"""Imports run downhill, nothing unpickles, notebooks stay thin: held on the syntax tree of every file."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = ("pearl_core", "lab", "dashboard", "tests", "tools", "benchmarks")
EDGES = {"argparse", "streamlit", "pandas", "matplotlib", "plotly", "PIL", "IPython", "ipywidgets", "papermill"}

# Who may not import whom. A name stands for itself and for everything below it.
FORBIDDEN = {
    "pearl_core": {"lab", "dashboard", "notebooks", "tests"} | EDGES,
    "pearl_core.types": {"pearl_core"},
    "pearl_core.attacks": {"pearl_core.derain", "pearl_core.segment", "pearl_core.recipes"},
    "pearl_core.derain": {"pearl_core.attacks", "pearl_core.recipes"},
    "pearl_core.segment": {"pearl_core.attacks", "pearl_core.recipes"},
    "lab": {"dashboard", "notebooks", "tests", "streamlit"},
    "dashboard": {"notebooks", "tests"},
}
# types <- logits <- losses <- margins <- objectives, balls <- searches <- judging <- problem <- compose <-
# catalogue <- attacks by name <- zoo. A new file beside them is built like compose: it may use compose and those before
# it, and be used by those after it.
RANK = {
    "logits": 0, "losses": 1, "margins": 2, "objectives": 3, "balls": 3, "restoration": 4, "searches": 4,
    "judging": 5, "problem": 6, "compose": 7, "catalogue": 8, "fixed": 9, "turned": 9, "reliable": 10, "deraining": 10,
    "square": 10, "zoo": 11, "": 12,
}  # fmt: skip
# The rooms of the bench, from the ground up: each may import itself and those before it.
ROOMS = ("system", "data", "nets", "measure", "training", "view", "widgets", "reports", "papers", "reproduce", "bench",
         "cli")  # fmt: skip
# imports that a user may lack, made where they are asked for
WHERE_THERE = {"pearl_core.evaluation.result imports pandas"}
HOUSE = ("pearl_core", "lab", "dashboard")  # no circle of files in all of it
PAPERS = {path.parent.name for path in (ROOT / "lab" / "papers").glob("*/__init__.py")}
# Where a word that is also the key of a paper means something else. The rain preset, first of all:
NAMESAKES = {
    "lab.data": {"pearl"},
    "lab.data.calibrate": {"pearl"},
    "lab.bench.scale": {"pearl"},  # and a recipe
    "lab.measure.curves": {"pearl"},  # a method among those a curve begins with
    "lab.bench.table1": {"pearl"},  # a method that is timed
    "dashboard.views.compare": {"pearl"},  # a method among those it begins with
    "lab.bench": {"sea"},  # a bench of that attack
    "lab.bench.costs": {"sea"},  # the attack
}
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve"}


def below(name: str, parent: str) -> bool:
    return name == parent or name.startswith(parent + ".")


def imports(module: str, tree: ast.AST, package: bool = False) -> set[str]:
    """Absolute dotted names of all that is imported, also inside functions and by a literal `import_module`."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + package] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names |= {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    return names


def attack_file(name: str) -> str | None:
    """File inside pearl_core.attacks that a dotted name lies in; "" = the package itself, None = elsewhere."""
    return (name.split(".") + [""])[2] if below(name, "pearl_core.attacks") else None


def uphill(module: str, source: str, package: bool = False) -> list[str]:
    """Imports of `module` that run uphill, in words."""
    names = imports(module, ast.parse(source), package)
    wrong = {
        f"{module} imports {name}"
        for where, banned in FORBIDDEN.items()
        if below(module, where)
        for name in names
        if any(below(name, other) for other in banned)
    }
    here = attack_file(module)
    for name in names:
        there = attack_file(name)
        if here is None or there is None or here == there:
            continue
        mine, theirs = RANK.get(here, RANK["compose"]), RANK.get(there, RANK["compose"])
        siblings = here not in RANK and (there not in RANK or there == "compose")
        if theirs >= mine and not siblings:
            wrong.add(f"{module} imports {name}")
    return sorted(wrong - WHERE_THERE)


def room(module: str) -> str | None:
    """The room of the bench that a dotted name lies in; None for what is outside, and for the door, `lab` itself."""
    name = (module.split(".") + [""])[1] if below(module, "lab") else ""
    return "cli" if name == "__main__" else name or None


def paper_of(module: str) -> str | None:
    """The paper whose folder a dotted name lies in."""
    key = module.removeprefix("lab.papers.").split(".")[0] if below(module, "lab.papers") else None
    return key if key in PAPERS else None


def upstairs(module: str, source: str, package: bool = False) -> list[str]:
    """Imports of `module` from a higher room of the bench, or from a paper's folder that is none of its business."""
    wrong, here, own = [], room(module), paper_of(module)
    for name in imports(module, ast.parse(source), package):
        there = room(name)
        higher = here in ROOMS and there in ROOMS and ROOMS.index(there) > ROOMS.index(here)
        if higher or (paper_of(name) not in (None, own) and here != "bench"):
            wrong.append(f"{module} imports {name}")
    return sorted(wrong)


def papers_named(module: str, source: str, papers: set[str] = PAPERS) -> list[str]:
    """Keys of papers among the words of a file that belongs to none of them."""
    if paper_of(module) or not (below(module, "lab") or below(module, "dashboard")):
        return []
    words = [(node.value, node.lineno) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    wanted = papers - NAMESAKES.get(module, set())
    return [f"{module} names {word!r}, line {line}" for word, line in words if word in wanted]


def files_imported(sources: dict[str, tuple[str, bool]]) -> dict[str, set[str]]:
    """Which of the modules each of them imports: by name its source, and whether it is a package."""
    graph: dict[str, set[str]] = {}
    for module, (source, package) in sources.items():
        graph[module] = set()
        for name in imports(module, ast.parse(source), package):
            parts = name.split(".")
            while parts and ".".join(parts) not in sources:
                parts.pop()
            graph[module] |= {".".join(parts)} - {"", module}
    return graph


def circles(graph: dict[str, set[str]]) -> list[str]:
    """One circle of imports through each file that is on one, in words, the shortest."""
    shortest = {}
    for start in sorted(graph):
        came, queue = {start: None}, [start]
        for module in queue:  # grows as it goes
            if start in graph[module]:
                path = [start]
                while module is not None:
                    path, module = [module, *path], came[module]
                shortest.setdefault(frozenset(path), " -> ".join(path))
                break
            fresh = sorted(graph[module] - came.keys())
            came |= dict.fromkeys(fresh, module)
            queue += fresh
    return list(shortest.values())


def unpickles(source: str) -> list[str]:
    """Calls and imports by which a file from elsewhere could run code."""
    tree, wrong = ast.parse(source), []
    from_torch = {"torch.load"} | {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"torch", "torch.serialization"}
        for alias in node.names
        if alias.name == "load"
    }
    wrong += [name for name in imports("", tree) if name.split(".")[0] in UNPICKLERS]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
        if (name in from_torch or name.endswith(".serialization.load")) and given.get("weights_only") is not True:
            wrong.append(f"{name} without weights_only=True, line {node.lineno}")
        if name.endswith((".read_pickle", ".to_pickle")) or given.get("allow_pickle") is True:
            wrong.append(f"{name}, line {node.lineno}")
    return wrong


def thickness(notebook: dict) -> list[str]:
    """What a notebook holds that belongs into lab, or that a run left behind."""
    wrong = []
    loops = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.AsyncFor, ast.While, ast.comprehension)
    for i, cell in enumerate(notebook["cells"]):
        lines = "".join(cell["source"]).splitlines()
        if len(lines) > 10 and "parameters" not in cell["metadata"].get("tags", []):  # papermill reads one a line
            wrong.append(f"cell {i}: {len(lines)} lines")
        if cell["cell_type"] != "code":
            continue
        if cell["outputs"] or cell["execution_count"] is not None:
            wrong.append(f"cell {i}: outputs of a run")
        code = "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))
        wrong += [f"cell {i}: {type(node).__name__}" for node in ast.walk(ast.parse(code)) if isinstance(node, loops)]
        wrong += [f"cell {i}: {what}" for what in unpickles(code)]
    tagged = [cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    return wrong + (["several cells tagged `parameters`"] if len(tagged) > 1 else [])


def python_files() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for folder in CODE for path in (ROOT / folder).rglob("*.py"))


def notebooks() -> list[str]:
    paths = (ROOT / "notebooks").rglob("*.ipynb")
    return sorted(str(path.relative_to(ROOT)) for path in paths if ".ipynb_checkpoints" not in path.parts)


def module_name(path: str) -> tuple[str, bool]:
    """("pearl_core.attacks", True) for pearl_core/attacks/__init__.py."""
    parts = list(Path(path).with_suffix("").parts)
    return (".".join(parts[:-1]), True) if parts[-1] == "__init__" else (".".join(parts), False)


@pytest.mark.parametrize("path", python_files())
def test_imports_run_downhill_and_nothing_unpickles(path):
    source = (ROOT / path).read_text(encoding="utf-8")
    name, package = module_name(path)
    assert uphill(name, source, package) == []
    assert unpickles(source) == []


@cache
def sources_of(house: tuple[str, ...] = HOUSE) -> dict[str, tuple[str, bool]]:
    """Every file by the name of its module: its source, and whether it is a package."""
    files = [path for path in python_files() if path.startswith(tuple(f"{part}/" for part in house))]
    names = {path: module_name(path) for path in files}
    return {name: ((ROOT / path).read_text(encoding="utf-8"), package) for path, (name, package) in names.items()}


@pytest.mark.parametrize("module", sources_of(("lab", "dashboard")))
def test_rooms_import_those_below_and_papers_only_themselves(module):
    source, package = sources_of()[module]
    assert upstairs(module, source, package) == []
    assert papers_named(module, source) == []


def test_every_file_of_the_bench_lies_in_a_room():
    assert {room(module) for module in sources_of(("lab",))} - {None} == set(ROOMS)


def test_no_circle_of_files():
    assert circles(files_imported(sources_of())) == []


@pytest.mark.parametrize("path", notebooks())
def test_notebooks_are_thin_and_committed_without_outputs(path):
    assert thickness(json.loads((ROOT / path).read_text(encoding="utf-8"))) == []


def test_there_is_something_to_check():
    assert "pearl_core/types.py" in python_files()
    assert "notebooks/table1.ipynb" in notebooks()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pearl_core.rain", "import pandas as pd"),
        ("pearl_core.rain", "def f():\n    from matplotlib import pyplot"),
        ("pearl_core.metrics", "from lab.store import load"),
        ("pearl_core.metrics", "import importlib\nimportlib.import_module('lab.measure.store')"),
        ("pearl_core.types", "from pearl_core.metrics import miou"),
        ("pearl_core.attacks.balls", "from pearl_core.attacks.objectives import minus"),
        ("pearl_core.attacks.balls", "from . import searches"),
        ("pearl_core.attacks.searches", "from .compose import ascend"),
        ("pearl_core.attacks.compose", "from pearl_core.attacks import zoo"),
        ("pearl_core.attacks.almaprox", "from .zoo import ATTACKS"),
        ("pearl_core.attacks.searches", "from pearl_core.attacks import pgd"),
        ("pearl_core.attacks.zoo", "from ..recipes import train"),
        ("pearl_core.derain.prenet", "from ..attacks.zoo import bim"),
        ("lab.system.draw", "import streamlit as st"),
        ("lab.measure.measuring", "import dashboard.app"),
    ],
)
def test_the_checker_sees_an_import_that_runs_uphill(module, source):
    assert uphill(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pearl_core.attacks.objectives", "from ..types import VOID"),
        ("pearl_core.attacks.searches", "from . import balls, objectives"),
        ("pearl_core.attacks.compose", "from .searches import apgd"),
        ("pearl_core.attacks.almaprox", "from .compose import frozen\nfrom .penalty import prox"),
        ("pearl_core.attacks.zoo", "from pearl_core.attacks.almaprox import alma_prox"),
        ("pearl_core.recipes", "from .attacks.zoo import bim\nfrom .derain import prenet"),
        ("lab.nets.zoo", "import pearl_core.segment.pspnet, pandas, labelme"),
    ],
)
def test_the_checker_lets_downhill_imports_pass(module, source):
    assert uphill(module, source) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("lab.system.disk", "from lab.data import reader"),
        ("lab.data.base", "def f():\n    from lab.view.rich import small"),
        ("lab.nets.zoo", "if TYPE_CHECKING:\n    from lab.measure import trial"),
        ("lab.view.session", "from ..reports.report import Report"),
        ("lab.reports.report", "import lab.papers"),
        ("lab.reports.report", "from lab.papers.pearl.table1 import TABLE"),
        ("lab.papers.pearl.table1", "from lab.reproduce import tables"),
        ("lab.papers.sea.strength", "from lab.papers.pearl import table1"),
        ("lab.papers.sea.strength", "from ..pearl.methods import METHODS"),
        ("lab.papers", "from lab.papers import sea"),
        ("lab.reproduce.tables", "import importlib\nimportlib.import_module('lab.papers.sea.strength')"),
        ("lab.cli", "from lab.papers import pearl"),
        ("dashboard.views.tables", "from lab.papers.pearl import table1"),
        ("lab.bench.table1", "from lab import cli"),
        ("lab.reproduce.tables", "from lab.__main__ import main"),
    ],
)
def test_the_checker_sees_an_import_from_a_higher_room_or_a_paper(module, source):
    assert upstairs(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "lab.view.session",
            "from lab.view import take\nfrom lab.measure.trial import Trial\nfrom .setting import Setting",
        ),
        (
            "lab.papers.pearl.table1",
            "from lab.papers.pearl.printed import PRINTED\nfrom lab.reports.report import Report",
        ),
        ("lab.papers.sea.strength", "from . import PAPER\nfrom lab.papers import PAPERS"),
        ("lab.reproduce.tables", "from lab.papers import PAPERS"),
        ("lab.bench.table1", "from lab.papers.pearl.table1 import EXPERIMENT"),
        ("dashboard.views.tables", "from lab.papers import PAPERS\nfrom lab import cli"),
        ("lab", "import importlib\nimportlib.import_module('lab.papers')"),
    ],
)
def test_the_checker_lets_imports_from_lower_rooms_pass(module, source):
    assert upstairs(module, source) == []


def test_the_checker_sees_a_paper_named_where_all_papers_are_meant():
    source = '"""Of pearl: "pearl"."""\nkey = "pearl"\nother = f"{key}/sea" + "pearl_ama"'
    assert papers_named("lab.reproduce.results", source, {"pearl", "sea"}) == [
        "lab.reproduce.results names 'pearl', line 2"
    ]
    assert papers_named("dashboard.views.tables", "x == 'sea'", {"pearl", "sea"})
    assert papers_named("lab.papers", "x == 'sea'", {"pearl", "sea"})
    for module in ("lab.papers.pearl.table1", "pearl_core.rain"):
        assert papers_named(module, source, {"pearl", "sea"}) == []
    assert papers_named("lab.data", source, {"pearl"}) == []  # the rain of that name
    assert {"pearl", "sea"} <= PAPERS


def test_every_namesake_is_needed():
    sources = sources_of()
    for module, words in NAMESAKES.items():
        used = {node.value for node in ast.walk(ast.parse(sources[module][0])) if isinstance(node, ast.Constant)}
        assert words <= used, f"{module} no longer says {words - used}: take it off the list"


def test_the_checker_sees_a_circle_of_files():
    sources = {
        "a": ("import b.c", True),
        "b": ("", True),
        "b.c": ("def f():\n    from .d import g", False),
        "b.d": ("if TYPE_CHECKING:\n    import a", False),
        "e": ("import a, f", False),
        "f": ("import numpy, e", False),
        "g": ("from b import d", False),
    }
    graph = files_imported(sources)
    assert graph["b.c"] == {"b.d"} and graph["g"] == {"b.d"} and graph["f"] == {"e"}
    assert circles(graph) == ["a -> b.c -> b.d -> a", "e -> f -> e"]
    assert circles(graph | {"b.d": set(), "f": set()}) == []


def test_relative_imports_of_a_package_start_at_the_package():
    assert uphill("pearl_core.attacks", "from .zoo import bim", package=True) == []
    assert uphill("pearl_core.derain", "from ..attacks import bim", package=True)


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from torch import load as fetch\nfetch('x')",
        "import torch\ntorch.load('x')",
        "import torch\ntorch.load('x', weights_only=False)",
        "import pandas as pd\npd.read_pickle('x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
    ],
)
def test_the_checker_sees_unpickling(source):
    assert unpickles(source)
    assert unpickles("import torch, json\ntorch.load('x', weights_only=True)\njson.load(f)") == []


def cell(source: str, **more) -> dict:
    return {"cell_type": "code", "source": source, "outputs": [], "execution_count": None, "metadata": {}} | more


def test_the_checker_sees_a_thick_notebook():
    thick = [
        cell("def f(): pass"),
        cell("class A: pass"),
        cell("for i in x: pass"),
        cell("[i for i in x]"),
        cell("x\n" * 11),
        cell("import pickle"),
        cell("x", outputs=[{}]),
        cell("x", execution_count=3),
    ]
    assert [len(thickness({"cells": [code]})) for code in thick] == [1] * len(thick)
    assert thickness({"cells": [cell("", metadata={"tags": ["parameters"]})] * 2})
    words = {"cell_type": "markdown", "source": ["# a"], "metadata": {}}
    assert thickness({"cells": [cell("%matplotlib inline\nx = 1\nx"), words]}) == []


def test_readme_has_the_commands_and_they_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("make table1", "make test", "make lab", "make dashboard"):
        assert command in readme
    for face in ("streamlit run dashboard/app.py", "papermill notebooks/table1.ipynb", "jupyter lab", "python -m lab"):
        assert face in readme
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^\s*|`)make ([a-z0-9]+)", readme, re.MULTILINE)) <= targets

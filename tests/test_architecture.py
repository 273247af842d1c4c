"""Imports run downhill, nothing unpickles, notebooks stay thin: held on the syntax tree of every file."""

from __future__ import annotations

import ast
import json
import re
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
# types <- objectives, balls <- searches <- problem <- compose <- catalogue <- attacks by name <- zoo. A new file beside
# them is built like compose: it may use compose and those before it, and be used by those after it.
RANK = {
    "objectives": 0, "balls": 0, "restoration": 1, "searches": 1, "problem": 2, "compose": 3, "catalogue": 4,
    "fixed": 5, "turned": 5, "reliable": 6, "deraining": 6, "zoo": 7, "": 8,
}  # fmt: skip
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve"}


def below(name: str, parent: str) -> bool:
    return name == parent or name.startswith(parent + ".")


def imports(module: str, tree: ast.AST, package: bool = False) -> set[str]:
    """Absolute dotted names of all that is imported, also inside functions and by a literal `import_module`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + package] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    return found


def attack_file(name: str) -> str | None:
    """File inside pearl_core.attacks that a dotted name lies in; "" = the package itself, None = elsewhere."""
    return (name.split(".") + [""])[2] if below(name, "pearl_core.attacks") else None


def uphill(module: str, source: str, package: bool = False) -> list[str]:
    """Imports of `module` that run uphill, in words."""
    found = imports(module, ast.parse(source), package)
    wrong = {
        f"{module} imports {name}"
        for where, banned in FORBIDDEN.items()
        if below(module, where)
        for name in found
        if any(below(name, other) for other in banned)
    }
    here = attack_file(module)
    for name in found:
        there = attack_file(name)
        if here is None or there is None or here == there:
            continue
        mine, theirs = RANK.get(here, RANK["compose"]), RANK.get(there, RANK["compose"])
        siblings = here not in RANK and (there not in RANK or there == "compose")
        if theirs >= mine and not siblings:
            wrong.add(f"{module} imports {name}")
    return sorted(wrong)


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
    found = (ROOT / "notebooks").rglob("*.ipynb")
    return sorted(str(path.relative_to(ROOT)) for path in found if ".ipynb_checkpoints" not in path.parts)


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
    assert [len(thickness({"cells": [one]})) for one in thick] == [1] * len(thick)
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

"""One list of dependencies, three files that hold it; what an import costs. For the wheel see test_installed.py."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"torch": "pytorch", "playwright": "playwright-python"}  # where conda-forge has another name
WANTED = {"torch", "jupyterlab", "ipywidgets", "streamlit", "plotly", "matplotlib", "papermill", "nbval"}
UNWANTED = {"torchvision", "timm", "lpips", "torchattacks", "ray", "kaleido", "hydra", "hydra-core"}
# Import name -> the declared requirement that brings it.
BROUGHT_BY = {"PIL": "pillow", "yaml": "pyyaml", "IPython": "ipywidgets", "nbformat": "papermill"}


def runtime() -> dict[str, SpecifierSet]:
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, PROJECT["dependencies"])}


def everything() -> dict[str, SpecifierSet]:
    extra = map(Requirement, PROJECT["optional-dependencies"]["test"])
    return runtime() | {canonicalize_name(r.name): r.specifier for r in extra}


def constraints() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    return {canonicalize_name(r.name): r for r in requirements}


# --- one list of dependencies -------------------------------------------------------------------------------------


def test_the_fixed_list_is_there_and_nothing_unwanted():
    assert set(everything()) >= WANTED
    assert not UNWANTED & (set(everything()) | set(constraints()))


def test_conda_environment_is_the_same_list():
    env = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert [channel for channel in env["channels"] if channel != "nodefaults"] == ["conda-forge"]
    *conda, pip = env["dependencies"]
    assert pip == {"pip": ["-e ."]}
    ranges = {r.name: r.specifier for r in map(Requirement, conda)}
    assert ranges.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert ranges.pop("pip") == SpecifierSet()
    assert ranges == {CONDA_NAMES.get(name, name): spec for name, spec in everything().items()}


def test_constraints_are_exact_and_inside_the_ranges():
    pinned = constraints()
    for requirement in pinned.values():
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(requirement.specifier)), f"{requirement}: not one public version"
        assert requirement.url is None
    for name, spec in everything().items():
        assert name in pinned, f"{name} is in pyproject.toml and not in constraints.txt"
        (version,) = (s.version for s in pinned[name].specifier)
        assert version in spec, f"{name}=={version} is outside {spec}"


def brought() -> set[str]:
    """All packages that the declared ones bring on this Python and system, as those say that are installed here."""
    pending, seen = [Requirement(name) for name in everything()], {}
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras} - seen.setdefault(name, set()):
            seen[name].add(extra)
            needs = map(Requirement, distribution(name).requires or ())
            pending += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]
    return set(seen)


def test_constraints_name_all_that_this_python_brings():
    pinned = {name for name, r in constraints().items() if r.marker is None or r.marker.evaluate()}
    of_cuda = ("nvidia-", "cuda-", "triton")  # libraries of one build of torch
    assert sorted(name for name in brought() - pinned if not name.startswith(of_cuda)) == []


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml", "environment.yml", "Makefile", ".ci/run"])
def test_no_index_and_no_address_is_wired_in(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"index-url|find-links|https?://|file://|git\+", text)


def test_code_imports_only_what_is_declared():
    used = {}
    for folder in ("pearl_core", "lab", "dashboard"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    used |= {alias.name.split(".")[0]: path for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    used[node.module.split(".")[0]] = path
    own = {"pearl_core", "lab", "dashboard"} | {path.stem for path in (ROOT / "dashboard").rglob("*.py")}
    for name in set(used) - set(sys.stdlib_module_names) - own:
        assert canonicalize_name(BROUGHT_BY.get(name, name)) in runtime(), f"{used[name]} imports {name}: not declared"


# --- what an import costs -----------------------------------------------------------------------------------------


def fresh(code: str, cwd: Path = ROOT) -> str:
    """Standard output of `code` in a new interpreter that starts in `cwd`."""
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_by(package: str) -> set[str]:
    """Top-level modules in memory after every module of `package` is imported."""
    return set(
        fresh(
            "import importlib, pkgutil, sys\n"
            f"import {package} as package\n"
            "for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
            "    if not found.name.endswith('__main__'): importlib.import_module(found.name)\n"
            "print(*{name.split('.')[0] for name in sys.modules})"
        ).split()
    )


def test_importing_pearl_core_brings_no_bench():
    heavy = {"pandas", "matplotlib", "PIL", "streamlit", "plotly", "IPython", "ipywidgets", "lab"}
    assert not heavy & loaded_by("pearl_core")


def test_importing_lab_brings_no_dashboard():
    assert not {"streamlit", "dashboard"} & loaded_by("lab")

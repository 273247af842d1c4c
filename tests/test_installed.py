"""The wheel and the archive of the sources, installed in clean environments and run there, far from the checkout.

Nothing is downloaded. The dependencies are those of this environment: a clean one sees its packages, but not this
checkout, which is there only through a link that such a view does not follow.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from lab.bench import browser
from tests.lab.conftest import tiny_nets
from tests.sources import ROOT, source_files

__all__ = ["tiny_nets"]

OFFLINE = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
DATA = {".csv", ".json", ".safetensors"}
LOADED = {"lab/zoo/scenes/clean-pspnet.safetensors"}  # the trained nets that run here
# Where every module comes from, a shipped net, the shipped rows, and a page that lists the nets.
WITHIN = """
import json, sys
from streamlit.testing.v1 import AppTest
from lab.nets import zoo
from lab.reproduce import tables
from lab.system.checkout import ROOT
net = zoo.find(zoo.NetName("scenes", "clean")).module
sys.path.insert(0, str(ROOT / "dashboard"))
import viewer
page = AppTest.from_file(str(ROOT / "dashboard" / "views" / "zoo.py"), default_timeout=120).run()
own = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("lab", "pearl_core", "viewer")}
print(json.dumps({
    "files": {name: module.__file__ for name, module in own.items() if getattr(module, "__file__", None)},
    "faults": [str(error.value) for error in [*page.exception, *page.error]], "nets": len(page.dataframe[0].value),
    "rows": len(list(tables.SHIPPED.rglob("table1-*.csv"))), "parameters": sum(p.numel() for p in net.parameters()),
}))
"""


class Installed(NamedTuple):
    """An environment that holds the lab, and an empty folder to work in."""

    bin: Path
    packages: Path
    folder: Path

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess:
        return run([str(self.bin / command[0]), *command[1:]], self.folder, self.surroundings(environment))

    def surroundings(self, more: dict[str, str]) -> dict[str, str]:
        """The variables of a user who has set none of the lab's."""
        own = ("PEARL_", "STREAMLIT_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        return kept | {"PEARL_HOME": str(self.folder / "home"), "PEARL_PROCESSES": "1", "PEARL_DEVICE": "cpu"} | more


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def done(command: list[str], folder: Path) -> str:
    ended = run(command, folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The repository, since setuptools writes beside the sources, with what a working copy holds besides.

    Weights that are not loaded here are empty: packing them takes long, and tests/lab holds what is in them.
    """
    folder = tmp_path_factory.mktemp("source")
    for name in source_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".safetensors") and name not in LOADED:
            (folder / name).touch()
        else:
            shutil.copy(ROOT / name, folder / name)
    for name in ("notebooks/.ipynb_checkpoints/table1-checkpoint.ipynb", "dashboard/__pycache__/app.cpython-311.pyc"):
        (folder / name).parent.mkdir()
        (folder / name).touch()
    return folder


def built(copy: Path, what: str, out: Path) -> Path:
    """A `wheel` or an `sdist`, made as pip makes it, without its isolation, which would need a network."""
    code = f"from setuptools import build_meta; print(build_meta.build_{what}({str(out)!r}))"
    return out / done([sys.executable, "-c", code], copy).splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(copy, tmp_path_factory) -> Path:
    return built(copy, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def archive(copy, tmp_path_factory) -> Path:
    return built(copy, "sdist", tmp_path_factory.mktemp("archive"))


def environment(folder: Path, package: Path) -> Installed:
    """A clean environment with the packages of this one in sight, but without the links among them."""
    home = folder / "environment"
    venv.create(home, symlinks=os.name != "nt", with_pip=False)
    base = {"base": str(home), "platbase": str(home)}
    packages, scripts = (Path(sysconfig.get_path(what, "venv", base)) for what in ("purelib", "scripts"))
    seen = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "seen.pth").write_text("\n".join(seen))
    python = scripts / Path(sys.executable).name
    install = ["--python", str(python), "install", "--ignore-installed", "--no-compile", *OFFLINE, str(package)]
    done([sys.executable, "-m", "pip", *install], folder)
    (folder / "work").mkdir()
    return Installed(scripts, packages, folder / "work")


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Installed:
    return environment(tmp_path_factory.mktemp("installed"), wheel)


# ---- what is in them ----


def carried(name: str) -> str | None:
    """Where a wheel holds a file of the repository; None where an installed lab does not need it."""
    path = Path(name)
    if path.parts[0] in ("pearl_core", "lab"):
        return name if path.suffix in {".py"} | DATA else None
    rows = name.startswith("docs/results/") and path.suffix == ".csv"
    return f"lab/checkout/{name}" if rows or path.parts[0] in ("dashboard", "notebooks", ".streamlit") else None


def needed() -> set[str]:
    return set(filter(None, map(carried, source_files())))


def test_the_wheel_holds_the_packages_their_data_the_faces_and_the_measured_rows(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {Path(name).suffix for name in needed()} >= DATA | {".py", ".ipynb", ".toml", ".js", ".css"}
    assert sorted(needed() - held) == []
    assert sorted(held - needed()) == []


def test_the_archive_of_the_sources_is_the_repository(archive):
    with tarfile.open(archive) as opened:
        held = {file.name.partition("/")[2] for file in opened.getmembers() if file.isfile()}
    made = {name for name in held if name in ("PKG-INFO", "setup.cfg") or name.startswith("pearl_lab.egg-info/")}
    assert sorted(held - made) == source_files()


# ---- how they run ----


def test_the_archive_installs_what_the_wheel_does_and_copies_the_notebooks(archive, tmp_path):
    installed = environment(tmp_path, archive)
    files = {str(path.relative_to(installed.packages)) for path in installed.packages.rglob("*") if path.is_file()}
    assert {name for name in files if name.startswith(("lab/", "pearl_core/"))} == needed()
    ended = installed.run("python", "-m", "lab", "notebooks", "mine")
    assert ended.returncode == 0, ended.stderr
    mine = installed.folder / "mine"
    copies = {str(path.relative_to(mine)): path.read_bytes() for path in mine.rglob("*.*")}
    wanted = [name for name in source_files() if name.startswith("notebooks/")]
    assert copies == {name.removeprefix("notebooks/"): (ROOT / name).read_bytes() for name in wanted} != {}


def test_everything_comes_from_the_installation_and_works(installed):
    ended = installed.run("python", "-c", WITHIN)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["faults"] == [] and told["nets"] > 20 and told["rows"] > 1 and told["parameters"] > 100_000
    assert {"lab.nets.zoo", "pearl_core.metrics", "viewer"} <= told["files"].keys()
    assert [file for file in told["files"].values() if installed.packages not in Path(file).parents] == []


def test_a_table_is_measured(installed, tiny_nets):
    ended = installed.run(
        "pearl-lab", "table1", "--images", "1", "--eps", "0", "--out", "out", PEARL_ZOO=str(tiny_nets)
    )
    assert ended.returncode == 0, ended.stderr
    assert "PEARL" in ended.stdout and "1 images" in ended.stdout
    assert (installed.folder / "out" / "table1.csv").exists()


def test_the_dashboard_serves_this_machine_only_and_ends_when_it_is_told(installed):
    port, log = browser.free_port(), installed.folder / "log"
    command = [installed.bin / "pearl-lab", "dashboard", "--server.headless", "true", "--server.port", str(port)]
    how = {"cwd": installed.folder, "env": installed.surroundings({}), "stderr": subprocess.STDOUT}
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, **how) as process:
        try:
            browser.until_healthy(browser.Server(f"http://localhost:{port}", process, log), port)
        finally:
            process.terminate()
            process.wait(browser.PATIENCE)
    assert not browser.healthy(port)
    assert f"http://localhost:{port}" in log.read_text()
    assert "Network URL" not in log.read_text(), "the address of .streamlit/config.toml did not arrive"

"""The commands that open the other faces: what the dashboard's server is told, and notebooks that are never lost."""

import os
import sys
import tomllib
from pathlib import Path

import pytest
from streamlit import config

from lab.cli import faces, main
from lab.system import checkout

ROOT = Path(__file__).parents[3]


@pytest.fixture
def told(monkeypatch):
    """The command line and the surroundings of the server that would have taken this process's place."""
    calls = []
    monkeypatch.setattr(faces.os, "execve", lambda program, command, environment: calls.append((command, environment)))
    for name in [name for name in os.environ if name.startswith("STREAMLIT_")]:
        monkeypatch.delenv(name)
    return calls


def test_options_are_handed_to_streamlit_as_they_are(told):
    assert main(["dashboard", "--server.port", "8600", "--theme.base=dark"]) == 0
    ((command, _),) = told
    assert command[:2] == [sys.executable, "-P"] and command[2:5] == ["-m", "streamlit", "run"]
    assert command[5:] == [str(ROOT / "dashboard" / "app.py"), "--server.port", "8600", "--theme.base=dark"]


def test_no_other_command_takes_options_that_it_does_not_know(told, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["claims", "pearl", "--server.port=8600"])
    assert ended.value.code == 2 and "unrecognized arguments: --server.port=8600" in capsys.readouterr().err


def test_every_setting_of_the_repository_reaches_streamlit_under_its_own_name(told):
    main(["dashboard"])
    table = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    given = {name: value for name, value in told[0][1].items() if name.startswith("STREAMLIT_")}
    options = {option.env_var: key for key, option in config._config_options_template.items()}
    arrived = {options[name]: value for name, value in given.items()}
    assert arrived["server.address"] == table["server"]["address"]
    assert arrived["theme.dark.primaryColor"] == table["theme"]["dark"]["primaryColor"]
    assert arrived["browser.gatherUsageStats"] == "False"
    assert arrived["server.allowedHosts"].split() == table["server"]["allowedHosts"]  # as click reads several
    assert len(given) == sum(len(list(faces.flat({name: section}))) for name, section in table.items())


def test_what_the_user_set_is_stronger(told, monkeypatch):
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    main(["dashboard"])
    environment = told[0][1]
    assert environment["STREAMLIT_SERVER_ADDRESS"] == "0.0.0.0"
    assert environment["PYTHONPATH"] == os.pathsep.join([str(ROOT), "/elsewhere"])


def test_an_installed_lab_adds_nothing_to_the_path(told, monkeypatch):
    monkeypatch.setattr(checkout, "ROOT", checkout.CARRIED)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    main(["dashboard"])
    assert told[0][1]["PYTHONPATH"] == ""


def test_notebooks_are_copied_with_their_folders_and_a_second_time_changes_nothing(tmp_path, monkeypatch, capsys):
    for name in ("table1.ipynb", "sea/strength.ipynb", ".ipynb_checkpoints/table1-checkpoint.ipynb"):
        (tmp_path / "lab" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lab" / name).write_text(name)
    monkeypatch.setattr(faces, "NOTEBOOKS", tmp_path / "lab")
    for _ in range(2):
        assert main(["notebooks", str(tmp_path / "mine")]) == 0
        found = {str(path.relative_to(tmp_path / "mine")) for path in (tmp_path / "mine").rglob("*.ipynb")}
        assert found == {"table1.ipynb", "sea/strength.ipynb"}
        assert capsys.readouterr().out.startswith(f"2 notebooks in {tmp_path / 'mine'}")


def test_a_changed_notebook_is_kept_unless_told_otherwise(tmp_path, capsys):
    (tmp_path / "table1.ipynb").write_text("mine")
    assert main(["notebooks", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "holds table1.ipynb; choose another folder, or --overwrite" in error and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["table1.ipynb"], "nothing was copied"
    assert (tmp_path / "table1.ipynb").read_text() == "mine"
    assert main(["notebooks", str(tmp_path), "--overwrite"]) == 0
    assert (tmp_path / "table1.ipynb").read_bytes() == (ROOT / "notebooks" / "table1.ipynb").read_bytes()


def test_a_file_where_the_folder_should_be_is_one_line(tmp_path, capsys):
    (tmp_path / "mine").write_text("")
    assert main(["notebooks", str(tmp_path / "mine")]) == 2
    assert capsys.readouterr().err.startswith(f"wanted a folder to write to at {tmp_path / 'mine'}, got a file")


@pytest.mark.parametrize(
    ("program", "name"), [("/usr/bin/pearl-lab", "pearl-lab"), ("/x/lab/__main__.py", "python -m lab")]
)
def test_help_calls_the_program_as_it_was_started(program, name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [program])
    with pytest.raises(SystemExit):
        main(["--help"])
    assert capsys.readouterr().out.startswith(f"usage: {name} [-h]")

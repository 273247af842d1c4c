"""Files are whole or not there, and what a killed process left of one does not stay."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.system import disk

ROOT = Path(__file__).parents[3]
KILLED = """
import os, pathlib, signal, sys
from lab.system import disk
with disk.written(pathlib.Path(sys.argv[1])) as draft:
    draft.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_over(path: Path) -> Path:
    """The draft that a process leaves when it is killed over it."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    (draft,) = path.parent.glob(f".{path.name}.*")
    assert draft.read_text() == "half"
    return draft


def aged(path: Path, seconds: float) -> Path:
    """The file as if nobody had written to it for so long."""
    path.touch()
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_draft_of_a_killed_process_is_gone_with_the_next_write_into_its_folder(tmp_path):
    killed_over(tmp_path / "net.json")
    disk.write_text(tmp_path / "another.json", "whole")
    assert names(tmp_path) == ["another.json"]


def test_the_draft_of_a_process_that_lives_is_left_alone(tmp_path):
    with disk.written(tmp_path / "a.json") as draft:
        draft.write_text("being written")
        disk.write_text(tmp_path / "b.json", "whole")
        assert draft.read_text() == "being written"
    assert names(tmp_path) == ["a.json", "b.json"]


def test_the_draft_of_another_machine_goes_after_a_day(tmp_path, monkeypatch):
    draft = killed_over(tmp_path / "net.json")
    monkeypatch.setattr(disk, "machine", lambda: "0" * 6)  # on which no process of that number need live
    for age, left in ((disk.DAY - 60, [draft.name]), (disk.DAY + 60, [])):
        aged(draft, age)
        disk.sweep(tmp_path / "net.json")
        assert names(tmp_path) == left


@pytest.mark.parametrize(("age", "gone"), [(3600, False), (2 * disk.DAY, True)])
def test_drafts_of_earlier_versions_go_after_a_day(tmp_path, age, gone):
    aged(tmp_path / ".net.json.x3k_9ab1", age)
    disk.write_text(tmp_path / "net.json", "whole")
    assert (names(tmp_path) == ["net.json"]) is gone


@pytest.mark.parametrize("name", ["net.json", ".hidden", ".net.json.swp", ".net.json.backup_of_mine", ".x.abcdef-1-b"])
def test_no_other_file_is_swept_however_old(tmp_path, name):
    aged(tmp_path / name, 400 * disk.DAY)
    disk.write_text(tmp_path / "results.csv", "whole")
    assert name in names(tmp_path)


def test_a_folder_is_no_draft(tmp_path):
    folder = tmp_path / f".net.json.{disk.machine()}-999999999-abcdefgh"
    folder.mkdir()
    disk.write_text(tmp_path / "net.json", "whole")
    assert folder.is_dir()

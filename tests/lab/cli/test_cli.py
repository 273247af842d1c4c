"""The command line: help, a table, errors of one line."""

import subprocess
import sys

import pytest
import torch

from lab.cli import main, nets
from lab.training import many


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for command in ("table1", "train", "zoo", "data", "bench", "report"):
        assert command in text


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "lab", "zoo", "nothing"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "unknown net 'nothing'" in done.stderr
    assert "Traceback" not in done.stderr


def test_table1_prints_the_table_and_keeps_it(tiny_zoo, tmp_path, capsys):
    assert main(["table1", "--eps", "4", "--images", "2", "--out", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert "eps 4/255" in text
    assert set(text.split()) <= set((tmp_path / "out" / "table1.txt").read_text().split()), "the terminal is narrower"
    assert (tmp_path / "out" / "table1.csv").read_text().startswith("method,")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["table1", "--dataset", "kitti"], "unknown data set 'kitti'; choose one of"),
        (["table1", "--threat", "blind"], "unknown threat 'blind'; choose one of"),
        (["table1", "--eps", "-1"], "wanted eps from 0 to 255"),
        (["table1", "--dataset", "camvid", "--data-root", "/nowhere"], "/nowhere"),
        (["train"], "wanted one recipe or --all"),
        (["train", "pearlama"], "unknown recipe 'pearlama'; choose one of clean"),
        (["data", "check", "camvid", "--data-root", "/nowhere"], "/nowhere"),
        (["data", "calibrate", "scenes", "--size", "big"], "wanted a size as HxW"),
        (["bench", "attacks", "--nets", "huge"], "unknown net 'huge'; choose one of"),
        (["bench", "attacks", "--steps", "3"], "wanted 4 steps and batches of 1 or more, got 3"),
        (["bench", "sea", "--images", "0"], "wanted 1 image and 1 step or more, got 0"),
        (["bench", "alma", "--steps", "7"], "wanted 1 image and 8 steps or more, got 8 and 7"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tiny_zoo, arguments, words, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert "\n" not in error


def test_a_full_device_is_one_line_but_other_faults_are_not_hidden(monkeypatch, capsys):
    def run(error):
        def fail(options):
            raise error

        monkeypatch.setattr(nets, "zoo", fail)
        return main(["zoo"])

    assert run(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ...")) == 2
    assert capsys.readouterr().err.startswith("CUDA out of memory; what was finished is kept.")
    with pytest.raises(RuntimeError, match="shapes"):
        run(RuntimeError("shapes do not match"))


def test_zoo_lists_the_nets(tiny_zoo, capsys):
    assert main(["zoo"]) == 0
    assert "scenes/pearl_ama-prenet-pspnet" in capsys.readouterr().out


def test_train_all_gives_a_file_to_the_nets_that_take_it(monkeypatch):
    jobs = []
    monkeypatch.setattr(many, "train_all", lambda wanted, processes: jobs.extend(wanted) or ())
    assert main(["train", "--all", "--backbone", "resnet50.pth"]) == 0
    given = {job.name.recipe for job in jobs if "backbone" in job.files}
    assert "clean" in given, "a segmenter trained from scratch starts from the backbone"
    assert "derain" not in given, "a derainer has no backbone"

"""What is taken along is what was shown, and the command that comes with it makes it again."""

import io
import shlex
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lab.cli import main
from lab.data import uploads
from lab.view import setting, take
from lab.view.choices import attacks
from lab.view.session import RECENT, look
from lab.view.setting import Setting


def unpacked(view, folder: Path, own=None) -> Path:
    with zipfile.ZipFile(io.BytesIO(take.bundle(view, own))) as archive:
        archive.extractall(folder)
    return folder


def again(view, folder: Path, monkeypatch, own=None) -> Path:
    """The files of the command that comes with a view, run beside them with nothing remembered."""
    monkeypatch.chdir(unpacked(view, folder, own))
    RECENT.clear()
    python, dash, lab, *arguments = shlex.split(take.look_command(view))
    assert [python, dash, lab] == ["python", "-m", "lab"]
    assert main(arguments) == 0
    return folder / "again"


@pytest.mark.parametrize("attack", attacks())
def test_the_command_makes_every_byte_again(attack, tiny_zoo, tmp_path, monkeypatch, capsys):
    view = look(attack=attack, steps=4, shown=None if attack == "fgsm" else 2, eps=5.25, amount=1.5, index=3)
    made = again(view, tmp_path, monkeypatch)
    names = sorted(path.name for path in made.iterdir())
    assert names == sorted({path.name for path in tmp_path.iterdir()} - {"again"})
    for name in names:
        assert (made / name).read_bytes() == (tmp_path / name).read_bytes(), name
    assert f"{view.metrics['PSNR']:.2f}" in capsys.readouterr().out


def test_a_picture_of_ones_own_comes_along(tiny_zoo, tmp_path, monkeypatch):
    own = uploads.fitted(np.random.RandomState(0).randint(0, 255, (150, 200, 3), np.uint8))
    made = again(look(own=own, steps=2), tmp_path, monkeypatch, own)
    assert (made / "numbers.csv").read_text() == (tmp_path / "numbers.csv").read_text()
    assert "Agreement" in (made / "numbers.csv").read_text()
    assert "agreement" in (made / "course.csv").read_text() and "accuracy" not in (made / "course.csv").read_text()
    assert np.array_equal(uploads.decoded((tmp_path / "image.png").read_bytes()), own)


def test_numbers_are_exact_and_pictures_are_whole(tiny_zoo, tmp_path):
    view = look(steps=2)
    unpacked(view, tmp_path)
    numbers = pd.read_csv(tmp_path / "numbers.csv").set_index("metric")
    assert numbers.attacked.to_dict() == pytest.approx(view.metrics, rel=1e-15)
    assert numbers.change.to_dict() == pytest.approx(
        {name: view.metrics[name] - view.unattacked_metrics[name] for name in view.metrics}, rel=1e-12
    )
    with np.load(tmp_path / "exact.npz", allow_pickle=False) as exact:
        assert np.array_equal(exact["attacked"], view.attacked) and np.array_equal(exact["predicted"], view.predicted)
    stored = np.asarray(Image.open(tmp_path / "attacked.png")).astype(float)
    assert (np.abs(stored - 255 * view.rainy).max()) <= 8 + 1e-3, "the stored picture is in the ball"
    course = pd.read_csv(tmp_path / "course.csv")
    assert list(course.gradients) == [0, 1, 2] and course.accuracy.between(0, 1).all()
    assert setting.read((tmp_path / "setting.json").read_text()) == view.setting


def test_an_iterate_names_both_numbers(tiny_zoo, tmp_path):
    unpacked(look(steps=5, shown=3), tmp_path)
    assert "after 3 of 5 steps" in (tmp_path / "about.json").read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "wanted a setting as JSON"),
        ('{"eps": 99}', "wanted eps from 0 to 16"),
        (Setting(image="a" * 64).text(), "--image FILE"),
    ],
)
def test_a_wrong_setting_is_one_line(text, words, tiny_zoo, tmp_path, capsys):
    (tmp_path / "setting.json").write_text(text)
    assert main(["look", str(tmp_path / "setting.json")]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


def test_a_picture_nobody_asked_for_is_refused(tiny_zoo, tmp_path, capsys):
    (tmp_path / "setting.json").write_text("{}")
    (tmp_path / "own.png").write_bytes(uploads.png(np.zeros((40, 40, 3), np.uint8)))
    assert main(["look", str(tmp_path / "setting.json"), "--image", str(tmp_path / "own.png")]) == 2
    assert "looks at a picture of scenes" in capsys.readouterr().err

"""What is taken along is what was shown, and the command that comes with it makes it again."""

import io
import shlex
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from lab.cli import main
from lab.data import uploads
from lab.nets.pipelines import build
from lab.system.words import OPACITY
from lab.view import panels, saved, setting, take
from lab.view.choices import attacks
from lab.view.session import RECENT, look
from lab.view.setting import Setting


def unpacked(view, folder: Path, own=None, opacity=OPACITY) -> Path:
    with zipfile.ZipFile(io.BytesIO(take.bundle(view, own, opacity=opacity))) as archive:
        archive.extractall(folder)
    return folder


def again(view, folder: Path, monkeypatch, own=None, opacity=OPACITY) -> Path:
    """The files of the command that comes with a view, run beside them with nothing remembered."""
    monkeypatch.chdir(unpacked(view, folder, own, opacity))
    RECENT.clear()
    python, dash, lab, *arguments = shlex.split(take.look_command(view, opacity=opacity))
    assert [python, dash, lab] == ["python", "-m", "lab"]
    assert main(arguments) == 0
    return folder / "again"


@pytest.mark.parametrize("attack", attacks())
def test_the_command_makes_every_byte_again(attack, tiny_zoo, tmp_path, monkeypatch, capsys):
    view = look(attack=attack, steps=4, shown=None if attack == "fgsm" else 2, eps=5.25, amount=1.5, index=3)
    made = again(view, tmp_path, monkeypatch, opacity=0.3)
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


@pytest.mark.parametrize("eps", [1, 2.5])
@pytest.mark.parametrize("method", ["seg", "pearl"])
def test_the_saved_picture_stays_in_the_ball_and_its_own_score_is_told(eps, method, tiny_zoo, tmp_path, capsys):
    view = look(steps=3, eps=eps, method=method)
    (tmp_path / "setting.json").write_text(view.setting.text())
    assert main(["look", str(tmp_path / "setting.json"), "--out", str(tmp_path / "out")]) == 0
    stored = np.asarray(Image.open(tmp_path / "out" / "attacked.png"))
    assert np.abs(np.rint(255 * view.attacked) - 255 * view.rainy).max() > eps + 0.4, (
        "to the nearest level it would not"
    )
    assert np.abs(stored - 255.0 * view.rainy).max() <= eps + 1e-3
    output = build(view.setting.system.nets)(torch.from_numpy(stored.transpose(2, 0, 1)[None] / np.float32(255)))
    right = (output.predicted[0].numpy() == view.labels)[view.labels != 255].mean()
    numbers = pd.read_csv(tmp_path / "out" / "numbers.csv").set_index("metric")
    assert numbers.saved.allAcc == pytest.approx(100 * right, abs=0.1) and not numbers.saved.equals(numbers.attacked)
    about = (tmp_path / "out" / "about.json").read_text()
    for told in (about, capsys.readouterr().out):
        assert "8 bits, rounded towards the rainy picture" in told and f"mIoU {numbers.saved.mIoU:.1f} %" in told


def test_the_saved_picture_is_what_is_shown(tiny_zoo):
    view = look(steps=2, eps=1, method="seg")
    shown = {panel.title: panel.picture for panel in panels.rows(view)}
    stored = np.asarray(Image.open(io.BytesIO(saved.saved(view).file)))
    for picture in (shown["Attacked"], shown["Derained"], take.pictures(view)["attacked"]):  # nothing derains here
        assert np.array_equal(picture, stored)


def test_pictures_are_covered_as_strongly_as_they_are_shown(tiny_zoo):
    view = look(steps=1)
    made = [take.files(view, opacity=opacity) for opacity in (0.65, 0.2, 0.0)]
    covered = {name for name in made[0] if len({files[name] for files in made}) > 1} - {"about.json"}
    assert covered == {"ground-truth.png", "seen-without-attack.png", "seen-under-attack.png"}
    bare = np.asarray(Image.open(io.BytesIO(made[2]["seen-under-attack.png"])))
    assert np.array_equal(bare, np.asarray(Image.open(io.BytesIO(made[2]["derained.png"]))))


def test_what_makes_another_picture_makes_another_name(tiny_zoo):
    view = look(steps=2)
    usual = take.name(view)
    assert usual == "scenes-test-00000-rain1-derain_seg-prenet-bim-eps8-2steps-oblivious"
    others = (
        {"eps": 0.25}, {"steps": 3}, {"threat": "adaptive"}, {"threat": "transfer", "source": "nat"}, {"amount": 0.5},
        {"angle": -20}, {"rain_seed": 3}, {"method": "pearl"}, {"derain": "rescan"}, {"seed": 4},
        {"attack": "pgd"}, {"region": "rain"}, {"region": "box", "box": (1, 2, 30, 40)}, {"shown": 1}, {"on": "nat"},
    )  # fmt: skip
    names = [take.name(replace(view, setting=replace(view.setting, **parts))) for parts in others]
    names.append(take.name(replace(view, key="scenes/test/00001")))
    assert len({usual, *names}) == 2 + len(others)
    assert not any(set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789-_.") for name in names)


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

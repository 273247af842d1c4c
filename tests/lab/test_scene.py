"""One image through a trial, on a zoo of tiny nets that know nothing."""

from dataclasses import fields

import numpy as np
import pytest

from lab import panels
from lab.experiment import run
from lab.scene import look
from lab.store import Store
from lab.trial import Trial


def same(one, other) -> bool:
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)]
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


def test_shapes_and_ranges(tiny_zoo):
    view = look(steps=1)
    for picture in (view.clean, view.rainy, view.attacked, view.derained, view.derained_unattacked):
        assert picture.shape == (32, 64, 3) and picture.dtype == np.float32
        assert picture.min() >= 0 and picture.max() <= 1
    for labels in (view.labels, view.predicted, view.predicted_unattacked):
        assert labels.shape == (32, 64) and labels.dtype == np.uint8
    assert view.metrics.keys() == view.unattacked_metrics.keys() == {"mIoU", "allAcc", "PSNR", "SSIM"}
    assert len(view.classes) == len(view.palette) == 19


@pytest.mark.parametrize("settings", [{"eps": 0}, {"steps": 0}, {"eps": 0, "attack": "fgsm"}])
def test_an_attack_that_cannot_move_is_no_attack(tiny_zoo, settings):
    view = look(method="pearl", threat="adaptive", **settings)
    assert np.array_equal(view.attacked, view.rainy)
    assert np.array_equal(view.derained, view.derained_unattacked)
    assert np.array_equal(view.predicted, view.predicted_unattacked)
    assert view.metrics == view.unattacked_metrics


def test_the_attack_stays_in_its_ball(tiny_zoo):
    view = look(eps=3, steps=2)
    size = np.abs(view.attacked - view.rainy).max()
    assert 2 / 255 < size <= 3 / 255 + 1e-6


def test_without_a_derainer_the_attacked_picture_goes_in(tiny_zoo):
    view = look(method="seg", steps=1)
    assert np.array_equal(view.derained, view.attacked)
    assert np.array_equal(view.derained_unattacked, view.rainy)


def test_same_settings_same_view_and_the_seed_moves_random_starts(tiny_zoo):
    assert same(look(attack="pgd", steps=1, seed=1), look(attack="pgd", steps=1, seed=1))
    assert not np.array_equal(look(attack="pgd", steps=1).attacked, look(attack="pgd", steps=1, seed=1).attacked)


def test_threats_make_different_attacks(tiny_zoo):
    shared = {"method": "pearl", "steps": 1}
    oblivious, adaptive = (look(threat=threat, **shared).attacked for threat in ("oblivious", "adaptive"))
    assert not np.array_equal(oblivious, adaptive)
    transferred = look(threat="transfer", source="seg", **shared).attacked
    assert np.array_equal(transferred, oblivious)  # PEARL's segmenter is Seg
    assert not np.array_equal(transferred, look(threat="transfer", source="nat", **shared).attacked)


def test_the_figures_are_those_of_the_table(tiny_zoo, tmp_path):
    trial = Trial("nat", attack="bim", eps=8, steps=2, threat="adaptive", images=1, precision="float32")
    rows = run([trial], store=Store(tmp_path / "results.sqlite"), quiet=True).set_index("metric").value
    index = np.random.RandomState(0).permutation(12)[0]
    view = look(method="nat", steps=2, threat="adaptive", index=int(index))
    assert view.metrics == pytest.approx({name: rows[name] for name in view.metrics}, rel=1e-6)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"method": "seg", "threat": "transfer", "source": "seg"},
            "another source than its victim, got 'seg' for both",
        ),
        ({"method": "nat", "threat": "transfer", "source": "nat", "eps": 0}, "another source than its victim"),
        ({"threat": "obvious"}, "unknown threat 'obvious'; choose one of adaptive"),
        ({"attack": "bmi"}, "unknown attack 'bmi'; choose one of apgd, best_pgd"),
        ({"method": "perl"}, "unknown method 'perl'; choose one of derain_seg"),
        ({"index": 12}, "wanted an image of scenes test from 0 to 11, got 12"),
        ({"index": -1}, "wanted an image of scenes test from 0 to 11, got -1"),
        ({"eps": -1}, "wanted eps from 0 to 255"),
        ({"split": "tset"}, "unknown split 'tset'"),
    ],
)
def test_a_mistake_is_one_line(tiny_zoo, settings, words):
    with pytest.raises(ValueError, match=words) as caught:
        look(**settings)
    assert "\n" not in str(caught.value)


def test_a_missing_net_names_the_command_that_trains_it(small):
    with pytest.raises(FileNotFoundError, match="python -m lab train"):
        look()


def test_panels_say_what_they_show(tiny_zoo):
    view = look(steps=1, eps=4)
    assert [panel.title for panel in panels.stages(view)] == ["Clean", "Rainy", "Attacked", "Derained"]
    assert panels.stages(view)[2].remark == "BIM at ε = 4/255"
    assert panels.stages(view)[3].remark == "by Derain + Seg"
    assert panels.stages(look(method="seg", eps=0))[3].remark == "nothing derains here"
    assert [panel.remark.split("; ")[1] for panel in panels.differences(view)] == [
        "brightest: 128/255", "brightest: 16/255", "brightest: 128/255",
    ]  # fmt: skip
    for panel in [*panels.stages(view), *panels.classes(view), *panels.differences(view)]:
        assert panel.picture.shape == (32, 64, 3) and panel.picture.dtype == np.uint8


def test_figures_show_a_change_only_where_one_can_be_read(tiny_zoo):
    found = {figure.label: figure for figure in panels.figures(look(steps=1))}
    assert found["PSNR"].value.endswith(" dB") and found["PSNR"].change.startswith("-")
    assert all(figure.change == "" for figure in panels.figures(look(eps=0)))

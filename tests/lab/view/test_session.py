"""One image through a trial, on a zoo of tiny nets that know nothing."""

from dataclasses import fields

import numpy as np
import pytest

from lab.data import uploads
from lab.measure.measuring import run
from lab.measure.store import Store
from lab.measure.trial import Trial
from lab.system import draw
from lab.view import charts, panels
from lab.view.choices import attacks
from lab.view.session import RECENT, look, prepared
from lab.view.setting import Setting
from pearl_core.attacks.zoo import CATALOGUE


def same(view, other) -> bool:
    pairs = [(getattr(view, field.name), getattr(other, field.name)) for field in fields(view)]
    return all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f") if isinstance(a, np.ndarray) else a == b for a, b in pairs
    )


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
        ({"attack": "bmi"}, "unknown attack 'bmi'; choose one of alma_prox, apgd"),
        ({"method": "perl"}, "unknown method 'perl'; choose one of derain_seg"),
        ({"index": 12}, "wanted a picture of scenes test from 0 to 11, got 12"),
        ({"index": -1}, "wanted index of 0 or more, got -1"),
        ({"eps": -1}, "wanted eps from 0 to 16, got -1"),
        ({"shown": 11}, "wanted to show a step from 0 to 10, got 11"),
        ({"region": "rain", "amount": 0}, "wanted some rain to attack in, got none"),
        ({"region": "box", "box": (40, 0, 50, 9)}, "wanted a box inside"),
        ({"image": "0" * 64}, "wanted the picture of one's own"),
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
    assert panels.stages(look(method="seg", eps=0))[3].remark == "no derainer"
    ends = [panel.remark.split("; ")[1] for panel in panels.differences(view)]
    assert ends == [f"the scale ends at {end}/255" for end in (128, 16, 128)]
    assert panels.differences(view)[1].remark.startswith(f"the attack: up to {view.radius:.1f}/255;")
    for panel in panels.rows(view):
        assert panel.picture.shape == (32, 64, 3) and panel.picture.dtype == np.uint8


def test_figures_show_a_change_only_where_one_can_be_read(tiny_zoo):
    readings = {reading.label: reading for reading in panels.readings(look(steps=1))}
    assert readings["PSNR"].value.endswith(" dB") and readings["PSNR"].fell
    assert readings["PSNR"].change.startswith("−") and readings["PSNR"].change.endswith(" dB")
    assert panels.changed(-6.389, 1, " %") == "−6.4 points" and panels.changed(0.04, 1, " %") == ""
    assert panels.changed(0.1239, 3, "") == "+0.124"
    assert all(reading.change == "" for reading in panels.readings(look(eps=0)))


@pytest.mark.parametrize("attack", attacks())
def test_every_attack_can_be_looked_at_and_what_it_does_not_look_like_is_said(tiny_zoo, attack):
    view = look(attack=attack, steps=3, eps=4)
    assert view.finished
    if attack == "alma_prox":  # these nets see hardly a pixel as it is, so it is at its goal
        assert len(view.points) == 1 and view.radius == 0
    else:
        assert len(view.points) == {"fgsm": 2, "red_eps_apgd": 6, "sea": 24}.get(attack, 4)
        assert view.radius > 0 or CATALOGUE[attack].queries  # by answers alone, three steps may find nothing
    assert not view.outside
    assert ("changes up to" in panels.point_words(view)) == (attack == "alma_prox")


def test_an_iterate_outside_the_ball_is_marked(tiny_zoo):
    views = [look(attack="red_eps_apgd", steps=10, eps=4, shown=i) for i in range(13)]
    assert any(view.outside for view in views[:4]) and not any(view.outside for view in views[8:])
    for view in views:
        assert ("outside ε" in panels.point_words(view)) == view.outside
        assert f"after {view.points[view.setting.shown].gradients} of 10 steps" in panels.point_words(view)


def test_a_shown_step_computes_no_gradient_and_a_view_seen_before_nothing(tiny_zoo, passes):
    look(steps=6)
    passes.clear()
    view = look(steps=6, shown=2)
    assert passes == ["model"]
    assert same(view, look(steps=6, shown=2)) and passes == ["model"]
    assert np.array_equal(view.attacked, look(steps=2).attacked), "BIM's second step is BIM of two steps"
    assert passes.count("gradient") == 0


def test_a_stopped_attack_shows_how_far_it_came_and_goes_on(tiny_zoo, passes):
    began = prepared(Setting(attack="apgd", steps=6))
    for _ in zip(range(3), began.advance(), strict=False):
        pass
    view = began.view()
    assert not view.finished and "stopped early" in panels.point_words(view)
    whole = look(attack="apgd", steps=6)
    assert whole.finished and passes.count("gradient") == 6


@pytest.mark.parametrize("attack", ["pgd", "apgd", "red_eps_apgd", "alma_prox", "sea"])
@pytest.mark.parametrize("points", [0, 3])
def test_the_setting_of_a_stopped_attack_makes_it_again(attack, points, tiny_zoo):
    began = prepared(Setting(attack=attack, steps=6))
    for _ in zip(range(points), began.advance(), strict=False):
        pass
    reached = began.reached()
    view = reached.view()
    assert reached.setting != began.setting or began.finished
    if began.setting.stepwise:
        assert reached.setting == Setting(attack=attack, steps=max(points - 1, 0))
    RECENT.clear()
    again = look(reached.setting)
    assert again.metrics == view.metrics and np.array_equal(again.attacked, view.attacked)


def test_before_an_attack_all_is_shown_that_needs_none(tiny_zoo, passes):
    session = prepared(Setting(method="pearl", steps=3))
    before = session.before()
    assert passes.count("gradient") == 0 and before.waiting
    shown = {panel.title: panel for panel in panels.rows(before)}
    view = look(session.setting)
    after = {panel.title: panel for panel in panels.rows(view)}
    assert list(shown) == list(after) and not view.waiting
    same = {title for title in shown if np.array_equal(shown[title].picture, after[title].picture)}
    assert same == {"Clean", "Rainy", "Ground truth", "Seen without attack", "|rainy − clean|"}
    assert np.array_equal(shown["Derained"].picture, draw.pixels(view.derained_unattacked))
    assert shown["Derained"].remark == "by PEARL, without attack"
    for title in set(shown) - same - {"Derained"}:
        assert shown[title].remark == panels.WAITING and np.ptp(shown[title].picture) == 0


def test_a_picture_of_ones_own_is_scored_by_agreement(tiny_zoo):
    own = np.random.RandomState(0).randint(0, 255, (40, 72, 3), np.uint8)
    view = look(own=own, steps=2)
    assert view.key.startswith("own/") and not view.labelled
    assert np.array_equal(view.labels, view.predicted_unattacked)
    assert view.unattacked_metrics["allAcc"] == 100
    assert [reading.label for reading in panels.readings(view)][:2] == ["Agreement, mIoU", "Agreement"]
    assert "agreement of the attacked nets (%)" in [line.name for line in charts.trajectory(view).lines]
    assert panels.classes(view)[0].remark == "this picture has no labels"
    assert same(view, look(view.setting, own=own))
    with pytest.raises(ValueError, match=r"wanted the picture .* of this setting, got another"):
        RECENT.clear()
        look(view.setting, own=255 - own)


def test_a_large_picture_of_ones_own_is_made_smaller(tiny_zoo, monkeypatch):
    own = np.random.RandomState(0).randint(0, 255, (300, 500, 3), np.uint8)
    view = look(own=own, steps=0)
    assert view.clean.shape[0] * view.clean.shape[1] <= uploads.MOST
    assert uploads.digest(uploads.fitted(own)) == view.setting.image
    assert same(view, look(view.setting, own=uploads.fitted(own)))


def test_rain_is_dialled(tiny_zoo):
    dry, other, leaning, more = (
        look(steps=0, **rain) for rain in ({"amount": 0}, {"rain_seed": 3}, {"angle": 40}, {"amount": 2})
    )
    usual = look(steps=0)
    assert np.array_equal(dry.rainy, dry.clean)
    for view in (other, leaning, more):
        assert np.array_equal(view.clean, usual.clean) and not np.array_equal(view.rainy, usual.rainy)
    assert more.unattacked_metrics["PSNR"] < usual.unattacked_metrics["PSNR"]


@pytest.mark.parametrize("region", ["rain", "box"])
def test_the_attack_stays_in_its_region(tiny_zoo, region):
    view = look(steps=3, region=region, box=(4, 8, 20, 40))
    moved = (view.attacked != view.rainy).any(-1)
    inside = np.zeros_like(moved)
    if region == "box":
        inside[4:20, 8:40] = True
    else:
        inside = prepared(view.setting).photo.streaks[0].numpy()
    assert moved.any() and not (moved & ~inside).any() and not inside.all()


@pytest.mark.parametrize("threat", ["oblivious", "adaptive", "transfer"])
def test_another_defence_meets_the_same_perturbation(threat, tiny_zoo, passes):
    first = look(method="pearl", steps=3, threat=threat)
    passes.clear()
    met = look(method="nat", steps=3, threat=threat, on="pearl")
    assert passes.count("gradient") == 0
    assert np.array_equal(met.attacked, first.attacked) and not np.array_equal(met.predicted, first.predicted)
    assert panels.point_words(met) == "BIM at ε = 8/255 for PEARL"
    look(method="derain_seg", steps=3, threat="oblivious")  # its segmenter is PEARL's
    assert passes.count("gradient") == (0 if threat == "oblivious" else 3 if threat == "adaptive" else 0)
    assert np.array_equal(look(method="nat", steps=3, threat=threat).attacked, met.attacked) == (threat == "transfer")


@pytest.mark.parametrize("levels", [True, False], ids=["a picture of 8 bits", "one between their levels, as in rain"])
def test_eight_bits_only_make_an_attack_smaller(levels):
    random = np.random.RandomState(0)
    image = np.float32((random.randint(0, 256, (16, 16, 3)) if levels else random.uniform(0, 255, (16, 16, 3))) / 255)
    attacked = np.clip(image + np.random.RandomState(1).uniform(-0.02, 0.02, image.shape), 0, 1).astype(np.float32)
    stored = draw.eight_bit(attacked, image).astype(float)
    least = 0 if levels else 0.5  # no level lies nearer
    assert (np.abs(stored - 255 * image) <= np.maximum(255 * np.abs(attacked - image), least) + 1e-3).all()
    assert np.array_equal(draw.eight_bit(image, image), np.rint(255 * image))
    between = np.float32((np.arange(254) + 0.5) / 255).reshape(1, -1, 1).repeat(3, 2)
    assert np.array_equal(draw.eight_bit(between, between), draw.pixels(between)), "no attack changes no file"


@pytest.mark.parametrize("eps", [0.5, 1, 2.75, 8])
def test_a_picture_in_rain_stays_in_the_ball_in_eight_bits(eps):
    image = np.random.RandomState(0).uniform(0, 1, (64, 64, 3)).astype(np.float32)
    signs = np.random.RandomState(1).choice([-1, 1], image.shape)
    attacked = np.clip(image + signs * eps / 255, 0, 1).astype(np.float32)
    assert np.abs(np.rint(255 * attacked) - 255 * image).max() > eps + 0.4, "to the nearest level it would not"
    stored = draw.eight_bit(attacked, image).astype(float)
    assert np.abs(stored - 255 * image).max() <= eps + 1e-3
    assert np.abs(stored - np.rint(255 * image)).max() <= np.floor(eps + 0.5), "nor from the picture's own file"

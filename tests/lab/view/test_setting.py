"""Settings as dialled, as JSON and as an address; what is refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lab.view import setting
from lab.view.choices import attacks
from lab.view.setting import LIMITS, REGIONS, Setting
from pearl_core.attacks.zoo import CATALOGUE

settings = some.builds(
    Setting,
    index=some.integers(0, 199),
    amount=some.floats(0, 3),
    angle=some.floats(-60, 60),
    rain_seed=some.none() | some.integers(0, 2**31),
    method=some.sampled_from(["nat", "pearl"]),
    attack=some.sampled_from(attacks()),
    eps=some.integers(0, 64).map(lambda quarters: quarters / 4),
    steps=some.integers(0, 100),
    threat=some.sampled_from(["oblivious", "adaptive", "transfer"]),
    on=some.none() | some.sampled_from(["derain_seg", "nat"]),
    region=some.sampled_from(REGIONS),
    box=some.just((1, 2, 30, 40)),
    seed=some.integers(0, 2**31),
    shown=some.none() | some.integers(0, 100),
)


@given(settings)
def test_text_and_address_give_the_setting_back(chosen):
    assert setting.read(chosen.text()) == chosen
    assert setting.from_query(chosen.query()) == chosen
    assert all(isinstance(text, str) for text in chosen.query().values())


def test_the_start_has_an_empty_address():
    assert Setting().query() == {}
    assert setting.from_query({"opacity": "0.3", "methods": "nat,pearl"}) == Setting(), "pages keep things there too"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"eps": 17}, "wanted eps from 0 to 16, got 17"),
        ({"eps": "8"}, "wanted a number for eps, got '8'"),
        ({"eps": float("nan")}, "for eps, got nan"),
        ({"steps": 2.5}, "wanted a whole number for steps, got 2.5"),
        ({"steps": True}, "wanted a whole number for steps, got True"),
        ({"steps": 101}, "wanted steps from 0 to 100"),
        ({"index": -1}, "wanted index of 0 or more"),
        ({"method": "nada"}, "unknown method 'nada'; choose one of derain_seg, nat"),
        ({"attack": "segpdg"}, "unknown attack 'segpdg'; choose one of alma_prox, apgd"),
        ({"dataset": "kitti"}, "unknown data set 'kitti'; choose one of"),
        ({"split": "tset"}, "unknown split 'tset'"),
        ({"on": "nada"}, "unknown method 'nada'"),
        ({"threat": "transfer", "on": "seg"}, "another source than its victim"),
        ({"threat": "transfer", "method": "seg"}, "another source than its victim"),
        ({"region": "box"}, "wanted a box as top, left, bottom, right"),
        ({"region": "box", "box": (5, 5, 5, 9)}, "wanted a box"),
        ({"region": "box", "box": [1, 2, 3]}, "wanted four whole numbers for box"),
        ({"colour": "red"}, "unknown part of a setting 'colour'; choose one of alpha, amount"),
    ],
)
def test_what_is_wrong_is_one_line(values, words):
    with pytest.raises(ValueError) as error:
        setting.of(values)
    assert words in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"eps": Infinity}', "null"])
def test_what_is_no_setting_is_one_line(text):
    with pytest.raises(ValueError, match="wanted") as error:
        setting.read(text)
    assert "\n" not in str(error.value)


def test_an_address_that_is_no_setting_is_one_line():
    with pytest.raises(ValueError, match="wanted a number for eps, got 'much'"):
        setting.from_query({"eps": "much"})


def test_parts_that_decide_nothing_have_one_value():
    assert Setting(source="nat") == Setting()
    assert Setting(on="derain_seg") == Setting() and Setting(on="nat").against == "nat"
    assert Setting(threat="transfer").source == "seg"
    assert Setting(box=(0, 0, 9, 9)) == Setting()
    assert Setting(attack="fgsm", steps=7) == Setting(attack="fgsm", steps=1)
    assert Setting(eps=8) == Setting(eps=8.0) and json.loads(Setting(eps=8).text())["eps"] == 8.0


@pytest.mark.parametrize("attack", attacks())
def test_one_course_serves_every_budget_of_a_stepwise_attack_and_every_shown_step(attack):
    chosen = Setting(attack=attack, steps=10)
    assert replace(chosen, shown=3).course == chosen.course
    same = replace(chosen, steps=20).course == chosen.course
    assert same == (CATALOGUE[attack].stepwise)
    made = chosen.made()
    if attack != "sea":
        budget = made.steps if attack == "alma_prox" else made.search.steps
        assert budget == (1 if attack == "fgsm" else LIMITS["steps"][1] if CATALOGUE[attack].stepwise else 10)


def test_an_attack_that_cannot_move_is_none():
    assert Setting(eps=0).made() is None
    assert Setting(attack="alma_prox", steps=0).made() is None
    assert Setting(attack="alma_prox", eps=0).made() is not None


def test_every_part_is_in_the_text():
    assert list(json.loads(Setting().text())) == list(Setting.ALWAYS)

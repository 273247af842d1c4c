"""How far attacks are, in words; several that are stopped together."""

import pytest

from lab.system.words import to_go
from lab.view import progress
from lab.view.session import prepared
from lab.view.setting import Setting


def test_the_step_and_the_time_left_are_said(tiny_zoo, monkeypatch):
    clock = iter(range(0, 1000, 30))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    said = [done.words for done in progress.attacked([prepared(Setting(steps=3))])]
    assert said[0] == "starting" and said[1] == "step 0 of 3"
    assert [words.partition(",")[0] for words in said[2:4]] == ["step 1 of 3", "step 2 of 3"]
    assert all(words.endswith("to go") for words in said[2:4])


def test_of_an_ensemble_the_attack_is_named(tiny_zoo):
    said = [done.words.split(", ") for done in progress.attacked([prepared(Setting(attack="sea", steps=2))])]
    names = list(dict.fromkeys(words[0] for words in said[1:]))
    assert len(names) == 4 and not any(name.startswith("step") for name in names)
    assert all(words[1].startswith("step ") and "of 2" in words[1] for words in said[1:])


@pytest.mark.parametrize(
    ("seconds", "words"), [(float("nan"), ""), (12.4, "about 12 s to go"), (600, "about 10 min to go")]
)
def test_the_time_left_is_in_words(seconds, words):
    assert to_go(seconds) == words


@pytest.mark.parametrize("attack", ["bim", "apgd"])
def test_attacks_that_are_stopped_together_are_equally_far(attack, tiny_zoo):
    sessions = [
        prepared(Setting(method=method, attack=attack, steps=9, threat="adaptive")) for method in ("pearl", "nat")
    ]
    for done in progress.attacked(sessions):
        if done.words.startswith("step 3"):
            break
    assert not any(session.finished for session in sessions)
    assert [len(session.points()) for session in sessions] == [4, 4]
    assert progress.step_words(sessions) == "step 3 of 9"
    reached = [session.setting for session in progress.evenly(sessions)]
    assert [setting.steps for setting in reached] == ([3, 3] if attack == "bim" else [9, 9])
    assert all((setting.shown is None) == (attack == "bim") for setting in reached)

"""Views from the store are those of the attack itself, and of no other."""

import pytest

from lab.view.seen import seen
from lab.view.session import RECENT, look
from lab.view.setting import Setting

from .test_session import same

OBLIVIOUS = Setting(method="derain_seg", steps=2)


@pytest.fixture(autouse=True)
def nets(tiny_zoo):
    pass


def again(setting):
    """As another process meets it."""
    RECENT.clear()
    return seen(setting)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"threat": "adaptive"},
        {"attack": "pgd", "seed": 3, "threat": "transfer", "method": "nat"},
        {"attack": "apgd", "eps": 2},
        {"attack": "alma_prox"},
        {"attack": "sea", "steps": 4},
        {"eps": 0},
    ],
    ids=str,
)
def test_a_view_from_the_store_is_the_view(parts, passes):
    setting = Setting(**{"steps": 2} | parts)
    wanted = look(setting)
    assert same(again(setting), wanted)
    del passes[:]
    assert same(again(setting), wanted)
    assert "gradient" not in passes


def test_defences_share_an_attack_that_knows_none_of_them(passes):
    again(OBLIVIOUS)
    del passes[:]
    view = again(Setting(method="pearl", steps=2))
    assert "gradient" not in passes and same(view, look(view.setting))


@pytest.mark.parametrize(
    "parts",
    [
        {"steps": 3}, {"eps": 4}, {"attack": "pgd"}, {"index": 1}, {"threat": "adaptive"}, {"amount": 0.5},
        {"region": "rain"}, {"method": "nat"},
    ],
    ids=str,
)  # fmt: skip
def test_another_attack_is_another(parts, passes):
    again(OBLIVIOUS)
    del passes[:]
    view = again(Setting(**{"method": "derain_seg", "steps": 2} | parts))
    assert "gradient" in passes and same(view, look(view.setting))


def test_what_is_not_the_end_of_a_data_sets_attack_is_refused():
    for parts in ({"shown": 1}, {"image": "0" * 64}):
        with pytest.raises(ValueError, match=r"^wanted a data set's picture at the end of an attack, got Setting"):
            seen(Setting(**parts))

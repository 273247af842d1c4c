"""What the tables hold of a picture that is looked at: exactly its row, found without computing anything."""

from dataclasses import replace

import pytest

from lab.data import dataset
from lab.measure.measuring import chosen, run
from lab.measure.trial import Trial
from lab.view.session import prepared
from lab.view.setting import Setting
from lab.view.tabled import tabled, trial_of

OTHERS = [
    {"amount": 0.5}, {"angle": 9}, {"rain_seed": 1}, {"region": "rain"}, {"shown": 1}, {"on": "nat"}, {"eps": 4},
    {"steps": 3}, {"threat": "oblivious"}, {"attack": "pgd"}, {"attack": "alma_prox"}, {"method": "nat"}, {"index": 99},
]  # fmt: skip


@pytest.fixture
def row(tiny_zoo):
    """A measured trial of one picture, and the setting that looks at that picture."""
    trial = Trial("pearl", attack="bim", eps=8, steps=2, threat="adaptive", images=1)
    values = run([trial], quiet=True).set_index("metric").value
    (index,) = chosen(dataset("scenes"), 1)
    return Setting(method="pearl", steps=2, threat="adaptive", index=index, precision="auto"), values


def test_the_row_of_the_table_is_found_and_nothing_is_computed(row, passes):
    setting, values = row
    numbers = tabled(prepared(setting))
    assert passes == []
    assert numbers == {name: values[name] for name in ("mIoU", "allAcc", "PSNR", "SSIM")}


@pytest.mark.parametrize("parts", OTHERS, ids=str)
def test_another_picture_attack_or_method_is_another_row(row, parts):
    setting, _ = row
    if parts == {"index": 99}:
        parts = {"index": (setting.index + 1) % 12}
    assert tabled(prepared(replace(setting, **parts))) is None


def test_a_transfer_attack_has_its_source():
    setting = Setting(method="pearl", threat="transfer", source="nat", steps=2, precision="auto")
    assert trial_of(setting) == Trial("pearl", attack="bim", eps=8, steps=2, threat="transfer", source="nat", images=1)


def test_of_an_ensemble_the_worst_member_counts(tiny_zoo):
    trial = Trial("nat", attack="sea", eps=8, steps=2, threat="oblivious", images=1)
    values = run([trial], quiet=True).set_index("metric").value
    (index,) = chosen(dataset("scenes"), 1)
    setting = Setting(method="nat", attack="sea", steps=2, index=index, precision="auto")
    assert tabled(prepared(setting)) == {name: values[name] for name in ("mIoU", "allAcc", "PSNR", "SSIM")}


def test_an_attack_without_eps_has_none_in_the_table_either():
    setting = Setting(attack="alma_prox", steps=2, precision="auto")
    assert trial_of(setting) == Trial("derain_seg", attack="alma_prox", steps=2, threat="oblivious", images=1)


def test_an_empty_home_holds_nothing_and_stays_empty(tiny_zoo, home):
    assert tabled(prepared(Setting(precision="auto"))) is None and not (home / "results.sqlite").exists()

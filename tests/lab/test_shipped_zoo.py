"""The nets that come with the lab: all there, small, what their cards say, and good enough to be worth attacking."""

import hashlib
import json
import os

import pytest

from lab import zoo
from lab.experiment import run
from lab.plans import plan
from lab.store import Store
from lab.training import FROM, ORDER
from lab.trial import Trial

SHIPPED = zoo.SHIPPED
FLOORS = {"scenes": 60, "camvid": 45}  # % mIoU of Seg on clean held-out pictures
DATA = os.environ.get("PEARL_DATA")
COMPLETE = ("scenes", "camvid")  # data sets of which all six nets are shipped
shipped = [(d, r) for d in FLOORS for r in ORDER if (SHIPPED / f"{zoo.NetName(d, r)}.safetensors").exists()]


def test_the_nets_of_table_1_are_there():
    assert {(dataset, recipe) for dataset in COMPLETE for recipe in ORDER} <= set(shipped)


@pytest.mark.parametrize(("dataset", "recipe"), shipped)
def test_the_net_and_its_card_belong_together(dataset, recipe):
    name = zoo.NetName(dataset, recipe)
    path = SHIPPED / f"{name}.safetensors"
    card = json.loads(path.with_suffix(".json").read_text())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card["sha256"]
    assert path.stat().st_size == card["bytes"]
    assert card["schedule"]["steps"] == plan(dataset).schedule(recipe).steps
    for key in ("seed", "recipe", "dataset"):
        assert card["name"][key] == getattr(name, key)
    for key in ("attack", "git", "seconds", "scores", "data", "pictures", "precision", "torch"):
        assert key in card
    for earlier in FROM[recipe]:
        parent = json.loads((SHIPPED / f"{zoo.NetName(dataset, earlier)}.json").read_text())
        assert card["from"][earlier] == parent["sha256"]


def test_the_whole_zoo_is_at_most_60_megabytes():
    assert 0 < sum(path.stat().st_size for path in SHIPPED.glob("*/*")) <= 60e6


@pytest.mark.parametrize("dataset", COMPLETE)
def test_the_nets_pass_their_floors_on_held_out_pictures(dataset, tmp_path, monkeypatch):
    if dataset != "scenes" and not DATA:
        pytest.skip(f"{dataset} is read only where PEARL_DATA is set")
    monkeypatch.setenv("PEARL_HOME", str(tmp_path))
    monkeypatch.delenv("PEARL_ZOO", raising=False)
    trials = [
        Trial(m, dataset, "val", r, images=32) for m, r in (("seg", "none"), ("seg", "pearl"), ("derain_seg", "pearl"))
    ]
    rows = run(trials, data_root=DATA if dataset != "scenes" else None, store=Store(tmp_path / "r.sqlite"), quiet=True)
    value = {(r.method, r.rain, r.metric): r.value for r in rows.itertuples()}
    seg = value["seg", "none", "mIoU"]
    assert seg >= FLOORS[dataset]
    assert value["derain_seg", "pearl", "PSNR"] >= value["seg", "pearl", "PSNR"] + 6
    assert value["derain_seg", "pearl", "mIoU"] >= 0.75 * seg

"""The nets that come with the lab: all there, small, what their cards say, and good enough to be worth attacking."""

import hashlib
import json
import os

import pytest

from lab.measure.measuring import run
from lab.measure.store import Store
from lab.measure.trial import Trial
from lab.nets import zoo
from lab.training import plans
from lab.training.job import parents

SHIPPED = zoo.SHIPPED
FLOORS = {"scenes": 60, "camvid": 45}  # % mIoU of Seg on clean held-out pictures
DATA = os.environ.get("PEARL_DATA")
COMPLETE = ("scenes", "camvid")  # data sets of which every planned net is shipped
planned = [name for dataset in COMPLETE for name in plans.nets(dataset)]
shipped = [name for name in planned if (SHIPPED / f"{name}.safetensors").exists()]


def test_every_planned_net_is_there():
    assert [str(name) for name in planned if name not in shipped] == []


def test_no_net_is_shipped_that_no_plan_knows():
    files = {str(path.relative_to(SHIPPED).with_suffix("")) for path in SHIPPED.glob("*/*")}
    assert files == {str(name) for name in shipped}


@pytest.mark.parametrize("name", shipped, ids=str)
def test_the_net_and_its_card_belong_together(name):
    path = SHIPPED / f"{name}.safetensors"
    card = json.loads(path.with_suffix(".json").read_text())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card["sha256"]
    assert path.stat().st_size == card["bytes"]
    assert card["schedule"]["steps"] == plans.plan(name.dataset).schedule(name).steps
    for key in ("seed", "recipe", "dataset"):
        assert card["name"][key] == getattr(name, key)
    for key in ("attack", "git", "seconds", "scores", "data", "pictures", "precision", "torch"):
        assert key in card
    for earlier, parent in parents(name).items():
        assert card["from"][earlier] == json.loads((SHIPPED / f"{parent}.json").read_text())["sha256"]


def test_the_whole_zoo_is_at_most_120_megabytes():
    assert 0 < sum(path.stat().st_size for path in SHIPPED.glob("*/*")) <= 120e6


@pytest.mark.parametrize("dataset", COMPLETE)
def test_the_nets_pass_their_floors_on_held_out_pictures(dataset, tmp_path, monkeypatch):
    if dataset != "scenes" and not DATA:
        pytest.skip(f"{dataset} is read only where PEARL_DATA is set")
    monkeypatch.setenv("PEARL_HOME", str(tmp_path))
    monkeypatch.delenv("PEARL_ZOO", raising=False)
    trials = [
        Trial(method, dataset, "val", rain=rain, images=32)
        for method, rain in (("seg", "none"), ("seg", "pearl"), ("derain_seg", "pearl"))
    ]
    rows = run(trials, data_root=DATA if dataset != "scenes" else None, store=Store(tmp_path / "r.sqlite"), quiet=True)
    value = {(r.method, r.rain, r.metric): r.value for r in rows.itertuples()}
    seg = value["seg", "none", "mIoU"]
    assert seg >= FLOORS[dataset]
    assert value["derain_seg", "pearl", "PSNR"] >= value["seg", "pearl", "PSNR"] + 6
    assert value["derain_seg", "pearl", "mIoU"] >= 0.75 * seg

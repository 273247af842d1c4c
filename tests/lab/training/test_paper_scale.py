"""The papers' own scale: its networks and schedules, for two steps on small pictures in the official layouts."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

import lab.data
from lab.bench import scale
from lab.bench.table1 import needed
from lab.cli import main
from lab.data import cityscapes, objects, rainy, reader, voc
from lab.measure.store import Store
from lab.measure.trial import cells_of
from lab.nets import checkpoints, zoo
from lab.nets.imports import import_net
from lab.nets.zoo import NetName
from lab.papers import PAPERS
from lab.papers.pearl import plan, table1, table4
from lab.training import plans
from lab.training import trainer as training
from lab.training.job import parents
from pearl_core.rain import preset

from .. import tiny
from ..layouts import cityscapes_tree, one_line, voc_tree

SIZE, SQUARE = (64, 128), (64, 64)
TINY = {"derain": tiny.PLAN.derain, "segmenter": tiny.PLAN.segmenter}
IMAGENET = Path(__file__).parents[2] / "fixtures" / "parity" / "names-semseg-resnet50-deepstem.json"
PEARL = PAPERS["pearl"].experiments
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")


def shrink(change) -> None:
    """Small pictures in batches of two; networks and schedules stay the papers' own."""
    training.training_data.cache_clear()
    readers = {**lab.data.READERS} | {
        "cityscapes": replace(cityscapes.READER, size=SIZE),
        "voc": replace(voc.READER, size=SQUARE),
        "objects": replace(objects.READER, size=SQUARE),
    }
    change(lab.data, "READERS", readers)
    change(rainy, "recorded", lambda name, size, rain: preset(rain))
    change(plans, "PAPER_BATCH", 2)


def tiny_networks(change) -> None:
    """Networks small enough to train here; all else of the papers' plan stays."""
    whole = plans.paper
    change(plans, "paper", lambda dataset, pictures: replace(whole(dataset, pictures), **TINY))


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """The folder that holds cityscapes/ and voc/."""
    folder = tmp_path_factory.mktemp("data")
    cityscapes_tree(folder, train=3, val=2, size=SIZE)
    voc_tree(folder, train=2, val=2, aug=2)
    return folder


@pytest.fixture
def small(home, monkeypatch):
    shrink(monkeypatch.setattr)
    yield home
    training.training_data.cache_clear()


@pytest.fixture(scope="module")
def trained(disk, tmp_path_factory):
    """What `train --all` leaves after two steps of every net of the plan, the networks being tiny: zoo and output."""
    folder = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PEARL_HOME", str(folder))
        patched.setenv("PEARL_ZOO", str(folder / "zoo"))
        shrink(patched.setattr)
        tiny_networks(patched.setattr)
        asked = ["train", "--all", "--dataset", "cityscapes", "--scale", "paper", "--data-root", str(disk)]
        assert main([*asked, "--steps", "2"]) == 0
    training.training_data.cache_clear()
    return folder / "zoo"


@pytest.fixture(scope="module")
def of_voc(disk, tmp_path_factory):
    """As `trained`, on VOC: table 1's six nets, the unseen segmenter's two, and the objects' two behind VOC's derainer.

    At this scale `train --all` leaves those on the objects out, and this the derain nets that only figure 5 takes.
    """
    folder = tmp_path_factory.mktemp("voc")
    unseen = plan.unseen("voc", "deeplabv3") + plan.unseen("objects", "pspnet", derain_on="voc")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PEARL_HOME", str(folder))
        patched.setenv("PEARL_ZOO", str(folder / "zoo"))
        shrink(patched.setattr)
        tiny_networks(patched.setattr)
        patched.setattr(objects, "LENGTHS", {"train": 2, "val": 2, "test": 2})
        for name in plan.core("voc", seeds=1) + unseen:
            asked = [str(disk) if word == "DIR" else word for word in name.command.split()[3:]]
            assert main([*asked, "--scale", "paper", "--steps", "2"]) == 0
    training.training_data.cache_clear()
    return folder / "zoo"


def card(folder: Path, name: NetName) -> dict:
    return json.loads((folder / f"{name}.json").read_text())


# ---- what the authors state ----


@pytest.mark.parametrize(
    ("recipe", "derain", "rates"),
    [
        ("derain", "prenet", {0: 1e-3, 29.9: 1e-3, 30.1: 2e-4, 50.1: 4e-5, 80.1: 8e-6, 100: 8e-6}),
        ("derain", "rescan", {0: 5e-3}),
        ("derain", "mprnet", {0: 2e-4, 250: 1e-6}),
        ("derain", "transweather", {0: 2e-4}),
        ("clean", "prenet", {0: 1e-2, 200: 1e-2 * 0.5**0.9, 400: 0}),
        ("sat", "prenet", {0: 1e-2, 200: 1e-2 * 0.5**0.9, 400: 0}),
    ],
)
def test_learning_rates_by_epochs_are_the_authors(recipe, derain, rates):
    schedule = plans.plan("cityscapes", "paper").schedule(NetName("cityscapes", recipe, derain))
    for epoch, wanted in rates.items():
        step = min(round(epoch * 2975 / 16), schedule.steps - 1)
        assert schedule.rate(step) == pytest.approx(wanted, rel=2e-3, abs=1e-6), f"epoch {epoch}"
    assert schedule.steps == max(rates) * 2975 // 16 or len(rates) == 1
    assert (schedule.optimiser, schedule.weight_decay) == (("adam", 0) if recipe == "derain" else ("sgd", 1e-4))


def test_voc_takes_50_epochs_of_the_augmented_split_at_the_size_of_its_crop():
    how = plans.plan("voc", "paper")
    assert how.schedule(NetName("voc", "clean")).steps == 50 * 10582 // 16
    assert (how.split, how.crop["clean"], how.crop["derain"]) == ("train_aug", 473, 256)
    assert how.size is None and reader("voc").size == (473, 473)


# ---- the networks at full size ----


@pytest.mark.slow
def test_the_papers_networks_train_from_an_imagenet_backbone_to_pearl(small, disk, tmp_path):
    torch.manual_seed(5)
    entries = json.loads(IMAGENET.read_text())["state_dict"]
    weights = {
        name: torch.full(shape, 0.01) + 0.01 * torch.rand(shape) for name, shape, kind in entries if kind == "float32"
    }
    path = tmp_path / "resnet50.pth"
    torch.save(weights, path)
    options = {"data_root": str(disk), "steps": 2, "scale": "paper"}
    first = training.Job(NetName("cityscapes", "clean"), files={"backbone": path}, **options)
    begun = training.start(first, plans.plan("cityscapes", "paper"), 19).segment
    assert sum(p.numel() for p in begun.parameters()) == 49_080_038
    assert torch.equal(begun.layer4[2].conv3.weight, weights["layer4.2.conv3.weight"])
    clean = training.run(first, quiet=True)
    assert clean.card["backbone"] == checkpoints.digest(path)
    assert clean.card["settings"] == {"depth": 50, "classes": 19, "aux": False} and clean.card["crop"] == 449
    assert training.run(replace(first, files={}), quiet=True).card == clean.card, "trained again without"
    for recipe in ("derain", "pearl"):
        net = training.run(training.Job(NetName("cityscapes", recipe, "mprnet"), **options), quiet=True)
        assert sum(p.numel() for p in net.module.parameters()) == 3_637_249
        assert net.card["architecture"] == {} and net.card["crop"] == 256 and net.card["batch"] == 2
        assert net.card["schedule"]["optimiser"] == "adam" and net.card["schedule"]["decay"] == "cosine"
    assert net.card["from"]["clean"] == clean.sha256 and net.card["scores"]["on"] == "cityscapes val, 2 images"


# ---- every recipe and table, with tiny networks ----


def test_pearl_starts_from_nets_that_were_imported(small, disk, tmp_path, monkeypatch):
    tiny_networks(monkeypatch.setattr)
    settings = {network: how for kind in TINY.values() for network, how in kind.items()}
    for network in ("rescan", "pspnet"):
        classes = {"classes": 19} if network == "pspnet" else {}
        torch.save(zoo.build(network, settings[network] | classes).state_dict(), tmp_path / network)
        import_net(network, tmp_path / network, dataset="cityscapes", settings=settings[network])
    job = training.Job(NetName("cityscapes", "pearl", "rescan"), str(disk), steps=1, scale="paper")
    imported = {recipe: zoo.find(name) for recipe, name in parents(job.name).items()}
    assert all("imported" in net.card for net in imported.values())
    assert training.run(job, quiet=True).card["from"] == {recipe: net.sha256 for recipe, net in imported.items()}


def test_all_trains_every_net_of_the_plan_with_its_schedule_on_its_card(trained):
    names = plans.nets("cityscapes", "paper")
    assert {str(name) for name in names} == {
        str(p.relative_to(trained).with_suffix("")) for p in trained.rglob("*.json")
    }
    for name in names:
        facts, how = card(trained, name), plans.plan(name.dataset, "paper")
        planned = how.schedule(name)
        stated = {key: facts["schedule"][key] for key in ("optimiser", "decay", "lr", "weight_decay", "warmup")}
        assert stated == {key: getattr(planned, key) for key in stated} and stated["warmup"] == 0
        assert (
            facts["crop"] == how.crop[name.recipe]
            and facts["architecture"]
            == (TINY["segmenter" if name.network in TINY["segmenter"] else "derain"][name.network])
        )
        assert facts["data"]["split"] == ("train_aug" if name.dataset == "voc" else "train")
        assert (facts["attack"] is None) == (name.recipe in ("clean", "derain"))
    assert card(trained, NetName("voc", "nat", derain_on="cityscapes"))["data"]["pictures"] == 4


@pytest.mark.parametrize(("module", "dataset"), [(table1, "cityscapes"), (table4, "voc")], ids=["table1", "table4"])
def test_tables_of_these_nets_stand_beside_the_papers(small, trained, disk, monkeypatch, module, dataset):
    monkeypatch.setenv("PEARL_ZOO", str(trained))
    rows = module.EXPERIMENT.measured(dataset="cityscapes", images=2, data_root=str(disk), quiet=True)
    assert set(rows.dataset) == {dataset} and set(rows.nets) == {"own"}
    assert set(rows.derain_on.dropna()) == ({"cityscapes"} if dataset == "voc" else set())
    assert rows[rows.metric == "mIoU"].value.notna().all()
    text = module.EXPERIMENT.layout(rows).text()
    assert module.TABLE.title in text and module.TABLE.column in text


def reproduced(name: str, dataset: str, nets: Path, disk: Path, change, **parameters) -> str:
    """The report of an experiment on that data set in words; its numbers stay beside the zoo for the next one."""
    change.setenv("PEARL_ZOO", str(nets))
    change.setenv("PEARL_HOME", str(nets.parent))
    known = PEARL[name].known({"dataset": dataset, "images": 2} | parameters)
    report = PEARL[name].layout(PEARL[name].measured(**known, data_root=str(disk), quiet=True))
    assert report.blocks
    return report.text()


@pytest.mark.parametrize("name", PEARL)
def test_every_experiment_works_on_cityscapes(small, trained, disk, monkeypatch, name):
    text = reproduced(name, "cityscapes", trained, disk, monkeypatch)
    assert ("trained on cityscapes" if name == "table4" else " on cityscapes val (128x64, ") in text


@pytest.mark.parametrize("name", PEARL)
def test_every_experiment_works_on_voc_where_its_nets_are(small, of_voc, disk, monkeypatch, name):
    text = reproduced(name, "voc", of_voc, disk, monkeypatch, threat="adaptive")  # one threat: half the work
    assert ("trained on voc" if name == "table4" else " on voc val (64x64, ") in text


@pytest.mark.parametrize("name", PEARL)
def test_where_only_the_nets_of_table_4_know_voc_every_experiment_says_what_to_train(
    small, trained, disk, monkeypatch, name
):
    with pytest.raises(FileNotFoundError, match=r"^no trained net ") as error:
        reproduced(name, "voc", trained, disk, monkeypatch)
    known = "objects" if name == "table4" else "voc --data-root DIR"  # table 4 goes from VOC to the objects
    assert re.search(rf"; train it with `python -m lab train \w+ --dataset {known}( --\w+ \w+)+`$", one_line(error))


# ---- the bench ----


@linux
def test_the_bench_counts_what_a_whole_batch_takes(small, monkeypatch):
    tiny_networks(monkeypatch.setattr)
    monkeypatch.setattr(scale, "alone", scale.measured)  # where the networks are tiny
    monkeypatch.setattr(scale, "OFFICIAL", {})
    text = scale.scale(recipes=("clean", "derain"), derainers=("prenet",), gpus=("one=1e-4,1e-4", "ten=1e-3,1e-3"))
    (row,) = (line.split() for line in text.splitlines() if line.strip().startswith("cityscapes/derain-prenet "))
    assert row[1:3] == [str(162 * 4**2 + 96 * 4 + 3), "256"]
    *_, short, _, long, faster, _, slower = row
    assert float(long) == pytest.approx(3 * float(short), rel=0.01) == pytest.approx(30 * float(faster), rel=0.01)
    assert float(slower) == pytest.approx(float(long) / 10, rel=0.01)
    for made in ("cityscapes in rain", "cityscapes without rain", "128x64"):
        assert made in text


@pytest.mark.parametrize(
    "name",
    [
        NetName("cityscapes", "clean", segmenter="deeplabv3"),
        NetName("cityscapes", "sat"),
        NetName("cityscapes", "derain", "transweather"),
        NetName("voc", "nat", "mprnet"),
        NetName("cityscapes", "pearl", "rescan"),
        NetName("cityscapes", "pearl_ama", "prenet"),
    ],
    ids=str,
)
def test_flops_without_numbers_are_those_of_a_real_step(small, monkeypatch, name):
    """With every product of the real step counted, its attack and all."""
    tiny_networks(monkeypatch.setattr)
    with Products() as seen, sdpa_kernel(SDPBackend.MATH):  # as counted: other kernels of a CPU hide their products
        scale.measured(name, plans.PAPER_BATCH)
    assert scale.counted(name)[2] == seen.flops > 0


class Products(TorchDispatchMode):
    """FLOPs of convolutions and matrix products, each multiplication and addition being one."""

    flops = 0

    def __torch_dispatch__(self, call, types, args=(), kwargs=None):
        result = call(*args, **(kwargs or {}))
        if call.overloadpacket in flop_registry:
            self.flops += flop_registry[call.overloadpacket](*args, **(kwargs or {}), out_val=result)
        return result


def test_the_bench_charges_table_1_with_the_passes_that_the_lab_makes(small, trained, disk, monkeypatch, tmp_path):
    monkeypatch.setenv("PEARL_ZOO", str(trained))
    cells = cells_of(table1.EXPERIMENT.asked(dataset="cityscapes", images=2), str(disk))
    passes = [sum(counts.values()) / 2 for counts in needed(cells, Store(tmp_path / "empty.sqlite"))]
    monkeypatch.setattr(scale, "one_pass", lambda *_: 1)
    assert list(scale.table("cityscapes", "prenet", SIZE)) == passes


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gpus": ("A100",)}, "^wanted a GPU as NAME=BFLOAT16,FLOAT32, such as A100=312,19.5, got 'A100'$"),
        ({"batch": 1}, "^wanted 2 pictures or more"),
        ({"shares": (0.0,)}, "shares over 0 up to 1"),
        ({"dataset": "scenes"}, "^unknown data set 'scenes'; choose one of cityscapes, voc$"),
        ({"recipes": ("perl",)}, "^unknown recipe 'perl'; choose one of clean"),
    ],
)
def test_what_the_bench_cannot_do_is_one_line(options, words):
    with pytest.raises(ValueError, match=words) as error:
        scale.scale(**options)
    one_line(error)

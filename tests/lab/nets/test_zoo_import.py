"""Other people's weights: every usual wrapping is read, nothing is executed, what does not fit is one line."""

import json
import re

import pytest
import torch
from safetensors.torch import save_file

from lab.cli import main
from lab.nets import checkpoints, zoo
from lab.nets.imports import import_net
from lab.nets.zoo import NetName
from lab.training.many import to_train
from pearl_core.derain.prenet import PReNet
from pearl_core.segment import SEGMENTERS
from pearl_core.segment.pspnet import PSPNet

from ...parity import fixture


def prenet(width: int = 32) -> PReNet:
    torch.manual_seed(3)
    return PReNet(width).eval()


def parallel(state: dict) -> dict:
    return {f"module.{name}": value for name, value in state.items()}


WRAPPED = {
    "plain": lambda state: state,
    "parallel": parallel,
    "state_dict": lambda state: {"epoch": 3, "state_dict": parallel(state), "optimizer": {"lr": 1e-3, "state": {}}},
    "net": lambda state: {"net": state, "step": 7},
}


ADAM = {"state": {0: {"step": 20_000, "exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 5e-3, "params": [0]}]}
RELEASED = {  # the authors' entries, their number of parameters, what lies around the entries in the file
    "prenet": ("prenet-w32", 168_963, WRAPPED["plain"]),
    "rescan": ("rescan-c24-gru", 149_823, lambda state: {"net": state, "clock": 20_000, "opt": ADAM}),
    "mprnet": ("mprnet-derain", 3_637_249, WRAPPED["state_dict"]),
    "transweather": ("transweather", 38_052_078, WRAPPED["parallel"]),
    "pspnet": ("semseg-pspnet50-19", 49_080_038, WRAPPED["state_dict"]),
    "deeplabv3": ("ddcat-deeplabv3-50-19", 39_439_334, WRAPPED["state_dict"]),
}


def released(known: dict) -> dict:
    """A state dictionary with every name, shape, type and shared entry of the authors' network; numbers are made up."""
    random = torch.Generator().manual_seed(5)
    state = {
        name: torch.rand(shape, generator=random).mul(9).to(getattr(torch, kind))
        for name, shape, kind in known["state_dict"]
    }
    for names in known["shared_entries"]:
        state |= dict.fromkeys(names, state[names[0]])
    return state


@pytest.mark.parametrize("network", RELEASED)
def test_what_the_authors_released_is_taken_in_whole_by_the_command(home, tmp_path, capsys, network):
    name, parameters, wrapped = RELEASED[network]
    state, path = released(fixture(name)), tmp_path / "net.pth"
    torch.save(wrapped(state), path, _use_new_zipfile_serialization=network == "transweather")  # others: torch < 1.6
    segmenter = network in SEGMENTERS
    assert main(["zoo", "import", network, str(path), "--dataset", "cityscapes" if segmenter else "rain100h"]) == 0
    assert f"{parameters:,} parameters" in capsys.readouterr().out
    named = {"segmenter": network} if segmenter else {"derain": network}
    net = zoo.find(NetName("cityscapes", "clean", **named) if segmenter else NetName("rain100h", "derain", **named))
    assert net.path.is_file() and json.loads(net.path.with_suffix(".json").read_text()) == net.card
    assert net.card["network"] == network and net.card["parameters"] == parameters
    assert net.card["settings"] == ({"classes": 19, "aux": False} if segmenter else {})
    arrived, wanted = net.module.state_dict(), {k: v for k, v in state.items() if not k.startswith("aux.")}
    assert arrived.keys() == wanted.keys()
    for key, value in wanted.items():  # in float32, as they came
        assert arrived[key].dtype == value.dtype and torch.equal(arrived[key], value), key
    for file in (path, net.path):  # pytest would keep a gigabyte
        file.unlink()


def test_an_imported_net_is_left_alone_when_all_others_are_trained(home, tmp_path):
    everything = to_train("scenes")
    torch.save(prenet().state_dict(), tmp_path / "net.pth")
    import_net("prenet", tmp_path / "net.pth", dataset="scenes")
    assert set(everything) - set(to_train("scenes")) == {NetName("scenes", "derain")}


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED)
def test_a_released_checkpoint_becomes_a_net_of_the_zoo_bit_by_bit(home, tmp_path, wrapped):
    path = tmp_path / "net.pth"
    torch.save(wrapped(prenet().state_dict()), path)
    net = import_net("prenet", path, dataset="rain100h")
    assert zoo.find(NetName("rain100h", "derain")) is net or zoo.find(NetName("rain100h", "derain")).card == net.card
    assert all(torch.equal(a, b) for a, b in zip(net.module.parameters(), prenet().parameters(), strict=True))
    assert net.card["parameters"] == 168_963
    assert net.card["imported"] == {"file": "net.pth", "sha256": checkpoints.digest(path)}


def test_safetensors_are_read_too_and_settings_tell_what_differs(home, tmp_path):
    path = tmp_path / "wide.safetensors"
    save_file(prenet(8).state_dict(), path)
    with pytest.raises(ValueError, match=r"holds another network than PReNet: .* names or shapes differ"):
        import_net("prenet", path)
    assert main(["zoo", "import", "prenet", str(path), "--setting", "width=8", "--dataset", "camvid"]) == 0
    assert zoo.find(NetName("camvid", "derain")).card["settings"] == {"width": 8}


def segmenter(classes: int, path):
    """A file of a tiny segmenter; its settings."""
    torch.manual_seed(0)
    torch.save({"state_dict": parallel(PSPNet(classes, 18, 4).state_dict())}, path)
    return {"depth": 18, "width": 4}


def test_a_segmenter_brings_its_classes_and_leaves_its_auxiliary_head(home, tmp_path):
    settings = segmenter(21, tmp_path / "train_epoch_200.pth")
    net = import_net("pspnet", tmp_path / "train_epoch_200.pth", dataset="voc", settings=settings)
    assert net.card["settings"] == {"classes": 21, "depth": 18, "width": 4, "aux": False}
    assert net.module(torch.rand(1, 3, 40, 40)).shape == (1, 21, 40, 40)


def refused(capsys, *words) -> str:
    """What the command says that refuses to import, in one line; it leaves nothing behind."""
    assert main(["zoo", "import", *map(str, words)]) == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    return said


TINY = ("--setting", "depth=18", "--setting", "width=4")


@pytest.mark.parametrize(
    ("classes", "dataset", "words"),
    [
        (19, None, r"wanted --dataset, as .*net\.pth does not say whose pictures .* choose one of cityscapes, scenes$"),
        (21, None, r"choose one of objects, voc$"),
        (7, None, r"wanted a data set's classes, got 7 classes in .*net\.pth; camvid has 11, cityscapes has 19, "),
        (21, "cityscapes", r"wanted a segmenter of the 19 classes of cityscapes, got 21 classes in .*; .*voc has 21"),
        (19, "camvid", r"wanted a segmenter of the 11 classes of camvid, got 19 classes in "),
        (19, "rain100h", r"wanted a segmenter of the 0 classes of rain100h, got 19 classes in "),
    ],
)
def test_a_segmenter_goes_only_to_a_data_set_of_its_classes(home, tmp_path, capsys, classes, dataset, words):
    segmenter(classes, tmp_path / "net.pth")
    said = refused(capsys, "pspnet", tmp_path / "net.pth", *TINY, *(["--dataset", dataset] if dataset else []))
    assert re.search(words, said), said
    assert not list(home.glob("zoo/*/*"))


def test_classes_that_one_data_set_has_tell_it(home, tmp_path):
    settings = segmenter(11, tmp_path / "net.pth")
    net = import_net("pspnet", tmp_path / "net.pth", settings=settings)
    assert net.path == home / "zoo/camvid/clean-pspnet.safetensors"


def test_a_derainer_does_not_say_whose_pictures_it_is_for(home, tmp_path, capsys):
    torch.save(prenet().state_dict(), tmp_path / "net.pth")
    assert "wanted --dataset" in refused(capsys, "prenet", tmp_path / "net.pth")


def test_a_shipped_net_is_shadowed_only_where_that_is_asked_for(home, tmp_path, capsys, monkeypatch):
    torch.save(prenet().state_dict(), tmp_path / "net.pth")
    monkeypatch.setenv("PEARL_ZOO", str(zoo.SHIPPED))
    shipped = import_net("prenet", tmp_path / "net.pth", dataset="scenes")
    monkeypatch.delenv("PEARL_ZOO")
    asked = ["prenet", str(tmp_path / "net.pth"), "--dataset", "scenes"]
    said = refused(capsys, *asked)
    assert "scenes/derain-prenet is a net that the lab comes with; wanted another --seed or --dataset, or --sha" in said
    assert zoo.find(NetName("scenes", "derain")).path == shipped.path
    assert main(["zoo", "import", *asked, "--seed", "1"]) == main(["zoo", "import", *asked, "--shadow"]) == 0
    assert zoo.find(NetName("scenes", "derain")).path == home / "zoo/scenes/derain-prenet.safetensors"


def test_a_net_that_is_there_is_not_overwritten_and_a_seed_tells_two_apart(home, tmp_path):
    path = tmp_path / "net.pth"
    torch.save(prenet().state_dict(), path)
    first = import_net("prenet", path, dataset="rain100h")
    for shadow in (False, True):
        with pytest.raises(ValueError, match="is there already; wanted another --seed"):
            import_net("prenet", path, dataset="rain100h", shadow=shadow)
    assert import_net("prenet", path, dataset="rain100h", seed=1).path != first.path


class Loud:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda path: path.write_bytes(b"\x80\x04\x95 a pickle of its own"), "holds no plain weights"),
        (lambda path: torch.save(Loud(), path), "holds no plain weights"),
        (lambda path: path.write_bytes(b"PK\x03\x04 not a net"), "holds no plain weights"),
        (lambda path: torch.save({"epoch": 3}, path), "wanted one state dictionary of tensors, got 0 in epoch"),
        (lambda path: torch.save([1, 2], path), "wanted one state dictionary of tensors, got 0 in list"),
        (lambda path: torch.save({"conv.weight": torch.rand(2)}, path), "holds another network than PReNet"),
        (lambda path: None, "no file of weights at"),
    ],
    ids=["pickle", "torch-pickle", "cut", "no-weights", "list", "other-net", "missing"],
)
def test_anything_else_is_one_line_and_nothing_of_it_runs(home, tmp_path, capsys, content, words):
    path = tmp_path / "net.pth"
    content(path)
    assert main(["zoo", "import", "prenet", str(path)]) == 2
    said = capsys.readouterr()
    assert words in said.err and "\n" not in said.err.strip() and "executed" not in said.out
    assert "weights_only" not in said.err and "can still be loaded" not in said.err, "it tells how to run what is there"
    assert not list(home.glob("zoo/*/*"))


def test_values_that_are_no_numbers_are_refused(home, tmp_path):
    state = prenet().state_dict()
    state["conv.0.bias"] = torch.full_like(state["conv.0.bias"], float("nan"))
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(ValueError, match=r"not finite, first in conv.0.bias"):
        import_net("prenet", tmp_path / "net.pth")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["import", "prenet"], "wanted `zoo import NETWORK FILE`"),
        (["import", "prnet", "x.pth"], "unknown network 'prnet'; choose one of"),
        (["import", "prenet", "x.pth", "--setting", "width"], "wanted a setting as NAME=NUMBER"),
        (["import", "prenet", "x.pth", "--dataset", "kitti"], "unknown data set 'kitti'"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(home, capsys, words, error):
    assert main(["zoo", *words]) == 2
    assert error in capsys.readouterr().err


def test_the_card_is_plain_json(home, tmp_path):
    torch.save(prenet().state_dict(), tmp_path / "net.pth")
    net = import_net("prenet", tmp_path / "net.pth", dataset="rain100h")
    assert json.loads(net.path.with_suffix(".json").read_text()) == net.card

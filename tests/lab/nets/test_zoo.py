"""The zoo: what is saved is what is loaded, and everything else on the disk is refused in one line."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lab.nets import checkpoints, zoo
from lab.nets.cards import cards
from lab.nets.zoo import Net, NetName
from pearl_core.recipes import RECIPES

DERAIN = NetName("scenes", "derain")
CLEAN = NetName("scenes", "clean")
PRENET = {"width": 4, "iterations": 1}
PSPNET = {"classes": 19, "depth": 18, "width": 4, "aux": False}


def derainer(**settings) -> torch.nn.Module:
    torch.manual_seed(0)
    return zoo.build("prenet", PRENET | settings).eval()


def saved(name: NetName = DERAIN, **facts) -> Net:
    network, settings = ("prenet", PRENET) if name.network == "prenet" else ("pspnet", PSPNET)
    torch.manual_seed(1)
    return zoo.save(name, zoo.build(network, settings | ({"aux": True} if name.network == "pspnet" else {})),
                    {"network": network, "settings": settings} | facts)  # fmt: skip


def weights_of(net: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.contiguous() for name, value in net.state_dict().items()}


def refused(message: str, call, kind=ValueError) -> None:
    with pytest.raises(kind, match=message) as error:
        call()
    assert "\n" not in str(error.value)


def card_path(net: Net):
    return net.path.with_suffix(".json")


def signed(net: Net, data: bytes) -> Net:
    """The file replaced by `data` and the card made to agree."""
    net.path.write_bytes(data)
    card = net.card | {"sha256": hashlib.sha256(data).hexdigest()}
    card_path(net).write_text(json.dumps(card))
    return zoo.find(DERAIN)


# ---- there and back ----


def test_a_net_comes_back_from_the_disk_as_it_went_but_for_half_precision(home):
    net = derainer()
    zoo.save(DERAIN, net, {"network": "prenet", "settings": PRENET})
    back = zoo.find(DERAIN).module
    assert not back.training
    for name, value in net.state_dict().items():
        assert back.state_dict()[name].dtype == torch.float32
        assert torch.equal(back.state_dict()[name], value.half().float())
    x = torch.rand(1, 3, 32, 40)
    assert torch.allclose(back(x), net(x), atol=2e-3)


def test_the_disk_holds_half_precision_without_the_auxiliary_head(home):
    weights = load_file(saved(CLEAN).path)
    assert {value.dtype for value in weights.values()} == {torch.float16, torch.int64}
    assert not any(name.startswith("aux") for name in weights)
    assert zoo.find(CLEAN).module.aux is None


def test_the_card_tells_the_file_and_keeps_what_it_was_given(home):
    net = saved(recipe="derain", seconds=12)
    written = json.loads(card_path(net).read_text())
    assert written == net.card == zoo.find(DERAIN).card
    assert written["sha256"] == net.sha256 == hashlib.sha256(net.path.read_bytes()).hexdigest()
    assert written["bytes"] == net.path.stat().st_size
    assert written["seconds"] == 12


def test_saving_the_same_net_twice_gives_the_same_bytes(home):
    assert saved().path.read_bytes() == saved().path.read_bytes()
    assert saved().sha256 == saved().sha256


def test_a_net_is_read_from_the_disk_once_until_it_changes(home):
    saved()
    assert zoo.find(DERAIN).module is zoo.find(DERAIN).module
    first = zoo.find(DERAIN)
    zoo.save(DERAIN, derainer(), {"network": "prenet", "settings": PRENET})
    assert zoo.find(DERAIN) is not first


# ---- names ----


@pytest.mark.parametrize(
    ("name", "text", "network", "command"),
    [
        (CLEAN, "scenes/clean-pspnet", "pspnet", "train clean --dataset scenes --segmenter pspnet"),
        (DERAIN, "scenes/derain-prenet", "prenet", "train derain --dataset scenes --derain prenet"),
        (
            NetName("camvid", "sat", seed=2),
            "camvid/sat-pspnet-s2",
            "pspnet",
            "train sat --dataset camvid --data-root DIR --segmenter pspnet --seed 2",
        ),
        (
            NetName("scenes", "nat"),
            "scenes/nat-prenet-pspnet",
            "pspnet",
            "train nat --dataset scenes --derain prenet --segmenter pspnet",
        ),
        (
            NetName("scenes", "pearl_ama"),
            "scenes/pearl_ama-prenet-pspnet",
            "prenet",
            "train pearl_ama --dataset scenes --derain prenet --segmenter pspnet",
        ),
    ],
    ids=str,
)
def test_a_name_tells_its_file_its_network_and_its_command(name, text, network, command):
    assert str(name) == text
    assert name.network == network
    assert name.command == f"python -m lab {command}"


def test_names_of_different_nets_differ():
    names = [str(NetName(d, r, seed=s)) for d in ("scenes", "camvid") for r in RECIPES for s in (0, 1)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("recipe", ["clean", "derain", "pearl"])
def test_a_missing_net_is_an_error_with_the_exact_command(home, recipe):
    name = NetName("scenes", recipe)
    with pytest.raises(FileNotFoundError) as error:
        zoo.find(name)
    assert str(error.value) == f"no trained net {name}; train it with `{name.command}`"


@pytest.mark.parametrize("lost", ["safetensors", "json"])
def test_weights_without_a_card_or_a_card_without_weights_are_no_net(home, lost):
    saved().path.with_suffix(f".{lost}").unlink()
    refused("^no trained net scenes/derain-prenet; train it", lambda: zoo.find(DERAIN), FileNotFoundError)
    assert zoo.catalogue() == {}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"recipe": "perl"}, "^unknown recipe 'perl'; choose one of clean, derain, nat, pearl, pearl_ama, sat"),
        ({"derain": "prnet"}, "^unknown derain net 'prnet'; choose one of .*prenet"),
        ({"segmenter": "pspnt"}, "^unknown segmenter 'pspnt'; choose one of .*pspnet"),
    ],
    ids=["recipe", "derain", "segmenter"],
)
def test_an_unknown_name_is_an_error_with_the_choices(wrong, message):
    refused(message, lambda: NetName(**{"dataset": "scenes", "recipe": "clean"} | wrong))


# ---- folders ----


def test_the_catalogue_lists_both_folders_and_the_users_own_net_comes_first(home, monkeypatch):
    monkeypatch.setenv("PEARL_ZOO", str(zoo.SHIPPED))
    saved(origin="shipped")
    saved(CLEAN, origin="shipped")
    monkeypatch.delenv("PEARL_ZOO")
    assert zoo.find(DERAIN).card["origin"] == "shipped"
    mine = saved(origin="mine")
    assert mine.path == home / "zoo/scenes/derain-prenet.safetensors"
    assert zoo.find(DERAIN).card["origin"] == "mine"
    assert {name: card["origin"] for name, card in zoo.catalogue().items()} == {
        "scenes/clean-pspnet": "shipped",
        "scenes/derain-prenet": "mine",
    }


def test_an_empty_zoo_has_an_empty_catalogue(home):
    assert zoo.catalogue() == {}


# ---- what is refused ----


def test_weights_that_are_not_those_of_the_card_are_refused(home):
    net = saved()
    data = bytearray(net.path.read_bytes())
    data[-1] ^= 1
    net.path.write_bytes(data)
    refused(
        r"derain-prenet.safetensors is not the file of its card: wanted sha256 \w{12}, got \w{12}$",
        lambda: zoo.find(DERAIN).module,
    )


def load_derainer(path, **settings):
    """A file of weights by itself, without a card."""
    return zoo.fill(zoo.build("prenet", settings), checkpoints.read(path), path)


@pytest.mark.parametrize(
    "damage",
    [lambda d: d[:-7], lambda d: b"", lambda d: b"garbage" * 50, lambda d: d[:8] + b"x" * 40 + d[48:], lambda d: d[:4]],
    ids=["cut", "empty", "garbage", "header", "four bytes"],
)
def test_a_damaged_file_is_refused(home, damage):
    net = saved()
    broken = signed(net, damage(net.path.read_bytes()))
    refused("derain-prenet.safetensors is not a safetensors file, or is damaged: ", lambda: broken.module)
    refused("is not a safetensors file, or is damaged: ", lambda: load_derainer(net.path, **PRENET))


def test_the_weights_of_another_network_are_refused_with_the_first_name_that_differs(home):
    theirs = saved(CLEAN).path.read_bytes()
    foreign = signed(saved(), theirs)
    refused(
        r"derain-prenet.safetensors holds another network than PReNet: \d+ names or shapes differ, "
        r"the first is cls\.0\.weight$",
        lambda: foreign.module,
    )


def test_the_weights_of_another_width_are_refused_with_the_first_shape_that_differs(home, tmp_path):
    path = tmp_path / "wide.safetensors"
    save_file(weights_of(derainer(width=8)), path)
    refused(
        r"wide.safetensors holds another network than PReNet: 31 names or shapes differ, the first is conv\.0\.weight$",
        lambda: load_derainer(path, **PRENET),
    )


def test_a_missing_weight_is_refused(tmp_path):
    weights = weights_of(derainer())
    del weights["conv.0.bias"]
    save_file(weights, tmp_path / "less.safetensors")
    refused(
        "1 names or shapes differ, the first is conv.0.bias$",
        lambda: load_derainer(tmp_path / "less.safetensors", **PRENET),
    )


@pytest.mark.parametrize("key", ["network", "settings", "sha256"])
def test_a_card_that_lacks_a_key_is_refused(home, key):
    net = saved()
    card_path(net).write_text(json.dumps({k: v for k, v in net.card.items() if k != key}))
    refused(f"derain-prenet.json is not a card: it lacks {key}$", lambda: zoo.find(DERAIN))
    refused(f"derain-prenet.json is not a card: it lacks {key}$", zoo.catalogue)


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"7", b"\xff\xfe\x00"], ids=str)
def test_what_is_no_card_is_refused(home, content):
    card_path(saved()).write_bytes(content)
    refused("derain-prenet.json is not a card: ", lambda: zoo.find(DERAIN))


def test_a_card_of_an_unknown_network_is_refused_with_the_choices(home):
    net = saved()
    card_path(net).write_text(json.dumps(net.card | {"network": "prunet"}))
    refused("^unknown network 'prunet'; choose one of .*prenet, pspnet", lambda: zoo.find(DERAIN).module)


@pytest.mark.parametrize("settings", [{"wide": 4}, [4, 1], None, {"width": "4"}], ids=str)
def test_a_card_with_settings_no_network_takes_is_refused(home, settings):
    net = saved()
    card_path(net).write_text(json.dumps(net.card | {"settings": settings}))
    refused("^prenet takes no settings ", lambda: zoo.find(DERAIN).module)


# ---- a net of another kind ----


def misplaced(net: Net, card: dict, name: NetName = CLEAN) -> str:
    """What is said of the weights of `net` with such a card in the place of another one, wherever it is opened."""
    path = zoo.folders()[0] / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(net.path.read_bytes())
    path.with_suffix(".json").write_text(json.dumps(card))
    for opened in (lambda: zoo.find(name), zoo.catalogue):
        with pytest.raises(ValueError, match=f"{path.name[:-12]}.json is the card of another net: ") as error:
            opened()
    shown, problems = cards()
    assert str(name) not in shown and problems == [str(error.value)]
    return str(error.value).partition("another net: ")[2]


def test_a_segmenter_of_other_classes_is_refused_with_its_card_and_all(home):
    for dataset, classes in (("voc", 21), ("camvid", 11)):
        settings = PSPNET | {"classes": classes}
        theirs = zoo.save(NetName(dataset, "clean"), zoo.build("pspnet", settings),
                          {"network": "pspnet", "settings": settings})  # fmt: skip
        words = f"wanted a segmenter of the 19 classes of scenes, got one of {classes}; move it and its weights away"
        assert misplaced(theirs, theirs.card) == words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": {"dataset": "cityscapes", "recipe": "clean"}}, "wanted scenes/clean-pspnet, got cityscapes/clean-ps"),
        ({"name": {"dataset": "scenes", "recipe": "sat"}}, "wanted scenes/clean-pspnet, got scenes/sat-pspnet"),
        ({"name": {"dataset": "scenes", "recipe": "clean", "seed": 1}}, "got scenes/clean-pspnet-s1"),
        ({"name": {"dataset": "nowhere", "recipe": "clean"}}, "got a net of no name"),
        ({"name": {"model": "clean"}}, "got a net of no name"),
        ({"data": {"name": "cityscapes"}}, "wanted a net for scenes, got one trained on cityscapes"),
        ({"network": "deeplabv3"}, "wanted the segment net of scenes/clean-pspnet, got deeplabv3"),
        ({"network": "prenet", "settings": PRENET}, "wanted the segment net of scenes/clean-pspnet, got prenet"),
    ],
    ids=str,
)
def test_a_card_that_does_not_fit_its_place_is_refused(home, change, words):
    net = saved(CLEAN)
    assert words in misplaced(net, net.card | change)


def test_the_networks_of_a_pipeline_do_not_stand_for_each_other(home):
    behind = NetName("scenes", "nat")
    theirs = saved()
    assert "wanted the segment net of scenes/nat-prenet-pspnet, got prenet" in misplaced(theirs, theirs.card, behind)


@pytest.mark.parametrize("folder", ["scenes", "camvid", "objects"])
def test_every_shipped_card_fits_its_place(folder):
    for path in (Path(zoo.__file__).parents[1] / "zoo" / folder).glob("*.json"):
        assert zoo.read_card(path)["name"]


# ---- a full disk ----


def contents(home) -> dict:
    return {path.name: path.read_bytes() for path in (home / "zoo").rglob("*") if path.is_file()}


def test_a_disk_that_fills_up_keeps_the_old_net_whole(home, full_disk):
    saved()
    before = contents(home)
    with full_disk(3000):  # the card fits, the weights do not
        refused(
            r"could not write .*derain-prenet\.safetensors: ",
            lambda: zoo.save(DERAIN, derainer(), {"network": "prenet", "settings": PRENET}),
            OSError,
        )
    assert contents(home) == before


def test_no_room_for_the_card_keeps_the_old_net_whole(home, monkeypatch):
    """Weights that fit beside a card that does not: neither may change, or the net on disk would no longer be one."""
    saved()
    before = contents(home)
    write = zoo.disk.Path.write_text

    def full(self, text, *more):
        write(self, text[:10], *more)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zoo.disk.Path, "write_text", full)
    refused(
        r"could not write .*derain-prenet\.json: No space left",
        lambda: zoo.save(DERAIN, derainer(), {"network": "prenet", "settings": PRENET}),
        OSError,
    )
    assert contents(home) == before
    zoo.find(DERAIN).module(torch.rand(1, 3, 32, 32))

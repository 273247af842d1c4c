"""What a command refuses, it refuses with exit code 2 before a picture is made, and says what was wanted."""

import json
import os
import shutil

import pytest
import torch

from lab.cli import main
from lab.data.base import Dataset
from lab.nets import zoo
from lab.system import paths


@pytest.fixture
def no_picture(tiny_zoo, monkeypatch):
    """A lab where nothing can be measured or trained: whoever takes a picture fails, and not as a user's mistake."""

    def taken(self, *_, **__):
        raise AssertionError(f"a picture of {self.name} was taken")

    for way in ("sample", "preload", "in_rain"):
        monkeypatch.setattr(Dataset, way, taken)
    return tiny_zoo


@pytest.fixture
def refused(no_picture, capsys):
    """Runs a command that must be refused; returns what it said."""

    def refused(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:  # argparse's own
            code = ended.code
        told = capsys.readouterr()
        assert code == 2 and not told.out
        return told.err.strip()

    return refused


FILE = "FILE"  # in an argument: the path of a file
MANY = "9" * 30
COMMANDS = {
    # eps and alpha in 1/255, in every command that takes one
    "table1 --eps 0.03137": "that is 0.031/255, which changes nothing; 0.031 of the range is 7.999",
    "figure4 --eps 0.0157": "of the range is 4",
    "supplement --eps 0.0999": "of the range is 25.47",
    "train sat --eps 0.03": "of the range is 7.65",
    "bench sea --eps 0.01": "of the range is 2.55",
    "table1 --eps nan": "wanted a number for eps, got nan",
    "train sat --eps nan": "wanted eps from 0 to 255",
    "figure5 --eps inf": "wanted a number for eps, got inf",
    # folders that cannot be written to
    f"table1 --out {FILE}": "wanted a folder to write to",
    f"figure4 --out {FILE}/below/it": "wanted a folder to write to",
    f"reproduce pearl --out {FILE}/below": "wanted a folder to write to",
    f"report --out {FILE}": "wanted a folder to write to",
    f"look setting.json --out {FILE}": "wanted a folder to write to",
    f"sea strength --out {FILE}": "wanted a folder to write to",
    f"train clean --zoo {FILE}": "wanted a folder to write to",
    # folders that are not there, or that nothing is read from
    "table1 --data-root /nonexistent": "wanted the folder given by data_root, got nothing at /nonexistent",
    f"figure4 --data-root {FILE}": "wanted the folder given by data_root, got a file at",
    "report --data-root /nonexistent": "wanted the folder given by data_root, got nothing at /nonexistent",
    "claims pearl --data-root /nonexistent": "got nothing at /nonexistent",
    "table1 --data-root .": "scenes: built in",
    "table4 --data-root .": "objects and scenes: built in",
    "figure4 --data-root .": "scenes: built in",
    "sea strength --data-root .": "scenes: built in",
    "reproduce pearl --data-root .": "objects and scenes: built in",
    "claims pearl --data-root .": "objects and scenes: built in",
    "train clean --data-root .": "scenes: built in",
    "train --all --data-root .": "built in",
    "data check objects --data-root .": "objects: built in",
    "report --data-root .": "camvid",  # no CamVid there
    # what a training is asked for
    "train pearl --seed -1": "wanted a seed from 0 to 4294967295, got -1",
    f"train clean --seed {MANY}": "wanted a seed from 0 to",
    "train clean --workers -1": "wanted 0 to 256 workers, got -1",
    f"train clean --workers {MANY}": "wanted 0 to 256 workers",
    f"train clean --steps {MANY}": "wanted at most 1000000000 training steps",
    "train clean --steps 0": "wanted 1 training step or more",
    "train sat --attack-steps -1": "wanted a whole number of steps from 0 up, got -1",
    "train nat --derain-on nope": "unknown data set 'nope'",
    "train clean --backbone /nowhere.pth": "no file of weights at /nowhere.pth",
    f"train clean --backbone {FILE}": "holds no plain weights",
    "train derain --backbone /nowhere.pth": "wanted a backbone file for",
    "train clean --scale large": "unknown scale 'large'",
    "train clean --dataset kitti": "unknown data set 'kitti'",
    "train clean --dataset camvid --data-root /nowhere": "got nothing at /nowhere",
    "train clean --variant k2 --setting width=-5": "pspnet takes no settings",
    "train derain --variant k2 --setting width=0": "prenet takes no settings",
    "train derain --variant k2 --setting wide=3": "prenet takes no settings",
    "train derain --variant k2 --setting width=3 --setting width=4": "wanted every setting once, got width again",
    "train clean --variant k2 --setting classes=3": "wanted no setting classes, which data set and recipe decide",
    "train derain --variant k2 --setting iterations=0": "prenet takes no settings",
    "train derain --variant s1": "wanted a variant of small letters",
    "train pearl --seed 1": "no trained net scenes/",
    # what would have no influence
    "train clean --derain-on scenes": "wanted no --derain-on, which has no influence on scenes/clean-pspnet",
    "train clean --derain rescan": "wanted no --derain, which has no influence",
    "train derain --segmenter deeplabv3": "wanted no --segmenter, which has no influence",
    "train derain --eps 4": "wanted no --eps, which has no influence",
    "train clean --processes 2": "wanted --processes with --all",
    "train --all --seed 1": "wanted no --seed with --all",
    "train --all --variant k2": "wanted no --variant with --all",
    "train --all --derain rescan": "wanted no --derain with --all",
    "zoo --setting width=3": "wanted `zoo import` with the options of an imported net, got settings without",
    "zoo scenes/sat-pspnet --seed 1": "wanted `zoo import` with",
    "zoo --shadow": "wanted `zoo import` with",
    "data list nope": "wanted `data list` alone",
    "data check": "wanted the data set to check; choose one of camvid",
    "data check scenes --size 3x3": "wanted --size with `data calibrate` alone",
    "data calibrate camvid --size 0x4": "wanted a size as HxW",
    "report --page --only table1": "wanted --page alone",
    "figure4 --processes 2": "unrecognized arguments: --processes 2",
    "bench scale --gpus A100=nan,1": "wanted a GPU as NAME=BFLOAT16,FLOAT32",
    "bench scale --gpus A100=nan": "wanted a GPU as NAME=BFLOAT16,FLOAT32",
    "bench scale --gpus A100=0,1": "wanted a GPU as NAME=BFLOAT16,FLOAT32",
    "bench scale --shares nan": "shares over 0 up to 1",
    "bench scale --recipes clean nope": "unknown recipe 'nope'",
    # nothing where something was wanted
    "train ''": "wanted a value after train, got nothing",
    "table1 --data-root ''": "wanted a value after --data-root, got nothing",
    "table1 --out ''": "wanted a value after --out, got nothing",
    "table1 --out=": "wanted a value after --out, got nothing",
    "figure4 --steps=--": "wanted a value after --steps, got nothing",
    "sea strength --images=--": "wanted a value after --images, got nothing",
    # how much, and of what
    "sea strength --images 0": "wanted 1 image or more, got 0",
    "sea strength --images 1000": "wanted 250 images of scenes val, got only 3",
    "sea strength --split val": "wanted another split than val, where PGD's step is tuned",
    "sea strength --dataset objects": "unknown data set 'objects'",
    "table1 --images 0": "wanted 1 image or more, got 0",
    "reproduce pearl --images 1000": "wanted 1000 images of scenes test, got only 12",
    "table1 --seeds 0": "wanted 1 training seed or more, got 0",
    f"table1 --seed {MANY}": "wanted a seed from 0 to",
    "table1 --split dev": "unknown split 'dev'",
    "figure1 --split dev": "unknown split 'dev'",
    "reproduce pearl --split dev": "unknown split 'dev'",
    "figure4 --indices 0,99": "wanted a picture of scenes test from 0 to 11, got 99",
    "figure4 --indices 0,x": "wanted indices with commas between",
    "figure1 --index 12": "wanted a picture of scenes test from 0 to 11, got 12",
    "table1 --segmenter deeplabv3 --derain rescan --images 2": "no trained net",
    "table2 --derain-with nope": "unknown segmenter 'nope'",
    "figure5 --derains prenet,nope": "unknown derain net 'nope'",
    "claims pearl --claim nope": "unknown claim 'nope'",
    "claims pearl --seeds 0": "wanted 1 training seed or more, got 0",
    "claims sea": "wanted a paper with claims: pearl, got sea",
    "bench sea --images 1000000000": "wanted a count of pictures from 1 to 100000",
    "report --only table9": "unknown section 'table9'",
    "reproduce nope": "unknown paper 'nope'",
    # options by their names alone
    "claims pearl --seed 1": "unrecognized arguments: --seed 1",
    "table1 --image 4": "unrecognized arguments: --image 4",
    "table1 --processes 0": "wanted 1 or more, got '0'",
    "train --all --processes 0": "wanted 1 or more, got '0'",
    "--device tpu zoo": "unknown device 'tpu'",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_refused_before_a_picture_is_made(command, refused, tmp_path):
    (tmp_path / "file").write_text("no folder")
    words = [word.strip("'").replace(FILE, str(tmp_path / "file")) for word in command.split()]
    assert COMMANDS[command] in refused(*words)
    assert not (tmp_path / "home").exists(), "a command that is refused leaves nothing"


def test_a_folder_that_cannot_be_written_to_is_refused(refused, monkeypatch, tmp_path):
    def full(dir):
        raise OSError(28, "No space left on device", dir)

    monkeypatch.setattr(paths.tempfile, "TemporaryFile", full)
    assert refused("table1", "--out", tmp_path / "out").endswith("out: No space left on device")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["table3", "--images", "2"], ["figure1"], ["train", "clean"]], ids=" ".join)
def test_a_home_that_cannot_be_written_to_is_refused(arguments, refused, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PEARL_HOME", str(tmp_path / "file"))
    assert "wanted a folder in PEARL_HOME, got a file" in refused(*arguments)
    monkeypatch.setenv("PEARL_HOME", str(tmp_path / "file" / "home"))
    assert "file" in refused(*arguments)


@pytest.mark.parametrize(
    "arguments", [["zoo"], ["table3", "--images", "2"], ["train", "clean"], ["data"]], ids=" ".join
)
def test_a_zoo_that_is_a_file_is_refused(arguments, refused, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path / "file"))
    assert refused(*arguments) == f"wanted a folder in PEARL_ZOO, got a file at {tmp_path}/file"


@pytest.mark.parametrize("arguments", [["table3", "--images", "2"], ["figure1"]], ids=" ".join)
def test_a_damaged_net_is_refused_whichever_comes_first(arguments, refused, tiny_nets, monkeypatch, tmp_path):
    """The last method of the display has it."""
    shutil.copytree(tiny_nets, tmp_path / "zoo")
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path / "zoo"))
    (tmp_path / "zoo" / "scenes" / "pearl_ama-prenet-pspnet.safetensors").write_bytes(b"damaged")
    assert "pearl_ama-prenet-pspnet.safetensors is not the file of its card" in refused(*arguments)


def test_tables_and_attacks_want_labels(refused, monkeypatch):
    """Splits that are a benchmark's secret have none."""
    monkeypatch.setattr(Dataset, "labelled", property(lambda data: False))
    assert refused("table3", "--images", "2") == "wanted labelled pictures for table3, got scenes test"
    assert refused("table1", "--images", "2", "--split", "val") == "wanted labelled pictures for bim, got scenes val"


def test_so_many_seeds_are_those_that_the_zoo_holds(no_picture):
    """A billion of them is no loop."""
    from lab.papers.pearl.table3 import EXPERIMENT

    assert {trial.net_seed for trial in EXPERIMENT.asked(seeds=1_000_000_000)} == {0}
    for recipe in ("clean", "derain"):
        net = zoo.find(zoo.NetName("scenes", recipe))
        zoo.save(zoo.NetName("scenes", recipe, seed=7), net.module, net.card)
    try:
        wanted = [("derain_seg", rain, 7) for rain in ("none", "pearl")]
        again = [(t.method, t.rain, t.net_seed) for t in EXPERIMENT.asked(seeds=10**12) if t.net_seed]
        assert again == wanted and {t.net_seed for t in EXPERIMENT.asked(seeds=7)} == {0}
    finally:
        for path in no_picture.glob("*/*-s7.*"):
            path.unlink()


# ---- files that are something else ----


def deep(depth: int = 100_000) -> str:
    return "[" * depth + "]" * depth


def short(text: str) -> str:
    return text[:9]


@pytest.mark.parametrize(
    "text", [deep(), '{"eps":' + deep() + "}", "{", "7", '{"eps": 1e999}', '{"box": [[1]]}', ""], ids=short
)
def test_a_setting_that_is_none_is_refused(text, refused, tmp_path):
    (tmp_path / "setting.json").write_text(text)
    assert "wanted" in refused("look", tmp_path / "setting.json")


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "nothing", "other bytes"])
def test_a_setting_is_a_file(kind, refused, tmp_path):
    path = tmp_path / "setting.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = "/dev/zero"
    elif kind == "other bytes":
        path.write_bytes(b"\xff\xfe{")
    assert f"got {kind}" in refused("look", path).replace("a ", "")


def test_an_image_is_a_file(refused, tmp_path):
    os.mkfifo(tmp_path / "image.png")
    (tmp_path / "setting.json").write_text("{}")
    assert "got a pipe" in refused("look", tmp_path / "setting.json", "--image", tmp_path / "image.png")


@pytest.fixture
def card(home, monkeypatch):
    """Writes the card of a net that is in the zoo beside a good one; what both are called."""
    folder = home / "zoo" / "scenes"
    folder.mkdir(parents=True)
    good = {"network": "prenet", "settings": {}, "sha256": "0" * 64, "bytes": 2_000_000, "seconds": 9}
    for network in ("prenet", "rescan"):
        (folder / f"derain-{network}.safetensors").write_bytes(b"")
        words = good | {"network": network, "scores": {"PSNR": 20, "on": "val"}}
        (folder / f"derain-{network}.json").write_text(json.dumps(words))

    def card(text=None, **changes):
        (folder / "derain-prenet.json").write_text(json.dumps(good | changes) if text is None else text)

    return card


@pytest.mark.parametrize(
    "changes",
    [{"bytes": None}, {"bytes": "2"}, {"seconds": None}, {"scores": None}, {"scores": {"PSNR": None}}, {"scores": 3}],
    ids=str,
)
def test_what_a_card_holds_as_something_else_stays_empty_in_the_list(changes, card, capsys):
    card(**changes)
    assert main(["zoo"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("scenes/derain-prenet") and second.split()[1:] == ["2.00", "MB", "9", "s", "PSNR", "20.00"]


@pytest.mark.parametrize("text", [deep(), "{", "[]", "{}", '{"network": 3, "settings": {}, "sha256": 5}'], ids=short)
def test_a_broken_card_hides_no_other(text, card, capsys):
    card(text)
    assert main(["zoo"]) == 2
    told = capsys.readouterr()
    assert told.out.startswith("scenes/derain-rescan") and "derain-prenet.json is not a card" in told.err
    assert main(["zoo", "scenes/derain-rescan"]) == 0
    assert main(["zoo", "scenes/derain-prenet"]) == 2


STRANGE = {
    "sparse": lambda: torch.ones(3, 3).to_sparse(),
    "sparse rows": lambda: torch.ones(3, 3).to_sparse_csr(),
    "meta": lambda: torch.ones(3, 3, device="meta"),
    "quantised": lambda: torch.quantize_per_tensor(torch.ones(3, 3), 0.1, 0, torch.qint8),
    "complex": lambda: torch.ones(3, 3, dtype=torch.complex64),
    "float8": lambda: torch.ones(3, 3).to(torch.float8_e4m3fn),
}


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.filterwarnings("ignore")
def test_a_checkpoint_of_other_tensors_is_refused_by_name(kind, refused, tmp_path):
    torch.save({"fine": torch.ones(2), "odd.weight": STRANGE[kind]()}, tmp_path / "net.pth")
    told = refused("zoo", "import", "rescan", tmp_path / "net.pth")
    assert "wanted plain numbers for odd.weight, got a " in told and kind.split()[0] in told


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ({0: torch.ones(2), 1: torch.ones(2)}, "wanted one state dictionary of tensors, got 0 in 0, 1"),
        ({"state_dict": {3: torch.ones(2)}}, "wanted one state dictionary"),
        ({}, "wanted one state dictionary"),
        ([torch.ones(2)], "wanted one state dictionary of tensors, got 0 in list"),
        ({"module.a": torch.ones(2), "a": torch.ones(2)}, "wanted every name once"),
    ],
    ids=str,
)
def test_a_checkpoint_has_names(contents, words, refused, tmp_path):
    torch.save(contents, tmp_path / "net.pth")
    assert words in refused("zoo", "import", "rescan", tmp_path / "net.pth")


def test_memory_that_runs_out_is_one_line_wherever_it_does(monkeypatch, capsys):
    from lab.cli import nets

    def told(error):
        def fail(options):
            raise error

        monkeypatch.setattr(nets, "zoo", fail)
        assert main(["zoo"]) == 2
        return capsys.readouterr().err

    assert "not have enough memory" in told(MemoryError())
    assert "can't allocate memory" in told(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"))
    assert told(OverflowError("int too large to convert to float")).startswith("OverflowError: int too large")
    assert told(EOFError()).startswith("EOFError")
    assert told(RecursionError("maximum recursion depth exceeded")).startswith("RecursionError")
    with pytest.raises(AttributeError):
        told(AttributeError("a fault of the lab"))

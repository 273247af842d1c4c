"""Training one net: resumed to the bit after a kill, honest about what it finds on disk, whole in what it leaves."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lab.nets import checkpoints, zoo
from lab.nets.zoo import NetName
from lab.training import trainer as training
from pearl_core.recipes import RECIPES
from pearl_core.train import Schedule

from ...pearl_core.test_vgg import vgg, weights
from .. import tiny

ROOT = Path(__file__).parents[3]


def files(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one_line(error) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


class Killed(Exception):
    """What a test raises where a kill would strike."""


def stopped_at(job: training.Job, done: int, monkeypatch) -> None:
    """Run the job until its state after `done` steps lies on the disk."""

    def samples(self, step):
        if step == done:
            raise Killed
        return draw(self, step)

    draw = training.Batches.__call__
    with monkeypatch.context() as patch:
        patch.setattr(training.Batches, "__call__", samples)
        with pytest.raises(Killed):
            training.run(job, quiet=True)


# ---- a real kill ----


def child(home: Path, *arguments: str) -> subprocess.Popen:
    environment = os.environ | {"PEARL_HOME": str(home), "OMP_NUM_THREADS": "1"}
    environment.pop("PEARL_ZOO", None)
    command = [sys.executable, "-m", "tests.lab.tiny", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def ended_well(process: subprocess.Popen) -> None:
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


def kill_after(process: subprocess.Popen, state: Path, writes: int) -> None:
    """SIGKILL once the state on disk has been written that often."""
    seen, deadline = set(), time.monotonic() + 120
    while len(seen) < writes:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "the child wrote no state"
        if state.exists():
            seen.add(state.stat().st_mtime_ns)
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_a_run_killed_and_resumed_ends_with_the_same_bytes_as_one_that_was_not(small):
    """NAT: fresh rain, an attack, dropout and BatchNorm, on top of nets trained before."""
    for recipe in ("clean", "derain"):
        training.run(tiny.job(recipe, steps=1), quiet=True)
    never, killed = small.with_name("never"), small.with_name("killed")
    for home in (never, killed):
        shutil.copytree(small, home)
    straight = child(never, "nat")
    process, state = child(killed, "nat", "0.1"), killed / "runs/scenes/nat-prenet-pspnet.pt"
    kill_after(process, state, writes=2)
    ended_well(straight)
    left = torch.load(state, weights_only=True)
    assert 0 < left["done"] < tiny.STEPS
    ended_well(child(killed, "nat"))
    nets = [home / "zoo/scenes/nat-prenet-pspnet.safetensors" for home in (never, killed)]
    assert nets[0].read_bytes() == nets[1].read_bytes()
    assert not state.exists(), "a finished run has no state left"


# ---- runs that end ----


def test_every_recipe_trains_and_its_net_is_found_with_its_scores(small):
    for recipe in RECIPES:
        net = training.run(tiny.job(recipe, steps=2), quiet=True)
        assert zoo.find(NetName("scenes", recipe)).card == net.card
        assert net.card["schedule"]["steps"] == 2 and net.card["settings"] != {}
        assert net.card["data"]["split"] == "train" and net.card["data"]["pictures"] == 6
        assert (net.card["attack"] is None) == (recipe in ("clean", "derain"))
        assert net.card["scores"]["PSNR rain"] > 0
        assert net.card["scores"]["on"].startswith("scenes val, 3 images")
        net.module(torch.rand(1, 3, 40, 33))
    assert len(zoo.catalogue()) == 6
    assert [name for name in files(small) if name.startswith("runs")] == []


def test_stopped_in_process_and_resumed_ends_with_the_same_bytes(small, monkeypatch):
    straight = training.run(tiny.job("clean"), quiet=True)
    monkeypatch.setattr(training, "finished", lambda job, facts: None)
    stopped_at(tiny.job("clean"), 5, monkeypatch)
    assert torch.load(tiny.job("clean").state, weights_only=True)["done"] == 5
    seen, draw = [], training.Batches.__call__
    monkeypatch.setattr(training.Batches, "__call__", lambda self, step: (seen.append(step), draw(self, step))[1])
    monkeypatch.setattr(training, "revision", lambda: "later")
    resumed = training.run(tiny.job("clean"), quiet=True)
    assert resumed.sha256 == straight.sha256
    assert seen == list(range(5, tiny.STEPS)), "started over instead of going on"
    assert resumed.card["final_loss"] == straight.card["final_loss"], "the steps before the kill count, too"
    assert resumed.card["git"] == [straight.card["git"], "later"] and resumed.card["torch"] == straight.card["torch"]


def test_the_state_that_a_kill_at_the_very_end_leaves_goes_when_the_net_is_asked_for_again(small, monkeypatch):
    job = tiny.job("derain", steps=3)
    stopped_at(job, 2, monkeypatch)
    left, other = job.state.read_bytes(), replace(job, steps=2)
    net = training.run(job, quiet=True)
    job.state.write_bytes(left)
    assert training.run(job, quiet=True).card == net.card and not job.state.exists()
    stopped_at(other, 1, monkeypatch)
    training.run(job, quiet=True)
    assert job.state.exists(), "it belongs to another training, which may go on"


def test_a_state_of_an_earlier_version_is_gone_on_from(small, monkeypatch):
    """It says nothing of losses, nor of the code."""
    job = tiny.job("derain", steps=4)
    stopped_at(job, 2, monkeypatch)
    state = torch.load(job.state, weights_only=True)
    torch.save({key: value for key, value in state.items() if key not in ("losses", "made_by")}, job.state)
    assert training.run(job, quiet=True).card["final_loss"] > 0


def test_a_net_trained_with_these_very_settings_is_not_trained_again(small, monkeypatch):
    first = training.run(tiny.job("clean"), quiet=True)
    monkeypatch.setattr(training, "train", lambda *a, **k: pytest.fail("trained again"))
    assert training.run(tiny.job("clean"), quiet=True).card == first.card
    with pytest.raises(pytest.fail.Exception):
        training.run(tiny.job("clean", steps=3), quiet=True)


@pytest.mark.parametrize("steps", [0, -1])
def test_training_for_no_step_is_refused_and_saves_nothing(small, steps):
    with pytest.raises(ValueError, match=rf"wanted 1 training step or more .* got {steps}"):
        training.run(tiny.job("clean", steps=steps), quiet=True)
    assert not list(small.glob("zoo/*/*"))


def test_the_seed_of_a_net_moves_its_weights(small):
    nets = [training.run(training.Job(NetName("scenes", "derain", seed=n), steps=2), quiet=True) for n in (0, 1)]
    assert nets[0].sha256 != nets[1].sha256


def test_a_net_that_needs_another_says_how_to_train_that_one(small):
    with pytest.raises(FileNotFoundError, match="`python -m lab train clean --dataset scenes --segmenter pspnet`"):
        training.run(tiny.job("sat"), quiet=True)


def test_a_data_set_without_a_plan_is_an_error_with_the_choices(small):
    with pytest.raises(ValueError, match=r"^unknown data set with a training plan 'rain100h'; choose one of scenes$"):
        training.run(training.Job(NetName("rain100h", "clean")), quiet=True)


# ---- what lies on the disk already ----


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: b"",
        lambda whole: b"not a state at all, but long enough to look at",
        lambda whole: b"\x80\x04" + whole[100:],
        lambda whole: whole[:500] + bytes(200) + whole[700:],
        lambda whole: whole[: len(whole) // 2] + b"?" * 400 + whole[len(whole) // 2 + 400 :],
    ],
    ids=["cut", "empty", "text", "pickle", "start", "middle"],
)
def test_a_damaged_state_is_a_one_line_error_and_stays_for_a_look(small, monkeypatch, damage):
    job = tiny.job("derain")
    stopped_at(job, 2, monkeypatch)
    broken = damage(job.state.read_bytes())
    job.state.write_bytes(broken)
    with pytest.raises(ValueError, match=r"derain-prenet\.pt is not the state of a run.*; delete it") as error:
        training.run(job, quiet=True)
    assert len(one_line(error)) < 400
    assert job.state.read_bytes() == broken


@pytest.mark.parametrize("content", [{}, [1, 2], {"facts": None}], ids=str)
def test_another_torch_file_in_place_of_the_state_is_a_one_line_error(small, content):
    job = tiny.job("derain")
    job.state.parent.mkdir(parents=True)
    torch.save(content, job.state)
    with pytest.raises(ValueError, match=r"derain-prenet\.pt is .*; delete it to start over") as error:
        training.run(job, quiet=True)
    one_line(error)


def test_a_state_of_other_settings_is_refused_and_says_which(small, monkeypatch):
    job = tiny.job("derain")
    stopped_at(job, 2, monkeypatch)
    with pytest.raises(ValueError, match="is the state of a run with another schedule; delete it") as error:
        training.run(replace(job, steps=20), quiet=True)
    one_line(error)
    monkeypatch.setitem(training.plan("scenes").schedules, "derain", Schedule(tiny.STEPS, 2e-2))
    with pytest.raises(ValueError, match="with another schedule;"):
        training.run(job, quiet=True)


def test_a_state_with_another_training_attack_is_refused(small, monkeypatch):
    for recipe in ("clean", "derain"):
        training.run(tiny.job(recipe, steps=1), quiet=True)
    stopped_at(tiny.job("pearl"), 2, monkeypatch)
    with pytest.raises(ValueError, match="with another attack;"):
        training.run(tiny.job("pearl", eps=4), quiet=True)


# ---- a full disk ----


def test_a_disk_that_fills_up_while_a_state_is_written_leaves_the_last_one_whole(small, monkeypatch, full_disk):
    job = tiny.job("derain")
    stopped_at(job, 2, monkeypatch)
    before = files(small)
    with full_disk(), pytest.raises(OSError, match=r"could not write .*derain-prenet\.pt: ") as error:
        training.run(job, quiet=True)
    one_line(error)
    assert files(small) == before
    training.run(job, quiet=True)


def test_no_room_for_the_first_state_leaves_nothing_behind(small, no_room):
    with pytest.raises(OSError, match=r"could not write .*derain-prenet\.pt: No space left on device$") as error:
        training.run(tiny.job("derain"), quiet=True)
    one_line(error)
    assert files(small) == {}


def test_a_disk_that_fills_up_while_the_net_is_written_keeps_the_old_net_and_the_state(small, monkeypatch, full_disk):
    job = tiny.job("derain")
    training.run(job, quiet=True)
    monkeypatch.setattr(training, "finished", lambda job, facts: None)
    stopped_at(job, tiny.STEPS - 1, monkeypatch)
    before = files(small)
    monkeypatch.setattr(training, "CHECKPOINT", 1e9)
    with full_disk(3000), pytest.raises(OSError, match=r"could not write .*derain-prenet\.safetensors: ") as error:
        training.run(job, quiet=True)
    one_line(error)
    assert files(small) == before
    zoo.find(job.name).module(torch.rand(1, 3, 32, 32))
    training.run(job, quiet=True)


# ---- what a user's file adds ----


@pytest.mark.parametrize("recipe", ["derain", "pearl"])
def test_a_vgg_adds_the_perceptual_term_and_the_card_says_whether_one_did(recipe, small, tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "vgg16.pth"
    torch.save(weights(vgg()), path)
    for earlier in RECIPES[recipe].starts_from:
        training.run(training.Job(NetName("scenes", earlier, "transweather")), quiet=True)
    plain = training.Job(NetName("scenes", recipe, "transweather"))
    without = training.run(plain, quiet=True)
    names = without.module.state_dict().keys()
    net = training.run(replace(plain, files={"vgg": path}), quiet=True)
    assert without.card["perceptual"] == "off"
    assert net.card["perceptual"] == {"weight": 0.04, "vgg": checkpoints.digest(path)}
    assert net.sha256 != without.sha256
    assert net.module.state_dict().keys() == names, "the VGG was stored with the net"
    assert training.run(plain, quiet=True).sha256 == without.sha256


def test_a_vgg_for_another_net_is_refused(tmp_path):
    words = r"wanted a vgg file for derain with transweather.*got one for derain with prenet"
    with pytest.raises(ValueError, match=words):
        training.Job(NetName("scenes", "derain"), files={"vgg": tmp_path / "vgg16.pth"})


# ---- an ImageNet backbone ----


def test_a_backbone_of_torchvisions_gives_its_stem_to_the_segmenters_that_come_of_it(small, tmp_path):
    """The entries of `layer0` are conv1 and bn1 there; all others have the same names."""
    settings = tiny.PLAN.segmenter["pspnet"] | {"classes": 19, "aux": False}
    trunk = zoo.build("pspnet", settings | {"stem": "plain"}).state_dict()
    outside = {"layer0.0.": "conv1.", "layer0.1.": "bn1."}
    weights = {
        outside.get(name[:9], name[:9]) + name[9:]: torch.full_like(value, 0.01)
        for name, value in trunk.items()
        if name.startswith("layer")
    }
    torch.save(weights, tmp_path / "resnet18.pth")
    job = replace(tiny.job("clean"), files={"backbone": tmp_path / "resnet18.pth"})
    begun = training.start(job, tiny.PLAN, 19).segment
    assert begun.layer0[0].kernel_size == (7, 7) and torch.equal(begun.layer0[0].weight, weights["conv1.weight"])
    clean = training.run(job, quiet=True)
    assert clean.card["settings"] == settings | {"stem": "plain"} and clean.card["stem"] == "plain"
    assert training.run(tiny.job("clean"), quiet=True).card == clean.card, "trained again without"
    robust = training.run(tiny.job("sat"), quiet=True)
    assert robust.module.layer0[0].kernel_size == (7, 7) and robust.card["from"]["clean"] == clean.sha256

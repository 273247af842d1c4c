"""Where the lab computes: as it was told, and the same on a CPU whoever makes the batches."""

import pytest
import torch

from lab.measure.measuring import run
from lab.measure.trial import Trial
from lab.nets import zoo
from lab.system.device import facts, here
from lab.training import trainer as training
from lab.training.batches import Batches, ahead
from pearl_core.recipes import RECIPES

from . import tiny

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_the_device_is_the_one_named(monkeypatch):
    monkeypatch.setenv("PEARL_DEVICE", "cpu")
    assert here() == torch.device("cpu") and facts() == {}
    monkeypatch.setenv("PEARL_DEVICE", "tpu")
    with pytest.raises(ValueError, match=r"^unknown device 'tpu'; choose one of auto, cpu, cuda$"):
        here()


def test_a_cuda_device_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert here() == torch.device("cpu")
    monkeypatch.setenv("PEARL_DEVICE", "cuda")
    with pytest.raises(ValueError, match=r"^wanted a CUDA device, got none"):
        here()


def test_batches_made_ahead_are_the_same_batches(small):
    data = training.training_data("scenes", "train", None, None)
    batches = Batches(data, 3, 0, 0.6)
    made = ahead(batches, 2, 7, workers=2)
    for step in range(2, 7):
        assert all(torch.equal(a, b) for a, b in zip(made(step)[:3], batches(step)[:3], strict=True))


def test_whoever_makes_the_batches_the_net_is_the_same(small, monkeypatch):
    monkeypatch.setenv("PEARL_DEVICE", "cpu")
    alone = training.run(tiny.job("derain"), quiet=True).sha256
    monkeypatch.setattr(training, "finished", lambda job, facts: None)
    assert training.run(tiny.job("derain", workers=2), quiet=True).sha256 == alone


@gpu
@pytest.mark.gpu
def test_every_recipe_and_a_table_on_a_cuda_device(small, monkeypatch):
    monkeypatch.setenv("PEARL_DEVICE", "cuda")
    for recipe in RECIPES:
        card = training.run(tiny.job(recipe, steps=2, workers=1), quiet=True).card
        assert card["device"] == "cuda" and card["scores"]["PSNR rain"] > 0
    trials = [
        Trial("pearl", attack="bim", eps=8, steps=2, threat=threat, images=3) for threat in ("oblivious", "adaptive")
    ]
    assert run(trials, quiet=True).value.notna().all()
    assert next(zoo.find(tiny.job("clean").name).module.parameters()).device.type == "cpu", "shared nets stay"

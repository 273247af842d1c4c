"""One line for any model: its numbers are those of the attacks, and what only looks robust is flagged."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import pearl_core
from pearl_core.attacks import zoo
from pearl_core.attacks.wrappers import Expectation, StraightThrough
from pearl_core.evaluation import BUDGETS, FLAGS, Budget, evaluate
from pearl_core.evaluation.pictures import batches
from pearl_core.examples import toy
from pearl_core.metrics import METRICS
from pearl_core.pipeline import Pipeline
from pearl_core.types import VOID

from .victims import H, W, trained

NET = trained()
X = torch.rand(6, 3, H, W, generator=torch.Generator().manual_seed(0))
Y = X.argmax(1)
LOADER = [(X[:4], Y[:4]), {"image": X[4:], "mask": Y[4:]}]


class Front(nn.Module):
    """A function before or after the net."""

    def __init__(self, function, after=None):
        super().__init__()
        self.net, self.function, self.after = NET.segment, function, after or (lambda logits: logits)

    def forward(self, images):
        return self.after(self.net(self.function(images)))


class Backwards(torch.autograd.Function):
    """The identity, whose gradient has the wrong sign."""

    @staticmethod
    def forward(ctx, images):
        return images.clone()

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


def dead(images):
    """A layer that is zero wherever a gradient could pass, beside a detached branch."""
    return images.detach() + F.relu(images - 2)


def blocks(images):
    """8x8 means of colour differences, as JPEG's: no gradient through rounding."""
    return (images * 31).round() / 31


# what only looks robust, and which flag must be among those raised
RED_TEAM = {
    "rounding": (Front(lambda x: (15 * x).round() / 15), "no gradient"),
    "8-bit output": (Front(lambda x: (255 * x).round() / 255), "no gradient"),
    "jpeg-like": (Front(blocks), "no gradient"),
    "detached": (Front(lambda x: x.detach()), "no gradient"),
    "dead relu": (Front(dead), "no gradient"),
    "saturated": (Front(lambda x: x, lambda logits: 1e5 * logits), "no gradient"),
    "sign flip": (Front(Backwards.apply), "black box"),
    "noise": (Front(lambda x: x + 0.1 * torch.randn_like(x)), "random"),
    "random size": (Front(lambda x: x * (1 + 0.1 * torch.rand(()))), "random"),
    "switching": (Front(lambda x: x, lambda logits: logits if torch.rand(()) < 0.5 else logits.flip(-1)), "random"),
}


@pytest.mark.parametrize("name", RED_TEAM)
def test_what_only_looks_robust_is_flagged_with_its_number_and_a_way_out(name):
    model, wanted = RED_TEAM[name]
    found = evaluate(model, LOADER[:1], eps=16, budget="quick", precision="float32")
    raised = {flag.name: flag for flag in found.flags}
    assert wanted in raised and raised[wanted].number > raised[wanted].limit == FLAGS[wanted].limit
    assert raised[wanted].advice in str(found) and "Do not rely on it" in found.verdict


def test_the_way_out_brings_a_hidden_gradient_back():
    honest = evaluate(NET, LOADER, eps=16, budget="quick", precision="float32", probe=False).value("worst")
    hidden, seen = (
        evaluate(Pipeline(derain, NET.segment), LOADER, eps=16, budget="quick", precision="float32", probe=False)
        for derain in (Rounding(), StraightThrough(Rounding()))
    )
    assert hidden.value("worst") > honest + 10 and abs(seen.value("worst") - honest) < 4


class Rounding(nn.Module):
    def forward(self, images):
        return (15 * images).round() / 15


def test_the_numbers_are_those_of_the_attacks():
    net, sample = toy()
    how = {"precision": "float32", "norm": "linf", "seed": 0}
    assert BUDGETS["standard"].of(8, **how) == zoo.sea(8, 100, **how)
    with BUDGETS.forgetting():
        BUDGETS.add("few", Budget(lambda eps, **options: zoo.sea(eps, 10, **options).members, "A test."))
        found = evaluate(net, [sample], eps=(4, 8), budget="few", precision="float32", probe=False)
    attack = zoo.sea(8, 10, **how)
    counts = attack.counts(net, sample.rainy, sample.labels)
    for name, members in zip(attack.members, counts, strict=True):
        assert found.value(name, "mIoU", 8) == METRICS["mIoU"].reduce(members)
    worst = min(found.value(name, "allAcc", 8) for name in attack.members)
    assert found.value("worst", "allAcc", 8) <= worst <= found.value("clean")
    assert found.value("worst mIoU", "mIoU", 8) <= min(found.value(name, "mIoU", 8) for name in attack.members)
    row = found.row("worst", "ACC", 4)
    assert row["low"] <= row["value"] <= row["high"] and found.settings["images"] == 2


def test_acc_is_the_mean_over_images_where_all_acc_is_pooled():
    counts = np.array([[[1, 4, 4]], [[90, 96, 96]], [[0, 0, 0]]])  # the last has no label
    assert METRICS["ACC"].reduce(counts) == pytest.approx((25 + 93.75) / 2)
    assert METRICS["allAcc"].reduce(counts) == pytest.approx(91)


def test_a_constant_prediction_is_named_and_flagged():
    one = Front(lambda x: x, lambda logits: logits * 0 + torch.tensor([1.0, 0, 0, 0]).view(1, 4, 1, 1))
    found = evaluate(one, LOADER, eps=8, budget="quick", precision="float32")
    assert "constant" in {flag.name for flag in found.flags}
    share = 100 * (torch.bincount(Y.flatten()).max() / Y.numel()).item()
    assert found.constant["allAcc"] == pytest.approx(share)
    assert f"{share:.1f} %" in found.verdict


def test_it_prints_saves_and_frames(tmp_path):
    found = evaluate(NET, LOADER, eps=8, budget="quick", norm="l2", probe=False)
    assert "clean" in str(found) and "<pre>" in found._repr_html_()
    assert len(found.frame()) == len(found.rows) == 3 * 4
    found.save(tmp_path / "card.json")
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["settings"]["norm"] == "l2" and card["rows"] == found.rows and list(tmp_path.iterdir()) == [
        tmp_path / "card.json"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="wanted a number of clean, js, worst, worst mIoU, got 'ce'"):
        found.value("ce")


def test_the_package_offers_it_without_loading_it():
    assert pearl_core.evaluate is evaluate
    with pytest.raises(AttributeError, match="has no attribute 'evaluated'"):
        _ = pearl_core.evaluated


@pytest.mark.parametrize(
    ("loader", "error", "words"),
    [
        ([], ValueError, "wanted one picture or more, got a loader that gives none"),
        ([X], TypeError, r"wanted batches \(images, labels\) or dicts of them, got a Tensor"),
        ([{"image": X}], TypeError, r"wanted pictures \(image, .*\) and labels \(label, .*\), got one of them"),
        ([(X, X)], ValueError, r"wanted label maps \(B, H, W\) of whole numbers, got torch.float32"),
        ([(X, Y.unsqueeze(-1).repeat(1, 1, 1, 3))], ValueError, "wanted label maps"),
        ([(X * 255, Y)], ValueError, r"wanted pictures in \[0, 1\], got .*give its mean and std"),
        ([(X, Y + 9)], ValueError, r"wanted labels from 0 to 3 and void 255, got \d+"),
        ([(X, Y[:, 1:])], ValueError, r"wanted labels \(B, H, W\) for pictures"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_one_line(loader, error, words):
    with pytest.raises(error, match=words) as told:
        evaluate(NET, loader, eps=8, budget="quick", precision="float32", probe=False)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("how", "words"),
    [({"eps": ()}, "wanted one eps or more above 0"), ({"eps": 0}, "above 0"), ({"budget": "huge"}, "unknown budget"),
     ({"norm": "l1"}, "unknown norm 'l1'"), ({"eps": 8 / 255}, "in 1/255")],
)  # fmt: skip
def test_settings_are_judged_before_any_work(how, words):
    def loader():
        raise AssertionError("the loader was asked")
        yield

    with pytest.raises(ValueError, match=words):
        evaluate(NET, loader(), **{"eps": 8} | how)


def test_forms_of_batches():
    bytes_ = (X * 255).round().to(torch.uint8)
    forms = [
        (bytes_[:1], Y[:1].to(torch.uint8)),
        {"pixel_values": X[1], "labels": Y[1]},
        [X[2:3].numpy(), Y[2:3, None]],
    ]
    seen = list(batches(forms, ignore=0))
    assert [len(batch.images) for batch in seen] == [1, 1, 1]
    assert all((batch.labels == VOID).any() and batch.labels.dtype == torch.int64 for batch in seen)


def test_a_random_model_asked_several_times_is_counted_on_all_answers():
    noisy = Expectation(RED_TEAM["noise"][0], 3)
    found = evaluate(noisy, LOADER[:1], eps=8, budget="quick", precision="float32", probe=False)
    assert 0 < found.value("worst") < found.value("clean") < 100

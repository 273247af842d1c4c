"""Folding keeps the function; gradients have the precision asked for, and the caller's net is never touched."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pearl_core import precision
from pearl_core.attacks import zoo
from pearl_core.derain import DERAINERS
from pearl_core.folding import folded, frozen_copy, pairs
from pearl_core.pipeline import Pipeline
from pearl_core.segment import SEGMENTERS

IMAGES = torch.rand(2, 3, 40, 48, generator=torch.Generator().manual_seed(0))
SEGMENTER = {"classes": 5, "depth": 18, "width": 8, "aux": False}
SMALL = {
    "pspnet": SEGMENTER,
    "deeplabv3": SEGMENTER,
    "prenet": {"width": 8, "iterations": 2},
    "rescan": {"channel": 8, "stages": 2},
    "mprnet": {"width": 8, "step": 4, "full_step": 4, "blocks": 1},
    "transweather": {"dims": (16, 16, 16, 16), "depths": (1, 1, 1, 1), "heads": (1, 1, 1, 1), "decoder_depth": 1},
}


def lived(net: nn.Module) -> nn.Module:
    """A net whose batch norms have seen something: not the identity."""
    generator = torch.Generator().manual_seed(1)
    for norm in (m for m in net.modules() if isinstance(m, nn.BatchNorm2d)):
        for values in (norm.weight.data, norm.running_var):
            values.copy_(0.5 + torch.rand(values.shape, generator=generator))
        for values in (norm.bias.data, norm.running_mean):
            values.copy_(torch.rand(values.shape, generator=generator) - 0.5)
    return net.eval()


def norms(net: nn.Module) -> int:
    return sum(isinstance(m, nn.BatchNorm2d) for m in net.modules())


def network(name: str) -> nn.Module:
    torch.manual_seed(2)
    return lived((SEGMENTERS | DERAINERS)[name](**SMALL.get(name, {})))


@pytest.mark.parametrize("name", sorted(SEGMENTERS | DERAINERS))
def test_a_folded_network_is_the_same_function_without_its_batch_norms(name):
    net = network(name)
    quick = folded(net, IMAGES[:1])
    with torch.no_grad():
        wanted = net(IMAGES)
        assert (quick(IMAGES) - wanted).abs().max() < 1e-5 * wanted.abs().max()
    assert norms(quick) == 0
    assert not any(p.requires_grad for p in quick.parameters())


def test_folding_leaves_the_net_as_found():
    net = network("pspnet").train()
    before = copy.deepcopy(net.state_dict())
    folded(net, IMAGES)
    assert norms(net) and all(m.training for m in net.modules()) and all(p.requires_grad for p in net.parameters())
    assert all(torch.equal(before[name], values) for name, values in net.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


class Odd(nn.Module):
    """Convolution and batch norm that `between` separates or joins otherwise."""

    def __init__(self, between):
        super().__init__()
        self.conv, self.norm, self.between = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), between

    def forward(self, x):
        return self.between(self.conv, self.norm, x)


ODD = {
    "written to in between": lambda conv, norm, x: norm(F.relu_(conv(x))),
    "read by another too": lambda conv, norm, x: norm(y := conv(x)) + y,
    "called twice": lambda conv, norm, x: norm(conv(x)) + norm(conv(1 - x)),
    "something in between": lambda conv, norm, x: norm(conv(x) + 1),
}


@pytest.mark.parametrize("between", ODD.values(), ids=ODD)
def test_what_cannot_be_folded_keeps_its_batch_norm_and_its_function(between):
    torch.manual_seed(3)
    net = lived(Odd(between))
    quick = folded(net, IMAGES)
    assert norms(quick) == 1
    assert torch.equal(quick(IMAGES), net(IMAGES).detach())


def test_the_pairs_are_seen_in_the_right_order():
    net = frozen_copy(network("pspnet"))
    names, _ = pairs(net, IMAGES)
    assert len(names) == norms(net)
    assert ("layer1.0.conv2", "layer1.0.bn2") in names and ("cls.0", "cls.1") in names


def attacked(precision: str, net: nn.Module) -> torch.Tensor:
    labels = net(IMAGES).argmax(1)
    return zoo.bim(steps=3, precision=precision)(Pipeline(None, net), IMAGES, labels)


def test_auto_is_bfloat16_where_that_is_fast(monkeypatch):
    monkeypatch.setattr(precision, "fast_dtype", lambda device="cpu": torch.bfloat16)
    net = network("pspnet")
    assert precision.resolve("auto") == torch.bfloat16
    assert torch.equal(attacked("auto", net), attacked("bfloat16", net))
    assert not torch.equal(attacked("auto", net), attacked("float32", net))


def test_auto_stays_float32_where_nothing_is_faster_and_says_so(monkeypatch):
    monkeypatch.setattr(precision, "fast_dtype", lambda device="cpu": None)
    net = network("pspnet")
    with pytest.warns(UserWarning, match="no fast bfloat16 on this cpu: gradients stay float32"):
        adversarial = attacked("auto", net)
    assert torch.equal(adversarial, attacked("float32", net))


def test_the_folded_copy_sees_the_weights_of_its_attack_and_never_older_ones():
    net = network("pspnet")
    first = attacked("bfloat16", net)
    net.cls[0].weight.data.neg_()  # an edit that no version counter sees
    assert not torch.equal(attacked("bfloat16", net), first)


@pytest.mark.parametrize("steps", [0, 2])
def test_a_low_precision_leaves_the_model_as_found(steps):
    net = Pipeline(None, network("pspnet").train())
    before = copy.deepcopy(net.state_dict())
    zoo.pgd(steps=steps, precision="bfloat16")(net, IMAGES, torch.zeros(2, 40, 48, dtype=torch.long))
    assert norms(net) and net.training and all(p.requires_grad for p in net.parameters())
    assert all(torch.equal(before[name], values) for name, values in net.state_dict().items())


def test_double_precision_stays_as_it_is():
    net = network("pspnet").double()
    x = IMAGES.double()
    assert precision.lowered(net, x, "bfloat16").model is net


def test_an_unknown_precision_is_an_error_with_the_choices():
    with pytest.raises(ValueError, match="unknown precision 'half'; choose one of auto, bfloat16, float32"):
        zoo.bim(precision="half")
    with pytest.raises(ValueError, match="unknown precision 'half'"):
        zoo.alma_prox(precision="half")


def test_losses_are_computed_in_float32_whatever_the_net_computes_in():
    torch.manual_seed(4)
    net = Pipeline(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 5, 1))  # both would answer in bfloat16
    output = precision.lowered(net, IMAGES, "bfloat16")(IMAGES)
    assert output.derained.dtype == output.logits.dtype == torch.float32
    assert precision.lowered(Pipeline(net.derain, None), IMAGES, "bfloat16")(IMAGES).logits is None


@pytest.mark.parametrize("norm", [nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm])
def test_a_convolution_whose_weight_is_made_at_every_call_is_left_alone(norm):
    torch.manual_seed(5)
    net = lived(nn.Sequential(norm(nn.Conv2d(3, 4, 3, padding=1)), nn.BatchNorm2d(4)))
    quick = folded(net, IMAGES)
    assert norms(quick) == 1 and torch.equal(quick(IMAGES), net(IMAGES).detach())


def test_a_model_that_cannot_be_copied_stays_float32_and_says_so():
    net = network("pspnet")
    net.held = open(__file__)  # noqa: SIM115 - no copy of this
    with net.held, pytest.warns(UserWarning, match="cannot be copied: gradients stay float32"):
        adversarial = attacked("bfloat16", net)
    assert torch.equal(adversarial, attacked("float32", net))

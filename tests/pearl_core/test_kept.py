"""A folded copy is used again for the same net with the same weights, and for nothing else."""

import copy
import gc
import threading
import weakref

import pytest
import torch
from torch import nn

from pearl_core import kept, precision, recipes
from pearl_core.attacks import zoo
from pearl_core.folding import folded
from pearl_core.kept import folded_copy
from pearl_core.pipeline import Pipeline
from pearl_core.train import Schedule, train

from . import tiny
from .test_precision import DERAINERS, IMAGES, SEGMENTERS, network

LABELS = torch.zeros(2, 40, 48, dtype=torch.long)


@pytest.fixture
def folds(monkeypatch) -> list:
    """The models that were folded."""
    seen = []
    monkeypatch.setattr(kept, "folded", lambda model, images: (seen.append(model), folded(model, images))[1])
    return seen


def attacked(net: nn.Module) -> torch.Tensor:
    return zoo.bim(steps=2, precision="bfloat16")(net, IMAGES, LABELS)


def pipeline() -> Pipeline:
    return Pipeline(None, network("pspnet"))


def fresh(net: nn.Module) -> torch.Tensor:
    """The same attack on a copy that nobody has seen."""
    return attacked(copy.deepcopy(net))


@pytest.mark.parametrize("name", sorted(SEGMENTERS | DERAINERS))
def test_every_network_is_folded_once_and_answers_as_a_fresh_fold(name, folds):
    net = network(name)
    wanted = folded(net, IMAGES[:1]).to(memory_format=torch.channels_last)(IMAGES)
    for _ in range(3):
        assert torch.equal(folded_copy(net, IMAGES)(IMAGES), wanted)
    assert len(folds) == 1


def test_attacks_on_the_same_net_fold_it_once(folds):
    net = pipeline()
    first = attacked(net)
    assert torch.equal(attacked(net), first) and len(folds) == 1
    assert torch.equal(fresh(net), first) and len(folds) == 2
    net.train().requires_grad_(True)
    assert torch.equal(attacked(net), first) and len(folds) == 2, "modes and flags change no answer of an attack"


def in_place(net):
    with torch.no_grad():
        net.segment.cls[0].weight.mul_(-1)


def unseen(net):
    net.segment.cls[0].weight.data.neg_()


def loaded(net):
    net.load_state_dict({key: value + 0.1 for key, value in net.state_dict().items()})


def buffer(net):
    net.segment.layer0[1].running_mean.add_(1)


def parameter(net):
    net.segment.cls[4].weight = nn.Parameter(-net.segment.cls[4].weight)


def submodule(net):
    net.segment.cls = copy.deepcopy(net.segment.cls).requires_grad_(False)
    net.segment.cls[4].bias.add_(torch.arange(5))


def setting(net):
    net.segment.layer0[8] = nn.LeakyReLU(0.5)


def attribute(net):
    net.segment.layer0[9].kernel_size = 5
    net.segment.layer0[9].padding = 2


CHANGES = (in_place, unseen, loaded, buffer, parameter, submodule, setting, attribute)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_net_that_changed_is_folded_anew(change, folds):
    net = pipeline()
    before = attacked(net)
    change(net)
    after = attacked(net)
    assert len(folds) == 2 and torch.equal(after, fresh(net)) and not torch.equal(after, before)


def test_pictures_of_another_size_or_format_have_their_own_copy(folds):
    net = network("pspnet")
    folded_copy(net, IMAGES)
    folded_copy(net, IMAGES[:1])
    assert len(folds) == 1
    folded_copy(net, IMAGES[:, :, :33])
    assert len(folds) == 2
    precision.lowered(net.double(), IMAGES.double(), "bfloat16")
    folded_copy(net.float(), IMAGES)
    assert len(folds) == 3


def test_training_between_attacks_is_seen():
    net, sample = tiny.pipeline(), tiny.sample()
    low = recipes.sat(recipes.training_attack(steps=1, precision="bfloat16"))
    attack = zoo.bim(steps=1, precision="bfloat16")
    for _ in train(net, low, tiny.sample, Schedule(3, 1e-2)):
        adversarial = attack(net, sample.rainy, sample.labels)
        assert torch.equal(adversarial, attack(copy.deepcopy(net), sample.rainy, sample.labels))


def test_a_net_that_is_gone_takes_its_copy_with_it():
    net = pipeline()
    net.register_forward_pre_hook(lambda module, inputs, held=net: None)
    attacked(net)
    held = weakref.ref(kept._kept[id(net)].copy)
    del net
    gc.collect()
    assert held() is None


def test_a_copy_keeps_no_net_alive_and_an_attack_under_way_keeps_its_copy():
    net = pipeline()
    call = folded_copy(net, IMAGES)
    wanted, gone = call(IMAGES).logits, weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None and torch.equal(call(IMAGES).logits, wanted)


def test_hooks_of_the_net_fire_on_the_copy_whenever_they_were_registered():
    net, calls = pipeline(), []
    attacked(net)
    for place in (net, net.segment, net.segment.cls):
        handle = place.register_forward_pre_hook(lambda *_: calls.append(1))
        attacked(net)
        assert len(calls) == 2, "one for each step"
        handle.remove()
        attacked(net)
        assert len(calls) == 2
        calls.clear()
    net.register_forward_hook(lambda module, inputs, output: calls.append(module) or None)
    attacked(net)
    assert len(calls) == 2 and net not in calls


def test_a_hook_that_changes_what_a_convolution_gives_is_obeyed():
    net = pipeline()
    before = attacked(net)
    net.segment.cls[0].register_forward_hook(lambda module, inputs, output: -output)
    after = attacked(net)
    assert torch.equal(after, fresh(net)) and not torch.equal(after, before)


class Strange(nn.Module):
    """It computes with something that no one can look into."""

    def __init__(self, held):
        super().__init__()
        self.net, self.held = network("pspnet"), held

    def forward(self, images):
        return self.net(self.held(images))


@pytest.mark.parametrize("kind", ["a closure", "an object"])
def test_a_net_that_may_change_unseen_is_folded_every_time(kind, folds):
    sizes = [1.0]

    class Scale:
        def __init__(self):
            self.by = sizes

        def __call__(self, images):
            return images * self.by[0]

    net = Strange(Scale() if kind == "an object" else lambda images: images * sizes[0])
    folded_copy(net, IMAGES), folded_copy(net, IMAGES)
    assert len(folds) == 2 and id(net) not in kept._kept


def test_a_module_in_two_places_is_one_in_the_copy():
    torch.manual_seed(0)
    layer = nn.Conv2d(3, 3, 3, padding=1)
    net = nn.Sequential(layer, nn.ReLU(), layer).eval()
    for _ in range(2):
        copied = folded_copy(net, IMAGES)
        assert copied[0] is copied[2] and torch.allclose(copied(IMAGES), net(IMAGES), atol=1e-6)


def test_threads_that_attack_one_net_find_what_one_would():
    net = pipeline()
    wanted, answers = fresh(net), []
    threads = [
        threading.Thread(target=lambda: answers.append(folded_copy(net, IMAGES)(IMAGES).logits)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4 and all(torch.equal(logits, answers[0]) for logits in answers)
    assert torch.equal(attacked(net), wanted)

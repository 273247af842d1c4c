"""Random models: their numbers come from (seed, picture, step), whoever else draws, and nothing global moves."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import dropout

from pearl_core.attacks import zoo
from pearl_core.attacks.ensembles import accuracy_of
from pearl_core.chance import States, Steady, answer, draws
from pearl_core.examples import toy
from pearl_core.pipeline import Pipeline

NET, SAMPLE = toy()
NOISE = {
    "torch": torch.randn_like,
    "dropout": lambda x: dropout(torch.ones_like(x), 0.5),
    "numpy": lambda x: torch.from_numpy(np.random.rand(*x.shape)).float(),
    "python": lambda x: x * random.random(),
}
CPU = torch.device("cpu")


class Noisy(nn.Module):
    """A random derainer before the toy segmenter."""

    def __init__(self, how):
        super().__init__()
        self.net, self.noise = NET, NOISE[how]

    def forward(self, images):
        return self.net(images + 0.05 * self.noise(images))


@pytest.mark.parametrize("how", NOISE)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_two_runs_of_one_seed_are_equal_in_any_batch_and_no_state_moves(how, precision):
    attack = zoo.pgd(8, 2, precision=precision)
    before = States.now(CPU)
    first = attack(Noisy(how), SAMPLE.rainy, SAMPLE.labels)
    assert States.now(CPU) == before
    torch.rand(3), np.random.rand(), random.random()
    assert torch.equal(attack(Noisy(how), SAMPLE.rainy, SAMPLE.labels), first)
    assert torch.equal(attack(Noisy(how), SAMPLE.rainy[1:], SAMPLE.labels[1:]), first[1:])
    other = zoo.pgd(8, 2, precision=precision, seed=1)(Noisy(how), SAMPLE.rainy, SAMPLE.labels)
    assert not torch.equal(other, first)


def test_every_look_has_numbers_of_its_own():
    seen = []

    class Recording(Noisy):
        def forward(self, images):
            noise = torch.rand(())
            seen.append(noise.item())
            return self.net(images * (1 - 0.01 * noise))

    zoo.bim(8, 3)(Recording("torch"), SAMPLE.rainy[:1], SAMPLE.labels[:1])
    assert len(set(seen)) == 3 + 2  # a number for each look; the first was seen to be random, and looked at again


def test_a_score_of_a_random_model_is_always_the_same():
    scores = [accuracy_of(Noisy("torch"), SAMPLE.rainy, SAMPLE.labels) for _ in range(2)]
    assert torch.equal(*scores)
    said = [answer(Noisy("torch"), SAMPLE.rainy, seed=seed).logits for seed in (0, 0, 1)]
    assert torch.equal(said[0], said[1]) and not torch.equal(said[0], said[2])


def test_a_model_without_chance_is_called_once_for_the_whole_batch():
    sizes = []
    steady = Steady()
    call = lambda images: sizes.append(len(images)) or NET(images)  # noqa: E731
    assert torch.equal(steady(call, SAMPLE.rainy, None).logits, NET(SAMPLE.rainy).logits)
    assert sizes == [2] and not steady.random


def test_what_others_draw_meanwhile_does_not_make_a_model_random():
    """As another thread of the dashboard does: the state moves, and the model is not to blame."""
    own = torch.Generator().manual_seed(0)

    def call(images):
        torch.default_generator.manual_seed(int(torch.randint(1 << 30, (), generator=own)))
        return NET(images)

    steady = Steady()
    with_others = steady(call, SAMPLE.rainy, None)
    assert not steady.random and torch.equal(with_others.logits, NET(SAMPLE.rainy).logits)
    assert draws(Noisy("torch"), SAMPLE.rainy) and not draws(NET, SAMPLE.rainy)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("attack", [zoo.bim(8, 1), zoo.alma_prox(2)], ids=["bim", "alma_prox"])
def test_half_precision_pictures_are_refused(dtype, attack):
    """The nearest number of half precision may lie outside of the ball."""
    with pytest.raises(ValueError, match=r"^wanted pictures of float32 or float64, got torch\.b?float16"):
        attack(NET, SAMPLE.rainy.to(dtype), SAMPLE.labels)


def test_alma_prox_takes_any_model_and_fixes_its_chance():
    attack = zoo.alma_prox(4)
    first = attack(Noisy("torch"), SAMPLE.rainy, SAMPLE.labels)
    torch.rand(3)
    assert torch.equal(attack(Noisy("torch"), SAMPLE.rainy, SAMPLE.labels), first)
    bare = attack(lambda images: {"out": NET(images).logits}, SAMPLE.rainy, SAMPLE.labels)
    assert torch.equal(bare, attack(NET, SAMPLE.rainy, SAMPLE.labels))


@pytest.mark.parametrize("name", ["bim", "apgd", "sea", "alma_prox", "square"])
def test_an_attack_in_inference_mode_is_the_same_attack(name):
    attack = zoo.CATALOGUE[name](steps=4)
    wanted = attack(NET, SAMPLE.rainy, SAMPLE.labels)
    with torch.inference_mode():
        assert torch.equal(attack(NET, SAMPLE.rainy.clone(), SAMPLE.labels.clone()), wanted)
        made_inside = Pipeline(None, nn.Conv2d(3, 3, 1))
    with pytest.raises(ValueError, match=r"made outside torch\.inference_mode\(\)"):
        attack(made_inside, SAMPLE.rainy, SAMPLE.labels)

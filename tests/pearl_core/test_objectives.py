"""Objectives one by one, whatever search climbs them: void is silent, far logits stay finite, a target is reached."""

import pytest
import torch

from pearl_core.attacks import zoo
from pearl_core.attacks.objectives import cross_entropy
from pearl_core.attacks.problem import share_of
from pearl_core.types import VOID, Output

from .victims import CLASSES, H, W, problem, trained

every_objective = pytest.mark.parametrize("name", sorted(zoo.OBJECTIVES))
FORMS = {name: objective for name, objective in zoo.OBJECTIVES.items()} | {
    f"{name} towards": zoo.TOWARDS[objective] for name, objective in zoo.OBJECTIVES.items() if objective in zoo.TOWARDS
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def course(form, logits: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss per pixel and the gradient of its sum by the logits."""
    logits = logits.clone().requires_grad_(True)
    found = form(Output(logits, logits), target, 0.5)
    return found.detach(), torch.autograd.grad(found.sum(), logits)[0]


@every_form
def test_a_void_pixel_has_neither_loss_nor_gradient(form):
    logits = torch.randn(2, CLASSES, H, W, generator=torch.Generator().manual_seed(0))
    _, y = problem(2)
    loss, gradient = course(form, logits, y)
    void = y == VOID
    assert void.any() and (loss[void] == 0).all()
    assert (gradient.transpose(0, 1)[:, void] == 0).all()
    assert (loss[~void] != 0).any() and (gradient != 0).any()


@every_form
@pytest.mark.parametrize("gap", [1e2, 1e4])
def test_logits_far_apart_are_finite_with_finite_gradients(form, gap):
    logits = torch.zeros(1, CLASSES, 1, CLASSES)
    logits[0, range(CLASSES), 0, range(CLASSES)] = gap  # the pixels are sure of one class each
    for label in range(CLASSES):
        loss, gradient = course(form, logits, torch.full((1, 1, CLASSES), label))
        assert loss.isfinite().all() and gradient.isfinite().all()


@every_objective
@pytest.mark.parametrize("wanted", ["a class", "a map"])
def test_a_targeted_attack_brings_pixels_to_the_wanted_class(name, wanted):
    net, (x, _) = trained(), problem()
    target = torch.zeros(3, H, W, dtype=torch.long)
    if wanted == "a map":
        target[:, :, W // 2 :] = 2
        target[:, 0] = VOID
    attack = zoo.targeted(zoo.red_eps_apgd(48, 20, zoo.OBJECTIVES[name]))
    attacked = attack(net, x, target)
    with torch.no_grad():
        before, after = (share_of(net(images), target) for images in (x, attacked))
    assert (after >= before).all() and after.mean() > before.mean() + 0.1
    assert (attacked - x).abs().max() <= 48 / 255 + 1e-6


def test_an_image_all_of_whose_pixels_are_there_leaves_a_targeted_attack():
    net, (x, _) = trained(), problem()
    with torch.no_grad():
        target = net(x).predicted
    attack = zoo.targeted(zoo.apgd(8, 10))
    finished = attack.problem(net, x, target)
    *_, last = attack.search(finished, attack.ball)
    assert finished.gradients == len(x)
    assert torch.equal(attack.finish(finished, last), x)


def test_the_mirror_of_an_attack_that_keeps_its_best_point_keeps_the_one_that_helps_most():
    net, (x, y) = trained(), problem()
    helped = zoo.mirror(zoo.apgd(16, 10))(net, x, y)
    with torch.no_grad():
        assert (share_of(net(helped), y) >= share_of(net(x), y)).all()
        assert cross_entropy(net(helped), y, 1).mean() < cross_entropy(net(x), y, 1).mean()

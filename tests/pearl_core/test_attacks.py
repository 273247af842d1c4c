"""Attacks of fixed steps, their starts and their objectives, each in its own right."""

import pytest
import torch

from pearl_core.attacks import zoo
from pearl_core.attacks.balls import Linf
from pearl_core.attacks.compose import ascend
from pearl_core.attacks.objectives import cross_entropy, margin, minus
from pearl_core.attacks.searches import FixedSteps
from pearl_core.chance import uniform_like
from pearl_core.types import VOID, Output

from .victims import CLASSES, pointwise, problem, smooth, trained


def loss(net, x, y, objective=cross_entropy) -> float:
    with torch.no_grad():
        return objective(net(x), y, 1.0).sum().item()


# ---- steps ----


def test_one_full_bim_step_is_fgsm():
    net, (x, y) = smooth(), problem()
    attacked = zoo.fgsm(8)(net, x, y)
    assert torch.equal(zoo.bim(8, steps=1, alpha=8)(net, x, y), attacked)
    point = x.clone().requires_grad_(True)
    cross_entropy(net(point), y, 0.0).sum().backward()
    assert torch.allclose(attacked, (x + 8 / 255 * point.grad.sign()).clamp(0, 1), atol=1e-7)


def test_three_default_steps_just_reach_the_edge_of_the_ball():
    assert zoo.bim(8).search == FixedSteps(3 / 255, 10)
    assert zoo.bim(4).search.alpha == 1.5 / 255
    net, (x, y) = pointwise(), problem()
    x = 0.4 + 0.2 * x  # far from 0 and 1, which would stop it earlier
    reach = [(255 * (step - x)).abs().max().item() for step in zoo.bim(8, steps=3).iterates(net, x, y)]
    assert reach == pytest.approx([0, 3, 6, 8], abs=1e-3)


def test_the_first_steps_are_the_same_whatever_the_budget():
    net, (x, y) = smooth(), problem()
    for name in ("bim", "pgd", "cw"):
        long, short = (list(zoo.attack(name, steps=n).iterates(net, x, y)) for n in (7, 3))
        assert len(short) == 4, "the start and every step"
        assert all(torch.equal(a, b) for a, b in zip(short, long, strict=False)), name
        assert torch.equal(zoo.attack(name, steps=3)(net, x, y), long[3]), name
        assert not torch.equal(long[3], long[7]), name


def test_progress_runs_from_0_up_and_never_reaches_1_before_the_last_step():
    seen = []

    def watched(output, target, progress):
        seen.append(progress)
        return cross_entropy(output, target, progress)

    ascend(watched, Linf(0.1), FixedSteps(0.01, 4))(smooth(), *problem())
    assert seen == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("name", ["bim", "pgd"])
@pytest.mark.parametrize("build", [pointwise, trained])
def test_more_steps_never_help_the_defender(name, build):
    net, (x, y) = build(), problem()
    after = [loss(net, zoo.attack(name, steps=n)(net, x, y), y) for n in (0, 1, 3, 10)]
    assert after == sorted(after)
    assert after[-1] > after[0] + 1


def test_cw_ends_with_more_wrong_pixels_than_it_began():
    net, (x, y) = trained(), problem()
    y = torch.where(y == VOID, VOID, x.argmax(1))
    wrong = [((net(p).logits.argmax(1) != y) & (y != VOID)).sum() for p in (x, zoo.cw(16)(net, x, y))]
    assert wrong[1] > wrong[0] + 20


# ---- ball and void ----


@pytest.mark.parametrize("alpha", [0, 3, 255])
def test_eps_0_holds_whatever_the_step(alpha):
    net, (x, y) = smooth(), problem()
    assert torch.equal(zoo.pgd(0, alpha=alpha)(net, x, y), x)


def test_a_step_longer_than_the_ball_stays_in_it():
    net, (x, y) = smooth(), problem()
    attacked = zoo.bim(2, steps=5, alpha=255)(net, x, y)
    assert (attacked - x).abs().max() <= 2 / 255 + 1e-6


def test_what_lies_under_void_does_not_matter():
    logits, y = torch.randn(1, CLASSES, 2, 2), torch.tensor([[[0, VOID], [1, 2]]])
    for objective in (cross_entropy, margin(), margin(5.0), minus(margin())):
        values = objective(Output(logits, logits), y, 0.0)
        assert values.shape == y.shape
        assert values[0, 0, 1] == 0


# ---- randomness ----


def test_random_numbers_belong_to_the_picture_not_to_its_place_or_layout():
    x, _ = problem(3)
    numbers = uniform_like(x, seed=5)
    assert torch.equal(uniform_like(x[1:2], seed=5), numbers[1:2])
    assert torch.equal(uniform_like(x.to(memory_format=torch.channels_last), seed=5), numbers)
    assert torch.equal(uniform_like(x.flip(0), seed=5), numbers.flip(0))
    assert not torch.equal(numbers[0], numbers[1])
    assert numbers.min() >= 0 and numbers.max() < 1
    assert numbers.mean().item() == pytest.approx(0.5, abs=0.05)


def test_the_seed_moves_random_starts_and_nothing_else():
    net, (x, y) = smooth(), problem()
    run = lambda name, seed: zoo.attack(name, steps=2, seed=seed)(net, x, y)  # noqa: E731
    assert torch.equal(run("pgd", 0), run("pgd", 0))
    assert not torch.equal(run("pgd", 0), run("pgd", 1))
    assert torch.equal(run("bim", 0), run("bim", 1))


def test_pgd_is_bim_with_a_random_start_and_each_can_be_the_other():
    net, (x, y) = smooth(), problem()
    assert torch.equal(zoo.bim(random_start=True, seed=4)(net, x, y), zoo.pgd(seed=4)(net, x, y))
    assert torch.equal(zoo.pgd(random_start=False)(net, x, y), zoo.bim()(net, x, y))
    assert not torch.equal(zoo.pgd()(net, x, y), zoo.bim()(net, x, y))


def test_a_random_start_fills_the_ball_evenly():
    net, (_, y) = smooth(), problem()
    x = torch.full((3, 3, 12, 10), 0.5) + torch.arange(3).view(3, 1, 1, 1) / 100
    delta = 255 * (next(zoo.pgd(8).iterates(net, x, y)) - x)
    assert delta.abs().max().item() == pytest.approx(8, abs=0.1)
    assert delta.mean().item() == pytest.approx(0, abs=0.5)
    assert delta.std().item() == pytest.approx(16 / 12**0.5, abs=0.2)


# ---- objectives ----


def test_cross_entropy_is_that_of_every_pixel():
    logits = torch.tensor([1.0, 2.0, 0.5, -1.0]).view(1, 4, 1, 1)
    value = cross_entropy(Output(logits, logits), torch.tensor([[[2]]]), 0.0)
    assert value.item() == pytest.approx(torch.tensor([1.0, 2.0, 0.5, -1.0]).exp().sum().log().item() - 0.5)


@pytest.mark.parametrize(
    ("label", "confidence", "wanted"),
    [
        (1, 0.0, -1.0),  # right by 1: 1 - 2
        (1, 0.5, -1.0),
        (0, 0.0, 0.0),  # wrong by 1, which is more than asked for
        (0, 0.5, 0.5),
        (0, 3.0, 1.0),
        (3, 9.0, 3.0),  # best wrong 2, true -1
        (VOID, 9.0, 0.0),
    ],
)
def test_margin_is_the_best_wrong_logit_minus_the_true_one_up_to_the_confidence(label, confidence, wanted):
    logits = torch.tensor([1.0, 2.0, 0.5, -1.0]).view(1, 4, 1, 1)
    assert margin(confidence)(Output(logits, logits), torch.tensor([[[label]]]), 0.0).item() == wanted


def test_a_pixel_wrong_enough_no_longer_pushes_cw():
    net, (x, _) = pointwise(), problem()
    y = net(x).logits.argmin(1)  # all wrong
    assert torch.equal(zoo.cw()(net, x, y), x)
    assert not torch.equal(zoo.cw(confidence=1e3)(net, x, y), x)


def test_minus_turns_an_objective_and_twice_is_none():
    logits, y = torch.randn(2, CLASSES, 3, 3), torch.randint(CLASSES, (2, 3, 3))
    output = Output(logits, logits)
    assert torch.equal(minus(cross_entropy)(output, y, 0.0), -cross_entropy(output, y, 0.0))
    assert torch.equal(minus(minus(cross_entropy))(output, y, 0.0), cross_entropy(output, y, 0.0))


@pytest.mark.parametrize("build", [pointwise, trained])
def test_the_mirror_helps_the_net_as_the_attack_harms_it(build):
    net, (x, y) = build(), problem()
    helped, plain, harmed = (
        loss(net, p, y) for p in (zoo.mirror(zoo.bim(steps=3))(net, x, y), x, zoo.bim(steps=3)(net, x, y))
    )
    assert helped < plain - 0.5 and plain + 0.5 < harmed


def test_the_mirror_has_the_settings_of_the_attack_it_mirrors_and_starts_at_zero():
    assert zoo.mirror(zoo.pgd(4, 5)).search == zoo.bim(4, 5).search
    assert zoo.mirror(zoo.pgd(4)).ball == zoo.bim(4).ball
    net, (x, y) = smooth(), problem()
    assert torch.equal(next(zoo.mirror(zoo.pgd()).iterates(net, x, y)), x)


# ---- precision ----


def test_low_precision_finds_the_perturbation_only():
    net, (x, y) = trained(), problem()
    attacked = zoo.bim(precision="bfloat16")(net, x, y)
    assert attacked.dtype == torch.float32
    assert (attacked - x).abs().max() <= 8 / 255 + 1e-6
    gained = loss(net, attacked, y) - loss(net, x, y)
    assert gained > 0.9 * (loss(net, zoo.bim()(net, x, y), y) - loss(net, x, y))


# ---- bad input ----


def test_an_unknown_attack_is_an_error_with_the_choices():
    with pytest.raises(
        ValueError, match=r"^unknown attack 'segpdg'; choose one of apgd, best_pgd, bim, cospgd, cw, "
    ) as error:
        zoo.attack("segpdg")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["bim", "pgd", "cw"])
@pytest.mark.parametrize("steps", [-1, 2.5, float("nan"), float("inf")])
def test_steps_below_0_or_between_whole_numbers_are_refused(name, steps):
    with pytest.raises(ValueError, match=r"^wanted a whole number of steps from 0 up, got ") as error:
        zoo.attack(name, steps=steps)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["bim", "pgd", "cw"])
@pytest.mark.parametrize("alpha", [-1, float("nan"), float("inf")])
def test_alpha_below_0_is_refused(name, alpha):
    with pytest.raises(ValueError, match=r"^wanted alpha from 0 up \(in 1/255\), got ") as error:
        zoo.attack(name, alpha=alpha)
    assert "\n" not in str(error.value)

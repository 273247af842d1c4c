"""Attacks by their laws: what must hold for every attack, whatever it is made of (DESIGN.md, sections 4 and 6)."""

import inspect

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pearl_core.attacks import zoo
from pearl_core.attacks.balls import Linf
from pearl_core.attacks.compose import ascend
from pearl_core.attacks.objectives import cross_entropy, margin, minus
from pearl_core.attacks.problem import uniform_like
from pearl_core.attacks.searches import FixedSteps
from pearl_core.pipeline import Pipeline
from pearl_core.types import VOID, Output

CLASSES = 4
BRIEF = {"apgd": 12, "red_eps_apgd": 12, "sea": 6}  # steps: enough for checks and stages, and quick


def made(name: str, eps: float = 8, **options):
    """An attack of the catalogue, with few steps where it would take many."""
    return zoo.attack(name, eps, **({"steps": BRIEF[name]} if name in BRIEF else {}) | options)


every_attack = pytest.mark.parametrize("name", sorted(zoo.ATTACKS))
both_starts = pytest.mark.parametrize("random_start", [False, True], ids=["from zero", "random start"])


def smooth() -> Pipeline:
    """A small net without kinks, with layers that behave otherwise in training."""
    torch.manual_seed(1)
    layers = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.Tanh(), nn.Dropout(0.5), nn.Conv2d(6, CLASSES, 1)
    return Pipeline(None, nn.Sequential(*layers)).eval()


def pointwise() -> Pipeline:
    """Every pixel is judged by itself, linearly."""
    torch.manual_seed(2)
    return Pipeline(None, nn.Conv2d(3, CLASSES, 1)).eval()


def trained() -> Pipeline:
    """The smooth net after it has learnt to name the strongest channel."""
    net = smooth()
    optimiser = torch.optim.Adam(net.parameters(), 0.03)
    for step in range(60):
        x = torch.rand(4, 3, 12, 10, generator=torch.Generator().manual_seed(step))
        optimiser.zero_grad()
        F.cross_entropy(net(x).logits, x.argmax(1)).backward()
        optimiser.step()
    return net


def problem(images: int = 3, dtype=torch.float32):
    """Pictures with pixels at 0 and 1, labels with some void."""
    g = torch.Generator().manual_seed(3)
    x = torch.rand(images, 3, 12, 10, generator=g, dtype=torch.float64).to(dtype)
    x[:, :, 0], x[:, :, 1] = 0, 1
    y = torch.randint(CLASSES, (images, 12, 10), generator=g)
    y[torch.rand(y.shape, generator=g) < 0.1] = VOID
    return x, y


def loss(net, x, y, objective=cross_entropy) -> float:
    with torch.no_grad():
        return objective(net(x), y, 1.0).sum().item()


def count_calls(net: nn.Module) -> list:
    calls = []
    net.register_forward_hook(lambda *_: calls.append(1))
    return calls


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


@pytest.mark.parametrize("name", ["bim", "pgd", "cw"])
@pytest.mark.parametrize("steps", [0, 1, 4])
def test_a_step_costs_one_gradient_and_nothing_else_does(name, steps):
    net, (x, y) = smooth(), problem()
    calls = count_calls(net)
    zoo.attack(name, steps=steps)(net, x, y)
    assert len(calls) == steps


def test_fgsm_costs_one_gradient():
    net = smooth()
    calls = count_calls(net)
    zoo.fgsm()(net, *problem())
    assert len(calls) == 1


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


# ---- ball, picture, void ----


@every_attack
@both_starts
def test_eps_0_is_the_clean_picture_bit_for_bit(name, random_start):
    net, (x, y) = smooth(), problem()
    assert torch.equal(made(name, eps=0, random_start=random_start)(net, x, y), x)


@pytest.mark.parametrize("alpha", [0, 3, 255])
def test_eps_0_holds_whatever_the_step(alpha):
    net, (x, y) = smooth(), problem()
    assert torch.equal(zoo.pgd(0, alpha=alpha)(net, x, y), x)


@every_attack
@both_starts
@pytest.mark.parametrize("eps", [0.5, 8, 100, 255])
def test_no_attack_leaves_the_ball_or_the_picture(name, random_start, eps):
    net, (x, y) = smooth(), problem()
    attack = made(name, eps, random_start=random_start)
    points = attack.iterates(net, x, y) if name in zoo.STEPWISE else [attack(net, x, y)]
    for point in points:
        assert point.dtype == torch.float32 and point.shape == x.shape
        assert (point - x).abs().max() <= eps / 255 + 1e-6
        assert point.min() >= 0 and point.max() <= 1


@every_attack
@both_starts
def test_gradients_are_taken_at_pictures_inside_the_ball_only(name, random_start):
    net, (x, y) = smooth(), problem()
    seen = []
    net.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
    made(name, 100, random_start=random_start)(net, x, y)
    wide = 2 if name in ("red_eps_apgd", "sea") else 1  # their first balls are wider on purpose
    for point in seen:
        assert len(point) < len(x) or (point - x).abs().max() <= wide * 100 / 255 + 1e-6
        assert point.min() >= -1e-6 and point.max() <= 1 + 1e-6


def test_a_step_longer_than_the_ball_stays_in_it():
    net, (x, y) = smooth(), problem()
    attacked = zoo.bim(2, steps=5, alpha=255)(net, x, y)
    assert (attacked - x).abs().max() <= 2 / 255 + 1e-6


@every_attack
def test_the_picture_given_is_not_written_to(name):
    net, (x, y) = smooth(), problem()
    before = x.clone(), y.clone()
    attacked = made(name)(net, x, y)
    assert torch.equal(x, before[0]) and torch.equal(y, before[1])
    assert not attacked.requires_grad and not torch.equal(attacked, x)


@every_attack
@both_starts
def test_void_alone_does_not_push(name, random_start):
    net, (x, _) = smooth(), problem()
    y = torch.full((3, 12, 10), VOID)
    end = made(name, random_start=random_start)(net, x, y)
    start = end if name == "fgsm" else made(name, steps=0, random_start=random_start)(net, x, y)
    assert torch.allclose(start, end, rtol=0, atol=1e-6)
    assert random_start or torch.equal(end, x)


@every_attack
def test_a_void_pixel_does_not_push_among_others_that_do(name):
    net, (x, y) = pointwise(), problem()
    moved = (made(name, random_start=False)(net, x, y) != x).any(1)
    assert not moved[y == VOID].any()
    assert moved[y != VOID].any()


def test_what_lies_under_void_does_not_matter():
    logits, y = torch.randn(1, CLASSES, 2, 2), torch.tensor([[[0, VOID], [1, 2]]])
    for objective in (cross_entropy, margin(), margin(5.0), minus(margin())):
        values = objective(Output(logits, logits), y, 0.0)
        assert values.shape == y.shape
        assert values[0, 0, 1] == 0


# ---- independence and randomness ----


@every_attack
@both_starts
def test_a_picture_is_attacked_alike_alone_in_a_batch_and_in_another_order(name, random_start):
    net, (x, y) = smooth().double(), problem(4, torch.float64)
    attack, order = made(name, random_start=random_start), torch.tensor([2, 0, 3, 1])
    together, shuffled = attack(net, x, y), attack(net, x[order], y[order])
    alone = torch.cat([attack(net, x[i : i + 1], y[i : i + 1]) for i in range(4)])
    assert torch.allclose(together, alone, rtol=0, atol=1e-9)
    assert torch.allclose(together[order], shuffled, rtol=0, atol=1e-9)


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
    run = lambda name, seed: made(name, steps=2, seed=seed)(net, x, y)  # noqa: E731
    assert torch.equal(run("pgd", 0), run("pgd", 0))
    assert not torch.equal(run("pgd", 0), run("pgd", 1))
    assert torch.equal(run("bim", 0), run("bim", 1))


def test_the_global_seed_does_not_matter():
    net, (x, y) = smooth(), problem()
    torch.manual_seed(0)
    first = zoo.pgd()(net, x, y)
    torch.manual_seed(1)
    assert torch.equal(zoo.pgd()(net, x, y), first)


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


# ---- the model is as it was ----


def picture_of(net: nn.Module) -> list:
    """All of a model that an attack might disturb, and the global random state."""
    flags = [(name, m.training) for name, m in net.named_modules()]
    flags += [(name, p.requires_grad, p.grad) for name, p in net.named_parameters()]
    values = [(name, v.tolist()) for name, v in net.state_dict().items()]
    grads = [None if p.grad is None else p.grad.tolist() for p in net.parameters()]
    return [flags, values, grads, torch.get_rng_state().tolist()]


def odd_model() -> Pipeline:
    """A model in training with a sleeping BatchNorm, a frozen layer and a gradient somebody still needs."""
    net = smooth().train()
    net.segment[1].eval()
    net.segment[0].weight.requires_grad_(False)
    net.segment[4].weight.grad = torch.ones_like(net.segment[4].weight)
    torch.manual_seed(11)
    return net


@every_attack
def test_an_attack_leaves_the_model_and_the_random_state_as_found(name):
    net = odd_model()
    before = picture_of(net)
    made(name)(net, *problem())
    assert picture_of(net) == before


def test_a_mirror_leaves_the_model_and_the_random_state_as_found():
    net = odd_model()
    before = picture_of(net)
    zoo.mirror(zoo.bim(steps=3))(net, *problem())
    assert picture_of(net) == before


@pytest.mark.parametrize("call", [1, 2])
def test_an_error_inside_the_model_leaves_it_as_found(call):
    net, calls = odd_model(), []

    def fail(*_):
        calls.append(1)
        if len(calls) == call:
            raise RuntimeError("a broken layer")

    net.segment[2].register_forward_hook(fail)
    before = picture_of(net)
    with pytest.raises(RuntimeError, match="a broken layer"):
        zoo.pgd()(net, *problem())
    assert picture_of(net) == before


def test_an_unfinished_attack_leaves_the_model_as_found_at_every_point():
    net = odd_model()
    before = picture_of(net)
    walk = zoo.pgd(steps=3).iterates(net, *problem())
    for _ in range(3):
        next(walk)
        assert picture_of(net) == before
    walk.close()
    assert picture_of(net) == before


def test_the_model_attacked_is_the_one_in_evaluation_mode():
    net, (x, y) = smooth(), problem()
    calm = zoo.bim()(net, x, y)
    assert torch.equal(zoo.bim()(net.train(), x, y), calm)


def test_an_attack_works_where_gradients_are_switched_off():
    net, (x, y) = smooth(), problem()
    wanted = zoo.bim()(net, x, y)
    with torch.no_grad():
        assert torch.equal(zoo.bim()(net, x, y), wanted)


def test_low_precision_finds_the_perturbation_only():
    net, (x, y) = trained(), problem()
    attacked = zoo.bim(precision="bfloat16")(net, x, y)
    assert attacked.dtype == torch.float32
    assert (attacked - x).abs().max() <= 8 / 255 + 1e-6
    gained = loss(net, attacked, y) - loss(net, x, y)
    assert gained > 0.9 * (loss(net, zoo.bim()(net, x, y), y) - loss(net, x, y))


# ---- bad input ----


def one_line(error) -> None:
    assert "\n" not in str(error.value)


def test_an_unknown_attack_is_an_error_with_the_choices():
    with pytest.raises(
        ValueError, match=r"^unknown attack 'segpdg'; choose one of apgd, best_pgd, bim, cospgd, cw, "
    ) as error:
        zoo.attack("segpdg")
    one_line(error)


@every_attack
@pytest.mark.parametrize("eps", [-1, -1e-9, 255.5, float("nan"), float("inf")])
def test_eps_outside_0_to_255_is_refused(name, eps):
    with pytest.raises(ValueError, match=r"^wanted eps from 0 to 255 \(in 1/255\), got ") as error:
        made(name, eps)
    one_line(error)


@pytest.mark.parametrize("name", ["bim", "pgd", "cw"])
@pytest.mark.parametrize("steps", [-1, 2.5, float("nan"), float("inf")])
def test_steps_below_0_or_between_whole_numbers_are_refused(name, steps):
    with pytest.raises(ValueError, match=r"^wanted a whole number of steps from 0 up, got ") as error:
        made(name, steps=steps)
    one_line(error)


@pytest.mark.parametrize("name", ["bim", "pgd", "cw"])
@pytest.mark.parametrize("alpha", [-1, float("nan"), float("inf")])
def test_alpha_below_0_is_refused(name, alpha):
    with pytest.raises(ValueError, match=r"^wanted alpha from 0 up \(in 1/255\), got ") as error:
        made(name, alpha=alpha)
    one_line(error)


def with_bad(what: str):
    x, y = problem()
    return {
        "labels of another size": (x, y[:, :-1]),
        "labels of another batch": (x, y[:-1]),
        "labels with channels": (x, y.unsqueeze(1)),
        "float labels": (x, y.float()),
        "whole-number pictures": ((255 * x).byte(), y),
        "pictures in 0..255": (255 * x, y),
        "pictures below 0": (x - 0.5, y),
        "pictures that are not numbers": (x * float("nan"), y),
        "labels below 0": (x, y.masked_fill(y == VOID, -1)),
    }[what]


@every_attack
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("labels of another size", r"wanted labels \(B, H, W\) for pictures .*, got \(3, 11, 10\)"),
        ("labels of another batch", r"wanted labels \(B, H, W\) for pictures .*, got \(2, 12, 10\)"),
        ("labels with channels", r"wanted labels \(B, H, W\)"),
        ("float labels", "wanted float pictures and integer labels, got torch.float32 and torch.float32"),
        ("whole-number pictures", "wanted float pictures and integer labels, got torch.uint8"),
        ("pictures in 0..255", r"wanted pictures in \[0, 1\], got \[0, 255\]"),
        ("pictures below 0", r"wanted pictures in \[0, 1\], got \[-0.5, "),
        ("pictures that are not numbers", r"wanted pictures in \[0, 1\], got \[nan, nan\]"),
        ("labels below 0", "wanted labels from 0 up and void 255, got -1"),
    ],
)
def test_bad_pictures_and_labels_are_one_line_errors_before_the_model_is_asked(name, what, message):
    net = smooth()
    calls = count_calls(net)
    with pytest.raises(ValueError, match=f"^{message}") as error:
        made(name)(net, *with_bad(what))
    one_line(error)
    assert calls == []


@every_attack
def test_a_label_beyond_the_classes_is_a_one_line_error(name):
    x, y = problem()
    y[0, 5, 5] = CLASSES
    with pytest.raises(ValueError, match=r"^wanted labels from 0 to 3 and void 255, got 4") as error:
        made(name)(smooth(), x, y)
    one_line(error)


@every_attack
def test_every_attack_says_where_it_comes_from_and_takes_eps_in_255ths(name):
    function = zoo.ATTACKS[name]
    assert function.__doc__ and "\n" not in function.__doc__.splitlines()[0]
    assert inspect.signature(function).parameters["eps"].default in (8, 7.65)  # DDC-AT's 0.03
    attack = zoo.attack(name, 4)
    for part in getattr(attack, "members", {name: attack}).values():
        assert part.ball.radius == 4 / 255

"""Searches against victims whose optimum is known, budgets counted, and the faults that `published` keeps."""

from __future__ import annotations

from dataclasses import replace
from inspect import signature
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from pearl_core.attacks import objectives as loss
from pearl_core.attacks import zoo
from pearl_core.attacks.balls import L2, Linf
from pearl_core.attacks.compose import ascend, restarted
from pearl_core.attacks.ensembles import accuracy_of, published_pairing, worst_accuracy, worst_miou, worst_of
from pearl_core.attacks.judging import HIGHEST_LOSS
from pearl_core.attacks.restoration import Reference, own_output
from pearl_core.attacks.searches import APGD, FixedSteps, RedEps, checks, published_checks
from pearl_core.metrics import confusion, mean_iou
from pearl_core.pipeline import Pipeline
from pearl_core.types import VOID, Output, Sample

MARGIN = loss.margin(1e9)


def linear(classes: int = 2) -> Pipeline:
    """Every pixel judged by itself, linearly: the margin of two classes is linear in the picture."""
    torch.manual_seed(4)
    return Pipeline(None, nn.Conv2d(3, classes, 1)).double()


def inside(images: int = 2, classes: int = 2):
    """Pictures far from 0 and 1."""
    g = torch.Generator().manual_seed(5)
    x = 0.4 + 0.2 * torch.rand(images, 3, 6, 7, generator=g, dtype=torch.float64)
    return x, torch.randint(classes, (images, 6, 7), generator=g)


def gain(net, x, attacked, y) -> torch.Tensor:
    with torch.no_grad():
        return (MARGIN(net(attacked), y, 0) - MARGIN(net(x), y, 0)).sum((1, 2))


def best_gain(net, y, ball) -> torch.Tensor:
    """Closed form: the gradient of each pixel's margin is the difference of the two classes' weights."""
    weight = net.segment.weight[:, :, 0, 0]
    slope = torch.where(y[:, None] == 0, 1, -1) * (weight[1] - weight[0]).view(1, 3, 1, 1)
    dual = slope.abs().sum((1, 2, 3)) if isinstance(ball, Linf) else torch.linalg.vector_norm(slope, dim=(1, 2, 3))
    return ball.radius * dual


SEARCHES = {
    "fixed steps": lambda r: FixedSteps(r / 4, 20),
    "momentum": lambda r: FixedSteps(r / 4, 20, momentum=1.0),
    "apgd": lambda r: APGD(20),
    "apgd, published": lambda r: APGD(20, checks=published_checks),
    "red-eps": lambda r: RedEps(30),
    "red-eps, published": lambda r: RedEps(30, checks=published_checks),
}
BALLS = pytest.mark.parametrize("ball", [Linf(0.1), L2(0.5)], ids=["linf", "l2"])


@BALLS
@pytest.mark.parametrize("random_start", [False, True], ids=["from zero", "random start"])
@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_search_finds_the_known_optimum_to_a_hundredth(search, random_start, ball):
    net, (x, y) = linear(), inside()
    attack = ascend(MARGIN, ball, search(ball.radius), random_start=random_start, keep=HIGHEST_LOSS)
    gained, best = gain(net, x, attack(net, x, y), y), best_gain(net, y, ball)
    assert (gained <= best * (1 + 1e-9)).all()
    assert (gained >= 0.99 * best).all()


@BALLS
@pytest.mark.parametrize("momentum", [0.0, 1.0], ids=["plain", "momentum"])
def test_a_single_full_step_from_zero_finds_it_too(momentum, ball):
    net, (x, y) = linear(), inside()
    attacked = ascend(MARGIN, ball, FixedSteps(ball.radius, 1, momentum))(net, x, y)
    assert torch.allclose(gain(net, x, attacked, y), best_gain(net, y, ball))


def crosses(attack, random_start: bool) -> bool:
    """Whether the steps are enough to reach any point of the ball; searches that find their step see to it."""
    search = getattr(attack, "search", None)
    far = (2 if random_start else 1) * (1 - 1e-9)
    return not isinstance(search, FixedSteps) or search.steps * search.alpha >= far * attack.ball.radius


def named():
    """Every attack on segmenters by gradients, its protocols and starts, where its steps can cross the ball."""
    guided = {name: make for name, make in zoo.ATTACKS.items() if not zoo.CATALOGUE[name].queries}
    for name, function in sorted(guided.items()):
        for protocol in zoo.PROTOCOLS if "protocol" in signature(function).parameters else (None,):
            options = {} if protocol is None else {"protocol": protocol}
            options |= {"steps": 30} if name in ("apgd", "red_eps_apgd", "sea") else {}
            for start in (False, True):
                attack = zoo.attack(name, 8, random_start=start, **options)
                if crosses(attack, start):
                    yield pytest.param(attack, id=f"{name}-{protocol}-{'random start' if start else 'from zero'}")


@pytest.mark.parametrize("attack", named())
def test_a_named_attack_finds_the_known_optimum_to_a_hundredth(attack):
    """Of two classes every loss grows with the margin, as long as no pixel gives way."""
    net, (x, _) = linear(), inside()
    net.segment.bias.data = torch.tensor([3.0, 0.0]).double()
    y = net(x).logits.argmax(1)
    attacked = attack(net, x, y)
    assert (y == 0).all() and (net(attacked).logits.argmax(1) == 0).all()
    gained, best = gain(net, x, attacked, y), best_gain(net, y, Linf(8 / 255))
    assert (gained >= 0.99 * best).all() and (gained <= best * (1 + 1e-9)).all()


class Half(nn.Module):
    def forward(self, x):
        return x / 2


@pytest.mark.parametrize("random_start", [False, True], ids=["from zero", "random start"])
@pytest.mark.parametrize("name", ["lmse", "input_close"])
def test_an_attack_on_a_derainer_finds_the_known_optimum_to_a_hundredth(name, random_start):
    """Of a derainer that halves: from x / 2, rounded lest the start be a minimum, as far as may be; near to x."""
    net, (x, _), radius = Pipeline(Half(), None), inside(), 8 / 255
    image = x if name == "input_close" else own_output(net, x, rounded=not random_start)
    attacked = zoo.DERAIN_ATTACKS[name](8, random_start=random_start)(net, x, Reference(image))
    far = lambda p: (p / 2 - image).square().sum((1, 2, 3))  # noqa: E731
    away = ((x / 2 - image).abs() + (-1 if name == "input_close" else 1) * radius / 2).square().sum((1, 2, 3))
    best, gained = (away - far(x)).abs(), (far(attacked) - far(x)).abs()
    assert (gained >= 0.99 * best).all() and (gained <= best * (1 + 1e-9)).all()


@pytest.mark.parametrize("seed", [6, 7])
def test_alma_prox_is_near_the_smallest_norm_of_one_pixel(seed):
    torch.manual_seed(seed)
    net = Pipeline(None, nn.Conv2d(3, 3, 1)).double()
    net.segment.weight.data *= 10  # as steep as a trained net
    x = torch.full((1, 3, 1, 1), 0.5, dtype=torch.float64)
    logits = net(x).logits[0, :, 0, 0].detach()
    weight, true = net.segment.weight[:, :, 0, 0].detach(), int(logits.argmax())
    others = [k for k in range(3) if k != true]
    smallest = min((logits[true] - logits[k]) / (weight[k] - weight[true]).abs().sum() for k in others)
    attacked = zoo.alma_prox()(net, x, torch.full((1, 1, 1), true))
    assert net(attacked).logits.argmax() != true
    assert smallest <= (attacked - x).abs().max() <= 1.05 * smallest


# ---- budgets ----


def counted(attack, net, x, y):
    problem = attack.problem(net, x, y)
    for delta in attack.search(problem, attack.ball):  # noqa: B007 - the last one counts
        pass
    attack.finish(problem, delta)
    return problem.gradients / len(x), problem.passes / len(x)


def hard():
    """A net that no attack this small can bring to zero: nothing finishes early."""
    net, (x, _) = linear(4), inside(classes=4)
    return net, x, net(x).logits.argmax(1)


@pytest.mark.parametrize("steps", [0, 1, 9, 20])
def test_the_budget_is_the_gradients_and_one_look_at_the_end_of_a_stage(steps):
    net, x, y = hard()
    assert counted(zoo.pgd(0.1, steps), net, x, y) == (steps, steps)
    assert counted(zoo.apgd(0.1, steps), net, x, y) == (steps, steps + 1)
    assert counted(zoo.red_eps_apgd(0.1, steps), net, x, y) == (steps, steps + 3)


def test_an_image_at_zero_leaves_the_batch_and_the_others_go_on_as_alone():
    net, (x, y) = linear(4), inside(4, classes=4)
    y[:2] = net(x[:2]).logits.argmin(1)  # two images that are all wrong at the start
    y[2:] = net(x[2:]).logits.argmax(1)
    attack = zoo.red_eps_apgd(0.5, 20, random_start=False)
    seen = []
    net.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    together = attack(net, x, y)
    assert set(seen) == {4, 2}
    alone = torch.cat([attack(net, x[i : i + 1], y[i : i + 1]) for i in range(4)])
    assert torch.allclose(together, alone, rtol=0, atol=1e-12)


def test_a_stage_at_zero_moves_on_to_the_next_and_only_the_wanted_ball_counts():
    net, x, y = linear(), torch.full_like(inside()[0], 0.5), torch.zeros(2, 6, 7, dtype=torch.long)
    weight = net.segment.weight[:, :, 0, 0].detach()
    net.segment.bias.data = -weight.sum(1) / 2  # no margin at all, and then
    net.segment.bias.data[0] += 0.1 * (weight[1] - weight[0]).abs().sum()  # one that all pixels lose at a radius of 0.1
    attack = zoo.red_eps_apgd(255 * 0.1 / 1.2, 30, random_start=False)
    problem = attack.problem(net, x, y)
    sizes = [delta.abs().max() for delta in attack.search(problem, attack.ball)]
    assert max(sizes) > 0.1 > attack.ball.radius
    assert len(x) * 12 < problem.gradients < len(x) * (9 + 12), "the wide stages end early, the last one does not"
    attacked = attack(net, x, y)
    assert (attacked - x).abs().max() <= attack.ball.radius + 1e-12
    assert (accuracy_of(net, attacked, y) > 0).all()


def test_a_red_eps_search_that_would_end_outside_the_ball_is_refused():
    with pytest.raises(ValueError, match=r"^wanted a last stage as wide as the ball, got one 1.5 times as wide$"):
        RedEps(10, ((2.0, 0.5), (1.5, 0.5)))


def test_an_image_that_needs_no_perturbation_leaves_alma_and_one_that_found_one_goes_on():
    net, (x, y) = linear(4), inside(4, classes=4)
    net.segment.weight.data *= 10  # as steep as a trained net
    y[0], y[1] = VOID, net(x[1:2]).logits.argmin(1)[0]  # nothing to turn, all turned as it is
    y[2:] = net(x[2:]).logits.argmax(1)
    attack, seen = zoo.alma_prox(60, lr=0.02), []
    net.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    together = attack(net, x, y)
    assert seen == [4] + 60 * [2], "one look at all of them, then those that need one until the end"
    assert torch.equal(together[:2], x[:2])
    alone = torch.cat([attack(net, x[i : i + 1], y[i : i + 1]) for i in range(4)])
    assert torch.allclose(together, alone, rtol=0, atol=1e-9)
    reached = [d.abs().amax((1, 2, 3))[2:] for d, share, _ in attack.walk(net, x, y) if (share[2:] >= 0.99).all()]
    assert ((together - x).abs().amax((1, 2, 3))[2:] < reached[0]).all(), "it shrinks after the first success"
    seen.clear()
    assert torch.equal(attack(net, x[:2], y[:2]), x[:2])
    assert seen == [2], "no gradient where nobody needs one"


def test_a_trajectory_shows_every_look_and_returns_the_attack():
    net, (x, y) = linear(4), inside(classes=4)
    for attack, looks in ((zoo.pgd(2, 5), 6), (zoo.apgd(2, 9), 10), (zoo.red_eps_apgd(2, 9), 12)):
        course = attack.trace(net, x, y)
        assert course.loss.shape == course.accuracy.shape == (looks, len(x))
        assert course.iterates is None
        assert torch.equal(course.images, attack(net, x, y))
    points = zoo.pgd(2, 5).trace(net, x, y, iterates=True)
    assert torch.equal(points.iterates, torch.stack(list(zoo.pgd(2, 5).iterates(net, x, y))))
    for point, accuracy in zip(points.iterates, points.accuracy, strict=True):
        assert torch.equal(accuracy_of(net, point, y), accuracy)


# ---- checks of APGD ----


def test_the_checks_of_the_paper_are_at_22_41_57_percent():
    assert checks(100).at[:5] == (22, 41, 57, 70, 80)
    assert checks(50).at[0] == 11


def test_the_checks_of_the_code_are_whole_windows():
    assert published_checks(100).at[:5] == (22, 41, 57, 70, 80)
    assert published_checks(20).at[:5] == (4, 7, 9, 10, 11)


def test_published_takes_a_first_positive_loss_for_progress_and_corrected_does_not():
    """APGD's zero row: after one step that lost, one window long."""

    class Falling:
        """Every step makes it worse."""

        kept = None

        def __init__(self):
            self.values = iter([torch.tensor([v]) for v in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)])
            self.steps = []

        def start(self, ball):
            return torch.zeros(1, 3, 1, 1)

        def project(self, delta, ball):
            return delta

        def look(self, delta, progress, gradient=True):
            from pearl_core.attacks.searches import Reading

            value = next(self.values)
            return Reading(value, torch.ones(1, 3, 1, 1), value, None)

    def moved(how):
        points = list(APGD(4, momentum=1.0, checks=how)(Falling(), Linf(1.0)))
        return [round((b - a).abs().max().item(), 6) for a, b in pairwise(points)]

    assert published_checks(4).at[0] == checks(4).at[0] == 1
    assert moved(published_checks)[1] == 2.0, "the step is kept: the first loss was above the empty row's zero"
    assert moved(checks)[1] == 1.0, "halved, from the start again"


# ---- faults that `published` keeps ----


def mostly_void():
    net, (x, y) = linear(4), inside(classes=4)
    y = net(x).logits.argmax(1)
    y[:, :, 1:] = VOID
    return net, x, y


def test_under_published_an_image_with_much_void_never_leaves_its_start():
    net, x, y = mostly_void()
    assert torch.equal(zoo.apgd(100, 10, protocol="published")(net, x, y), x)
    assert (accuracy_of(net, zoo.apgd(100, 10)(net, x, y), y) < accuracy_of(net, x, y)).all()


def js(gap: float, objective) -> tuple[float, float]:
    logits = torch.tensor([0.0, gap, 0.0, 0.0]).view(1, 4, 1, 1).requires_grad_(True)
    value = objective(Output(logits, logits), torch.zeros(1, 1, 1, dtype=torch.long), 0).sum()
    value.backward()
    return value.item(), logits.grad.abs().sum().item()


def test_under_published_js_is_nan_from_a_gap_above_a_hundred():
    assert np.isfinite(js(50, loss.published_jensen_shannon)).all()
    assert np.isnan(js(110, loss.published_jensen_shannon)).all()
    for gap in (0, 50, 110, 1e4, -1e4):
        assert np.isfinite(js(gap, loss.jensen_shannon)).all()
    assert js(5, loss.jensen_shannon) == pytest.approx(js(5, loss.published_jensen_shannon), rel=1e-5)


def test_nan_from_a_model_is_an_error_that_names_the_step():
    class Broken(nn.Module):
        calls = 0

        def forward(self, x):
            self.calls += 1
            return Output(x, x.repeat(1, 2, 1, 1) * (float("nan") if self.calls == 3 else 1))

    x, y = inside()
    with pytest.raises(FloatingPointError, match=r"^wanted finite numbers, got a loss of nan or inf at step 2 of"):
        zoo.pgd()(Broken(), x, y)


def test_under_published_the_penalty_of_alma_hardly_pushes_where_a_constraint_is_nearly_met():
    from pearl_core.attacks.alma import penalty_slope, published_penalty_slope

    y, rho, mu = torch.tensor([-2.0, -0.5, 1e-3, 0.5]).double(), torch.tensor(0.01), torch.tensor(0.3)
    point = y.clone().requires_grad_(True)
    value = torch.where(y >= 0, mu * point + mu * rho * point**2 + rho**2 * point**3 / 6, mu * point / (1 - point))
    value.sum().backward()
    assert torch.allclose(penalty_slope(y, rho, mu), point.grad)
    assert published_penalty_slope(y, rho, mu)[2] < 0.01 * point.grad[2]


@pytest.mark.parametrize("lr_end", [0, 1, 10])
def test_alma_refuses_steps_that_do_not_fall(lr_end):
    with pytest.raises(ValueError, match=rf"^wanted an lr_end in \(0, 1\), got {lr_end}$"):
        zoo.alma_prox(lr_end=lr_end)


def test_alma_attacks_images_with_unequal_void_and_published_cannot():
    net, (x, y) = linear(4), inside(classes=4)
    y[0, :, 1:] = VOID  # six pixels: a tenth of them is none, of the other image's it is four
    attack = zoo.alma_prox(20, 0.9)
    together = attack(net, x, y)
    assert torch.allclose(together[:1], attack(net, x[:1], y[:1]), rtol=0, atol=1e-12)
    with pytest.raises(IndexError, match="wanted images with as many labelled pixels"):
        zoo.alma_prox(20, 0.9, protocol="published")(net, x, y)


def test_under_published_two_steps_of_ddcat_stop_short_of_the_radius():
    net, (x, y) = linear(4), inside(classes=4)
    reach = {p: (zoo.ddcat_bim(protocol=p)(net, x, y) - x).abs().max().item() for p in zoo.PROTOCOLS}
    assert reach["published"] == pytest.approx(0.02)
    assert reach["corrected"] == pytest.approx(0.03)


# ---- ensembles ----


def test_the_worst_of_attacks_is_the_worst_of_each_image():
    net, (x, y) = linear(4), inside(4, classes=4)
    members = zoo.pgd(1, 3), zoo.cw(1, 3), zoo.segpgd(1, 3)
    worst = accuracy_of(net, worst_of(*members)(net, x, y), y)
    alone = torch.stack([accuracy_of(net, attack(net, x, y), y) for attack in members])
    assert torch.equal(worst, alone.amin(0))


def test_sea_is_no_weaker_than_any_of_its_members_on_any_image():
    net, (x, y) = linear(4), inside(4, classes=4)
    sea = zoo.sea(2, 10)
    worst = accuracy_of(net, sea(net, x, y), y)
    for name, member in sea.each(net, x, y).items():
        assert (worst <= member.left).all(), name
        assert torch.equal(member.left, accuracy_of(net, member.images, y))


def test_stopping_at_zero_skips_later_members_and_ends_as_low():
    net, (x, y) = linear(4), inside(4, classes=4)
    y[:2] = net(x[:2]).logits.argmin(1)
    all_wrong = zoo.sea(2, 10, stop="ensemble")
    seen = []
    net.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    skipping = accuracy_of(net, all_wrong(net, x, y), y)
    fewer, seen[:] = sum(seen), []
    assert torch.equal(skipping, accuracy_of(net, zoo.sea(2, 10)(net, x, y), y))
    assert fewer < sum(seen)


def test_an_ensemble_counts_for_a_worst_miou_and_refuses_where_it_skips():
    net, (x, y) = linear(4), inside(4, classes=4)
    sea = zoo.sea(2, 10)
    counts = np.concatenate([sea.counts(net, x[i : i + 2], y[i : i + 2]) for i in (0, 2)], 1)
    assert counts.shape == (4, 4, 4, 3)
    for counted, attack in zip(counts, sea.members.values(), strict=True):
        attacked = attack(net, x, y)
        assert np.array_equal(counted, confusion(net(attacked), Sample(attacked, x, y)).numpy())
    assert worst_miou(counts)[0] <= mean_iou(counts.sum(1)).min()
    with pytest.raises(ValueError, match=r"^wanted an ensemble that gives every .*, got skip=True: use stop='member'$"):
        zoo.sea(2, 10, stop="ensemble").counts(net, x, y)


def test_under_published_the_last_nine_labels_of_1449_meet_other_images():
    g = torch.Generator().manual_seed(8)
    y = torch.randint(4, (1449, 5, 5), generator=g)
    y[:, 0] = VOID
    right = y.masked_fill(y == VOID, 0)[None]
    assert (worst_accuracy(right, y, batch=24) == 1).all()
    published = worst_accuracy(right, y, batch=24, protocol="published")
    assert (published[:-9] == 1).all() and (published[-9:] < 1).all()
    assert published_pairing(1449, 24)[-10:].tolist() == [1439, *range(540, 549)]
    for images, batch in ((1440, 24), (1449, 1), (5, 24)):
        assert torch.equal(published_pairing(images, batch), torch.arange(images))


def test_the_worst_accuracy_is_that_of_each_image_over_attacks():
    y = torch.tensor([[[0, 1, VOID]], [[1, 1, 0]]])
    predictions = torch.tensor([[[[0, 1, 0]], [[0, 0, 0]]], [[[0, 0, 0]], [[1, 1, 1]]]])
    assert worst_accuracy(predictions, y, batch=2).tolist() == pytest.approx([1 / 2, 1 / 3])
    with pytest.raises(ValueError, match=r"^wanted predictions \(attacks, 2, 1, 3\) for .*, got \(2, 1, 3\)$"):
        worst_accuracy(predictions[0], y, batch=2)
    with pytest.raises(ValueError, match=r"^wanted batches of 1 image or more, got 0$"):
        published_pairing(2, 0)


def test_restarts_are_other_starts_of_one_attack():
    seeds = [attack.seed for attack in restarted(zoo.pgd(seed=7), 3)]
    assert seeds == [7, 8, 9]
    assert all(attack.random_start for attack in restarted(zoo.bim(), 2))
    with pytest.raises(ValueError, match=r"^wanted 1 start or more, got 0"):
        restarted(zoo.pgd(), 0)


def test_greedy_miou_is_no_higher_than_any_attack_alone_and_matches_trying_everything():
    random = np.random.RandomState(0)
    confusion = random.randint(0, 30, (3, 4, 3, 3))  # attacks, images, true, predicted
    labelled = random.randint(40, 90, (4, 3))
    confusion = confusion * 0
    for a in range(3):
        for n in range(4):
            for k in range(3):
                confusion[a, n, k] = random.multinomial(labelled[n, k], random.dirichlet(np.ones(3)))
    counts = np.stack([np.diagonal(confusion, axis1=2, axis2=3), confusion.sum(2), confusion.sum(3)], -1)
    miou, choice = worst_miou(counts)
    assert miou == pytest.approx(float(mean_iou(counts[choice, np.arange(4)].sum(0))))
    assert miou <= mean_iou(counts.sum(1)).min()
    everything = [float(mean_iou(counts[list(c), np.arange(4)].sum(0))) for c in np.ndindex(3, 3, 3, 3)]
    assert miou == pytest.approx(min(everything), abs=0.5)


def test_worst_miou_refuses_what_is_not_counts():
    with pytest.raises(ValueError, match=r"^wanted counts \(attacks, images, classes, 3\), got \(2, 3, 3\)"):
        worst_miou(np.zeros((2, 3, 3)))


def test_apgd_goes_by_cross_entropy_whatever_loss_gives_the_gradient():
    net, x, y = hard()
    attack = zoo.apgd(2, 5, loss.masked_cross_entropy)
    entropy, own = attack.trace(net, x, y), replace(attack, track=None).trace(net, x, y)
    assert torch.equal(own.tracked, own.loss)
    with torch.no_grad():
        at_start = loss.cross_entropy(net(x), y, 0).mean((1, 2))
    assert torch.allclose(entropy.tracked[0], at_start)

"""Attacks on derainers, and the wrappers that give a model an honest gradient."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pearl_core.attacks import restoration as rest
from pearl_core.attacks import zoo
from pearl_core.attacks.compose import restarted
from pearl_core.attacks.ensembles import worst_of
from pearl_core.attacks.objectives import cross_entropy
from pearl_core.attacks.wrappers import Expectation, StraightThrough
from pearl_core.pipeline import Pipeline
from pearl_core.types import Output

H, W = 16, 20


def derainer() -> Pipeline:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 3, padding=1), nn.Tanh(), nn.Conv2d(6, 3, 3, padding=1), nn.Sigmoid()
    return Pipeline(nn.Sequential(*layers), None)


def features(images: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Any net with maps: here finite differences and local means."""
    return images[..., 1:] - images[..., :-1], nn.functional.avg_pool2d(images, 4)


def pictures(images: int = 3) -> torch.Tensor:
    return torch.rand(images, 3, H, W, generator=torch.Generator().manual_seed(1))


def own(net, x, **options) -> rest.Reference:
    return rest.reference(rest.own_output(net, x), **options)


def distances(net, x, attacked, target):
    with torch.no_grad():
        return [rest.squared_error(net(p), target, 0).mean((1, 2)) for p in (x, attacked)]


def test_lmse_moves_the_output_of_every_image_inside_the_ball():
    net, x = derainer(), pictures()
    target = own(net, x)
    attacked = zoo.lmse(4)(net, x, target)
    before, after = distances(net, x, attacked, target)
    assert (after > 5 * before).all()
    assert (attacked - x).abs().max() <= 4 / 255 + 1e-6


def test_the_course_of_an_attack_on_a_derainer_has_a_loss_and_no_accuracy():
    net, x = derainer(), pictures()
    target = own(net, x)
    course = zoo.lmse(4, 5).trace(net, x, target)
    assert course.loss.shape == (6, 3) and course.accuracy is None
    assert torch.equal(course.images, zoo.lmse(4, 5)(net, x, target))


def test_the_papers_settings_are_the_defaults():
    attack = zoo.lmse(8)
    assert (attack.search.steps, attack.search.alpha, attack.random_start) == (20, 2 / 255, True)


def test_input_close_brings_the_output_to_the_rain():
    net, x = derainer(), pictures()
    target = rest.reference(x)
    before, after = distances(net, x, zoo.input_close(8)(net, x, target), target)
    assert (after < before).all()


def test_the_reference_is_the_clean_output_as_an_8_bit_picture():
    net, x = derainer(), pictures()
    reference = rest.own_output(net, x)
    assert torch.allclose(255 * reference, (255 * reference).round(), atol=1e-4)
    assert reference.min() >= 0 and reference.max() <= 1
    exact = rest.own_output(net, x, rounded=False)
    assert 0 < (reference - exact).abs().max() <= 0.5 / 255 + 1e-6


def test_an_attack_on_a_region_leaves_the_rest_of_the_loss_out():
    net, x = derainer(), pictures(1)
    region = torch.zeros(1, H, W)
    region[:, :8] = 1
    everywhere, there = own(net, x), own(net, x, region=region)
    with torch.no_grad():
        whole, part = (rest.squared_error(net(1 - x), t, 0) for t in (everywhere, there))
    assert torch.equal(part, whole * region)


def test_a_mask_keeps_the_perturbation_to_the_rain():
    net, x = derainer(), pictures()
    with torch.no_grad():
        mask = rest.rain_region(x, net(x).derained, threshold=100)
    assert mask.any() and not mask.all()
    attacked = zoo.lmse(8)(net, x, own(net, x), mask=mask)
    moved = (attacked != x).any(1)
    assert moved[mask].any() and not moved[~mask].any()


def test_perceptual_goes_far_in_features_and_unnoticeable_less_far_in_pixels():
    net, x = derainer(), pictures()
    target = own(net, x, features=features)
    far, near = (made(features)(net, x, target) for made in (zoo.perceptual_attack, zoo.unnoticeable_attack))
    with torch.no_grad():
        apart = [rest.perceptual(features)(net(p), target, 0) for p in (x, far, near)]
    assert (apart[1] > apart[0]).all() and (apart[2] > apart[0]).all()
    pixels = [distances(net, x, p, target)[1].mean() for p in (far, near)]
    assert pixels[1] <= pixels[0]


def test_the_features_of_the_reference_are_computed_once():
    calls = []

    def counted(images):
        calls.append(len(images))
        return features(images)

    net, x = derainer(), pictures()
    zoo.perceptual_attack(counted, steps=5)(net, x, own(net, x, features=counted))
    assert calls == [3] * 6


def test_object_sensitive_makes_one_patch_look_like_another():
    net, x = derainer(), pictures()
    source, wanted = torch.tensor([[0, 0], [2, 3], [4, 4]]), torch.tensor([[8, 8], [8, 10], [0, 12]])
    target = rest.patches(rest.own_output(net, x), features, source, wanted, (8, 8))
    attacked = zoo.object_sensitive(features)(net, x, target)
    with torch.no_grad():
        before, after = (rest.patch_distance(features)(net(p), target, 0) for p in (x, attacked))
    assert (after < before).all()
    assert torch.equal(rest.crop(x, source, target.size)[1], x[1, :, 2:10, 3:11])


def test_patches_outside_the_picture_are_a_one_line_error():
    corner = torch.tensor([[10, 0]])
    with pytest.raises(ValueError, match=r"^wanted patches of one size inside \(16, 20\), got corners \[\[10, 0\]\]"):
        rest.patches(pictures(1), features, corner, torch.zeros_like(corner), (8, 8))


def test_a_reference_of_another_size_is_a_one_line_error():
    net, x = derainer(), pictures()
    with pytest.raises(ValueError, match=r"^wanted a reference of shape \(3, 3, 16, 20\), got \(2, 3, 16, 20\)"):
        zoo.lmse()(net, x, rest.reference(x[:2]))


# ---- wrappers ----


class Rounding(nn.Module):
    """A derainer nobody can differentiate."""

    def forward(self, x):
        return (4 * x).round() / 4


def segmenter() -> nn.Module:
    torch.manual_seed(3)
    return nn.Conv2d(3, 4, 1)


def labels(net, x) -> torch.Tensor:
    with torch.no_grad():
        return net(x).logits.argmax(1)


def total(net, x, y) -> float:
    with torch.no_grad():
        return cross_entropy(net(x), y, 0).sum().item()


def test_straight_through_finds_a_way_past_a_derainer_without_gradient():
    blocked = Pipeline(Rounding(), segmenter())
    open_ = Pipeline(StraightThrough(Rounding()), blocked.segment)
    x = pictures()
    y = labels(blocked, x)
    assert torch.equal(open_(x).logits, blocked(x).logits), "the same net forward"
    assert torch.equal(zoo.bim(32)(blocked, x, y), x), "no gradient, no attack"
    assert total(blocked, zoo.bim(32)(open_, x, y), y) > 1.05 * total(blocked, x, y)


class Noisy(nn.Module):
    """A random model."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x + 0.3 * torch.randn_like(x))


def test_expectation_averages_losses_and_gradients_over_the_draws():
    net, x = Pipeline(None, segmenter()), pictures()
    y = labels(net, x)
    sure = Expectation(net, 4)  # four times the same answer
    assert torch.allclose(zoo.bim()(sure, x, y), zoo.bim()(net, x, y))
    course = zoo.bim(steps=2).trace(sure, x, y), zoo.bim(steps=2).trace(net, x, y)
    assert torch.allclose(course[0].loss, course[1].loss) and torch.allclose(course[0].accuracy, course[1].accuracy)


def test_expectation_is_repeatable_and_leaves_the_random_state():
    noisy, x = Expectation(Noisy(Pipeline(None, segmenter())), 3), pictures()
    y = labels(Pipeline(None, segmenter()), x)
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first = zoo.bim()(noisy, x, y)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(1)
    assert torch.equal(zoo.bim()(noisy, x, y), first)


def test_an_ensemble_scores_a_model_that_answers_several_times_and_alma_refuses_it():
    net, x = Pipeline(None, segmenter()), pictures()
    y, sea = labels(net, x), zoo.sea(8, 4)
    assert torch.allclose(sea(Expectation(net, 3), x, y), sea(net, x, y))
    with pytest.raises(ValueError, match=r"^wanted one answer for each of 3 pictures, got 6$"):
        zoo.alma_prox(4)(Expectation(net, 2), x, y)


def test_expectation_wants_a_draw():
    with pytest.raises(ValueError, match=r"^wanted 1 draw or more, got 0"):
        Expectation(Pipeline(None, segmenter()), 0)


def test_a_pipeline_that_only_derains_has_no_logits():
    output = derainer()(pictures())
    assert isinstance(output, Output) and output.logits is None


def test_a_random_model_answers_a_picture_alike_alone_and_in_a_batch():
    plain, x = Pipeline(None, segmenter()), pictures()
    net, y, attack = Expectation(Noisy(plain), 3), labels(plain, x), zoo.bim(8, 4)
    together = attack(net, x, y)
    assert torch.equal(together, torch.cat([attack(net, x[i : i + 1], y[i : i + 1]) for i in range(len(x))]))


def test_derainers_that_are_random_have_an_own_output_and_counts():
    plain, x = Pipeline(None, segmenter()), pictures()
    asked, y = Expectation(Noisy(plain), 2), labels(plain, x)
    assert rest.own_output(asked, x).shape == x.shape
    counts = zoo.sea(8, 4).counts(asked, x, y)
    assert counts.shape[:2] == (4, len(x)) and (counts[..., 2].sum(2) == 2 * y[0].numel()).all()


def test_the_worst_of_restarts_on_a_derainer_is_that_of_the_highest_loss():
    net, x = derainer(), pictures()
    target = own(net, x)
    starts = restarted(zoo.lmse(8, 3), 3)
    worst = worst_of(*starts)(net, x, target)
    with torch.no_grad():
        each = torch.stack([rest.squared_error(net(a(net, x, target)), target, 1).mean((1, 2)) for a in starts])
        assert torch.equal(rest.squared_error(net(worst), target, 1).mean((1, 2)), each.amax(0))


def test_features_that_are_missing_are_a_one_line_error():
    net, x = derainer(), pictures()
    with pytest.raises(ValueError, match="wanted a reference with features"):
        zoo.perceptual_attack(features, steps=2)(net, x, rest.reference(x))

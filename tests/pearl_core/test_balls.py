"""Balls by their properties, on any radius and any perturbation."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pearl_core.attacks.balls import L2, Linf, lengths
from pearl_core.attacks.compose import ascend
from pearl_core.attacks.objectives import cross_entropy
from pearl_core.attacks.searches import APGD, FixedSteps, RedEps
from pearl_core.pipeline import Pipeline

SHAPE = (2, 3, 4, 5)
shapes = pytest.mark.parametrize("ball", [Linf, L2])
radii = st.floats(0, 2)
seeds = st.integers(0, 2**31)


def normal(seed: int, scale: float = 1.0, shape=SHAPE) -> torch.Tensor:
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def uniform(seed: int, shape=SHAPE) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def size(ball, delta: torch.Tensor) -> torch.Tensor:
    """The norm the ball goes by, of each image."""
    return delta.abs().amax((1, 2, 3)) if ball is Linf else lengths(delta).flatten()


@shapes
@settings(max_examples=40, deadline=None)
@given(radii, seeds, st.floats(0, 10))
def test_a_projection_is_inside_stays_and_is_the_nearest_point(ball, radius, seed, scale):
    room, delta = ball(radius), normal(seed, scale)
    inside = room.project(delta)
    assert (size(ball, inside) <= radius + 1e-12).all()
    assert torch.allclose(room.project(inside), inside, rtol=0, atol=1e-12)
    other = room.project(normal(seed + 1, scale))
    assert (lengths(inside - delta) <= lengths(other - delta) + 1e-9).all()


@shapes
@settings(max_examples=40, deadline=None)
@given(radii, seeds)
def test_a_random_point_is_inside_and_moves_with_the_numbers(ball, radius, seed):
    point = ball(radius).random(uniform(seed))
    assert (size(ball, point) <= radius + 1e-9).all()
    assert radius < 1e-9 or not torch.equal(point, ball(radius).random(uniform(seed + 1)))


@shapes
@settings(max_examples=40, deadline=None)
@given(seeds)
def test_no_unit_step_climbs_a_linear_loss_faster_than_the_steepest(ball, seed):
    gradient, step = normal(seed), ball(1).steepest(normal(seed))
    assert torch.allclose(size(ball, step), torch.ones(2, dtype=torch.float64))
    other = normal(seed + 1)
    other = other / size(ball, other).view(-1, 1, 1, 1)
    assert ((step * gradient).sum((1, 2, 3)) >= (other * gradient).sum((1, 2, 3)) - 1e-9).all()


@shapes
def test_no_gradient_is_no_step(ball):
    assert torch.equal(ball(1).steepest(torch.zeros(SHAPE)), torch.zeros(SHAPE))


@shapes
@pytest.mark.parametrize("search", [lambda r: FixedSteps(r / 2, 4), lambda r: APGD(6), lambda r: RedEps(6)])
@settings(max_examples=12, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), seeds)
def test_an_attack_stays_in_ball_picture_and_mask(ball, search, radius, share, seed):
    torch.manual_seed(0)
    net = Pipeline(None, torch.nn.Conv2d(3, 4, 1)).double()
    x, y = uniform(seed), torch.randint(4, (2, 4, 5), generator=torch.Generator().manual_seed(seed))
    mask = uniform(seed + 1)[:, 0] < share
    attack = ascend(cross_entropy, ball(radius), search(radius), random_start=seed % 2 == 0, seed=seed)
    attacked = attack(net, x, y, mask=mask)
    assert (size(ball, attacked - x) <= radius + 1e-9).all()
    assert attacked.min() >= 0 and attacked.max() <= 1
    assert not (attacked != x).any(1)[~mask].any()

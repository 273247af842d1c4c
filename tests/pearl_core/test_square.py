"""Square attack: it asks only for answers, stays in either ball, and falls on what hides its gradient."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from pearl_core.attacks import zoo
from pearl_core.attacks.balls import Linf, RootMeanSquare
from pearl_core.attacks.ensembles import accuracy_of
from pearl_core.attacks.square import Square, dipole, pyramid
from pearl_core.pipeline import Pipeline

from .victims import H, W, pointwise, problem, trained

X = torch.rand(3, 3, H, W, generator=torch.Generator().manual_seed(0))
NET = trained()
Y = X.argmax(1)


class Rounded(nn.Module):
    """Sixteen levels: the gradient is zero everywhere."""

    def forward(self, images):
        return (15 * images).round() / 15


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_it_lowers_the_accuracy_by_answers_alone_in_its_ball(norm):
    attack = zoo.square(16, 150, norm=norm)
    hidden = Pipeline(Rounded(), NET.segment)
    attacked = attack(hidden, X, Y)
    size = (attacked - X).abs().amax() if norm == "linf" else (attacked - X).square().mean((1, 2, 3)).sqrt().max()
    assert size <= 16 / 255 + 1e-6 and attacked.min() >= 0 and attacked.max() <= 1
    left, clean = accuracy_of(hidden, attacked, Y), accuracy_of(hidden, X, Y)
    assert (left < clean - 0.02).all()
    blind = accuracy_of(hidden, zoo.apgd(16, 20, norm=norm)(hidden, X, Y), Y)
    assert (left < blind).all(), "no gradient leads anywhere here"


def test_no_gradient_is_taken_and_every_step_asks_once():
    ascent = zoo.square(16, 9)
    watched = ascent.problem(pointwise(), *problem())
    points = list(ascent.search(watched, ascent.ball))
    assert len(points) == 10 and watched.gradients == 0 and watched.passes == 9 * len(watched.images)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_a_picture_is_attacked_alike_alone_and_in_a_batch_and_seeds_differ(norm):
    attack = zoo.square(16, 20, norm=norm)
    together = attack(NET, X, Y)
    assert torch.allclose(attack(NET, X[1:2], Y[1:2]), together[1:2], atol=1e-6)
    assert torch.equal(attack(NET, X, Y), together)
    assert not torch.equal(zoo.square(16, 20, norm=norm, seed=1)(NET, X, Y), together)


def test_more_queries_never_help_the_defender_and_squares_shrink():
    ascent = zoo.square(24, 120)
    accuracies = [accuracy_of(NET, image, Y) for image in list(ascent.iterates(NET, X, Y))[::30]]
    assert accuracy_of(NET, ascent(NET, X, Y), Y).mean() <= min(a.mean() for a in accuracies)
    sides = [Square(1000).side(step, 100, 200) for step in range(1000)]
    assert sides[1] == 100 and sides[-1] == round((0.8 / 2**9 * 100 * 200) ** 0.5)
    assert all(a >= b for a, b in pairwise(sides))


def test_pyramids_have_length_one_and_their_top_in_the_middle():
    for height, width in ((1, 1), (3, 3), (4, 7)):
        values = pyramid(height, width)
        assert values.norm().item() == pytest.approx(1) and values.max() == values[height // 2, width // 2]
    values = dipole(5, torch.Generator().manual_seed(0))
    assert values.norm().item() == pytest.approx(1) and values.min() < 0 < values.max()


def test_a_share_beyond_the_picture_is_refused():
    with pytest.raises(ValueError, match=r"wanted a share of the picture in \(0, 1\], got 1\.5"):
        zoo.square(8, 10, share=1.5)


# ---- the l2 ball of any attack ----


@pytest.mark.parametrize("name", ["fgsm", "bim", "pgd", "apgd", "red_eps_apgd", "segpgd", "cospgd", "sea"])
def test_every_named_attack_may_go_by_the_root_mean_square(name):
    steps = {} if name == "fgsm" else {"steps": 6}
    attacked = zoo.attack(name, 16, norm="l2", **steps)(NET, X, Y)
    sizes = (attacked - X).square().mean((1, 2, 3)).sqrt()
    assert (sizes <= 16 / 255 + 1e-6).all() and (attacked - X).abs().max() > 16 / 255 + 1e-3
    assert (accuracy_of(NET, attacked, Y) < accuracy_of(NET, X, Y)).all()


def test_the_ball_of_the_root_mean_square_does_not_depend_on_the_size():
    delta = torch.randn(2, 3, 8, 8)
    ball = RootMeanSquare(0.1)
    assert ball.project(delta).square().mean((1, 2, 3)).sqrt().tolist() == pytest.approx([0.1, 0.1])
    assert ball.steepest(delta).square().mean((1, 2, 3)).tolist() == pytest.approx([1, 1])
    edge = Linf(0.1).steepest(delta) * 0.1
    assert torch.allclose(ball.project(edge), edge), "the l-infinity ball lies inside"
    with pytest.raises(ValueError, match="unknown norm 'l1'; choose one of l2, linf"):
        zoo.bim(8, 2, norm="l1")

"""Trajectories of attacks: the same points as the attack, no step twice, what is seen at each of them."""

from threading import Thread

import pytest
import torch

from lab.system.recent import Recent
from lab.view.trajectory import Trajectory
from pearl_core.attacks import zoo
from pearl_core.attacks.ensembles import WorstOf, accuracy_of
from pearl_core.attacks.problem import ImageProblem
from pearl_core.pipeline import Pipeline
from pearl_core.segment.pspnet import PSPNet
from pearl_core.types import VOID

CATALOGUE = {**zoo.ATTACKS, **zoo.MINIMUM_NORM}


@pytest.fixture(scope="module")
def victim():
    torch.manual_seed(0)
    net = Pipeline(None, PSPNet(5, 18, 4, aux=False)).eval()
    images = torch.rand(1, 3, 32, 48)
    labels = torch.randint(5, (1, 32, 48))
    labels[:, :4] = VOID
    return net, images, labels


@pytest.fixture
def gradients(monkeypatch):
    counted, evaluate = [], ImageProblem.evaluate

    def counting(self, images, delta, target, progress, gradient):
        counted.append(gradient)
        return evaluate(self, images, delta, target, progress, gradient)

    monkeypatch.setattr(ImageProblem, "evaluate", counting)
    return counted


def made(name: str, steps: int):
    if name in zoo.MINIMUM_NORM:
        return zoo.MINIMUM_NORM[name](steps)
    return zoo.attack(name, 4, **({} if name == "fgsm" else {"steps": steps}))


def walked(attack, victim, steps: int, **options) -> Trajectory:
    trajectory = Trajectory(attack, *victim, **options)
    for _ in trajectory.advance(steps):
        pass
    return trajectory


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_trajectory_ends_where_its_attack_does_and_passes_its_iterates(name, victim):
    attack = made(name, 6)
    trajectory = walked(attack, victim, 6)
    assert torch.equal(trajectory.result(6), attack(*victim))
    members = attack.members.values() if isinstance(attack, WorstOf) else [attack]
    iterates = [point for member in members for point in member.iterates(*victim)]
    assert len(trajectory) == len(iterates) == len(trajectory.points(6))
    assert all(torch.equal(trajectory.picture(i), point) for i, point in enumerate(iterates))
    with pytest.raises(ValueError, match="wanted a point"):
        trajectory.picture(len(trajectory))


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_what_was_seen_is_what_is_there(name, victim):
    trajectory = walked(made(name, 5), victim, 5)
    for i, point in enumerate(trajectory.points(5)):
        assert point.loss is not None
        assert point.accuracy == pytest.approx(
            accuracy_of(victim[0], trajectory.picture(i), victim[2]).item(), abs=1e-3
        )


@pytest.mark.parametrize("name", zoo.STEPWISE)
def test_a_larger_budget_goes_on_and_a_smaller_one_looks_back(name, victim, gradients):
    if name == "fgsm":
        pytest.skip("has one step")
    trajectory = Trajectory(made(name, 50), *victim, extends=True)
    for budget, computed in ((4, 4), (9, 5), (2, 0), (9, 0)):
        gradients.clear()
        for _ in trajectory.advance(budget):
            pass
        assert gradients.count(True) == computed
        assert torch.equal(trajectory.result(budget), made(name, budget)(*victim))
        points = trajectory.points(budget)
        assert len(points) == budget + 1 and points[-1].gradients == budget
        assert all(point.accuracy is not None for point in points)


def test_whoever_stops_loses_nothing(victim, gradients):
    trajectory = Trajectory(made("apgd", 8), *victim)
    for points in trajectory.advance(8):
        if points == 4:
            break
    assert trajectory.lacks(8) and len(trajectory.points(8)) == 4
    trajectory.result(8)  # what it would return now
    for _ in trajectory.advance(8):
        pass
    assert gradients.count(True) == 8
    assert torch.equal(trajectory.result(8), made("apgd", 8)(*victim))


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_stopped_before_the_first_point_it_stands_still(name, victim):
    trajectory = Trajectory(made(name, 8), *victim)
    assert torch.equal(trajectory.result(8), victim[1]) and trajectory.points(8) == []


def test_two_visitors_share_one_trajectory(victim, gradients):
    trajectory = Trajectory(made("bim", 50), *victim, extends=True)
    visitors = [Thread(target=lambda: list(trajectory.advance(12))) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert gradients.count(True) == 12
    assert torch.equal(trajectory.result(12), made("bim", 12)(*victim))


def test_no_attack_stands_still(victim):
    trajectory = walked(None, victim, 10)
    assert trajectory.points(10) == [] and torch.equal(trajectory.result(10), victim[1]) and not trajectory.lacks(10)


def test_a_mask_holds(victim):
    mask = torch.zeros(1, 32, 48, dtype=torch.bool)
    mask[:, 8:16, 8:16] = True
    trajectory = walked(made("bim", 3), victim, 3, mask=mask, extends=True)
    moved = (trajectory.result(3) != victim[1]).any(1)
    assert moved.any() and not (moved & ~mask).any()


class Thing:
    def __init__(self, size):
        self.bytes = size


def test_recent_things_are_bounded_and_the_oldest_go():
    recent = Recent(10)
    first = recent.get("a", lambda: Thing(4))
    recent.get("b", lambda: Thing(4))
    assert recent.get("a", lambda: pytest.fail("made twice")) is first
    recent.get("c", lambda: Thing(4))
    assert recent.bytes <= 10 and "b" not in recent.things and "a" in recent.things
    recent.get("huge", lambda: Thing(99))
    assert list(recent.things) == ["huge"], "the newest stays, however large"
    first.bytes = 5
    assert recent.get("a", lambda: Thing(1)) is not first


def test_an_error_while_making_keeps_nothing():
    recent = Recent(10)
    with pytest.raises(ZeroDivisionError):
        recent.get("a", lambda: 1 / 0)
    assert not recent.things

"""The benches run and count rightly; what they time is nobody's test."""

import sys
from copy import deepcopy
from math import inf

import pytest
import torch
from torch import nn

from lab.bench import alma, attacks, costs, sea
from lab.bench.measure import watched
from lab.cli import main
from pearl_core.attacks import zoo
from pearl_core.pipeline import Pipeline
from pearl_core.segment.pspnet import PSPNet

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")


@linux
@pytest.mark.slow  # the memory of each attack, and of the floor, is that of a fresh process
def test_attacks_prints_a_row_and_the_limits(monkeypatch, capsys):
    monkeypatch.setattr(attacks, "CASES", {"small": costs.Case(18, 4, (33, 49))})
    monkeypatch.setattr(attacks, "LIMITED", ("small", 2))
    monkeypatch.setattr(costs, "ATTACKS", {"float32": ("pgd",)})
    sizes = ["--nets", "small", "--batches", "2", "--steps", "4"]
    assert main(["bench", "attacks", *sizes, "--precision", "float32"]) == 0
    text = capsys.readouterr().out
    (row,) = (line.split() for line in text.splitlines() if line.startswith("small  "))
    assert row[:6] == ["small", "2", "pgd", "float32", "4", "0"]
    assert all(float(number) > 0 for number in row[6:])
    assert text.count("limit: ") == 2 and "note: " not in text


def test_every_attack_takes_the_gradients_it_is_charged_for():
    measured = dict(costs.timed(costs.Case(18, 4, (33, 49)), 2, 4, ("float32", "auto")))
    assert {
        key.attack: (cost.gradients, cost.others) for key, cost in measured.items() if key.precision == "float32"
    } == {
        "pgd": (4, 0),
        "apgd": (4, 1),
        "red_eps_apgd": (6, 3),
        "sea": (16, 16),
    }
    assert all(cost.gradients == cost.wanted and cost.step > 0 and cost.floor > 0 for cost in measured.values())
    assert measured["pgd", "auto"].gradients == 4


def test_a_batch_that_shrank_is_told():
    cost = costs.Cost(1.0, 1.0, 1.0, gradients=3.5, wanted=4, others=0, memory=1, floor_memory=1)
    assert attacks.remarks({("small", 8, costs.Key("apgd", "float32")): cost}) == [
        "note: apgd in float32, small net, batch 8: wanted 4 gradients per picture, got 3.5"
    ]


@pytest.mark.parametrize(("has", "judged"), [(["AMX"], "held"), ([], "this CPU has none")])
def test_a_limit_that_speaks_of_amx_is_judged_where_there_is_one(monkeypatch, has, judged):
    monkeypatch.setattr(attacks, "features", lambda: has)
    cost = costs.Cost(1.0, 0.3, 0.25, gradients=20, wanted=20, others=0, memory=1, floor_memory=1)
    speed, whole = attacks.remarks({("large", 4, costs.Key("pgd", "auto")): cost})
    assert speed.endswith(f"4.00, at least 3.0 with AMX: {judged}")
    assert whole.endswith(f"20 steps, the whole attack over the float32 floor: 0.300, at most 0.33 with AMX: {judged}")


def test_watched_counts_what_the_problem_counts_and_leaves_no_hook():
    model = Pipeline(None, PSPNet(19, 18, 4, aux=False)).eval()
    images, labels = torch.rand(2, 3, 33, 49), torch.zeros(2, 33, 49, dtype=torch.long)
    attack = zoo.pgd(8, 3)
    problem = attack.problem(model, images, labels)
    with watched(model) as seen:
        for _ in attack.search(problem, attack.ball):
            pass
    assert (seen.gradients, seen.forward, len(seen.steps)) == (problem.gradients, problem.passes, 2) == (6, 6, 2)
    model(images)
    assert seen.forward == 6


def test_watched_sees_copies_made_meanwhile():
    model = nn.Conv2d(3, 1, 1)
    with watched(model) as seen:
        deepcopy(model)(torch.rand(2, 3, 4, 4))
    assert seen.forward == 2


def test_sea_compares_both_ways_of_stopping(tiny_zoo, capsys):
    assert main(["bench", "sea", "--images", "2", "--steps", "4", "--eps", "64", "--precision", "float32"]) == 0
    text = capsys.readouterr().out
    row = next(line.split() for line in text.splitlines() if line.startswith("all"))
    member, ensemble = (int(row[i]) for i in (3, 4))
    assert row[1] == "2" and 0 < ensemble <= member <= 2 * 4 * 4


def test_sea_speaks_of_a_limit_only_where_a_picture_reaches_zero():
    lost, held = sea.Run(0, 100, 1.0), sea.Run(0.5, 400, 4.0)
    assert "0.250" in sea.verdict([{"member": sea.Run(0, 400, 4.0), "ensemble": lost}])
    assert sea.verdict([{"member": held, "ensemble": held}]).endswith("missed")


def test_alma_compares_three_attacks_and_judges_them(tiny_zoo, capsys):
    assert main(["bench", "alma", "--worlds", "scenes", "--images", "2", "--steps", "8"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[:2] for row in rows if row[0] == "scenes"] == [["scenes", "0"], ["scenes", "1"]]
    assert sum(row[0] == "limit:" for row in rows) == 2


def test_bisection_doubles_eps_until_it_finds_something_and_then_halves_what_is_left(monkeypatch):
    monkeypatch.setattr(alma, "length", lambda attack, *_: eps if (eps := 255 * attack.ball.radius) > 20.9 else inf)
    assert list(alma.bisected(None, None, 4)) == pytest.approx([inf, inf, 32, 24, inf, 22, 21, inf])


@pytest.mark.parametrize("length", [inf, 0.01, 0.0])
def test_bisection_asks_for_no_eps_that_an_attack_refuses(length, monkeypatch):
    monkeypatch.setattr(alma, "length", lambda *_: length)
    assert set(alma.bisected(None, None, 4)) == {length}


def test_what_neither_finds_is_no_reason_to_miss_a_limit_and_what_only_the_other_finds_is():
    neither, ours, theirs = ({"corrected": a, "published": b} for a, b in [(inf, inf), (2.0, 4.0), (inf, 3.0)])
    assert "1.000, at most 1: held (larger on 0)" in alma.verdict([neither], "published")
    assert "0.500, at most 1: held (larger on 0)" in alma.verdict([ours], "published")
    assert "inf, at most 1: missed (larger on 1)" in alma.verdict([theirs], "published")

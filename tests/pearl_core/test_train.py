"""The training loop: its schedule, that it learns, and that a resumed run is the run that was never stopped."""

import dataclasses
from itertools import pairwise

import pytest
import torch

from pearl_core import recipes
from pearl_core.train import Schedule, class_weights, grouped, train

from . import tiny

SCHEDULE = Schedule(6, 1e-2)


def run_to_end(net, recipe, schedule=SCHEDULE, **options) -> list[float]:
    return [progress.loss for progress in train(net, recipe, tiny.sample, schedule, **options)]


def test_the_rate_warms_up_and_decays_to_nearly_nothing():
    schedule = Schedule(100, 2e-3, warmup=0.1)
    rates = [schedule.rate(step) for step in range(100)]
    assert rates[:10] == pytest.approx([2e-4 * n for n in range(1, 11)])
    assert max(rates) == pytest.approx(2e-3)
    assert all(a >= b for a, b in pairwise(rates[10:]))
    assert 0 <= rates[-1] < 2e-6
    assert rates[55] == pytest.approx(1e-3), "half way down the cosine"


@pytest.mark.parametrize("steps", [1, 2])
def test_the_shortest_runs_have_a_rate_too(steps):
    assert all(0 < Schedule(steps).rate(step) <= 2e-3 for step in range(steps))


def test_the_rate_of_the_schedule_is_the_one_that_is_used(monkeypatch):
    used = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda self: (used.append(self.param_groups[0]["lr"]), step(self)))
    run_to_end(tiny.pipeline(), recipes.derain())
    assert used == [SCHEDULE.rate(n) for n in range(6)]


@pytest.mark.parametrize(("name", "share"), [("clean", 0.6), ("derain", 0.96)])  # SSIM of noise on a flat wall is slow
def test_the_loss_falls(name, share):
    losses = run_to_end(tiny.pipeline(), recipes.RECIPES[name](), Schedule(30, 1e-2))
    assert sum(losses[-5:]) < share * sum(losses[:5])


def test_progress_counts_from_1_and_the_net_ends_in_evaluation_mode():
    net = tiny.pipeline()
    assert [p.done for p in train(net, recipes.clean(), tiny.sample, SCHEDULE)] == [1, 2, 3, 4, 5, 6]
    assert not any(module.training for module in net.modules())


def test_every_step_sees_the_samples_of_its_number_once():
    seen = []
    samples = lambda step: (seen.append(step), tiny.sample(step))[1]  # noqa: E731
    for _ in train(tiny.pipeline(), recipes.derain(), samples, SCHEDULE):
        pass
    assert seen == [0, 1, 2, 3, 4, 5]


def test_the_seed_decides_the_weights():
    ends = []
    for seed in (0, 0, 1):
        net = tiny.pipeline()
        run_to_end(net, recipes.clean(), seed=seed)
        ends.append(tiny.values(net))
    assert tiny.same(ends[0], ends[1])
    assert not tiny.same(ends[0], ends[2]), "dropout did not follow the seed"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_the_run_with_its_step(value):
    def broken(net, sample):
        return value * recipes.own_loss(net.derain, sample.rainy, sample.clean)

    steps = train(tiny.pipeline(), recipes.Recipe(broken, "derain"), tiny.sample, SCHEDULE)
    with pytest.raises(
        FloatingPointError, match=rf"^loss {value} and gradient norm .* at step 0; try a smaller learning rate$"
    ):
        next(steps)


def test_a_gradient_is_never_longer_than_the_clip(monkeypatch):
    lengths = []
    step = torch.optim.AdamW.step

    def watched(self):
        gradients = [p.grad for p in self.param_groups[0]["params"]]
        lengths.append(torch.nn.utils.get_total_norm(gradients).item())
        return step(self)

    monkeypatch.setattr(torch.optim.AdamW, "step", watched)
    loud = recipes.derain(lambda net, rainy, target: 1e4 * (net(rainy) - target).square().mean())
    run_to_end(tiny.pipeline(), loud, dataclasses.replace(SCHEDULE, clip=0.5))
    assert lengths == pytest.approx([0.5] * 6, rel=1e-3)


@pytest.mark.parametrize("name", sorted(recipes.RECIPES))
def test_a_resumed_run_ends_with_the_same_bits(name, tmp_path):
    """Through a file, into a fresh process's worth of objects; dropout and BatchNorm are active in the segmenter."""
    recipe, straight, stopped = recipes.RECIPES[name](), tiny.pipeline(), tiny.pipeline()
    losses = run_to_end(straight, recipe)
    for progress in train(stopped, recipe, tiny.sample, SCHEDULE):
        if progress.done == 3:
            torch.save(progress.state(), tmp_path / "state.pt")
            break
    resumed = tiny.pipeline(seed=5)
    resting = "derain" if recipe.moves == "segment" else "segment"
    setattr(resumed, resting, getattr(tiny.pipeline(), resting))  # the caller brings the part that does not move
    torch.manual_seed(77)  # must not matter
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert run_to_end(resumed, recipe, state=state) == losses[3:]
    assert tiny.same(tiny.values(resumed), tiny.values(straight))


FAST = dataclasses.replace(recipes.clean(), rates={"heads": 10.0})


def test_without_rates_all_parameters_are_one_group_as_they_come():
    net = tiny.pipeline().segment
    factors, (group,) = grouped(net, {})
    assert factors == [1.0] and all(a is b for a, b in zip(group["params"], net.parameters(), strict=True))
    *_, last = train(tiny.pipeline(), recipes.clean(), tiny.sample, SCHEDULE)
    assert len(last.state()["optimiser"]["param_groups"]) == 1


def test_a_named_group_learns_at_its_own_rate(monkeypatch):
    used, step = [], torch.optim.AdamW.step
    seen = lambda self: (used.append([group["lr"] for group in self.param_groups]), step(self))  # noqa: E731
    monkeypatch.setattr(torch.optim.AdamW, "step", seen)
    run_to_end(tiny.pipeline(), FAST)
    assert used == [[SCHEDULE.rate(n), 10 * SCHEDULE.rate(n)] for n in range(6)]


def test_a_group_holds_the_parameters_of_its_prefixes_and_no_other():
    net = tiny.pipeline().segment
    _, (rest, heads) = grouped(net, FAST.rates)
    named = {id(parameter): key for key, parameter in net.named_parameters()}
    assert {named[id(p)].split(".")[0] for p in heads["params"]} == {"cls", "aux"}
    assert len(rest["params"]) + len(heads["params"]) == len(named)


def test_a_run_with_rates_of_its_own_resumes_to_the_same_bits():
    straight, stopped, resumed = (tiny.pipeline() for _ in range(3))
    losses = run_to_end(straight, FAST)
    state = next(p.state() for p in train(stopped, FAST, tiny.sample, SCHEDULE) if p.done == 3)
    assert run_to_end(resumed, FAST, state=state) == losses[3:]
    assert tiny.same(tiny.values(resumed), tiny.values(straight))


@pytest.mark.parametrize("rates", [{"tails": 2.0}, {"heads": 0.0}])
def test_a_rate_of_no_group_or_of_nothing_is_an_error(rates):
    with pytest.raises(ValueError, match="wanted rates over 0 for heads of PSPNet, got"):
        run_to_end(tiny.pipeline(), dataclasses.replace(FAST, rates=rates))


def test_a_run_resumed_at_its_end_has_nothing_left_to_do():
    net = tiny.pipeline()
    *_, last = train(net, recipes.derain(), tiny.sample, SCHEDULE)
    before = tiny.values(net)
    assert run_to_end(net, recipes.derain(), state=last.state()) == []
    assert tiny.same(tiny.values(net), before)


@pytest.mark.parametrize("name", ["clean", "pearl_ama"])
def test_the_global_random_state_is_left_as_found(name):
    net = tiny.pipeline()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    for _ in train(net, recipes.RECIPES[name](), tiny.sample, SCHEDULE):
        assert torch.equal(torch.get_rng_state(), before)


def test_training_in_bfloat16_keeps_weights_and_loss_in_float32():
    net = tiny.pipeline()
    losses = run_to_end(net, recipes.pearl_ama(), dtype=torch.bfloat16)
    assert all(value.dtype in (torch.float32, torch.int64) for value in net.state_dict().values())
    assert losses == pytest.approx(run_to_end(tiny.pipeline(), recipes.pearl_ama()), abs=0.02)


def test_class_weights_favour_the_rare_and_average_1_over_pixels():
    counts = torch.tensor([900, 90, 10, 0])
    weights = class_weights(counts)
    assert weights.dtype == torch.float32 and weights.isfinite().all()
    assert (weights * counts / counts.sum()).sum().item() == pytest.approx(1)
    assert weights[1] / weights[0] == pytest.approx(10**0.5)
    assert weights.argsort().tolist() == [0, 1, 2, 3]

"""Many nets side by side: each after its parents, the same bytes as one by one, an error stops the rest."""

from contextlib import contextmanager

import pytest

from lab.nets.zoo import NetName
from lab.papers.pearl import plan
from lab.training import many as training_all
from lab.training import plans
from lab.training.job import Job, parents
from lab.training.many import startable, train_all
from pearl_core.recipes import RECIPES

from .. import tiny


def jobs(*names: NetName) -> list[Job]:
    return [Job(name) for name in names]


@pytest.mark.parametrize("dataset", ["scenes", "camvid", "objects", "cityscapes", "voc"])
@pytest.mark.parametrize("scale", plans.SCALES)
def test_a_plan_lists_every_net_once_after_its_parents_and_has_settings_for_it(dataset, scale):
    names = plans.nets(dataset, scale)
    assert len(set(map(str, names))) == len(names) > 0
    for place, name in enumerate(names):
        how = plans.plan(name.dataset, scale)
        assert how.schedule(name).steps > 0
        assert name.network in (how.derain if name.recipe in plan.BEHIND and name.recipe != "nat" else how.segmenter)
        for parent in parents(name).values():
            assert parent in names[:place] or parent.dataset != dataset, f"{name} before its {parent}"


def test_the_scenes_zoo_holds_three_runs_of_the_core_and_every_derainer():
    names = plans.nets("scenes")
    core = [n for n in names if (n.dataset, n.derain, n.segmenter) == ("scenes", "prenet", "pspnet")]
    assert {(n.recipe, n.seed) for n in core} == {(r, s) for r in RECIPES for s in range(3)}
    for derain in ("rescan", "mprnet", "transweather"):
        assert {n.recipe for n in names if n.derain == derain} == {"derain", "nat", "pearl", "pearl_ama"}


def test_a_borrowed_derainer_is_a_parent_from_its_own_data_set():
    name = NetName("objects", "nat", derain_on="scenes")
    assert parents(name) == {"derain": NetName("scenes", "derain"), "clean": NetName("objects", "clean")}
    assert str(name) == "objects/nat-prenet@scenes-pspnet"
    assert name.command == (
        "python -m lab train nat --dataset objects --derain prenet --segmenter pspnet --derain-on scenes"
    )


def test_only_what_waits_for_nobody_may_start():
    waiting = jobs(NetName("scenes", "sat"), NetName("scenes", "derain"), NetName("scenes", "nat"))
    running = jobs(NetName("scenes", "clean"))
    assert [job.name.recipe for job in startable(waiting, running)] == ["derain"]
    assert [job.name.recipe for job in startable(waiting, [])] == ["sat", "derain"]


def test_one_by_one_every_net_of_the_list_is_found_at_the_end(small, monkeypatch):
    done = list(train_all([tiny.job(recipe, steps=1) for recipe in RECIPES]))
    assert [net.card["name"]["recipe"] for net in done] == list(RECIPES)


def test_a_number_of_processes_below_1_is_refused():
    with pytest.raises(ValueError, match=r"^wanted 1 process or more, got 0$"):
        list(train_all([], 0))


class Pool:
    """Takes the place of processes: work is done when it is waited for, the last that came first."""

    def submit(self, function, job):
        return Done(function, job)


@contextmanager
def fake(processes):
    yield Pool()


class Done:
    def __init__(self, function, job):
        self.work = function, job

    def result(self):
        function, job = self.work
        function(job)


class Waited:
    def __init__(self, done):
        self.done = done


def test_side_by_side_no_net_starts_before_its_parents_are_there(small, monkeypatch):
    started = []

    def work(job):
        for parent in parents(job.name).values():
            assert parent in started
        started.append(job.name)

    monkeypatch.setattr(training_all, "pool", fake)
    monkeypatch.setattr(training_all, "wait", lambda running, **_: Waited([list(running)[-1]]))
    monkeypatch.setattr(training_all, "train_one", work)
    monkeypatch.setattr(training_all.zoo, "find", lambda name: name)
    names = plan.core("scenes", 2)
    assert set(train_all(jobs(*names), 2)) == set(names) == set(started)


def test_an_error_in_one_net_is_raised_and_nothing_more_is_started(small, monkeypatch):
    started = []

    def work(job):
        started.append(job.name)
        raise ValueError("no such picture")

    monkeypatch.setattr(training_all, "pool", fake)
    monkeypatch.setattr(training_all, "wait", lambda running, **_: Waited(list(running)))
    monkeypatch.setattr(training_all, "train_one", work)
    with pytest.raises(ValueError, match="no such picture"):
        list(train_all(jobs(*plan.core("scenes", 1)), 2))
    assert len(started) == 1


@pytest.mark.slow
def test_two_real_processes_train_what_one_does(small, tmp_path):
    """In processes of their own, where nothing of this test is patched: on the real plan, for no step at all."""
    with pytest.raises(ValueError, match="wanted 1 training step or more"):
        list(train_all([Job(NetName("scenes", "clean"), steps=0), Job(NetName("scenes", "derain"), steps=0)], 2))

"""A home for every test of the bench: nothing touches the user's own."""

import errno
from contextlib import contextmanager

import pytest
import torch

from lab.data import objects, scenes
from lab.measure.store import Store
from lab.nets import zoo
from lab.system import disk
from lab.training import plans
from lab.training import trainer as training
from lab.view import photo, session
from pearl_core.attacks.problem import ImageProblem
from pearl_core.pipeline import Pipeline

from . import tiny


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty lab: no nets of the user, none shipped."""
    monkeypatch.setenv("PEARL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PEARL_ZOO", raising=False)
    monkeypatch.setenv("PEARL_PROCESSES", "1")  # what a test patches does not reach other processes
    monkeypatch.setenv("PEARL_DEVICE", "cpu")  # byte for byte the same only there
    monkeypatch.setattr(zoo, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setattr(zoo, "_opened", {})
    return tmp_path / "home"


@pytest.fixture
def small(home, monkeypatch):
    """An empty lab in which everything is small enough to train in a test."""
    tiny.shrink(monkeypatch.setattr)
    forget()
    yield home
    training.training_data.cache_clear()
    forget()


def forget():
    """Pictures and attacks of another size, which a process keeps."""
    session.RECENT.clear()
    photo.opened.cache_clear()


@pytest.fixture
def full_disk():
    """`with full_disk(room):` lets no file grow beyond `room` bytes, whatever writes it."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def full(room: int = 200):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return full


@pytest.fixture
def no_room(monkeypatch):
    """The disk is full just when a finished file would take its place."""

    def refuse(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(source), None, str(target))

    monkeypatch.setattr(disk.os, "replace", refuse)


@pytest.fixture(scope="session")
def tiny_nets(tmp_path_factory):
    """The folder of a zoo of tiny nets that know nothing: one run of all that PEARL's tables need on the scenes."""
    folder = tmp_path_factory.mktemp("zoo")
    classes = {"scenes": 19, "objects": 21}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PEARL_ZOO", str(folder))
        for seed, name in enumerate(name for name in plans.nets("scenes") if name.seed == 0):
            torch.manual_seed(seed)
            settings = (tiny.PLAN.segmenter | tiny.PLAN.derain)[name.network]
            if name.network in tiny.PLAN.segmenter:
                settings = settings | {"classes": classes[name.dataset], "aux": False}
            card = {"network": name.network, "settings": settings, "seconds": 0}
            zoo.save(name, zoo.build(name.network, settings), card)
    return folder


@pytest.fixture
def tiny_zoo(small, tiny_nets, monkeypatch):
    """The small lab with the tiny zoo and a dozen test pictures."""
    monkeypatch.setenv("PEARL_ZOO", str(tiny_nets))
    for world in (scenes, objects):
        monkeypatch.setattr(world, "LENGTHS", {"train": 6, "val": 3, "test": 12})
    return tiny_nets


@pytest.fixture
def passes(monkeypatch):
    """Every call of a pipeline and every gradient of an attack."""
    counted, forward, evaluate = [], Pipeline.forward, ImageProblem.evaluate

    def evaluating(self, images, delta, target, progress, gradient):
        counted.extend(["gradient"] * gradient)
        return evaluate(self, images, delta, target, progress, gradient)

    monkeypatch.setattr(Pipeline, "forward", lambda self, images: counted.append("model") or forward(self, images))
    monkeypatch.setattr(ImageProblem, "evaluate", evaluating)
    return counted


@pytest.fixture
def store(tmp_path):
    """An empty store, beside the one of the lab's home."""
    return Store(tmp_path / "results.sqlite")


@pytest.fixture
def gradients(tiny_zoo, monkeypatch):
    """A 1 for every picture that a gradient was computed for, through any attack."""
    counted, evaluate = [], ImageProblem.evaluate

    def counting(problem, images, delta, target, progress, gradient):
        counted.extend([1] * len(images) if gradient else [])
        return evaluate(problem, images, delta, target, progress, gradient)

    monkeypatch.setattr(ImageProblem, "evaluate", counting)
    return counted

"""One declaration is enough: an attack, a recipe, a network or a metric declared in a test is found everywhere."""

from inspect import signature

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pearl_core import recipes
from pearl_core.attacks import zoo
from pearl_core.attacks.catalogue import declared
from pearl_core.attacks.compose import ascend
from pearl_core.attacks.objectives import cross_entropy
from pearl_core.attacks.restoration import Patches, Reference
from pearl_core.bootstrap import interval, paired_difference
from pearl_core.derain import DERAINERS
from pearl_core.examples import toy
from pearl_core.metrics import METRICS, STATISTICS, Metric, Statistic, observe_all
from pearl_core.networks import Network
from pearl_core.registry import Registry, View
from pearl_core.segment import SEGMENTERS
from pearl_core.types import VOID

# ---- registries ----


def test_a_registry_forgets_what_a_test_declares():
    numbers = Registry("number")
    numbers.add("one", 1)
    with numbers.forgetting():
        numbers.add("two", 2)
        assert list(numbers) == ["one", "two"] and "two" in numbers
    assert list(numbers) == ["one"] and numbers | {"three": 3} == {"one": 1, "three": 3}
    with pytest.raises(ValueError, match="wanted a new name for this number, got 'one', which is taken"):
        numbers.add("one", 1)
    with pytest.raises(ValueError, match="unknown number 'two'; choose one of one"):
        numbers.choose("two")


def test_a_name_that_is_there_is_given_without_loading_more(monkeypatch):
    monkeypatch.setattr(Registry, "_loaders", [])
    numbers = Registry("number")
    numbers.add("one", 1)
    Registry.load_with(lambda: numbers.add("late", 9))
    assert numbers["one"] == numbers.choose("one") == 1 and Registry._loaders
    assert numbers["late"] == 9 and not Registry._loaders


def test_a_view_shows_what_its_registry_holds_now():
    numbers = Registry("number")
    big = View(numbers, lambda number: number > 1, str)
    numbers.add("one", 1), numbers.add("two", 2)
    assert dict(big) == {"two": "2"} and "one" not in big and len(big) == 1 and {} | big == big | {}


# ---- attacks ----


@pytest.fixture
def toy_attack():
    with zoo.CATALOGUE.forgetting():

        @declared("Halfway", "Goes half of the way.", stepwise=True)
        def halfway(eps: float = 8, steps: int = 10, **options):
            return ascend(cross_entropy, *zoo.steps_within(eps / 2, steps, None), **options)

        yield halfway
    assert "halfway" not in zoo.CATALOGUE


def test_an_attack_needs_one_decorator(toy_attack):
    entry = zoo.CATALOGUE["halfway"]
    assert (entry.title, entry.make, entry.target) == ("Halfway", toy_attack, zoo.LABELS)
    assert zoo.ATTACKS["halfway"] is toy_attack and "halfway" in zoo.STEPWISE
    assert zoo.attack("halfway", 4, steps=3).ball.radius == 2 / 255
    with pytest.raises(ValueError, match=r"choose one of .*halfway"):
        zoo.attack("halfwya")


@pytest.mark.parametrize("name", sorted(zoo.CATALOGUE))
def test_every_attack_says_what_it_is(name):
    entry = zoo.CATALOGUE[name]
    assert entry.title and entry.words.endswith(".") and entry.words.count(".") == 1
    assert entry.sized == entry.takes("eps") and all(entry.takes(option) for option in entry.needs)
    assert entry.takes("features") == ("features" in entry.needs)


def test_the_titles_of_attacks_are_their_own():
    titles = [entry.title for entry in zoo.CATALOGUE.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", sorted(zoo.CATALOGUE))
def test_the_target_an_attack_declares_is_the_one_it_takes(name):
    (net, sample), entry = toy(), zoo.CATALOGUE[name]
    needs = {"features": lambda images: (images, images.square())} if entry.needs else {}
    more = dict(needs)
    if entry.target is zoo.PATCHES:
        more |= {"source": torch.zeros(2, 2).long(), "wanted": torch.full((2, 2), 8), "size": (8, 8)}
    target = entry.target.of(net, sample, **more)
    steps = {"steps": 2} if entry.takes("steps") else {}
    assert entry(**needs, **steps)(net, sample.rainy, target).shape == sample.rainy.shape


def test_targets_are_made_of_a_model_and_a_sample():
    net, sample = toy()
    assert zoo.LABELS.of(net, sample) is sample.labels
    assert (zoo.LABEL_MAP.of(net, sample, category=2) == 2).all()
    assert torch.equal(zoo.INPUT.of(net, sample).image, sample.rainy)
    own = zoo.OWN_OUTPUT.of(net, sample)
    assert isinstance(own, Reference) and not torch.equal(own.image, sample.rainy)
    corners = torch.zeros(2, 2).long()
    patches = zoo.PATCHES.of(net, sample, features=lambda x: (x,), source=corners, wanted=corners + 4, size=(6, 6))
    assert isinstance(patches, Patches)
    with pytest.raises(ValueError, match="wanted a sample with labels for this attack, got one without"):
        zoo.LABELS.of(net, sample._replace(labels=None))


@pytest.mark.parametrize("protocol", zoo.PROTOCOLS)
def test_an_ensemble_is_the_worst_of_its_members_run_by_themselves(protocol):
    whole = zoo.sea(8, 6, protocol=protocol)
    members = zoo.CATALOGUE["sea"].members_of(protocol)
    assert list(members) == list(whole.members) == list(zoo.SEA_LOSSES)
    for name, (attack, options) in members.items():
        options = options | {"objective": zoo.OBJECTIVES[options["objective"]]}
        assert zoo.CATALOGUE[attack](8, 6, **options) == whole.members[name]
    assert zoo.CATALOGUE["bim"].members_of(protocol) == {}
    with pytest.raises(ValueError, match="unknown protocol 'mine'"):
        zoo.CATALOGUE["bim"].members_of("mine")


# ---- networks ----


class Plain(nn.Module):
    """The smallest segmenter, with a group of its own."""

    groups = {"last": ("last.",)}  # noqa: RUF012

    def __init__(self, classes: int, width: int = 4):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, classes, 1)

    def forward(self, images):
        return self.last(self.first(images).relu())


def test_a_network_needs_one_call():
    with SEGMENTERS.forgetting():
        SEGMENTERS.add("plain", Network(Plain, "Plain", "segment", head="last."))
        net = SEGMENTERS["plain"](5, width=2)
        assert isinstance(net, Plain) and net.last.out_channels == 5
        assert SEGMENTERS["plain"].groups == {"last": ("last.",)} and "plain" in SEGMENTERS | DERAINERS
    assert "plain" not in SEGMENTERS
    with pytest.raises(ValueError, match="unknown part of a pipeline 'detect'; choose one of derain, segment"):
        Network(Plain, "Plain", "detect")


def test_every_network_says_what_it_is():
    assert {"prenet", "rescan", "mprnet", "transweather"} <= set(DERAINERS)
    assert {network.part for network in DERAINERS.values()} == {"derain"}
    assert {network.part for network in SEGMENTERS.values()} == {"segment"}
    for network in SEGMENTERS.values():
        keys = network(3, depth=18, width=4).state_dict()
        assert keys[max(k for k in keys if k.startswith(network.head) and k.endswith(".bias"))].shape == (3,)
        for prefixes in network.groups.values():
            assert all(any(key.startswith(prefix) for key in keys) for prefix in prefixes)
        light = network(3, depth=18, width=4, aux=False).state_dict()
        assert light.keys() == {key for key in keys if not key.startswith(network.training_only)}


def test_a_network_says_which_files_it_may_want_and_takes_them():
    backbone = SEGMENTERS["pspnet"].files["backbone"]
    plain = {"conv1.weight": torch.zeros(8, 3, 7, 7)}
    assert backbone.settings(plain) == {"stem": "plain"} and backbone.settings({}) == {} and backbone.words
    assert set(SEGMENTERS["deeplabv3"].files) == {"backbone"} and not DERAINERS["prenet"].files
    with pytest.raises(ValueError, match="wanted the weights of a VGG-16"):
        DERAINERS["transweather"].files["vgg"].load(nn.Module(), {})


# ---- recipes ----


def toy_recipe(**facts):
    @recipes.declared("Toy", "Only the last layer learns fast.", moves="segment", depends_on=("segmenter",), **facts)
    def toy_sat(loss=None):
        return recipes.Recipe(
            lambda net, sample: F.cross_entropy(net.segment(sample.clean), sample.labels, ignore_index=VOID),
            "segment",
            rates={"heads": 10.0},
        )

    return toy_sat


def test_a_recipe_needs_one_decorator():
    with recipes.RECIPES.forgetting():
        made = toy_recipe(starts_from=("clean",))
        entry = recipes.RECIPES["toy_sat"]
        assert entry.make is made and entry.starts_from == ("clean",) and entry.loss == "segmentation"
        assert entry().moves == entry.moves == "segment" and not entry.attacked and entry.mirror is None
    assert "toy_sat" not in recipes.RECIPES
    with pytest.raises(ValueError, match="wanted a part of derain, segment and networks of derain, segmenter, got"):
        recipes.Defence(made, "Toy", "Odd.", "segment", ())


@pytest.mark.parametrize("name", sorted(recipes.RECIPES))
def test_every_recipe_says_what_it_is(name):
    entry, parameters = recipes.RECIPES[name], signature(recipes.RECIPES[name].make).parameters
    assert entry.title and entry.words.endswith(".")
    assert entry().moves == entry.moves and not entry().rates
    assert entry.attacked == ("attack" in parameters) and (entry.mirror is not None) <= ("mirror" in parameters)
    assert (entry.loss == "segmentation") == (entry.moves == "segment")
    assert set(entry.starts_from) <= set(recipes.RECIPES)


def test_the_recipes_depend_on_what_they_did():
    assert {name: entry.starts_from for name, entry in recipes.RECIPES.items()} == {
        "clean": (), "derain": (), "sat": ("clean",),
        **dict.fromkeys(("nat", "pearl", "pearl_ama"), ("derain", "clean")),
    }  # fmt: skip
    alone = {name: entry.depends_on[0] for name, entry in recipes.RECIPES.items() if len(entry.depends_on) == 1}
    assert alone == {"clean": "segmenter", "sat": "segmenter", "derain": "derain"}
    assert recipes.RECIPES["pearl_ama"].mirror == "attacked"


# ---- metrics ----


def test_a_metric_of_ragged_statistics_needs_one_call():
    def seen(output, sample):
        """Areas of the boxes of each image: as many numbers as it has boxes."""
        return [(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) for boxes in sample.boxes]

    def pooled(statistics, weights):
        sums = np.array([areas.sum() for areas in statistics]), np.array([len(areas) for areas in statistics])
        return (weights @ sums[0]) / (weights @ sums[1])

    net, sample = toy()
    boxes = (torch.tensor([[0.0, 0, 2, 3]]), torch.tensor([[0.0, 0, 1, 1], [0, 0, 2, 2], [1, 1, 2, 2]]))
    with METRICS.forgetting(), STATISTICS.forgetting():
        STATISTICS.add("areas", Statistic(seen, needs=frozenset({"boxes"}), ragged=True))
        METRICS.add("area", Metric("area", "px", "areas", pooled, label="Mean area (px)"))
        metric = METRICS["area"]
        assert metric.needs == {"boxes"} and metric.ragged
        statistics = observe_all(net(sample.rainy), sample._replace(boxes=boxes), ["area", "mIoU"])
        assert [image.tolist() for image in statistics["areas"]] == [[6], [1, 4, 1]]
        assert statistics["confusion"].shape == (2, 3, 3)
        assert metric.reduce(statistics["areas"]) == 3 and metric.reduce(statistics["areas"][:1]) == 6
        low, high = interval(metric, statistics["areas"], resamples=200)
        assert low == 2 and high == 6
        assert paired_difference(metric, statistics["areas"], statistics["areas"]) == (0, 0, 0)
        with pytest.raises(ValueError, match="wanted a sample with boxes for area, got one without"):
            observe_all(net(sample.rainy), sample, ["area"])
        with pytest.raises(ValueError, match="area needs at least one image; got none"):
            metric.reduce([])
    assert "area" not in METRICS and "areas" not in STATISTICS


@pytest.mark.parametrize(("name", "part"), [("mIoU", "labels"), ("PSNR", "clean")])
def test_a_metric_says_what_it_needs(name, part):
    net, sample = toy()
    assert METRICS[name].needs == {part} and not METRICS[name].ragged
    with pytest.raises(ValueError, match=f"wanted a sample with {part} for {name}, got one without"):
        observe_all(net(sample.rainy), sample._replace(**{part: None}), [name])


def test_what_one_statistic_is_stacked_to_another_stays_a_list_of():
    images = [np.zeros(2), np.ones(2)]
    assert METRICS["mIoU"].together(images).shape == (2, 2)
    assert Metric("areas", "px", "confusion").together(images).shape == (2, 2)

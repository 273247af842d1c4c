"""ImageNet backbones in three namings: every weight arrives at its place, and nothing else is taken."""

import pytest
import torch
from torch import Tensor

from pearl_core.segment import SEGMENTERS
from pearl_core.segment.deeplabv3 import DeepLabV3
from pearl_core.segment.imagenet import load_backbone

from ..parity import fixture

TORCHVISION, SEMSEG = "names-torchvision-resnet50", "names-semseg-resnet50-deepstem"
TIMM = {"conv1": "conv1.0", "bn1": "conv1.1", "conv2": "conv1.3", "bn2": "conv1.4", "conv3": "conv1.6", "bn3": "bn1"}
PLACES = {"conv1": "0", "bn1": "1", "conv2": "3", "bn2": "4", "conv3": "6", "bn3": "7"}  # in layer0


def classifier(name: str) -> dict[str, Tensor]:
    """Weights of these names and shapes, every entry with a value of its own (views of one number: 25 million)."""
    entries = enumerate(fixture(name)["state_dict"], 1)
    return {entry: torch.tensor(float(number)).expand(shape) for number, (entry, shape, _) in entries}


def timm(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A deep stem under timm's names."""
    parts = ((name.partition("."), value) for name, value in weights.items())
    return {f"{TIMM.get(module, module)}.{entry}": value for (module, _, entry), value in parts}


def place(name: str) -> str:
    module, _, entry = name.partition(".")
    return f"layer0.{PLACES[module]}.{entry}" if module in PLACES else name


def shallow(width: int = 4, **options) -> DeepLabV3:
    return DeepLabV3(3, depth=18, width=width, **options)


def as_classifier(net: DeepLabV3) -> dict[str, Tensor]:
    """The trunk of `net` as semseg or torchvision would save it, with other values."""
    back = {f"layer0.{there}": here for here, there in PLACES.items()}
    trunk = {name.rpartition("."): value for name, value in net.state_dict().items() if name.startswith("layer")}
    return {
        f"{back.get(module, module)}.{entry}": torch.full_like(value, 2) for (module, _, entry), value in trunk.items()
    }


def error(net: DeepLabV3, weights: dict[str, Tensor]) -> str:
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(ValueError, match=r"^wanted ") as raised:
        load_backbone(net, weights)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items()), "a refusal moved weights"
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("segmenter", ["pspnet", "deeplabv3"])
@pytest.mark.parametrize(
    ("names", "stem", "outside"),
    [(TORCHVISION, "plain", dict), (SEMSEG, "deep", dict), (SEMSEG, "deep", timm)],
    ids=["torchvision", "semseg", "timm"],
)
def test_every_weight_of_a_resnet50_arrives_at_its_place(segmenter, names, stem, outside):
    weights, net = classifier(names), SEGMENTERS[segmenter](19, stem=stem)
    heads = {name: value.clone() for name, value in net.state_dict().items() if not name.startswith("layer")}
    load_backbone(net, outside(weights))
    state = net.state_dict()
    arrived = {place(name): value for name, value in weights.items() if not name.startswith("fc.")}
    assert arrived.keys() | heads.keys() == state.keys()
    assert all(torch.equal(state[name], value.to(state[name].dtype)) for name, value in arrived.items())
    assert all(torch.equal(state[name], value) for name, value in heads.items())


@pytest.mark.parametrize("stem", ["deep", "plain"])
def test_a_prefix_half_precision_and_missing_counters_are_no_obstacle(stem):
    net = shallow(stem=stem)
    weights = as_classifier(net)
    weights = {f"module.{name}": value.half() for name, value in weights.items() if "num_batches" not in name}
    load_backbone(net, weights)
    assert all(bool((p == 2).all()) and p.dtype == torch.float32 for p in net.layer0.parameters())


def test_another_stem_is_refused_and_named():
    net, weights = shallow(stem="deep"), as_classifier(shallow(stem="plain"))
    assert error(net, weights) == (
        "wanted an ImageNet ResNet with depth=18, width=4, stem='deep', got depth=18, width=4, stem='plain'"
    )


def test_another_depth_or_width_is_refused_and_named():
    assert error(shallow(), classifier(SEMSEG)).endswith("got depth=50, width=64, stem='deep'")
    assert error(shallow(), as_classifier(shallow(8))).endswith("got depth=18, width=8, stem='deep'")


def test_averaging_shortcuts_are_refused():
    weights = timm(as_classifier(shallow()))
    for name in [name for name in weights if "downsample.1" in name]:
        weights[name.replace("downsample.1", "downsample.2")] = weights.pop(name)
    assert "ResNet-D, which averages" in error(shallow(), weights)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda w: w.pop("layer3.1.bn2.running_var"), "layer3.1.bn2.running_var is absent, not of shape (16,)"),
        (lambda w: w.update({"layer1.0.se.weight": torch.ones(4)}), "layer1.0.se.weight is of shape (4,), not absent"),
        (lambda w: w.update(conv3=w.pop("conv3.weight")), "layer0.6.weight is absent, not of shape (8, 4, 3, 3)"),
        (lambda w: w.clear(), "layer0.0.weight is absent, not of shape (4, 3, 3, 3)"),
    ],
    ids=["one missing", "one too many", "misnamed", "nothing"],
)
def test_what_is_no_such_resnet_is_refused_where_it_differs(change, wanted):
    weights = as_classifier(shallow())
    change(weights)
    assert error(shallow(), weights).endswith(f"got one that no depth 18 or 50, stem deep or plain fits: {wanted}")

"""DeepLabV3 and PSPNet beside each other: the authors' outputs, both stems, two heads at the size of the picture."""

import pytest
import torch

from pearl_core.segment import SEGMENTERS
from pearl_core.segment.deeplabv3 import DeepLabV3
from pearl_core.segment.pspnet import PSPNet
from pearl_core.segment.resnet import DilatedResNet

from ..parity import assert_agrees, filled, fixture, inputs

SIZES = [(32, 32), (33, 47), (100, 57), (41, 32)]
NETS = pytest.mark.parametrize("net", ["deeplabv3", "pspnet"])


def narrow(net: str = "deeplabv3", width: int = 4, **options) -> torch.nn.Module:
    torch.manual_seed(0)
    return SEGMENTERS[net](5, depth=18, width=width, **options).eval()


def pictures(*size: int, images: int = 1) -> torch.Tensor:
    return torch.rand(images, 3, *size, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize(
    ("build", "classes", "name"),
    [
        (DeepLabV3, 19, "ddcat-deeplabv3-50-19"),
        (DeepLabV3, 21, "ddcat-deeplabv3-50-21"),
        (PSPNet, 21, "semseg-pspnet50-21"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_the_authors_network(build, classes, name):
    known = fixture(name)
    net, (x,) = filled(build(classes, normalize=False), known), inputs(known)
    with torch.no_grad():
        assert_agrees(net(x), known, "logits")
        assert_agrees(net.aux(net.stages(x)[0]), known, "aux_lowres")


@pytest.mark.parametrize(("classes", "wanted"), [(19, 39_439_334), (21, 39_440_362)])
def test_it_has_the_authors_number_of_parameters(classes, wanted):
    with torch.device("meta"):  # shapes without numbers: nothing to fill
        net = DeepLabV3(classes)
    assert sum(p.numel() for p in net.parameters()) == wanted


@pytest.mark.parametrize(
    ("stem", "known"), [("plain", "names-torchvision-resnet50"), ("deep", "names-semseg-resnet50-deepstem")]
)
def test_the_trunk_is_the_classifier_without_its_last_layer(stem, known):
    known = fixture(known)
    with torch.device("meta"):
        trunk = DilatedResNet(50, 64, stem)
    outside = [shape for name, shape, _ in known["state_dict"] if not name.startswith("fc.")]
    last = sum(torch.Size(shape).numel() for name, shape, _ in known["state_dict"] if name.startswith("fc."))
    assert sorted(list(entry.shape) for entry in trunk.state_dict().values()) == sorted(outside)
    assert sum(p.numel() for p in trunk.parameters()) == known["parameters"] - last


def test_a_stem_of_another_name_is_refused_with_the_choices():
    with pytest.raises(ValueError, match=r"^unknown stem 'shallow'; choose one of deep, plain$"):
        narrow(stem="shallow")


@NETS
@pytest.mark.parametrize("stem", ["deep", "plain"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_picture_from_32_pixels_up_keeps_its_size_and_has_a_gradient_everywhere(net, stem, size):
    x = pictures(*size).requires_grad_(True)
    net = narrow(net, width=16, stem=stem)  # in fewer channels the stem's ReLUs may leave a pixel out
    main, aux = net.heads(x, aux=True)
    assert main.shape == aux.shape == (1, 5, *size)
    weights = pictures(*size)[:, :1]  # a plain sum could cancel
    (gradient,) = torch.autograd.grad((main.log_softmax(1)[:, :1] * weights).sum(), x)
    assert gradient.isfinite().all()
    assert (gradient != 0).any(1).all(), "a pixel without influence: the pad or the crop cut it off"


def test_the_border_is_repeated_at_the_right_and_bottom_and_cut_off_there():
    net, x = narrow(), pictures(33, 46)
    whole = torch.nn.functional.pad(x, (0, 3, 0, 0), mode="replicate")  # 33 x 49, where nothing is added
    with torch.no_grad():
        for ours, wanted in zip(net.heads(x, aux=True), net.heads(whole, aux=True), strict=True):
            assert torch.equal(ours, wanted[..., :46])


def test_the_aux_head_stays_silent_unless_asked_and_is_absent_when_left_out():
    assert narrow().heads(pictures(32, 32))[1] is None
    assert not any(name.startswith("aux") for name in narrow(aux=False).state_dict())


@pytest.mark.parametrize("shape", [(1, 3, 31, 64), (1, 3, 64, 31), (1, 1, 64, 64), (3, 64, 64)], ids=str)
def test_a_picture_too_small_or_not_rgb_is_refused_in_one_line(shape):
    with pytest.raises(ValueError, match=r"^wanted pictures \(B, 3, H, W\) of at least 32 pixels .*, got \([^\n]*$"):
        narrow()(torch.rand(shape))


def test_normalisation_is_a_switch_that_checkpoints_do_not_see():
    with_it, without = narrow(), narrow(normalize=False)
    without.load_state_dict(with_it.state_dict())
    x = pictures(40, 40)
    with torch.no_grad():
        assert torch.equal(with_it(x), without(with_it.normalize(x)))
        assert (with_it(x) - without(x)).abs().max() > 1e-5


def test_a_picture_is_seen_alike_alone_and_in_a_batch():
    net, x = narrow().double(), pictures(40, 48, images=3).double()
    with torch.no_grad():
        together, alone = net(x), torch.cat([net(picture[None]) for picture in x])
    assert torch.allclose(together, alone, rtol=0, atol=1e-12)


@NETS
def test_two_pictures_are_enough_to_train_on(net):
    """The mean over the whole map leaves one value per picture and channel, which batch norm cannot take from one."""
    net = narrow(net).train()
    main, aux = net.heads(pictures(32, 40, images=2), aux=True)
    loss = sum(torch.nn.functional.cross_entropy(x, torch.ones(2, 32, 40, dtype=torch.long)) for x in (main, aux))
    loss.backward()
    assert loss.isfinite()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())

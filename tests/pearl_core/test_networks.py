"""PReNet and PSPNet: the authors' sizes and outputs, pictures of any size, normalisation that stays inside."""

import pytest
import torch

from pearl_core.derain.prenet import PReNet
from pearl_core.layers import Normalize
from pearl_core.pipeline import Pipeline
from pearl_core.segment.pspnet import PSPNet

from ..parity import assert_agrees, filled, fixture, inputs

SIZES = [(32, 32), (33, 47), (100, 57), (41, 32)]


def narrow(**options) -> Pipeline:
    torch.manual_seed(0)
    return Pipeline(PReNet(width=4, iterations=2), PSPNet(5, depth=18, width=4, **options)).eval()


def pictures(*size: int, images: int = 1) -> torch.Tensor:
    return torch.rand(images, 3, *size, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize(
    ("build", "wanted"),
    [
        (lambda: PReNet(), 168_963),
        (lambda: PReNet(width=96), 1_502_211),
        (lambda: PSPNet(19), 49_080_038),
        (lambda: PSPNet(21), 49_081_578),
    ],
    ids=["prenet-32", "prenet-96", "pspnet50-19", "pspnet50-21"],
)
def test_networks_have_the_authors_number_of_parameters(build, wanted):
    with torch.device("meta"):  # shapes without numbers: nothing to fill
        net = build()
    assert sum(p.numel() for p in net.parameters()) == wanted


def test_iterations_of_prenet_share_their_weights():
    shapes = [{k: v.shape for k, v in PReNet(4, n).state_dict().items()} for n in (1, 6)]
    assert shapes[0] == shapes[1]


def test_prenet_is_the_authors_network():
    known = fixture("prenet-w32")
    net, (x,) = filled(PReNet(), known), inputs(known)
    with torch.no_grad():
        assert_agrees(net(x), known, "output")
        for number, estimate in enumerate(net.passes(x), 1):
            assert_agrees(estimate, known, f"iteration_{number}")
    assert number == 6


def test_pspnet_is_the_authors_network():
    known = fixture("semseg-pspnet50-19")
    net, (x,) = filled(PSPNet(19, normalize=False), known), inputs(known)
    with torch.no_grad():
        assert_agrees(net(x), known, "logits")
        assert_agrees(net.aux(net.stages(x)[0]), known, "aux_lowres")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_picture_from_32_pixels_up_keeps_its_size_and_has_a_gradient_everywhere(size):
    net, x = narrow(), pictures(*size).requires_grad_(True)
    output = net(x)
    assert output.derained.shape == x.shape
    assert output.logits.shape == (1, 5, *size)
    weights = pictures(*size)[:, :1]  # a plain sum could cancel
    (gradient,) = torch.autograd.grad((output.logits.log_softmax(1)[:, :1] * weights).sum(), x)
    assert gradient.isfinite().all()
    assert (gradient != 0).any(1).all(), "a pixel without influence: the pad or the crop cut it off"


def test_the_border_is_repeated_at_the_right_and_bottom_and_cut_off_there():
    net, x = narrow().segment, pictures(33, 46)
    whole = torch.nn.functional.pad(x, (0, 3, 0, 0), mode="replicate")  # 33 x 49, where nothing is added
    with torch.no_grad():
        for ours, wanted in zip(net.heads(x, aux=True), net.heads(whole, aux=True), strict=True):
            assert torch.equal(ours, wanted[..., :46])
            assert not torch.equal(ours, wanted[..., 3:])


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_both_heads_answer_at_the_size_of_the_picture(size):
    main, aux = narrow().segment.heads(pictures(*size), aux=True)
    assert main.shape == aux.shape == (1, 5, *size)


def test_the_aux_head_stays_silent_unless_asked_and_is_absent_when_left_out():
    assert narrow().segment.heads(pictures(32, 32))[1] is None
    assert not any(name.startswith("aux") for name in narrow(aux=False).segment.state_dict())


@pytest.mark.parametrize(
    ("part", "shape"),
    [
        *(("segment", shape) for shape in ((1, 3, 31, 64), (1, 3, 64, 31), (1, 1, 64, 64), (3, 64, 64))),
        *(("derain", shape) for shape in ((1, 3, 0, 64), (1, 1, 64, 64), (3, 64, 64))),
    ],
    ids=str,
)
def test_a_picture_too_small_or_not_rgb_is_refused_in_one_line(part, shape):
    with pytest.raises(ValueError, match=r"^wanted pictures \(B, 3, H, W\) of at least \d+ pixels .*, got \(") as error:
        getattr(narrow(), part)(torch.rand(shape))
    assert "\n" not in str(error.value)


def test_normalisation_is_a_switch_that_checkpoints_do_not_see():
    with_it, without = narrow().segment, narrow(normalize=False).segment
    assert with_it.state_dict().keys() == without.state_dict().keys()
    without.load_state_dict(with_it.state_dict())
    x = pictures(40, 40)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        assert torch.equal(with_it(x), without((x - mean) / std))
        assert (with_it(x) - without(x)).abs().max() > 1e-5


def test_normalisation_follows_its_network_in_precision():
    net = narrow().segment.double()
    assert net.normalize.mean.dtype == torch.float64
    assert Normalize().state_dict() == {}


def test_a_picture_is_seen_alike_alone_and_in_a_batch():
    net, x = narrow().double(), pictures(40, 48, images=3).double()
    with torch.no_grad():
        together, alone = net(x).logits, torch.cat([net(picture[None]).logits for picture in x])
    assert torch.allclose(together, alone, rtol=0, atol=1e-12)

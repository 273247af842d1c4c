"""TransWeather: the authors' network to the last digit, pictures of any size, a loss that is finite."""

import copy
import itertools

import pytest
import torch

from pearl_core.derain import DERAINERS
from pearl_core.derain.transweather import FEW, TransWeather, attended

from ..parity import assert_agrees, filled, fixture, inputs

SIZES = [(32, 32), (32, 100), (33, 47), (100, 57), (96, 64)]
UNUSED = ("Tenc.mini_patch_embed4.", "convtail.conv_output.")


def narrow(**options) -> TransWeather:
    torch.manual_seed(0)
    few = {"depths": (1, 1, 1, 1), "heads": (1, 2, 2, 2), "decoder_depth": 1, "decoder_heads": 2}
    return TransWeather((8, 8, 12, 16), **few | options).eval()


def pictures(*size: int, images: int = 1) -> torch.Tensor:
    return torch.rand(images, 3, *size, generator=torch.Generator().manual_seed(7))


def test_it_is_the_authors_network():
    known = fixture("transweather")
    net, (x,) = filled(TransWeather(normalize=False), known), inputs(known)
    with torch.no_grad():
        assert_agrees(net(x), known, "output")


def test_it_has_the_authors_number_of_parameters():
    with torch.device("meta"):  # shapes without numbers: nothing to fill
        net = DERAINERS["transweather"]()
    assert sum(p.numel() for p in net.parameters()) == 38_052_078


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_picture_from_32_pixels_up_keeps_its_size_and_has_a_gradient_everywhere(size):
    net, x = narrow(), pictures(*size).requires_grad_(True)
    derained = net(x)
    assert derained.shape == x.shape
    (gradient,) = torch.autograd.grad((derained * pictures(*size)).sum(), x)
    assert gradient.isfinite().all()
    assert (gradient != 0).any(1).all(), "a pixel without influence: the pad or the crop cut it off"


@pytest.mark.parametrize(("size", "grid"), [((33, 47), (64, 64)), ((32, 100), (64, 128)), ((90, 129), (96, 160))])
def test_the_border_is_repeated_at_the_right_and_bottom_and_cut_off_there(size, grid):
    net, x = narrow(), pictures(*size)
    padding = (0, grid[1] - size[1], 0, grid[0] - size[0])
    with torch.no_grad():
        whole = net(torch.nn.functional.pad(x, padding, mode="replicate"))
        assert torch.equal(net(x), whole[..., : size[0], : size[1]])


@pytest.mark.parametrize("shape", [(1, 3, 31, 64), (1, 3, 64, 31), (1, 1, 64, 64), (3, 64, 64)], ids=str)
def test_a_picture_too_small_or_not_rgb_is_refused_in_one_line(shape):
    with pytest.raises(ValueError, match=r"^wanted pictures \(B, 3, H, W\) of at least 32 pixels .*, got \([^\n]*$"):
        narrow()(torch.rand(shape))


def test_normalisation_is_a_switch_that_checkpoints_do_not_see():
    with_it, without = narrow(), narrow(normalize=False)
    assert with_it.state_dict().keys() == without.state_dict().keys()
    x = pictures(64, 64)
    with torch.no_grad():
        assert torch.equal(with_it(x), (without(2 * x - 1) + 1) / 2)
        assert with_it(x).min() >= 0


def test_a_picture_is_seen_alike_alone_and_in_a_batch():
    net, x = narrow().double(), pictures(64, 96, images=3).double()
    with torch.no_grad():
        together, alone = net(x), torch.cat([net(picture[None]) for picture in x])
    assert torch.allclose(together, alone, rtol=0, atol=1e-12)


def test_channels_last_and_a_copy_compute_the_same():
    net, x = narrow(), pictures(64, 96, images=2)
    other = copy.deepcopy(net).to(memory_format=torch.channels_last)
    with torch.no_grad():
        assert torch.allclose(net(x), other(x.contiguous(memory_format=torch.channels_last)), rtol=0, atol=1e-5)


def test_fused_attention_is_the_softmax_it_stands_for():
    attention, x = narrow().Tenc.block2[0].attn.double(), torch.rand(2, 8, 12, 8).double()
    coarse = attention.norm(attention.sr(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)).flatten(1, 2)
    query, key, value = attention.q(x.flatten(1, 2)), *attention.kv(coarse).split(8, -1)
    wanted = []
    for part in (slice(0, 4), slice(4, 8)):  # two heads
        scores = query[..., part] @ key[..., part].transpose(1, 2) / 4**0.5
        wanted.append(scores.softmax(-1) @ value[..., part])
    assert torch.allclose(attention(x).flatten(1, 2), attention.proj(torch.cat(wanted, -1)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("keys", [FEW, FEW + 1])
def test_attention_in_bfloat16_is_that_in_float32_but_for_rounding(keys):
    torch.manual_seed(0)
    parts = [torch.randn(2, 3, number, 16).bfloat16() for number in (40, keys, keys)]
    wanted = attended(*(part.float() for part in parts))
    assert (attended(*parts).float() - wanted).abs().max() < 0.03 * wanted.abs().max()


@pytest.mark.parametrize("places", [(1, 2), (6, 8), (7, 9)], ids=str)
def test_every_place_has_the_nearest_of_the_task_queries(places):
    attention = narrow().Tdec.block1[0].attn
    asked = attention.asking(torch.zeros(2, *places, 16))
    number = places[0] * places[1]
    nearest = [place * 48 // number for place in range(number)]
    assert torch.allclose(asked[1], attention.q(attention.task_query[0])[nearest], rtol=0, atol=1e-6)


def test_the_loss_is_smooth_l1_in_float32_and_trains_every_weight_in_use():
    net, rainy, target = narrow().train(), pictures(64, 64, images=2), pictures(64, 64, images=2).flip(0)
    (derained,) = net.estimates(rainy)
    assert torch.equal(net.loss(rainy, target), 0.5 * (derained - target).square().mean())  # no error exceeds 1
    with torch.autocast("cpu", torch.bfloat16):
        loss = net.loss(rainy, target)
    assert loss.dtype == torch.float32
    loss.backward()
    still = {name for name, p in net.named_parameters() if p.grad is None or not p.grad.isfinite().all()}
    assert still == {f"{part}{name}" for part in UNUSED for name, _ in net.get_submodule(part[:-1]).named_parameters()}


def test_a_perceptual_term_joins_the_loss_only_when_given():
    net, x = narrow(), pictures(64, 64)
    plain = net.loss(x, x)
    net.perceptual = lambda derained, target: (derained - target).abs().mean() + 1
    more = 0.04 * (1 + (net(x) - x).abs().mean())
    assert torch.allclose(net.loss(x, x) - plain, more, rtol=1e-5)
    assert all(name in narrow().state_dict() for name in net.state_dict())


@pytest.mark.parametrize(("ratio", "depth"), itertools.product((1, 4), (0, 2)))
def test_other_settings_construct_and_run(ratio, depth):
    net = narrow(mlp_ratio=ratio, decoder_depth=depth, depths=(1, 2, 0, 1))
    with torch.no_grad():
        assert net(pictures(64, 64)).isfinite().all()


def test_heads_that_cannot_share_the_channels_are_refused():
    with pytest.raises(ValueError, match=r"^wanted channels that 5 heads can share, got 8$"):
        narrow(heads=(1, 5, 2, 2))

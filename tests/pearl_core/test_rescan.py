"""RESCAN: the authors' network, sizes of every kind, what its training minimises."""

import copy

import pytest
import torch

from pearl_core.derain.rescan import RESCAN

from ..parity import assert_agrees, filled, fixture, inputs

SIZES = [(32, 32), (33, 47), (100, 57)]
AUTHORS = {"rescan-c24-gru": 24, "rescan-c64-gru": 64}
BF16 = {"device_type": "cpu", "dtype": torch.bfloat16}


def small() -> RESCAN:
    torch.manual_seed(0)
    return RESCAN(channel=4, stages=2, depth=4)


def pictures(*size: int, images: int = 1) -> torch.Tensor:
    return torch.rand(images, 3, *size, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize(("channel", "wanted"), [(24, 149_823), (64, 1_044_583)])
def test_rescan_has_the_authors_number_of_parameters(channel, wanted):
    with torch.device("meta"):  # shapes without numbers: nothing to fill
        net = RESCAN(channel)
    assert sum(p.numel() for p in net.parameters()) == wanted


@pytest.mark.parametrize("name", ["rescan-c24-gru", pytest.param("rescan-c64-gru", marks=pytest.mark.slow)])
def test_rescan_is_the_authors_network(name):
    known = fixture(name)
    net, (x,) = filled(RESCAN(AUTHORS[name]), known), inputs(known)
    with torch.no_grad():
        estimates = net.estimates(x)
    for number, derained in enumerate(estimates, 1):
        assert_agrees(x - derained, known, f"rain_stage_{number}")
    assert_agrees(derained, known, "derained")
    assert number == 4


def test_a_picture_that_is_channels_last_gives_the_same():
    net, x = small(), pictures(40, 48, images=2)
    with torch.no_grad():
        other = net(x.contiguous(memory_format=torch.channels_last))
        assert torch.allclose(other, net(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_picture_keeps_its_size_and_has_a_gradient_everywhere(size):
    x = pictures(*size).requires_grad_(True)
    derained = small()(x)
    assert derained.shape == x.shape
    (gradient,) = torch.autograd.grad((derained * pictures(*size)).sum(), x)
    assert gradient.isfinite().all()
    assert (gradient != 0).any(1).all()


def test_any_picture_is_derained_as_the_authors_net_does_and_one_without_pixels_is_refused():
    assert small()(pictures(7, 64)).shape == (1, 3, 7, 64)
    with pytest.raises(ValueError, match="at least 1 pixels a side, got"):
        small()(pictures(0, 64))


def test_a_picture_is_seen_alike_alone_and_in_a_batch():
    net, x = small().double(), pictures(40, 48, images=3).double()
    with torch.no_grad():
        together, alone = net(x), torch.cat([net(picture[None]) for picture in x])
    assert torch.allclose(together, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", [{"channel": 1}, {"stages": 1}, {"depth": 3}, {"depth": 9}], ids=str)
def test_small_and_large_settings_work(options):
    net, x = RESCAN(**({"channel": 4, "stages": 2, "depth": 4} | options)), pictures(32, 40)
    assert len(net.estimates(x)) == net.stages
    assert torch.equal(net.estimates(x)[-1], net(x))


@pytest.mark.parametrize("options", [{"depth": 2}, {"stages": 0}, {"channel": 0}], ids=str)
def test_settings_that_leave_nothing_to_compute_are_refused(options):
    with pytest.raises(ValueError, match=r"^wanted .*, got "):
        RESCAN(**options)


def test_stages_share_their_weights():
    shapes = [{k: v.shape for k, v in RESCAN(4, stages).state_dict().items()} for stages in (1, 4)]
    assert shapes[0] == shapes[1]


def test_the_loss_is_zero_when_every_stage_finds_the_target_and_grows_with_every_stages_error():
    net, rainy = small(), pictures(32, 40)
    torch.nn.init.zeros_(net.dec[3].weight)
    torch.nn.init.zeros_(net.dec[3].bias)  # no rain, says every stage
    assert net.loss(rainy, rainy) == 0
    assert net.loss(rainy, rainy + 0.1).item() == pytest.approx(2 * 0.01, rel=1e-4)


def test_the_loss_moves_every_weight_and_is_float32_under_autocast():
    net = small()
    with torch.autocast(**BF16):
        loss = net.loss(pictures(32, 40), pictures(40, 32).mT)
    assert loss.dtype == torch.float32 and loss.isfinite()
    loss.backward()
    assert all(p.grad.isfinite().all() and p.grad.any() for p in net.parameters())


def test_the_state_keeps_one_precision_under_autocast():
    net, seen = small(), []
    for unit in net.rnns:
        unit.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    with torch.autocast(**BF16):
        net(pictures(32, 40))
    assert seen == [torch.bfloat16] * 4


def test_a_copy_computes_the_same_on_its_own():
    net, x = small(), pictures(32, 40)
    with torch.no_grad():
        twin, before = copy.deepcopy(net), net(x)
        net.dec[3].bias.add_(1)
        assert torch.equal(twin(x), before)

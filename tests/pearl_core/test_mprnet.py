"""MPRNet: the authors' network, sizes of every kind, what its training minimises, less memory for the same gradient."""

import copy

import pytest
import torch
import torch.nn.functional as F

from pearl_core.derain.mprnet import MPRNet, edges

from ..parity import assert_agrees, filled, fixture, inputs

SIZES = [(32, 32), (33, 47), (100, 57)]
SMALL = {"width": 4, "step": 2, "full_step": 3, "blocks": 2}
BF16 = {"device_type": "cpu", "dtype": torch.bfloat16}


def small(**options) -> MPRNet:
    torch.manual_seed(0)
    return MPRNet(**SMALL | options)


def pictures(*size: int, images: int = 1) -> torch.Tensor:
    return torch.rand(images, 3, *size, generator=torch.Generator().manual_seed(7))


def test_mprnet_has_the_authors_number_of_parameters():
    with torch.device("meta"):  # shapes without numbers: nothing to fill
        net = MPRNet()
    assert sum(p.numel() for p in net.parameters()) == 3_637_249  # the shared slope once


def test_mprnet_is_the_authors_network():
    known = fixture("mprnet-derain")
    net, (x,) = filled(MPRNet(), known), inputs(known)
    with torch.no_grad():
        estimates = net.estimates(x)
    for number, derained in enumerate(estimates, 1):
        assert_agrees(derained, known, f"stage{number}")
    assert number == 3


def test_a_checkpoint_of_the_authors_loads_and_its_one_slope_is_shared():
    net = small()
    theirs = {name: torch.full_like(entry, 0.01) for name, entry in net.state_dict().items()}
    slopes = [name for name in theirs if theirs[name].shape == (1,)]
    assert len(slopes) == 55 - 3 * (8 - SMALL["blocks"])
    theirs |= dict.fromkeys(slopes, torch.tensor([0.125]))
    net.load_state_dict(theirs)
    assert {net.get_parameter(name).item() for name in slopes} == {0.125}
    assert sum(p.shape == (1,) for p in net.parameters()) == 1


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_picture_keeps_its_size_and_has_a_gradient_everywhere(size):
    net, x = small(), pictures(*size).requires_grad_(True)
    estimates = net.estimates(x)
    assert [estimate.shape for estimate in estimates] == [x.shape] * 3
    assert torch.equal(estimates[-1], net(x))
    (gradient,) = torch.autograd.grad((estimates[-1] * pictures(*size)).sum(), x)
    assert gradient.isfinite().all()
    assert (gradient != 0).any(1).all()


def test_the_border_is_repeated_at_the_right_and_bottom_and_cut_off_there():
    net, x = small(), pictures(33, 46)
    with torch.no_grad():
        assert torch.equal(net(x), net(F.pad(x, (0, 2, 0, 7), mode="replicate"))[..., :33, :46])


def test_a_picture_too_small_is_refused():
    with pytest.raises(ValueError, match="at least 32 pixels a side, got"):
        small()(pictures(31, 64))


def test_a_picture_is_seen_alike_alone_and_in_a_batch():
    net, x = small().double(), pictures(40, 48, images=3).double()
    with torch.no_grad():
        together, alone = net(x), torch.cat([net(picture[None]) for picture in x])
    assert torch.allclose(together, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", [{"step": 0}, {"full_step": 0}, {"blocks": 1}, {"width": 5}], ids=str)
def test_other_settings_work(options):
    assert small(**options)(pictures(32, 40)).shape == (1, 3, 32, 40)


@pytest.mark.parametrize("options", [{"width": 3}, {"step": -1}, {"blocks": 0}], ids=str)
def test_settings_that_leave_nothing_to_compute_are_refused(options):
    with pytest.raises(ValueError, match=r"^wanted .*, got "):
        small(**options)


def test_the_one_slope_has_the_gradient_of_prelu():
    """Against the shared module put back to the ordinary one."""
    net, x = small().double(), pictures(40, 48, images=2).double().requires_grad_(True)
    plain = copy.deepcopy(net)
    act = next(module for module in plain.modules() if isinstance(module, torch.nn.PReLU))
    act.forward = lambda x: F.prelu(x, act.weight)
    for gradient, wanted in zip(gradients(net, x), gradients(plain, x), strict=True):
        assert torch.allclose(gradient, wanted, rtol=1e-9, atol=1e-12)


def gradients(net: MPRNet, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Of the input and of all weights that ask for one."""
    wanted = [x, *(p for p in net.parameters() if p.requires_grad)]
    return torch.autograd.grad(net(x).square().sum(), wanted)


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "training"])
def test_remembering_less_changes_neither_output_nor_gradients(frozen):
    net, x = small().requires_grad_(not frozen), pictures(40, 48, images=2).requires_grad_(True)
    lean = small(checkpoint=True).requires_grad_(not frozen)
    assert lean.checkpoint and not net.checkpoint
    assert torch.equal(lean(x), net(x))
    for gradient, wanted in zip(gradients(lean, x), gradients(net, x), strict=True):
        assert torch.allclose(gradient, wanted, rtol=1e-5, atol=1e-7)


def held(net: MPRNet, x: torch.Tensor) -> int:
    """Elements that a forward pass keeps for backward, weights left out."""
    kept, weights = {}, {p.data_ptr() for p in net.parameters()}
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.setdefault(t.data_ptr(), t), lambda t: t):
        net(x)
    return sum(t.numel() for place, t in kept.items() if place not in weights)


def test_checkpoint_is_a_switch_that_keeps_less_than_half():
    net, x = small(blocks=8).requires_grad_(False), pictures(64, 64).requires_grad_(True)
    plain = held(net, x)
    net.checkpoint = True
    assert held(copy.deepcopy(net), x) < plain / 2
    net.checkpoint = False
    assert held(net, x) == plain


def test_perfect_estimates_cost_what_the_smoothing_of_the_absolute_value_leaves():
    net, rainy = small(), pictures(40, 48)
    for entry in (net.sam12.conv2, net.sam23.conv2, net.tail):
        torch.nn.init.zeros_(entry.weight)  # every stage answers with the rainy picture
    assert net.loss(rainy, rainy).item() == pytest.approx(3 * 1.05 * 1e-3, rel=1e-4)
    assert net.loss(rainy, rainy + 0.1).item() == pytest.approx(3 * 0.1, rel=1e-2)  # edges along the border alone


def test_edges_are_what_a_laplacian_pyramid_leaves_of_the_picture():
    """Written out with one two-dimensional kernel."""
    x = pictures(33, 46, images=2).double()
    line = torch.tensor([0.05, 0.25, 0.4, 0.25, 0.05], dtype=torch.float64)
    kernel = torch.outer(line, line).expand(3, 1, 5, 5)
    smooth = lambda x: F.conv2d(F.pad(x, (2, 2, 2, 2), mode="replicate"), kernel, groups=3)  # noqa: E731
    sparse = torch.zeros_like(x)
    sparse[:, :, ::2, ::2] = 4 * smooth(x)[:, :, ::2, ::2]
    assert torch.allclose(edges(x), x - smooth(sparse), rtol=0, atol=1e-12)


def test_the_loss_moves_every_weight_and_is_float32_under_autocast():
    net = small()
    with torch.autocast(**BF16):
        loss = net.loss(pictures(32, 40), pictures(40, 32).mT)
    assert loss.dtype == torch.float32 and loss.isfinite()
    loss.backward()
    assert all(p.grad.isfinite().all() for p in net.parameters())
    # the bottleneck of the attention is one channel here, and its ReLU may be closed
    assert all(p.grad.any() for name, p in net.named_parameters() if "conv_du" not in name)


def test_features_keep_one_precision_under_autocast():
    net, seen = small(), set()
    for module in net.modules():
        if type(module).__name__ in ("CAB", "Up", "Down", "ORB"):
            module.register_forward_hook(lambda module, inputs, output: seen.add(output.dtype))
    with torch.autocast(**BF16):
        net(pictures(32, 40))
    assert seen == {torch.bfloat16}


def test_a_copy_computes_the_same_on_its_own_and_shares_its_own_slope():
    net, x = small(), pictures(32, 40)
    with torch.no_grad():
        twin, before = copy.deepcopy(net), net(x)
        for weight in net.parameters():
            weight.zero_()
        assert torch.equal(twin(x), before)
    assert len(list(twin.parameters())) == len(list(net.parameters()))

"""PReNet as it is computed: gates in one convolution, passes that are forgotten and computed again, its own loss."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from pearl_core.derain.prenet import PReNet, negative_ssim
from pearl_core.metrics import ssim

X = torch.rand(2, 3, 32, 40, generator=torch.Generator().manual_seed(1))


def small(**options) -> PReNet:
    torch.manual_seed(0)
    return PReNet(width=8, iterations=3, **options)


def gate_by_gate(net: PReNet, rainy: Tensor) -> Tensor:
    """The network as the paper draws it."""
    estimate, hidden = rainy, rainy.new_zeros(len(rainy), net.width, *rainy.shape[2:])
    cell = hidden
    for _ in range(net.iterations):
        x = torch.relu(net.conv0[0](torch.cat([rainy, estimate], 1)))
        both = torch.cat([x, hidden], 1)
        let, forget, out = (gate[0](both).sigmoid() for gate in (net.conv_i, net.conv_f, net.conv_o))
        cell = forget * cell + let * net.conv_g[0](both).tanh()
        x = hidden = out * cell.tanh()
        for block in (net.res_conv1, net.res_conv2, net.res_conv3, net.res_conv4, net.res_conv5):
            x = torch.relu(x + torch.relu(block[2](torch.relu(block[0](x)))))
        estimate = rainy + net.conv[0](x)
    return estimate


def gradients(net: PReNet, function, x: Tensor) -> list[Tensor]:
    """The output, its gradients with respect to the picture and to every weight."""
    x = x.detach().requires_grad_(True)
    output = function(x)
    return [output.detach(), *torch.autograd.grad(output.float().square().sum(), [x, *net.parameters()])]


def assert_alike(ours: list[Tensor], wanted: list[Tensor], tolerance: float) -> None:
    for a, b in zip(ours, wanted, strict=True):
        assert (a - b).abs().max() <= tolerance * b.abs().max()


@pytest.mark.parametrize("checkpoint", [False, True])
def test_one_convolution_for_all_gates_is_the_same_network(checkpoint):
    net = small(checkpoint=checkpoint).double()
    wanted = gradients(net, lambda x: gate_by_gate(net, x), X.double())
    assert_alike(gradients(net, net, X.double()), wanted, 1e-12)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_forgetting_passes_changes_neither_output_nor_gradients(dtype, layout):
    def results(net: PReNet) -> list[Tensor]:
        net = net.to(memory_format=layout)
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            output = net(x := X.to(memory_format=layout).requires_grad_(True))
        return [output, *torch.autograd.grad(output.float().square().sum(), [x, *net.parameters()])]

    assert_alike(results(small(checkpoint=True)), results(small()), 1e-6)


def kept(net: PReNet) -> int:
    """Numbers that a forward pass keeps for the gradient with respect to the picture, each once."""
    stored = {}

    def pack(tensor: Tensor) -> Tensor:
        stored[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    net.requires_grad_(False)
    x = X.clone().requires_grad_(True)
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        output = net(x)
    assert output.requires_grad
    return sum(tensor.untyped_storage().nbytes() for tensor in stored.values()) // 4


def test_forgetting_passes_keeps_little_more_than_the_last():
    single = PReNet(width=8, iterations=1)
    whole, last = kept(PReNet(width=8, iterations=6)), kept(single)
    assert whole > 5 * last
    assert kept(PReNet(width=8, iterations=6, checkpoint=True)) < 0.5 * whole


def test_without_gradients_nothing_is_computed_twice():
    net, calls = small(checkpoint=True), []
    net.conv0.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        net(X)
    assert len(calls) == 3
    net(X).sum().backward()
    assert len(calls) == 3 + 3 + 2


def test_the_recurrence_keeps_number_format_and_layout():
    net = small().to(memory_format=torch.channels_last)
    seen = []
    net.res_conv1.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.autocast("cpu", torch.bfloat16):
        net(X.to(memory_format=torch.channels_last))
    assert [x.dtype for x in seen] == 3 * [torch.bfloat16]
    assert all(x.is_contiguous(memory_format=torch.channels_last) for x in seen)


def test_a_copy_forgets_passes_too_and_checkpoints_of_weights_fit_either_way():
    net = deepcopy(small(checkpoint=True))
    assert net.checkpoint
    other = PReNet(width=8, iterations=3)
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(X), other(X))


def test_it_trains_on_the_last_pass_by_its_likeness_to_the_clean_picture():
    net, target = small(), X.flip(0)
    (output,) = net.estimates(X)
    assert torch.equal(output, net(X))
    assert net.loss(X, output).abs() < 1e-6
    inside = output.detach().clamp(0, 1)
    assert negative_ssim(inside, target).item() == pytest.approx(1 - ssim(inside, target).mean().item(), abs=1e-5)
    net.loss(X, target).backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())


def test_its_loss_is_float32_under_autocast():
    with torch.autocast("cpu", torch.bfloat16):
        assert small().loss(X, X).dtype == torch.float32


@pytest.mark.parametrize("size", [(1, 1), (5, 31), (31, 40)])
def test_small_pictures_are_derained_too(size):
    """As the authors' net does: every layer sees 3 x 3 pixels, and nothing is made smaller."""
    x = torch.rand(1, 3, *size)
    assert PReNet(width=4, iterations=2)(x).shape == x.shape

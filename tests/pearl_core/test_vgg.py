"""The perceptual loss against a VGG-16 built layer by layer, as torchvision orders it."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pearl_core.derain.vgg import MEAN, STD, perceptual

ORDER = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512)  # torchvision's configuration D, cut


def vgg() -> nn.Sequential:
    layers, cin = [], 3
    for out in ORDER:
        if out == "pool":
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(cin, out, 3, padding=1), nn.ReLU()]
            cin = out
    return nn.Sequential(*layers).requires_grad_(False)


def weights(net: nn.Sequential) -> dict[str, torch.Tensor]:
    """As torchvision names them, with something of the classifier."""
    named = {f"features.{name}": value for name, value in net.state_dict().items()}
    return named | {"classifier.0.bias": torch.ones(1)}


def pictures(seed: int) -> torch.Tensor:
    return torch.rand(2, 3, 21, 30, generator=torch.Generator().manual_seed(seed))


def test_it_is_the_mean_squared_distance_of_three_layers():
    torch.manual_seed(0)
    net = vgg()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    seen = [[(x - mean) / std] for x in (pictures(1), pictures(2))]
    for layer in net:
        for features in seen:
            features.append(layer(features[-1]))
    wanted = sum(F.mse_loss(seen[0][k + 1], seen[1][k + 1]) for k in (3, 8, 15)) / 3  # relu1_2, relu2_2, relu3_3
    loss = perceptual(weights(net))
    assert torch.allclose(loss(pictures(1), pictures(2)), wanted, rtol=1e-5)
    assert loss(pictures(1), pictures(1)) == 0
    double = loss(pictures(1).double(), pictures(2).double())
    assert double.dtype == torch.float64 and torch.allclose(double.float(), wanted, rtol=1e-5)


def test_the_gradient_goes_to_the_derained_picture_alone():
    derained, target = pictures(1).requires_grad_(), pictures(2).requires_grad_()
    perceptual(weights(vgg()))(derained, target).backward()
    assert derained.grad.abs().sum() > 0 and target.grad is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda given: given.pop("features.7.weight"),
            r"features.7.weight of shape \(128, 128, 3, 3\); got nothing of",
        ),
        (lambda given: given.update({"features.0.weight": torch.ones(64, 1, 3, 3)}), r"got \(64, 1, 3, 3\)"),
        (dict.clear, "features.0.weight .* got nothing of that name"),
    ],
)
def test_other_weights_are_refused_in_a_line(change, words):
    given = weights(vgg())
    change(given)
    with pytest.raises(ValueError, match=rf"^wanted the weights of a VGG-16 without batch norms, .*{words}") as error:
        perceptual(given)
    assert "\n" not in str(error.value)

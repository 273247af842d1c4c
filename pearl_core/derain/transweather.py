"""TransWeather: a transformer on patches and on smaller patches in them, with learned weather queries.

Valanarasu, Yasarla and Patel, CVPR 2022.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import SMALLEST, check_pictures, pad_to_grid
from ..networks import DERAINERS, File, Network
from .vgg import perceptual

REDUCTIONS = (4, 2, 2, 1)  # of each stage: keys and values come from a map with that many times fewer pixels a side
QUERIES = 48  # learned task queries of every decoder block
PERCEPTUAL = 0.04  # weight of the perceptual term in the loss
FEW = 256  # keys: up to that many scores of each place fit in memory beside the features


def only(name: str, module: nn.Module) -> nn.Sequential:
    """`module` inside a container, under `name`, as in the authors' checkpoints."""
    return nn.Sequential(OrderedDict([(name, module)]))


def conv(cin: int, cout: int) -> nn.Sequential:
    return only("conv2d", nn.Conv2d(cin, cout, 3, padding=1))


def double(cin: int, cout: int) -> nn.Sequential:
    """Twice as many pixels a side."""
    return only("conv2d", nn.ConvTranspose2d(cin, cout, 4, stride=2, padding=1))


def convolved(layer: nn.Module, x: Tensor) -> Tensor:
    """A convolution of features (B, H, W, C). In memory they are channels-last pictures, so nothing is copied."""
    return layer(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class Patches(nn.Module):
    """Overlapping patches as vectors: (B, H, W, C) -> (B, H / stride, W / stride, C')."""

    def __init__(self, cin: int, cout: int, kernel: int = 3, stride: int = 2):
        super().__init__()
        self.proj = nn.Conv2d(cin, cout, kernel, stride, kernel // 2)
        self.norm = nn.LayerNorm(cout)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(convolved(self.proj, x))


def attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Softmax attention, all (B, heads, places, C).

    In bfloat16 on a CPU, for few keys, two matrix products are several times faster than the fused kernel, whose
    backward pass is slow there.
    """
    if query.dtype == torch.bfloat16 and query.device.type == "cpu" and key.shape[2] <= FEW:
        return (query @ (key * key.shape[3] ** -0.5).mT).softmax(-1) @ value
    return F.scaled_dot_product_attention(query, key, value)


class Attention(nn.Module):
    """Self-attention of all places to a map with `reduction` times fewer pixels a side. (B, H, W, C) -> the same."""

    def __init__(self, dim: int, heads: int, reduction: int = 1):
        super().__init__()
        if dim % heads:
            raise ValueError(f"wanted channels that {heads} heads can share, got {dim}")
        self.heads = heads
        self.q, self.kv, self.proj = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        self.sr = nn.Conv2d(dim, dim, reduction, reduction) if reduction > 1 else None
        self.norm = nn.LayerNorm(dim) if reduction > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        coarse = x if self.sr is None else self.norm(convolved(self.sr, x))
        key, value = self.kv(coarse).chunk(2, -1)
        split = lambda y: y.flatten(1, -2).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # noqa: E731
        values = attended(split(self.asking(x)), split(key), split(value))
        return self.proj(values.transpose(1, 2).reshape(x.shape))

    def asking(self, x: Tensor) -> Tensor:
        return self.q(x)


class TaskAttention(Attention):
    """Attention with learned queries in place of the features, stretched to the number of places."""

    def __init__(self, dim: int, heads: int):
        super().__init__(dim, heads)
        self.task_query = nn.Parameter(torch.randn(1, QUERIES, dim))

    def asking(self, x: Tensor) -> Tensor:
        stretched = F.interpolate(self.task_query.mT, x.shape[1] * x.shape[2]).mT
        return self.q(stretched).expand(len(x), -1, -1)


class Perceptron(nn.Module):
    """Two layers for every place; between them a 3x3 convolution of each channel, which encodes positions."""

    def __init__(self, dim: int, inner: int):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, inner), nn.Linear(inner, dim)
        self.dwconv = only("dwconv", nn.Conv2d(inner, inner, 3, padding=1, groups=inner))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(convolved(self.dwconv, self.fc1(x))))


class Block(nn.Module):
    """Attention, then perceptron, each on normalised features and added to them. (B, H, W, C) -> the same."""

    def __init__(self, attention: Attention, dim: int, ratio: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.attn, self.mlp = attention, Perceptron(dim, ratio * dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Encoder(nn.Module):
    """Features at 1/4, 1/8, 1/16 and 1/32, each (B, H, W, C).

    Every stage also cuts its patches into smaller ones, attends to them and passes the result to the next stage.
    """

    def __init__(self, dims: tuple[int, ...], depths: tuple[int, ...], heads: tuple[int, ...], ratio: int):
        super().__init__()

        def blocks(stage: int, dim: int, depth: int) -> nn.Sequential:
            attention = lambda: Attention(dim, heads[stage], REDUCTIONS[stage])  # noqa: E731
            return nn.Sequential(*(Block(attention(), dim, ratio) for _ in range(depth)))

        for stage, dim in enumerate(dims):
            embed = Patches(dims[stage - 1], dim) if stage else Patches(3, dim, kernel=7, stride=4)
            self.add_module(f"patch_embed{stage + 1}", embed)
            self.add_module(f"block{stage + 1}", blocks(stage, dim, depths[stage]))
            self.add_module(f"norm{stage + 1}", nn.LayerNorm(dim, eps=1e-6))
        for stage, (dim, finer) in enumerate(pairwise(dims)):
            self.add_module(f"mini_patch_embed{stage + 1}", Patches(dim, finer))
            self.add_module(f"patch_block{stage + 1}", blocks(stage, finer, 1))
            self.add_module(f"pnorm{stage + 1}", nn.LayerNorm(finer, eps=1e-6))
        self.mini_patch_embed4 = Patches(dims[0], dims[-1])  # in the authors' checkpoints, never used

    def forward(self, x: Tensor) -> list[Tensor]:
        levels, inside = [], None
        for stage in (1, 2, 3, 4):
            x = self.get_submodule(f"patch_embed{stage}")(x)
            x = x if inside is None else x + inside
            if stage < 4:
                for name in ("mini_patch_embed", "patch_block", "pnorm"):
                    inside = self.get_submodule(f"{name}{stage}")(x if name == "mini_patch_embed" else inside)
            x = self.get_submodule(f"norm{stage}")(self.get_submodule(f"block{stage}")(x))
            levels.append(x)
        return levels


class Decoder(nn.Module):
    """Attention of the task queries to features (B, H, W, C), at half their size."""

    def __init__(self, dim: int, depth: int, heads: int):
        super().__init__()
        self.patch_embed1 = Patches(dim, dim)
        self.block1 = nn.Sequential(*(Block(TaskAttention(dim, heads), dim, 4) for _ in range(depth)))
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm1(self.block1(self.patch_embed1(x)))


class Residual(nn.Module):
    """Two 3x3 convolutions, a tenth of which is added. (B, C, H, W) -> the same."""

    def __init__(self, width: int):
        super().__init__()
        self.conv1, self.conv2 = conv(width, width), conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return torch.add(x, self.conv2(F.relu(self.conv1(x), inplace=True)), alpha=0.1)


class ConvTail(nn.Module):
    """Back to the size of the picture, adding the encoder's features on the way. All (B, C, H, W)."""

    def __init__(self, dims: tuple[int, ...]):
        super().__init__()
        first, second, third, fourth = dims
        half, whole = first // 4, first // 8
        widths = (fourth, fourth, third, second, first, half, whole)
        self.convd32x, self.convd16x, self.convd8x, self.convd4x, self.convd2x, self.convd1x = (
            double(cin, cout) for cin, cout in pairwise(widths)
        )
        self.dense_4, self.dense_3, self.dense_2, self.dense_1 = (nn.Sequential(Residual(w)) for w in widths[2:-1])
        self.conv_output = conv(whole, 3)  # in the authors' checkpoints, never used

    def forward(self, x: Tensor, levels: list[Tensor]) -> Tensor:
        first, second, third, fourth = levels
        x = self.convd32x(x)[:, :, : fourth.shape[2], : fourth.shape[3]] + fourth  # odd sides were rounded up
        x = self.dense_4(self.convd16x(x)) + third
        x = self.dense_3(self.convd8x(x)) + second
        x = self.dense_2(self.convd4x(x)) + first
        return self.convd1x(self.dense_1(self.convd2x(x)))


class TransWeather(nn.Module):
    """Weather removal (Valanarasu et al. 2022): (B, 3, H, W) in [0, 1] -> the same; the last layer is a tanh.

    The authors' settings are the defaults (38,052,078 parameters); names and shapes are theirs, so their checkpoints
    load. It is open whether they train with dropout or stochastic depth; here there is neither, and training computes
    the same as evaluation.

    Args:
        dims: channels at 1/4, 1/8, 1/16 and 1/32 of the size; the tail has a quarter and an eighth of the first at 1/2
            and at full size.
        depths: blocks at each of these sizes.
        heads: attention heads at each.
        mlp_ratio: hidden channels of the perceptrons, in multiples of their input.
        decoder_depth: blocks of the decoder.
        decoder_heads: attention heads of the decoder.
        normalize: whether the net works on [-1, 1]; False: input and output are not shifted.

    Raises:
        ValueError: channels that the heads cannot share; when called, pictures of another shape, or with a side under
            32 pixels.

    Example:
        >>> import torch
        >>> from pearl_core.derain.transweather import TransWeather
        >>> net = TransWeather((8, 8, 8, 8), (1, 1, 1, 1), (1, 1, 1, 1), decoder_depth=1, decoder_heads=1)
        >>> net(torch.rand(1, 3, 64, 64)).shape
        torch.Size([1, 3, 64, 64])
    """

    # (derained, target) -> scalar, a term of the loss; a function, as a module would be stored and trained with the net
    perceptual: Callable[[Tensor, Tensor], Tensor] | None = None

    def __init__(
        self,
        dims: tuple[int, int, int, int] = (64, 128, 320, 512),
        depths: tuple[int, int, int, int] = (2, 2, 2, 2),
        heads: tuple[int, int, int, int] = (1, 2, 4, 4),
        mlp_ratio: int = 2,
        decoder_depth: int = 3,
        decoder_heads: int = 8,
        *,
        normalize: bool = True,
    ):
        super().__init__()
        self.normalize = normalize
        self.Tenc = Encoder(dims, depths, heads, mlp_ratio)
        self.Tdec = Decoder(dims[-1], decoder_depth, decoder_heads)
        self.convtail = ConvTail(dims)
        self.clean = conv(dims[0] // 8, 3)

    def forward(self, rainy: Tensor) -> Tensor:
        check_pictures(rainy)
        height, width = rainy.shape[2:]
        step = 32 if min(height, width) > SMALLEST else 64  # so that the smaller patches of stage 3 exist
        x = pad_to_grid(rainy, step)
        levels = self.Tenc((2 * x - 1 if self.normalize else x).permute(0, 2, 3, 1))
        tasks, *levels = (features.permute(0, 3, 1, 2) for features in (self.Tdec(levels[-1]), *levels))
        x = self.clean(self.convtail(tasks, levels))[:, :, :height, :width]
        x = torch.tanh(x.to(torch.promote_types(x.dtype, torch.float32)))  # the 8 bits of bfloat16 are too few here
        return (x + 1) / 2 if self.normalize else x

    def estimates(self, rainy: Tensor) -> tuple[Tensor]:
        """The estimates that training compares with the clean picture: here the output alone."""
        return (self(rainy),)

    def loss(self, rainy: Tensor, target: Tensor) -> Tensor:
        """Smooth L1 in [0, 1] (the authors' scale is open), plus 0.04 of the perceptual term if there is one."""
        (derained,) = self.estimates(rainy)
        with torch.autocast(rainy.device.type, enabled=False):
            pair = derained.float(), target.float()
            loss = F.smooth_l1_loss(*pair)
            return loss if self.perceptual is None else loss + PERCEPTUAL * self.perceptual(*pair)


def learn_with(net: TransWeather, weights: Mapping[str, Tensor]) -> None:
    """Give the training loss the perceptual term of the paper, with features of a VGG-16 of these weights."""
    net.perceptual = perceptual(weights)


def facts(digest: str | None) -> dict:
    """What a trained net's card says of the perceptual term."""
    return {"perceptual": {"weight": PERCEPTUAL, "vgg": digest} if digest else "off"}


VGG = File(learn_with, "a VGG-16 trained on ImageNet, for the perceptual term of the training loss", facts=facts)
DERAINERS.add("transweather", Network(TransWeather, "TransWeather", "derain", {"vgg": VGG}))

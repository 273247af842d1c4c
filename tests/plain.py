"""The derain nets as their papers draw them: one call per layer, nothing shared or joined, for comparison.

Every function takes the state dictionary of a net in the authors' names and settings, and (B, 3, H, W) in [0, 1] with
sides that need no padding. They know nothing of `pearl_core`, so they also check it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

Weights = Mapping[str, Tensor]
Features = Sequence[Tensor]  # at full, half and quarter size


def conv(w: Weights, name: str, x: Tensor, dilation: int = 1, **how: int) -> Tensor:
    """The convolution of that name; it keeps the size unless told otherwise."""
    weight = w[f"{name}.weight"]
    how = {"padding": dilation * (weight.shape[-1] // 2), "dilation": dilation} | how
    return F.conv2d(x, weight, w.get(f"{name}.bias"), **how)


def linear(w: Weights, name: str, x: Tensor) -> Tensor:
    return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


# ---- PReNet ----


def prenet(w: Weights, rainy: Tensor, passes: int = 6) -> Tensor:
    estimate, hidden, cell = rainy, None, None
    for _ in range(passes):
        x = torch.relu(conv(w, "conv0.0", torch.cat([rainy, estimate], 1)))
        if hidden is None:
            hidden = cell = torch.zeros_like(x)
        both = torch.cat([x, hidden], 1)
        let, forget, out = (torch.sigmoid(conv(w, f"conv_{gate}.0", both)) for gate in "ifo")
        cell = forget * cell + let * torch.tanh(conv(w, "conv_g.0", both))
        x = hidden = out * torch.tanh(cell)
        for k in range(1, 6):
            inner = torch.relu(conv(w, f"res_conv{k}.0", x))
            x = torch.relu(x + torch.relu(conv(w, f"res_conv{k}.2", inner)))
        estimate = rainy + conv(w, "conv.0", x)
    return estimate


# ---- RESCAN ----


def rescan(w: Weights, rainy: Tensor, stages: int = 4, dilations: tuple[int, ...] = (1, 1, 2, 4, 8)) -> Tensor:
    derained, memory = rainy, [None] * len(dilations)
    for _ in range(stages):
        x = derained
        for k, dilation in enumerate(dilations):
            x = gated(w, f"rnns.{k}", x, memory[k], dilation)
            x = memory[k] = F.leaky_relu(excited(w, f"rnns.{k}.se", x), 0.2)
        x = F.leaky_relu(excited(w, "dec.1", conv(w, "dec.0", x)), 0.2)
        derained = rainy - conv(w, "dec.3", x)
    return derained


def gated(w: Weights, name: str, x: Tensor, hidden: Tensor | None, dilation: int) -> Tensor:
    """A GRU of convolutions: only those that look at the picture are dilated."""
    seen = {gate: conv(w, f"{name}.conv_x{gate}", x, dilation) for gate in "zrn"}
    if hidden is None:
        return torch.sigmoid(seen["z"]) * torch.tanh(seen["n"])
    update, reset = (torch.sigmoid(seen[gate] + conv(w, f"{name}.conv_h{gate}", hidden)) for gate in "zr")
    new = torch.tanh(seen["n"] + conv(w, f"{name}.conv_hn", reset * hidden))
    return (1 - update) * hidden + update * new


def excited(w: Weights, name: str, x: Tensor) -> Tensor:
    inner = torch.relu(linear(w, f"{name}.fc.0", x.mean((2, 3))))
    scale = torch.sigmoid(linear(w, f"{name}.fc.2", inner))
    return x * scale[:, :, None, None]


# ---- MPRNet ----


def mprnet(w: Weights, rainy: Tensor) -> Tensor:
    """Quarters, then halves, then the whole picture; the last of the three estimates."""
    halves = rainy.chunk(2, 2)
    stages: list[tuple[Features, Features, Tensor]] = []  # encoded, decoded and supervised features of each half
    for half in halves:
        quarters = [encoder(w, "stage1_encoder", shallow(w, 1, quarter)) for quarter in half.chunk(2, 3)]
        encoded = [torch.cat(sides, 3) for sides in zip(*quarters, strict=True)]
        decoded = decoder(w, "stage1_decoder", encoded)
        stages.append((encoded, decoded, supervised(w, "sam12", decoded[0], half)))
    again = []
    for half, (encoded, decoded, features) in zip(halves, stages, strict=True):
        x = conv(w, "concat12", torch.cat([shallow(w, 2, half), features], 1))
        again.append(encoder(w, "stage2_encoder", x, encoded, decoded))
    encoded = [torch.cat(sides, 2) for sides in zip(*again, strict=True)]
    decoded = decoder(w, "stage2_decoder", encoded)
    features = supervised(w, "sam23", decoded[0], rainy)
    x = conv(w, "concat23", torch.cat([shallow(w, 3, rainy), features], 1))
    for k in range(3):
        x = original_size(w, f"stage3_orsnet.orb{k + 1}", x)
        for side, given in (("enc", encoded[k]), ("dec", decoded[k])):
            for step in range(k):
                given = up(w, f"stage3_orsnet.up_{side}{k}" + (f".{step}" if k == 2 else ""), given)
            x = x + conv(w, f"stage3_orsnet.conv_{side}{k + 1}", given)
    return conv(w, "tail", x) + rainy


def shallow(w: Weights, stage: int, x: Tensor) -> Tensor:
    return attended(w, f"shallow_feat{stage}.1", conv(w, f"shallow_feat{stage}.0", x))


def attended(w: Weights, name: str, x: Tensor) -> Tensor:
    """A residual block with channel attention."""
    body = F.prelu(conv(w, f"{name}.body.0", x), w[f"{name}.body.1.weight"])
    body = conv(w, f"{name}.body.2", body)
    inner = torch.relu(conv(w, f"{name}.CA.conv_du.0", body.mean((2, 3), keepdim=True)))
    return x + body * torch.sigmoid(conv(w, f"{name}.CA.conv_du.2", inner))


def pair(w: Weights, name: str, x: Tensor) -> Tensor:
    return attended(w, f"{name}.1", attended(w, f"{name}.0", x))


def resized(x: Tensor, factor: float) -> Tensor:
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


def up(w: Weights, name: str, x: Tensor) -> Tensor:
    return conv(w, f"{name}.up.1", resized(x, 2))


def encoder(w: Weights, name: str, x: Tensor, encoded: Features = (), decoded: Features = ()) -> Features:
    """Three sizes; `encoded` and `decoded` are those of the stage before."""
    levels = []
    for level in (1, 2, 3):
        if level > 1:
            x = conv(w, f"{name}.down{level - 1}{level}.down.1", resized(x, 0.5))
        x = pair(w, f"{name}.encoder_level{level}", x)
        if encoded:
            x = x + conv(w, f"{name}.csff_enc{level}", encoded[level - 1])
            x = x + conv(w, f"{name}.csff_dec{level}", decoded[level - 1])
        levels.append(x)
    return levels


def decoder(w: Weights, name: str, encoded: Features) -> Features:
    levels = [pair(w, f"{name}.decoder_level3", encoded[2])]
    for level in (2, 1):
        skip = attended(w, f"{name}.skip_attn{level}", encoded[level - 1])
        x = up(w, f"{name}.up{level + 1}{level}", levels[0]) + skip
        levels.insert(0, pair(w, f"{name}.decoder_level{level}", x))
    return levels


def supervised(w: Weights, name: str, x: Tensor, rainy: Tensor) -> Tensor:
    """Attention by the stage's own estimate of the picture."""
    estimate = conv(w, f"{name}.conv2", x) + rainy
    return x + conv(w, f"{name}.conv1", x) * torch.sigmoid(conv(w, f"{name}.conv3", estimate))


def original_size(w: Weights, name: str, x: Tensor) -> Tensor:
    body = x
    for k in range(8):
        body = attended(w, f"{name}.body.{k}", body)
    return x + conv(w, f"{name}.body.8", body)


# ---- TransWeather; features are (B, H, W, C) until the tail ----


def transweather(w: Weights, rainy: Tensor) -> Tensor:
    x, inside, features = (2 * rainy - 1).permute(0, 2, 3, 1), None, []
    for stage, (heads, coarser) in enumerate(((1, 4), (2, 2), (4, 2), (4, 1)), 1):
        x = embedded(w, f"Tenc.patch_embed{stage}", x, 2 if stage > 1 else 4)
        x = x if inside is None else x + inside
        if stage < 4:  # the patches inside these patches go to the next stage
            inside = embedded(w, f"Tenc.mini_patch_embed{stage}", x, 2)
            inside = transformed(w, f"Tenc.patch_block{stage}.0", inside, heads, coarser)
            inside = normed(w, f"Tenc.pnorm{stage}", inside)
        for k in range(2):
            x = transformed(w, f"Tenc.block{stage}.{k}", x, heads, coarser)
        x = normed(w, f"Tenc.norm{stage}", x)
        features.append(x.permute(0, 3, 1, 2))
    x = embedded(w, "Tdec.patch_embed1", x, 2)
    for k in range(3):
        x = transformed(w, f"Tdec.block1.{k}", x, 8)
    x = normed(w, "Tdec.norm1", x).permute(0, 3, 1, 2)
    height, width = features[3].shape[2:]
    x = doubled(w, 32, x)[:, :, :height, :width] + features[3]
    for size, level in ((16, 4), (8, 3), (4, 2), (2, 1)):
        x = doubled(w, size, x)
        inner = torch.relu(conv(w, f"convtail.dense_{level}.0.conv1.conv2d", x))
        x = x + 0.1 * conv(w, f"convtail.dense_{level}.0.conv2.conv2d", inner)
        x = x + features[level - 2] if level > 1 else x
    return (1 + torch.tanh(conv(w, "clean.conv2d", doubled(w, 1, x)))) / 2


def doubled(w: Weights, size: int, x: Tensor) -> Tensor:
    name = f"convtail.convd{size}x.conv2d"
    return F.conv_transpose2d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride=2, padding=1)


def seen(w: Weights, name: str, x: Tensor, **how: int) -> Tensor:
    return conv(w, name, x.permute(0, 3, 1, 2), **how).permute(0, 2, 3, 1)


def normed(w: Weights, name: str, x: Tensor, eps: float = 1e-6) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], eps)


def embedded(w: Weights, name: str, x: Tensor, stride: int) -> Tensor:
    return normed(w, f"{name}.norm", seen(w, f"{name}.proj", x, stride=stride), 1e-5)


def transformed(w: Weights, name: str, x: Tensor, heads: int, coarser: int = 1) -> Tensor:
    """Attention, then two layers with a convolution per channel between them; each adds to what it saw."""
    x = x + asked(w, f"{name}.attn", normed(w, f"{name}.norm1", x), heads, coarser)
    inner = linear(w, f"{name}.mlp.fc1", normed(w, f"{name}.norm2", x))
    inner = F.gelu(seen(w, f"{name}.mlp.dwconv.dwconv", inner, groups=inner.shape[-1]))
    return x + linear(w, f"{name}.mlp.fc2", inner)


def asked(w: Weights, name: str, x: Tensor, heads: int, coarser: int) -> Tensor:
    """Attention of all places, or of the task's queries where there are some, to a coarser map."""
    query, places = x.flatten(1, 2), x
    if f"{name}.task_query" in w:
        query = F.interpolate(w[f"{name}.task_query"].mT, query.shape[1]).mT.expand(len(x), -1, -1)
    if coarser > 1:
        places = normed(w, f"{name}.norm", seen(w, f"{name}.sr", x, stride=coarser, padding=0), 1e-5)
    three = (linear(w, f"{name}.q", query), *linear(w, f"{name}.kv", places.flatten(1, 2)).chunk(2, 2))
    query, key, value = (y.unflatten(2, (heads, -1)).transpose(1, 2) for y in three)
    scores = (query @ key.mT / query.shape[3] ** 0.5).softmax(-1)
    return linear(w, f"{name}.proj", (scores @ value).transpose(1, 2).reshape(x.shape))


PLAIN: dict[str, Callable[[Weights, Tensor], Tensor]] = {
    "prenet": prenet,
    "rescan": rescan,
    "mprnet": mprnet,
    "transweather": transweather,
}

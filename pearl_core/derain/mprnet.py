"""MPRNet: first quarters, then halves, then the whole picture (Zamir et al. 2021)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from ..layers import check_pictures, means, pad_to_grid
from ..networks import DERAINERS, Network

GRID = 8  # pixels: half a picture is halved twice more
REDUCTION = 4  # of the channels inside the channel attention


def conv(cin: int, cout: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(cin, cout, kernel, padding=kernel // 2, bias=False)


class OneSlope(nn.PReLU):
    """PReLU with one slope. On a CPU it is computed as leaky ReLU, whose gradient costs a twentieth."""

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu":  # reading the slope would wait for the device
            return super().forward(x)
        return LeakyRelu.apply(x, self.weight) if self.weight.requires_grad else F.leaky_relu(x, self.weight.item())


class LeakyRelu(torch.autograd.Function):
    """Leaky ReLU with a gradient for its slope, the one element of `weight`."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return F.leaky_relu(x, weight.item())

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        to_weight = (grad * x.clamp(max=0)).sum(dtype=weight.dtype).reshape(1)
        return torch.ops.aten.leaky_relu_backward(grad, x, weight.item(), False), to_weight


class ChannelAttention(nn.Module):
    """A factor in (0, 1) per image and channel, (B, C, 1, 1), from the means of all channels."""

    def __init__(self, channels: int):
        super().__init__()
        inner = channels // REDUCTION
        self.conv_du = nn.Sequential(conv(channels, inner, 1), nn.ReLU(), conv(inner, channels, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_du(means(x)[..., None, None])


class CAB(nn.Module):
    """Channel attention block: x + attention * two convolutions of x."""

    checkpoint = False  # store the input alone, and compute the rest again in the backward pass

    def __init__(self, channels: int, act: OneSlope):
        super().__init__()
        self.CA = ChannelAttention(channels)
        self.body = nn.Sequential(conv(channels, channels), act, conv(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        if self.checkpoint and torch.is_grad_enabled():
            return checkpoint(self.block, x, use_reentrant=False, preserve_rng_state=False)
        return self.block(x)

    def block(self, x: Tensor) -> Tensor:
        change = self.body(x)
        return change * self.CA(change) + x


class Down(nn.Module):
    """Half the size (bilinear, which is the mean of four pixels), then more channels."""

    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.down = nn.Sequential(nn.AvgPool2d(2), conv(cin, cout, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.down(x)


class Up(nn.Module):
    """Twice the size (bilinear), then fewer channels."""

    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.up = nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), conv(cin, cout, 1))

    def forward(self, x: Tensor) -> Tensor:
        return twice(thin(x, self))  # the two commute, and this order is cheaper


def thin(x: Tensor, *ups: Up) -> Tensor:
    """The channels after `ups`, the size as it is."""
    for up in ups:
        x = up.up[1](x)
    return x


def twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def cabs(channels: int, act: OneSlope, count: int = 2) -> nn.Sequential:
    return nn.Sequential(*(CAB(channels, act) for _ in range(count)))


class Encoder(nn.Module):
    """Three levels of features at 1, 1/2 and 1/4 of the size. `fuse` adds those of the U-Net before."""

    def __init__(self, widths: list[int], act: OneSlope, fuse: bool = False):
        super().__init__()
        self.encoder_level1, self.encoder_level2, self.encoder_level3 = (cabs(width, act) for width in widths)
        self.down12, self.down23 = Down(widths[0], widths[1]), Down(widths[1], widths[2])
        if fuse:
            self.csff_enc1, self.csff_enc2, self.csff_enc3 = (conv(width, width, 1) for width in widths)
            self.csff_dec1, self.csff_dec2, self.csff_dec3 = (conv(width, width, 1) for width in widths)

    def forward(self, x: Tensor, before: tuple[list[Tensor], list[Tensor]] | None = None) -> list[Tensor]:
        features = []
        for level in (1, 2, 3):
            if level > 1:
                x = getattr(self, f"down{level - 1}{level}")(x)
            x = getattr(self, f"encoder_level{level}")(x)
            if before is not None:
                encoded, decoded = (levels[level - 1] for levels in before)
                x = x + (getattr(self, f"csff_enc{level}")(encoded) + getattr(self, f"csff_dec{level}")(decoded))
            features.append(x)
        return features


class Decoder(nn.Module):
    """The decoder of the U-Net, with the encoder's features through attention blocks; the same three levels."""

    def __init__(self, widths: list[int], act: OneSlope):
        super().__init__()
        self.decoder_level1, self.decoder_level2, self.decoder_level3 = (cabs(width, act) for width in widths)
        self.skip_attn1, self.skip_attn2 = CAB(widths[0], act), CAB(widths[1], act)
        self.up21, self.up32 = Up(widths[1], widths[0]), Up(widths[2], widths[1])

    def forward(self, encoded: list[Tensor]) -> list[Tensor]:
        third = self.decoder_level3(encoded[2])
        second = self.decoder_level2(self.up32(third) + self.skip_attn2(encoded[1]))
        first = self.decoder_level1(self.up21(second) + self.skip_attn1(encoded[0]))
        return [first, second, third]


class SAM(nn.Module):
    """Supervised attention: features give a derained picture, which decides which features are passed on."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = conv(channels, channels, 1), conv(channels, 3, 1), conv(3, channels, 1)

    def forward(self, x: Tensor, rainy: Tensor) -> tuple[Tensor, Tensor]:
        derained = self.conv2(x) + rainy
        return self.conv1(x) * torch.sigmoid(self.conv3(derained)) + x, derained


class ORB(nn.Module):
    """Original-resolution block: x + attention blocks and a convolution of x."""

    def __init__(self, channels: int, act: OneSlope, blocks: int):
        super().__init__()
        self.body = nn.Sequential(*cabs(channels, act, blocks), conv(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + x


class ORSNet(nn.Module):
    """Original-resolution subnetwork: three blocks, each followed by one level of the stage before."""

    def __init__(self, channels: int, widths: list[int], act: OneSlope, blocks: int):
        super().__init__()
        first, second, third = widths
        self.orb1, self.orb2, self.orb3 = (ORB(channels, act, blocks) for _ in range(3))
        self.up_enc1, self.up_dec1 = Up(second, first), Up(second, first)
        self.up_enc2, self.up_dec2 = (nn.Sequential(Up(third, second), Up(second, first)) for _ in range(2))
        self.conv_enc1, self.conv_enc2, self.conv_enc3 = (conv(first, channels, 1) for _ in range(3))
        self.conv_dec1, self.conv_dec2, self.conv_dec3 = (conv(first, channels, 1) for _ in range(3))

    def forward(self, x: Tensor, encoded: list[Tensor], decoded: list[Tensor]) -> Tensor:
        x = self.orb1(x) + (self.conv_enc1(encoded[0]) + self.conv_dec1(decoded[0]))
        # enlarged last, and once for both: it commutes with all 1x1 convolutions
        half = self.conv_enc2(thin(encoded[1], self.up_enc1)) + self.conv_dec2(thin(decoded[1], self.up_dec1))
        quarter = self.conv_enc3(thin(encoded[2], *self.up_enc2)) + self.conv_dec3(thin(decoded[2], *self.up_dec2))
        return self.orb3(self.orb2(x) + twice(half)) + twice(twice(quarter))


class MPRNet(nn.Module):
    """Multi-stage progressive restoration (Zamir et al. 2021): (B, 3, H, W) in [0, 1] -> the same, not clamped.

    Stages 1 and 2 are U-Nets on the four quarters and the two halves of the picture; stage 3 keeps the full resolution.
    Each gives a picture, and its features to the next. The authors' settings are the defaults (3,637,249 parameters);
    names and shapes are theirs, so their checkpoints load (in which 55 names are the same slope).

    Args:
        width: channels at full resolution.
        step: how many more at each lower level of the U-Nets.
        full_step: how many more in stage 3.
        blocks: attention blocks in each of the three parts of stage 3.
        checkpoint: whether the backward pass computes features again: less memory, more time.

    Raises:
        ValueError: impossible settings; when called, pictures of another shape, or with a side under 32 pixels.

    Example:
        >>> import torch
        >>> from pearl_core.derain.mprnet import MPRNet
        >>> MPRNet(width=4, step=1, full_step=1, blocks=1)(torch.rand(1, 3, 32, 40)).shape
        torch.Size([1, 3, 32, 40])
    """

    def __init__(
        self, width: int = 40, step: int = 20, full_step: int = 16, blocks: int = 8, *, checkpoint: bool = False
    ):
        super().__init__()
        if width < REDUCTION or step < 0 or full_step < 0 or blocks < 1:
            got = f"got {width}, {step}, {full_step}, {blocks}"
            raise ValueError(f"wanted width, step, full_step, blocks of at least {REDUCTION}, 0, 0, 1, {got}")
        act, widths = OneSlope(), [width, width + step, width + 2 * step]
        self.shallow_feat1, self.shallow_feat2, self.shallow_feat3 = (
            nn.Sequential(conv(3, width), CAB(width, act)) for _ in range(3)
        )
        self.stage1_encoder, self.stage1_decoder = Encoder(widths, act), Decoder(widths, act)
        self.stage2_encoder, self.stage2_decoder = Encoder(widths, act, fuse=True), Decoder(widths, act)
        self.stage3_orsnet = ORSNet(width + full_step, widths, act, blocks)
        self.sam12, self.sam23 = SAM(width), SAM(width)
        self.concat12, self.concat23 = conv(2 * width, width), conv(2 * width, width + full_step)
        self.tail = conv(width + full_step, 3)
        self.checkpoint = checkpoint

    @property
    def checkpoint(self) -> bool:
        return self.shallow_feat1[1].checkpoint

    @checkpoint.setter
    def checkpoint(self, wanted: bool) -> None:
        for block in self.modules():
            if isinstance(block, CAB):
                block.checkpoint = wanted

    def forward(self, rainy: Tensor) -> Tensor:
        return self.estimates(rainy)[-1]

    def estimates(self, rainy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The derained picture of every stage, each (B, 3, H, W), the final one last."""
        check_pictures(rainy)
        padded = pad_to_grid(rainy, GRID)
        whole = padded.contiguous(memory_format=torch.channels_last)  # this layout is a quarter faster on a CPU
        halves = split(whole, 2)  # (2 B, 3, H / 2, W)
        quarters = self.stage1_encoder(self.shallow_feat1(split(halves, 3)))  # (4 B, C, H / 2, W / 2) and smaller
        encoded = [join(level, 3) for level in quarters]
        decoded = self.stage1_decoder(encoded)
        attended, first = self.sam12(decoded[0], halves)
        x = self.concat12(torch.cat([self.shallow_feat2(halves), attended], 1))
        encoded = [join(level, 2) for level in self.stage2_encoder(x, (encoded, decoded))]  # (B, C, H, W)
        decoded = self.stage2_decoder(encoded)
        attended, second = self.sam23(decoded[0], whole)
        x = self.concat23(torch.cat([self.shallow_feat3(whole), attended], 1))
        third = padded + self.tail(self.stage3_orsnet(x, encoded, decoded))
        return tuple(made[..., : rainy.shape[2], : rainy.shape[3]] for made in (join(first, 2), second, third))

    def loss(self, rainy: Tensor, target: Tensor) -> Tensor:
        """The authors' training loss, Charbonnier + 0.05 * edge loss, summed over the stages. In float32."""
        estimates = self.estimates(rainy)
        with torch.autocast(rainy.device.type, enabled=False):
            errors = [estimate.float() - target.float() for estimate in estimates]
            return sum(charbonnier(error) + 0.05 * charbonnier(edges(error)) for error in errors)


def split(x: Tensor, dim: int) -> Tensor:
    """The halves of x along `dim`, stacked in the batch."""
    return torch.cat(x.chunk(2, dim))


def join(x: Tensor, dim: int) -> Tensor:
    """The inverse of `split`."""
    return torch.cat(x.chunk(2), dim)


def charbonnier(error: Tensor, eps: float = 1e-3) -> Tensor:
    """The mean of sqrt(error^2 + eps^2): a mean absolute error that is smooth at zero, where it is eps."""
    return (error.square() + eps**2).sqrt().mean()


def edges(x: Tensor) -> Tensor:
    """The picture minus a smooth copy, which is made of every second pixel of its blurred copy. Linear in x."""
    sparse = torch.zeros_like(x[0, 0])  # (H, W)
    sparse[::2, ::2] = 4
    return x - blurred(blurred(x) * sparse)


def blurred(x: Tensor) -> Tensor:
    """5 x 5 binomial blur of every channel, the border repeated."""
    kernel, channels = x.new_tensor([0.05, 0.25, 0.4, 0.25, 0.05]), x.shape[1]
    x = F.pad(x.contiguous(memory_format=torch.channels_last), (2, 2, 2, 2), mode="replicate")
    across, down = kernel.expand(channels, 1, 1, 5), kernel[:, None].expand(channels, 1, 5, 1)
    return F.conv2d(F.conv2d(x, across, groups=channels), down, groups=channels)


DERAINERS.add("mprnet", Network(MPRNet, "MPRNet", "derain"))

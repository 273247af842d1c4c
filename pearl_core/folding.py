"""Batch norms folded into the convolutions before them: the same function, in fewer passes over memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TOLERANCE = 1e-3  # of the largest output: rounding stays far below it, a wrong pair far above


def folded(model: nn.Module, images: Tensor) -> nn.Module:
    """A frozen copy of the model without the batch norms that directly follow a convolution; `model` is untouched.

    Which ones do is seen in one forward pass over `images`; another shows whether the copy is still the same function.
    Where it is not (something else reads such a convolution too), the copy that is returned has its batch norms.
    """
    copy = frozen_copy(model)
    foldable, before = pairs(copy, images)
    for conv, norm in foldable:
        copy.set_submodule(conv, fuse_conv_bn_eval(copy.get_submodule(conv), copy.get_submodule(norm)))
        copy.set_submodule(norm, nn.Identity())
    with torch.no_grad():
        after = list(tensors(copy(images)))
    same = len(before) == len(after) and all(map(close, before, after))
    return copy if same else frozen_copy(model)


def frozen_copy(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose parameters ask for no gradient."""
    return deepcopy(model).eval().requires_grad_(False)


def pairs(model: nn.Module, images: Tensor) -> tuple[list[tuple[str, str]], list[Tensor]]:
    """Names (convolution, batch norm), each called once, the one on the very output of the other; and the output."""
    made: dict[int, tuple[str, int, Tensor]] = {}  # holds the tensors, so that no two have one id
    calls: list[str] = []
    followed: list[tuple[str, str]] = []

    def leave(name: str):
        def hook(module, inputs, output):
            calls.append(name)
            made[id(output)] = name, output._version, output  # the version moves when it is written to

        return hook

    def enter(name: str):
        def hook(module, inputs):
            calls.append(name)
            conv, version, _ = made.get(id(inputs[0]), (None, None, None))
            if conv is not None and version == inputs[0]._version and module.running_mean is not None:
                followed.append((conv, name))

        return hook

    hooks = []
    for name, module in model.named_modules():
        if type(module) is nn.Conv2d:  # not one whose weight is computed anew at every call
            hooks.append(module.register_forward_hook(leave(name)))
        elif type(module) is nn.BatchNorm2d:
            hooks.append(module.register_forward_pre_hook(enter(name)))
    with torch.no_grad():
        output = model(images)
    for hook in hooks:
        hook.remove()
    return [pair for pair in followed if all(calls.count(name) == 1 for name in pair)], list(tensors(output))


def tensors(answer: Any) -> Iterator[Tensor]:
    """The tensors in a model's answer, whatever holds them."""
    if isinstance(answer, Tensor):
        yield answer
    elif isinstance(answer, tuple | list):
        yield from chain.from_iterable(map(tensors, answer))
    else:
        inner = answer if isinstance(answer, Mapping) else getattr(answer, "__dict__", {})
        yield from chain.from_iterable(map(tensors, inner.values()))


def close(before: Tensor, after: Tensor) -> bool:
    """Whether two outputs of the model are the same but for rounding; never, where they are not finite."""
    return bool((before - after).abs().max() <= TOLERANCE * before.abs().max())

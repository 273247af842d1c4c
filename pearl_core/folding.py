"""Batch norms folded into the convolutions before them: the same function, computed faster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TOLERANCE = 1e-3  # of the largest output: rounding changes far less than that, a wrongly folded layer far more


def folded(model: nn.Module, images: Tensor) -> nn.Module:
    """A frozen copy of the model without the batch norms that directly follow a convolution.

    One forward pass over `images` finds these batch norms, another checks that the copy computes the same. If it does
    not (another layer reads such a convolution too), the copy keeps its batch norms.

    Args:
        model: any model; it stays as it is.
        images: pictures (B, 3, H, W) to check on.

    Returns:
        The copy, in evaluation mode; its parameters ask for no gradient.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.folding import folded
        >>> net, sample = toy()
        >>> folded(net, sample.rainy).segment.layer1[0].bn1
        Identity()
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
    """A copy in evaluation mode whose parameters ask for no gradient.

    Args:
        model: any model; it stays as it is.

    Returns:
        The copy.

    Example:
        >>> import torch
        >>> from pearl_core.folding import frozen_copy
        >>> frozen_copy(torch.nn.Linear(1, 1)).weight.requires_grad
        False
    """
    return deepcopy(model).eval().requires_grad_(False)


def pairs(model: nn.Module, images: Tensor) -> tuple[list[tuple[str, str]], list[Tensor]]:
    """Which batch norm can be folded into which convolution: it reads exactly its output, and both are called once.

    Args:
        model: any model, in evaluation mode.
        images: pictures (B, 3, H, W).

    Returns:
        Pairs of names (convolution, batch norm), and the tensors of the model's answer.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.folding import pairs
        >>> net, sample = toy()
        >>> pairs(net, sample.rainy)[0][0]
        ('segment.layer0.0', 'segment.layer0.1')
    """
    made: dict[int, tuple[str, int, Tensor]] = {}  # holds the tensors, so that no two of them get the same id
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
        if type(module) is nn.Conv2d:  # no subclass, which may compute its weight anew at every call
            hooks.append(module.register_forward_hook(leave(name)))
        elif type(module) is nn.BatchNorm2d:
            hooks.append(module.register_forward_pre_hook(enter(name)))
    with torch.no_grad():
        output = model(images)
    for hook in hooks:
        hook.remove()
    return [pair for pair in followed if all(calls.count(name) == 1 for name in pair)], list(tensors(output))


def tensors(answer: Any) -> Iterator[Tensor]:
    """All tensors in a model's answer, of any structure.

    Args:
        answer: a tensor, or a tuple, list, mapping or object of answers.

    Returns:
        An iterator over the tensors.

    Example:
        >>> import torch
        >>> from pearl_core.folding import tensors
        >>> [tensor.item() for tensor in tensors({"out": torch.tensor(1), "aux": [torch.tensor(2)]})]
        [1, 2]
    """
    if isinstance(answer, Tensor):
        yield answer
    elif isinstance(answer, tuple | list):
        yield from chain.from_iterable(map(tensors, answer))
    else:
        inner = answer if isinstance(answer, Mapping) else getattr(answer, "__dict__", {})
        yield from chain.from_iterable(map(tensors, inner.values()))


def close(before: Tensor, after: Tensor) -> bool:
    """Whether two outputs of a model are the same except for rounding.

    Args:
        before: any tensor.
        after: the tensor to compare with it.

    Returns:
        False if any value is not finite.

    Example:
        >>> import torch
        >>> from pearl_core.folding import close
        >>> close(torch.ones(2), torch.ones(2) + 1e-6), close(torch.ones(2), torch.zeros(2))
        (True, False)
    """
    return bool((before - after).abs().max() <= TOLERANCE * before.abs().max())

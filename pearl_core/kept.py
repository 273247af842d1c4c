"""Folded copies of networks, kept for the next attack while a network and its weights stay the same.

An attack in low precision works on a folded copy, and folding costs as much as several gradients. A copy is used again
if every module is the same object with the same settings and every weight has the same value. Values are compared, not
version counters, because a change of `parameter.data` does not change the counter.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock
from types import BuiltinFunctionType, FunctionType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .folding import folded

BLANK = frozenset(vars(nn.Module()))  # what every module has
HOOKS = tuple(sorted(key for key in BLANK if "hook" in key))
SIMPLE = (type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device, torch.memory_format, type)

_kept: dict[int, Kept] = {}  # by the model's id; an entry is deleted together with its model
_lock = RLock()


class Unknown(Exception):
    """A model holds a setting whose changes cannot be seen, so no copy of it is kept."""


class State(NamedTuple):
    """Everything that decides what a model computes."""

    modules: list[nn.Module]
    settings: list[tuple]  # of each module: its name, class and attributes
    tensors: list[tuple[str, Tensor]]


@dataclass(frozen=True)
class Kept:
    """A copy, and the state of its model when it was made."""

    modules: list[weakref.ref[nn.Module]]
    settings: list[tuple]
    tensors: list[tuple[str, Tensor]]
    pictures: tuple  # shape and device of the pictures on which the folding was checked
    copy: nn.Module

    def fits(self, state: State, pictures: tuple) -> bool:
        return (
            self.pictures == pictures
            and self.settings == state.settings
            and all(held() is module for held, module in zip(self.modules, state.modules, strict=True))
            and [name for name, _ in self.tensors] == [name for name, _ in state.tensors]
            and all(alike(a, b) for (_, a), (_, b) in zip(self.tensors, state.tensors, strict=True))
        )


def folded_copy(model: nn.Module, images: Tensor) -> nn.Module:
    """A folded, channels-last copy of the model for one attack; hooks of the model run on it, also later ones.

    Copies of the same model share their weights. The kept copy is deleted together with the model. Threads may call it
    at the same time.

    Args:
        model: any model; it stays as it is.
        images: pictures (B, 3, H, W) to check the folding on.

    Returns:
        The copy, in evaluation mode, frozen.

    Raises:
        TypeError, RuntimeError: the model cannot be copied.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.kept import folded_copy
        >>> net, sample = toy()
        >>> first, second = (folded_copy(net, sample.rainy) for _ in range(2))
        >>> first.segment.cls[0].weight is second.segment.cls[0].weight
        True
    """
    with _lock:
        try:
            state = state_of(model)
        except Unknown:
            return made(model, images)
        pictures = images.shape[1:], images.device
        held = _kept.get(id(model))
        if held is None or not held.fits(state, pictures):
            held = None  # so that its memory is free before the next copy is made
            _kept.pop(id(model), None)
            held = keep(model, state, images)
        return twin(held.copy, model, {})


def made(model: nn.Module, images: Tensor) -> nn.Module:
    return folded(model, images[:1]).to(memory_format=torch.channels_last)


def keep(model: nn.Module, state: State, images: Tensor) -> Kept:
    copy = made(model, images)
    for module in copy.modules():  # a hook may refer to its model, which would then never be deleted
        vars(module).update({key: vars(nn.Module())[key] for key in HOOKS})
    held = Kept(
        [weakref.ref(module) for module in state.modules],
        state.settings,
        [(name, value.detach().clone()) for name, value in state.tensors],
        (images.shape[1:], images.device),
        copy,
    )
    _kept[id(model)] = held
    weakref.finalize(model, _kept.pop, id(model), None).atexit = False
    return held


def twin(copy: nn.Module, model: nn.Module, done: dict[int, nn.Module]) -> nn.Module:
    """A module with the tensors of `copy` and the hooks of `model`, which has submodules of the same names."""
    if id(copy) in done:
        return done[id(copy)]
    module = done[id(copy)] = copy.__new__(type(copy))
    vars(module).update(vars(copy) | {key: dict(vars(copy)[key]) for key in ("_parameters", "_buffers")})
    vars(module).update({key: vars(model)[key] for key in HOOKS})
    children = copy._modules.items()
    vars(module)["_modules"] = {
        name: child if child is None else twin(child, model._modules[name], done) for name, child in children
    }
    return module


def state_of(model: nn.Module) -> State:
    """Everything that decides what the model computes. Raises Unknown for settings that cannot be compared."""
    named = list(model.named_modules(remove_duplicate=False))
    settings = [(name, type(module), attributes(module)) for name, module in named]
    tensors = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    return State([module for _, module in named], settings, tensors)


def attributes(module: nn.Module) -> tuple:
    """The attributes of a module other than tensors and modules, in a form that can be compared."""
    if type(module) in (nn.Conv2d, nn.BatchNorm2d) and any(vars(module)[key] for key in HOOKS):
        raise Unknown  # such hooks change what can be folded
    return tuple((key, plain(value)) for key, value in vars(module).items() if key not in BLANK)


def plain(value: Any) -> Any:
    """A value with its type, so that 1, 1.0 and True differ. Raises Unknown for values that may change in place."""
    if isinstance(value, SIMPLE):
        return type(value), value
    if isinstance(value, list | tuple):
        return type(value), tuple(map(plain, value))
    if isinstance(value, dict):
        return dict, tuple((plain(key), plain(inner)) for key, inner in value.items())
    if isinstance(value, BuiltinFunctionType) or (isinstance(value, FunctionType) and not value.__closure__):
        return Callable, value
    raise Unknown


def alike(a: Tensor, b: Tensor) -> bool:
    return a.dtype == b.dtype and a.device == b.device and torch.equal(a, b)

"""Reads weights saved by other people, in several formats, as tensors by name. No code in a file is ever executed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors.torch import load as parse
from torch import Tensor

PREFIX = "module."  # of a net saved from within DataParallel


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file or of one that `torch.save` wrote, alone or as one entry among others.

    Errors: FileNotFoundError; ValueError for anything else than weights, in one line.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file of weights at {path}")
    state = parsed(path.read_bytes(), path) if path.suffix == ".safetensors" else state_in(unpacked(path), path)
    bare = {name.removeprefix(PREFIX): tensor for name, tensor in state.items()}
    if len(bare) < len(state):
        raise ValueError(f"{path}: wanted every name once, got some with and without {PREFIX!r}")
    return bare


def parsed(data: bytes, path: Path) -> dict[str, Tensor]:
    try:
        state = parse(data)
    except Exception as error:  # a KeyError for numbers of a kind that torch does not know
        raise ValueError(f"{path} is not a safetensors file, or is damaged: {error}") from None
    return of_numbers(state, path)


def of_numbers(state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The tensors, if each holds plain numbers that a network can take. Errors: ValueError that names the first."""
    for name, tensor in state.items():
        if kind := other_kind(tensor):
            raise ValueError(f"{path}: wanted plain numbers for {name}, got a {kind} tensor")
    return state


def other_kind(tensor: Tensor) -> str:
    """What a tensor is that holds no plain numbers; empty of one that does."""
    small = tensor.dtype.is_floating_point and tensor.dtype.itemsize < 2  # torch cannot calculate in eight bits
    kinds = {
        "meta": tensor.is_meta,  # of a shape alone
        "quantised": tensor.is_quantized,
        "nested": tensor.is_nested,
        "sparse": tensor.layout is not torch.strided,
        "complex": tensor.is_complex(),
        str(tensor.dtype).removeprefix("torch."): small,
    }
    return next((kind for kind, so in kinds.items() if so), "")


def unpacked(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises anything from KeyError to UnpicklingError on files of other kinds
        raise ValueError(f"{path} holds no plain weights, or is damaged{reason(error)}") from None


def reason(error: Exception) -> str:
    """What torch says is wrong with a file, in brackets; nothing where it goes on with how to run what is in it."""
    words = " ".join(str(error).split()[:12])
    return "" if not words or "weights only" in words.lower() else f" ({words})"


def state_in(contents: object, path: Path) -> dict[str, Tensor]:
    """The state dictionary: its entries if they are tensors, else the only entry that is a dictionary of tensors."""
    states = [
        value for value in (contents, *(contents.values() if isinstance(contents, dict) else ())) if is_state(value)
    ]
    if len(states) != 1:
        got = ", ".join(map(str, contents)) if isinstance(contents, dict) else type(contents).__name__
        raise ValueError(
            f"{path}: wanted one state dictionary of tensors, got {len(states)} in {got[:200] or 'nothing'}"
        )
    return of_numbers(states[0], path)


def is_state(value: object) -> bool:
    """Whether that is a dictionary of tensors by name."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(name, str) and isinstance(part, Tensor) for name, part in value.items())
    )


def digest(path: Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()

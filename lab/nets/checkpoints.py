"""Reads weights saved by other people, in several formats, as tensors by name. No code in a file is ever executed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
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
    if path.suffix == ".safetensors":
        state = parsed(path.read_bytes(), path)
    else:
        state = state_in(unpacked(path), path)
    return {name.removeprefix(PREFIX): tensor for name, tensor in state.items()}


def parsed(data: bytes, path: Path) -> dict[str, Tensor]:
    try:
        return parse(data)
    except SafetensorError as error:
        raise ValueError(f"{path} is not a safetensors file, or is damaged: {error}") from None


def unpacked(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises anything from KeyError to UnpicklingError on files of other kinds
        reason = " ".join(str(error).split()[:12])
        raise ValueError(f"{path} holds no plain weights, or is damaged ({reason})") from None


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
    return states[0]


def is_state(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(part, Tensor) for part in value.values())


def digest(path: Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()

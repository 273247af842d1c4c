"""Where the lab trains nets and measures tables: on a CUDA device if there is one, unless it was told otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch import Tensor

from pearl_core.types import Sample, choose

DEVICES = ("auto", "cpu", "cuda")


def here() -> torch.device:
    """The device that PEARL_DEVICE names; "auto" is the default."""
    name = choose("device", os.environ.get("PEARL_DEVICE", "auto"), DEVICES)
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("wanted a CUDA device, got none that this PyTorch can use")
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False  # scores are float32
    return torch.device("cuda")


def facts() -> dict[str, str]:
    """What the device adds to the address of a result, as rounding differs. Nothing on a CPU: old rows stay valid."""
    return {} if here().type == "cpu" else {"device": here().type}


def moved(sample: Sample, device: torch.device) -> Sample:
    return Sample(*(there(part, device) for part in sample))


def there(part: object, device: torch.device) -> object:
    """A part of a sample, moved to that device if it is a tensor or several tensors; anything else as it is."""
    if isinstance(part, Tensor):
        return part.to(device)
    return type(part)(there(item, device) for item in part) if isinstance(part, list | tuple) else part


def moved_to(device: torch.device, samples: Callable[[int], Sample]) -> Callable[[int], Sample]:
    """The same samples, moved to that device."""
    return lambda step: moved(samples(step), device)

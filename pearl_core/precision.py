"""Which number format gradients may use. Scores are always float32."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from .kept import folded_copy
from .types import Output, choose

PRECISIONS = ("auto", "float32", "bfloat16")


def fast_dtype(device: str = "cpu") -> torch.dtype | None:
    """bfloat16 where this device multiplies it natively (AMX, AVX-512 BF16, Ampere); None where it would be slower."""
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    probes = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("amx_tile", "avx512_bf16"))
    return torch.bfloat16 if device == "cpu" and any(probe and probe() for probe in probes) else None


def resolve(precision: str, device: str = "cpu") -> torch.dtype | None:
    """The dtype of the gradients for a precision by name; None leaves the model as it is: float32."""
    choose("precision", precision, PRECISIONS)
    return {"auto": fast_dtype(device), "float32": None, "bfloat16": torch.bfloat16}[precision]


def lowered(model: nn.Module, images: Tensor, precision: str) -> Callable[[Tensor], Output]:
    """The model as gradients of `precision` see it. For scores take the model itself.

    What an attack decides on its way (which point it keeps, which image is finished) goes by these passes too.
    "float32" is the model itself. Otherwise it is a copy, folded and channels-last, under bfloat16 autocast, kept for
    the next attack on the same weights; weights that change later do not reach it. "auto" takes it where the hardware
    is fast at it, and else says that it did not.
    Models of another format than float32 stay as they are.
    """
    dtype = resolve(precision, images.device.type)
    if dtype is None and precision == "auto":
        warnings.warn(f"no fast bfloat16 on this {images.device.type}: gradients stay float32", stacklevel=2)
    if dtype is None or images.dtype != torch.float32:
        return model
    try:
        copy = folded_copy(model, images)
    except torch.cuda.OutOfMemoryError:  # a RuntimeError, too, but none of the model
        raise
    except (TypeError, RuntimeError) as error:  # what deepcopy says of weight norms of the old kind, locks, files
        warnings.warn(f"this model cannot be copied: gradients stay float32 ({error})", stacklevel=2)
        return model

    def call(images: Tensor) -> Output:
        with torch.autocast(images.device.type, dtype):
            output = copy(images.contiguous(memory_format=torch.channels_last))
        return Output(*(None if part is None else part.to(images.dtype) for part in output))  # losses are float32

    return call

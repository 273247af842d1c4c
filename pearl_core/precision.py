"""Which number format gradients may use. Scores are always float32."""

from __future__ import annotations

import torch

from .types import choose

PRECISIONS = ("auto", "float32", "bfloat16")


def fast_dtype() -> torch.dtype | None:
    """bfloat16 where this CPU multiplies it natively (AMX, AVX-512 BF16), or a GPU; None where it would be slower."""
    if torch.cuda.is_available():
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else None
    capable = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if capable else None


def resolve(precision: str) -> torch.dtype | None:
    """The autocast dtype for a precision by name; None is float32."""
    choose("precision", precision, PRECISIONS)
    return {"auto": fast_dtype(), "float32": None, "bfloat16": torch.bfloat16}[precision]

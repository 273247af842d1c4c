"""Which number format gradients may use. Scores are always float32."""

from __future__ import annotations

import torch

from .types import choose

PRECISIONS = ("auto", "float32", "bfloat16")


def fast_dtype() -> torch.dtype | None:
    """bfloat16 where this CPU multiplies it natively (AMX or AVX-512 BF16); None where it would be slower."""
    probes = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("amx_tile", "avx512_bf16"))
    return torch.bfloat16 if any(probe and probe() for probe in probes) else None


def resolve(precision: str) -> torch.dtype | None:
    """The autocast dtype for a precision by name; None is float32."""
    choose("precision", precision, PRECISIONS)
    return {"auto": fast_dtype(), "float32": None, "bfloat16": torch.bfloat16}[precision]

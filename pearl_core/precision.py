"""The number format in which gradients are computed. Scores are always float32."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from .adapters import Adapted, adapted
from .kept import folded_copy
from .types import Output, choose

PRECISIONS = ("auto", "float32", "bfloat16")


def fast_dtype(device: str = "cpu") -> torch.dtype | None:
    """The number format that this device multiplies fastest.

    Args:
        device: "cpu" or "cuda".

    Returns:
        bfloat16 where the hardware multiplies it natively (AMX, AVX-512 BF16, Ampere); None where it would be slower.

    Example:
        >>> import torch
        >>> from pearl_core.precision import fast_dtype
        >>> fast_dtype() in (None, torch.bfloat16)
        True
    """
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    probes = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("amx_tile", "avx512_bf16"))
    return torch.bfloat16 if device == "cpu" and any(probe and probe() for probe in probes) else None


def resolve(precision: str, device: str = "cpu") -> torch.dtype | None:
    """The number format of the gradients for a precision by name.

    Args:
        precision: "float32", "bfloat16", or "auto": bfloat16 where it is fast.
        device: "cpu" or "cuda".

    Returns:
        The format; None for float32, which leaves the model as it is.

    Raises:
        ValueError: an unknown precision.

    Example:
        >>> from pearl_core.precision import resolve
        >>> resolve("bfloat16"), resolve("float32")
        (torch.bfloat16, None)
    """
    choose("precision", precision, PRECISIONS)
    return {"auto": fast_dtype(device), "float32": None, "bfloat16": torch.bfloat16}[precision]


def lowered(model: Callable, images: Tensor, precision: str) -> Callable[[Tensor], Output]:
    """The model as the gradients of an attack see it. For scores take the model itself.

    These passes also decide which point an attack keeps and which image is finished. "auto" warns if bfloat16 is not
    fast here. Models in another format than float32 stay as they are.

    Args:
        model: any model, see `adapters`.
        images: the images to attack; their format and device count.
        precision: "float32" is the model itself, adapted. "bfloat16" is a copy with its batch norms folded into the
            convolutions, under autocast; later changes of the weights do not change it. The copy is kept for the next
            attack on the same weights. "auto" is bfloat16 if the hardware is fast at it, else float32.

    Returns:
        images (B, 3, H, W) -> `Output` in float32.

    Raises:
        ValueError: an unknown precision.

    Example:
        >>> from pearl_core.examples import toy
        >>> from pearl_core.precision import lowered
        >>> net, sample = toy()
        >>> lowered(net, sample.rainy, "bfloat16")(sample.rainy).logits.dtype
        torch.float32
        >>> lowered(net, sample.rainy, "float32") is net
        True
    """
    model, dtype = adapted(model), resolve(precision, images.device.type)
    if dtype is None and precision == "auto":
        warnings.warn(f"no fast bfloat16 on this {images.device.type}: gradients stay float32", stacklevel=2)
    if dtype is None or images.dtype != torch.float32:
        return model
    try:
        copy = folded_copy(model.model if isinstance(model, Adapted) else model, images)
    except torch.cuda.OutOfMemoryError:  # a RuntimeError too, but not the model's fault
        raise
    except (TypeError, RuntimeError) as error:  # from deepcopy: weight norms of the old kind, locks, files
        warnings.warn(f"this model cannot be copied: gradients stay float32 ({error})", stacklevel=2)
        return model

    def call(images: Tensor) -> Output:
        with torch.autocast(images.device.type, dtype):
            output = copy(images.contiguous(memory_format=torch.channels_last))
        output = model.read(output, images) if isinstance(model, Adapted) else output
        return Output(*(None if part is None else part.to(images.dtype) for part in output))  # losses are float32

    return call

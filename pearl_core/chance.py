"""Random numbers that depend on (seed, picture, step) alone, also inside a model; global random states do not change.

So the numbers of a picture do not depend on its batch, and two runs with the same seed are equal.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from .adapters import adapted
from .pipeline import frozen
from .types import Output

_lock = RLock()  # the global random states belong to all threads: one random model at a time


def key_of(key: Tensor | str, seed: int | str) -> int:
    """A number of 63 bits that only the seed and a key decide.

    Args:
        key: the pixels of a picture, or its name.
        seed: a number, or at most 64 bytes of text.

    Returns:
        A seed for one picture.

    Example:
        >>> from pearl_core.chance import key_of
        >>> key_of("frankfurt_000", seed=0) == key_of("frankfurt_000", seed=1)
        False
    """
    values = key.encode() if isinstance(key, str) else key.detach().cpu().contiguous().numpy().tobytes()
    return int.from_bytes(hashlib.blake2b(values, key=str(seed).encode(), digest_size=8).digest(), "little") >> 1


def uniform_like(images: Tensor, seed: int, keys: Sequence[str] | None = None) -> Tensor:
    """Numbers uniform in [0, 1), for each picture its own: the same in any batch.

    Args:
        images: pictures (B, ...).
        seed: decides the numbers, together with the picture.
        keys: a name for each picture, which counts in place of its pixels.

    Returns:
        Numbers of the shape, format and device of `images`.

    Example:
        >>> import torch
        >>> from pearl_core.chance import uniform_like
        >>> images = torch.rand(2, 3, 4, 4)
        >>> torch.equal(uniform_like(images, 0)[1:], uniform_like(images[1:], 0))
        True
    """
    rows = []
    for image, key in zip(images.detach().cpu(), keys or [None] * len(images), strict=True):
        generator = torch.Generator().manual_seed(key_of(image if key is None else key, seed))
        rows.append(torch.rand(image.shape, generator=generator, dtype=image.dtype))
    return torch.stack(rows).to(images.device)


class Steady:
    """Calls a model; if it draws random numbers, picture by picture, each with the random numbers of its own seed.

    A model that draws none is called once for the whole batch. Generators that a model holds itself are not controlled.

    Example:
        >>> import torch
        >>> from pearl_core.chance import Steady
        >>> from pearl_core.types import Output
        >>> noisy = lambda images: Output(images + torch.rand_like(images), None)
        >>> images = torch.rand(2, 3, 4, 4)
        >>> first, again = (Steady()(noisy, images, lambda: [1, 2]).derained for _ in range(2))
        >>> torch.equal(first, again)
        True
    """

    def __init__(self):
        self.random = False  # whether the model was seen to draw

    def __call__(self, call: Callable[[Tensor], Output], images: Tensor, seeds: Callable[[], Sequence[int]]) -> Output:
        """The model's answer.

        Args:
            call: images (B, 3, H, W) -> `Output`.
            images: the batch (B, 3, H, W).
            seeds: () -> a seed for each picture; called only for a model that draws random numbers.

        Returns:
            The `Output` of the whole batch.
        """
        if not self.random:
            before = States.now(images.device)
            output = call(images)
            if States.now(images.device) == before or not draws(call, images):  # another thread may have drawn
                return output
            before.put_back(images.device)
            self.random = True
        answers = []
        for image, seed in zip(images.split(1), seeds(), strict=True):
            with drawing(seed, images.device):
                answers.append(call(image))
        return stacked(answers)


class States(NamedTuple):
    """The global random states that a model may draw from."""

    python: tuple
    numpy: tuple
    torch: bytes
    device: bytes

    @classmethod
    def now(cls, device: torch.device) -> States:
        name, values, *rest = np.random.get_state()
        own = torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.empty(0, dtype=torch.uint8)
        states = (bytes(state.numpy()) for state in (torch.get_rng_state(), own))
        return cls(random.getstate(), (name, values.tobytes(), *rest), *states)

    def put_back(self, device: torch.device) -> None:
        name, values, *rest = self.numpy
        random.setstate(self.python)
        np.random.set_state((name, np.frombuffer(values, np.uint32), *rest))
        torch.set_rng_state(tensor_of(self.torch))
        if device.type == "cuda":
            torch.cuda.set_rng_state(tensor_of(self.device), device)


def tensor_of(state: bytes) -> Tensor:
    return torch.frombuffer(bytearray(state), dtype=torch.uint8)


@contextmanager
def drawing(seed: int, device: torch.device) -> Iterator[None]:
    """Inside this context the global random states come from a seed; after it they are as they were.

    Args:
        seed: decides the random numbers of Python, numpy and torch.
        device: the device whose random state is set and restored too.

    Returns:
        The context.

    Example:
        >>> import torch
        >>> from pearl_core.chance import drawing
        >>> before = torch.get_rng_state()
        >>> with drawing(0, torch.device("cpu")):
        ...     noise = torch.rand(2)
        >>> torch.equal(torch.get_rng_state(), before)
        True
    """
    with _lock:
        before = States.now(device)
        try:
            torch.manual_seed(seed)
            np.random.seed(seed % 2**32)
            random.seed(seed)
            yield
        finally:
            before.put_back(device)


def stacked(answers: Sequence[Output]) -> Output:
    """The answers for single pictures joined to that of the batch: all first answers, all second answers, ..."""
    return Output(
        *(None if part[0] is None else torch.stack(part, 1).flatten(0, 1) for part in zip(*answers, strict=True))
    )


def draws(call: Callable[[Tensor], Output], images: Tensor) -> bool:
    """Whether the model draws random numbers from a global state."""
    before = random.getstate(), np.random.get_state()[1].tobytes()
    with Watch() as watch, torch.no_grad():
        call(images)
    return watch.drew or (random.getstate(), np.random.get_state()[1].tobytes()) != before


class Watch(TorchDispatchMode):
    """Sees whether an operation of this thread draws from torch's global state."""

    drew = False

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        options = options or {}
        self.drew |= torch.Tag.nondeterministic_seeded in operation.tags and options.get("generator") is None
        return operation(*arguments, **options)


def answer(
    model: Callable, images: Tensor, *, keys: Sequence[str] | None = None, seed: int = 0, part: str = "segment"
) -> Output:
    """The output of a model, for scores: in evaluation mode, without gradients, with fixed random numbers.

    Args:
        model: any model, see `adapters`.
        images: in [0, 1].
        keys: a name for each picture, which decides a random model's numbers; None: its pixels do.
        seed: decides them too.
        part: "derain" for a model that returns pictures.

    Returns:
        The `Output`.

    Example:
        >>> from pearl_core.chance import answer
        >>> from pearl_core.examples import toy
        >>> net, sample = toy()
        >>> answer(net, sample.rainy).logits.shape
        torch.Size([2, 3, 32, 40])
    """
    model, names = adapted(model, part=part), images if keys is None else keys
    with frozen(model), torch.no_grad():
        return Steady()(model, images, lambda: [key_of(name, seed) for name in names])

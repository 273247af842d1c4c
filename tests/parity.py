"""Networks against the authors' own classes: weights and inputs that follow from a rule, outputs as numbers on disk."""

from __future__ import annotations

import hashlib
import json
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

FIXTURES = Path(__file__).with_name("fixtures") / "parity"


def fixture(name: str) -> dict:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def value(name: str, shape: list[int], salt: str, gain: float) -> np.ndarray:
    """The filled value of one entry of the state dictionary, float32."""
    random = np.random.RandomState(zlib.crc32((salt + name).encode()) & 0xFFFFFFFF)
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, np.float32)
    v = random.standard_normal(size=shape)
    if name.endswith("running_var"):
        v = abs(v) * 0.5 + 0.5
    elif name.endswith("running_mean"):
        v = v * 0.1
    elif len(shape) >= 2:
        v = v * (gain / np.sqrt(np.prod(shape[1:])))
    elif len(shape) == 1 and name.endswith("weight"):
        v = 1 + 0.1 * v
    else:
        v = 0.1 * v
    return np.asarray(v, np.float32)


def filled(net: nn.Module, known: dict) -> nn.Module:
    """`net` with the fixture's weights, in float64 and evaluation mode. Names, shapes and digest are held."""
    wanted = {name: shape for name, shape, _ in known["state_dict"]}
    ours = net.state_dict()
    assert {name: list(entry.shape) for name, entry in ours.items()} == wanted
    weights, digest = {}, hashlib.sha256()
    for name, shape in wanted.items():  # in the order of the authors, which the digest follows
        filling = value(name, shape, **known["fill"])
        digest.update(np.ascontiguousarray(filling, "<f4").tobytes())
        weights[name] = torch.from_numpy(filling)
    assert digest.hexdigest() == known["state_sha256"]
    for names in known["shared_entries"]:  # one tensor, filled again and again: the last name decides
        assert len({ours[name].data_ptr() for name in names}) == 1, f"{names[0]} and others are one tensor"
        last = [name for name in wanted if name in names][-1]
        weights.update(dict.fromkeys(names, weights[last]))
    net.load_state_dict(weights)
    return net.double().eval()


def inputs(known: dict) -> list[Tensor]:
    """The fixture's inputs in float64; they were made in float32."""
    made = []
    for rule in known["inputs"]:
        x = np.random.RandomState(rule["seed"]).uniform(0, 1, size=rule["shape"]).astype(np.float32)
        x = x * np.float32(rule["multiplier"])
        assert hashlib.sha256(x.tobytes()).hexdigest() == rule["sha256"]
        made.append(torch.from_numpy(x).double())
    return made


def assert_agrees(output: Tensor, known: dict, name: str, relative: float = 1e-10) -> None:
    """The float64 output against the authors' float64 output at the probed places."""
    wanted = known["outputs"][name]
    assert list(output.shape) == wanted["shape"]
    theirs = torch.tensor(wanted["probe_value_float64"], dtype=torch.float64)
    ours = output.detach().flatten()[wanted["probe_index"]]
    worst = (ours - theirs).abs().max() / theirs.abs().max()
    assert worst < relative, f"{name} differs by {worst:.1e} of its largest value"

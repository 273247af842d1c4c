"""The bench of the derain nets: rows, limits, plain renderings that agree. What it times is nobody's test."""

import re
import sys
from functools import partial

import pytest
import torch

from lab.bench import derain as bench
from lab.bench.derain import PASSES, RECOMPUTING, Row, Version, made, pictures, reference
from lab.cli import main

SHAPE = 1, 3, 64, 96
PLAIN = reference()


@pytest.mark.parametrize("net", PLAIN)
def test_every_net_is_its_plain_rendering(net):
    images = pictures((2, *SHAPE[1:]))
    ours, plain = (PASSES["forward"](made(Version(net, how)), images) for how in ("ours", "plain"))
    assert ours.shape == images.shape
    assert (ours - plain).abs().max() < 1e-5
    assert (ours[0] - ours[1]).abs().max() > 1e-3, "constants would agree too"


@pytest.mark.parametrize("net", PLAIN)
def test_the_gradient_is_that_of_the_plain_rendering(net):
    """In float64: rounding turns a few ReLUs the other way."""
    ours = made(Version(net)).double()
    plain = partial(PLAIN[net], ours.state_dict())
    images = pictures((1, 3, 64, 64)).double()
    gradient, wanted = (PASSES["gradient"](model, images) for model in (ours, plain))
    assert (gradient - wanted).abs().max() < 1e-6 * wanted.abs().max()  # the loss is in float32


@pytest.mark.parametrize("net", RECOMPUTING)
def test_recomputing_changes_nothing_and_is_measured(net):
    assert made(Version(net, "checkpoint")).checkpoint and not made(Version(net)).checkpoint
    once, again = (PASSES["gradient"](made(Version(net, how)), pictures(SHAPE)) for how in ("ours", "checkpoint"))
    assert (once - again).abs().max() < 1e-6 * once.abs().max()


@pytest.fixture
def no_processes(monkeypatch):
    """Memory costs a fresh process each time; here the first of two versions needs 3 MiB and the second 4."""
    peaks = iter([3 * 2**20, 4 * 2**20] * 99)
    monkeypatch.setattr(bench, "fresh", lambda work, *arguments: next(peaks))


def test_the_table_has_its_rows_and_limits(no_processes, capsys):
    assert main(["bench", "derain", "--size", "64x64", "--repeats", "1", "--nets", "prenet", "rescan"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines if line.split()[0] in ("prenet", "rescan") and "/" in line.split()[1]]
    assert [row[:3] for row in rows] == [
        ["prenet", "ours/plain", "forward"],
        ["prenet", "ours/plain", "gradient"],
        ["rescan", "ours/plain", "forward"],
        ["rescan", "ours/plain", "gradient"],
        ["prenet", "checkpoint/ours", "gradient"],
    ]
    assert all(row[6:9] == ["3.0", "4.0", "0.750"] and float(row[9]) < 1e-5 for row in rows)
    assert [line.split(",")[1].split("  ")[0].strip() for line in lines if line.startswith("prenet gradient,")] == [
        "plain float32",
        "bfloat16 alone",
        "channels-last alone",
        "fused alone",
        "all three",
    ]
    assert sum("memory over the plain rendering: 0.750, at most 1.05: held" in line for line in lines) == 4
    assert "limit: prenet with checkpoint, memory over plain autograd: 0.750, at most 0.50: missed" in lines


def test_limits_are_worded_for_what_they_speak_of():
    ours, plain, again = Version("prenet"), Version("prenet", "plain"), Version("prenet", "checkpoint")
    assert bench.limits({(ours, plain, "forward"): Row(1.0, 2.0, 30, 20, 5e-6)}) == [
        "limit: prenet forward, time over the plain rendering: 0.500, at most 1.05: held",
        "limit: prenet forward, memory over the plain rendering: 1.500, at most 1.05: missed",
        "limit: prenet, difference from the plain rendering in 1e-05: 0.500, at most 1.00: held",
    ]
    assert bench.limits({(again, ours, "gradient"): Row(1.6, 1.0, 30, 100, 0.0)}) == [
        "limit: prenet with checkpoint, memory over plain autograd: 0.300, at most 0.50: held",
        "limit: prenet with checkpoint, time over plain autograd: 1.600, at most 1.50: missed",
    ]


@pytest.mark.parametrize(("dtype", "words"), [(torch.bfloat16, "at most 0.67: held"), (None, "no fast bfloat16")])
def test_the_limit_of_bfloat16_is_for_machines_that_have_it(monkeypatch, dtype, words):
    monkeypatch.setattr(bench, "fast_dtype", lambda: dtype)
    (line,) = bench.speed_limit({"plain float32": 3.0, "all three": 1.5})
    assert words in line
    assert bench.speed_limit({}) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--nets", "prunet"], "unknown net 'prunet'; choose one of .*prenet"),
        (["--size", "512"], "wanted a size WIDTHxHEIGHT of multiples of 32 from 64 up, .* got '512'"),
        (["--size", "100x64"], "got '100x64'"),
        (["--size", "32x64"], "got '32x64'"),
        (["--repeats", "0"], "1 repeat or more, got 1 and 0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line(capsys, options, words):
    assert main(["bench", "derain", *options]) == 2
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert re.search(words, text)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
@pytest.mark.slow  # a fresh process each
def test_recomputing_takes_less_memory():
    once, again = (bench.fresh(bench.peak, Version("prenet", how), "gradient", SHAPE) for how in ("ours", "checkpoint"))
    assert again < 0.5 * once

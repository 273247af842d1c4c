"""Metrics by hand-made examples, by their laws, and against the reference numbers on real rain."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pearl_core.metrics import METRICS, STATISTICS, class_iou, observe_all, psnr, round8, ssim, to_luma, trunc8
from pearl_core.types import VOID, Output, Sample

DATA, SLOW = os.environ.get("PEARL_DATA"), os.environ.get("PEARL_SLOW") == "1"
needs_data = pytest.mark.skipif(not DATA, reason="PEARL_DATA is not set: no real rain to compare with")


def batch(images=4, classes=3, size=(24, 20), seed=0):
    g = torch.Generator().manual_seed(seed)
    clean, derained = torch.rand(2, images, 3, *size, generator=g)
    labels = torch.randint(classes, (images, *size), generator=g)
    labels[torch.rand(labels.shape, generator=g) < 0.1] = VOID
    return Output(derained, torch.randn(images, classes, *size, generator=g)), Sample(derained, clean, labels)


def says(predicted, labels, classes):
    """An output whose largest logit is at `predicted` (B, H, W), beside its sample."""
    predicted, labels = torch.tensor(predicted), torch.tensor(labels)
    logits = torch.nn.functional.one_hot(predicted, classes).movedim(-1, 1).float()
    picture = torch.zeros(len(labels), 3, *labels.shape[1:])
    return Output(picture, logits), Sample(picture, picture, labels)


def test_confusion_by_hand():
    # class 3 occurs nowhere; class 2 is predicted once and never labelled; the void pixel was predicted 1
    output, sample = says([[[0, 0, 1], [1, 2, 1]]], [[[0, 1, 1], [1, 0, VOID]]], classes=4)
    counts = observe_all(output, sample, ["mIoU"])["confusion"]
    assert counts.dtype == np.int64
    assert counts.tolist() == [[[1, 2, 2], [2, 2, 3], [0, 1, 0], [0, 0, 0]]]
    assert class_iou(counts[0])[:3] == pytest.approx([100 / 3, 200 / 3, 0]) and np.isnan(class_iou(counts[0])[3])
    assert METRICS["mIoU"].reduce(counts) == pytest.approx(100 / 3)
    assert METRICS["mAcc"].reduce(counts) == pytest.approx(100 * (1 / 2 + 2 / 3) / 2)
    assert METRICS["allAcc"].reduce(counts) == pytest.approx(60)


def test_pooled_is_not_the_mean_of_images():
    output, sample = says([[[0, 0, 0, 0]], [[0, 1, 1, 1]]], [[[0, 0, 0, 0]], [[0, 0, 0, 1]]], classes=2)
    counts = observe_all(output, sample, ["mIoU"])["confusion"]
    assert METRICS["mIoU"].reduce(counts) == pytest.approx(100 * (5 / 7 + 1 / 3) / 2)


def test_only_void_is_undefined_not_zero():
    output, sample = says([[[0, 1]]], [[[VOID, VOID]]], classes=2)
    counts = observe_all(output, sample, ["mIoU"])["confusion"]
    assert counts.sum() == 0
    assert all(np.isnan(METRICS[name].reduce(counts)) for name in ("mIoU", "mAcc", "allAcc"))


@pytest.mark.parametrize("name", METRICS)
def test_shards_pool_to_the_whole_exactly(name):
    output, sample = batch()
    metric = METRICS[name]
    whole = observe_all(output, sample, [name])[metric.statistic]
    shards = []
    for part in (slice(0, 1), slice(1, 4)):
        shard = observe_all(Output(*(t[part] for t in output)), Sample(*(t[part] for t in sample[:3])), [name])
        shards.append(shard[metric.statistic])
    joined = np.concatenate(shards)
    np.testing.assert_allclose(joined, whole, rtol=1e-12, atol=0)  # a convolution may sum in another order
    if metric.statistic == "confusion":
        assert metric.reduce(joined) == metric.reduce(whole)


def test_a_shared_statistic_is_kept_once():
    output, sample = batch()
    seen = observe_all(output, sample, METRICS)
    assert set(seen) == set(STATISTICS)
    assert METRICS["mIoU"].observe is METRICS["mAcc"].observe is METRICS["allAcc"].observe
    assert all(len(values) == 4 and values.dtype in (np.int64, np.float64) for values in seen.values())


@pytest.mark.parametrize("label", [3, -1, 254])
def test_a_label_outside_the_classes_is_refused(label):
    output, sample = batch()
    sample.labels[1, 2, 3] = label
    with pytest.raises(ValueError, match=rf"^labels must lie in 0\.\.2 or be 255 \(void\); got {label}$"):
        observe_all(output, sample, ["mIoU"])


def test_errors_name_what_came():
    output, sample = batch()
    with pytest.raises(ValueError, match=r"unknown metric 'miou'; choose one of .*mIoU"):
        observe_all(output, sample, ["miou"])
    with pytest.raises(ValueError, match="wanted a sample with labels"):
        observe_all(output, sample._replace(labels=None), ["mIoU"])
    with pytest.raises(ValueError, match=r"\(4, 3, 24, 20\).*\(4, 12, 10\)"):
        observe_all(output, sample._replace(labels=sample.labels[:, ::2, ::2]), ["mIoU"])
    with pytest.raises(ValueError, match="one shape"):
        psnr(output.derained, sample.clean[:, :1])
    with pytest.raises(ValueError, match="11x11; got 10x20"):
        ssim(output.derained[:, :, :10], sample.clean[:, :, :10])
    with pytest.raises(ValueError, match="over 24 pixels; got 24x20"):
        psnr(output.derained, sample.clean, shave=12)
    with pytest.raises(ValueError, match="unknown border 'same'"):
        ssim(output.derained, sample.clean, border="same")
    with pytest.raises(ValueError, match="mIoU needs at least one image"):
        METRICS["mIoU"].reduce(np.zeros((0, 3, 3)))


def test_psnr_by_hand():
    clean = torch.full((2, 3, 16, 16), 0.5)
    off = clean + torch.tensor([0.1, 0.01]).view(2, 1, 1, 1)
    assert psnr(off, clean).tolist() == pytest.approx([20, 40], abs=1e-4)
    # a grey step of 0.1 is 0.1 * 219 / 255 in luma
    assert psnr(off, clean, luma=True)[0].item() == pytest.approx(20 - 20 * np.log10(219 / 255), abs=1e-4)


def test_identical_pictures_give_inf_and_so_does_their_mean():
    _, sample = batch()
    assert torch.isposinf(psnr(sample.clean, sample.clean)).all()
    assert METRICS["PSNR"].reduce(np.array([20.0, np.inf])) == np.inf


def test_a_broken_picture_is_not_hidden():
    output, sample = batch()
    output.derained[0, 0, 0, 0] = float("nan")
    values = observe_all(output, sample, ["PSNR", "SSIM"])
    assert np.isnan(METRICS["PSNR"].reduce(values["psnr"])) and np.isnan(METRICS["SSIM"].reduce(values["ssim"]))


@pytest.mark.parametrize("border", ["valid", "zeropad"])
@pytest.mark.parametrize("luma", [False, True])
def test_ssim_of_identical_is_one(border, luma):
    _, sample = batch()
    for picture in (sample.clean, torch.zeros_like(sample.clean), torch.ones_like(sample.clean)):
        assert ssim(picture, picture, luma=luma, border=border).tolist() == pytest.approx([1] * 4, abs=1e-12)


def test_ssim_of_flat_pictures_by_hand():
    x, y = torch.full((1, 3, 16, 16), 0.25), torch.full((1, 3, 16, 16), 0.5)
    assert ssim(x, y).item() == pytest.approx((2 * 0.125 + 1e-4) / (0.0625 + 0.25 + 1e-4), abs=1e-12)


def test_ssim_window_by_its_definition():
    """The one window of an 11x11 picture, weighed by the two-dimensional Gaussian."""
    output, sample = batch(images=1, size=(11, 11))
    x, y = (t[0].double().numpy() for t in (output.derained, sample.clean))  # (3, 11, 11)
    i = np.arange(11) - 5
    w = np.exp(-(i[:, None] ** 2 + i**2) / (2 * 1.5**2))
    mean = lambda z: (w / w.sum() * z).sum((1, 2))  # noqa: E731
    mx, my = mean(x), mean(y)
    spread = lambda a, b: mean((a - mean(a)[:, None, None]) * (b - mean(b)[:, None, None]))  # noqa: E731
    structure = (2 * spread(x, y) + 9e-4) / (spread(x, x) + spread(y, y) + 9e-4)
    expected = ((2 * mx * my + 1e-4) / (mx**2 + my**2 + 1e-4) * structure).mean()
    assert ssim(output.derained, sample.clean).item() == pytest.approx(expected, abs=1e-12)


def test_values_outside_the_range_are_clamped():
    output, sample = batch()
    wild = 3 * output.derained - 1
    for measure in (psnr, ssim):
        assert torch.equal(measure(wild, sample.clean), measure(wild.clamp(0, 1), sample.clean))


def test_rounding():
    x = torch.tensor([-1, 0.4 / 255, 0.6 / 255, 1.7])
    assert (255 * round8(x)).tolist() == pytest.approx([0, 0, 1, 255])
    assert (255 * trunc8(x)).tolist() == pytest.approx([0, 0, 0, 255])
    levels = torch.arange(256).float() / 255
    assert torch.equal(round8(levels), levels) and torch.equal(trunc8(levels), levels)  # a saved picture stays itself


def test_luma_ends():
    ends = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 1, 1).double()
    assert (255 * to_luma(ends)).flatten().tolist() == pytest.approx([16, 235])


def picture(path: Path) -> torch.Tensor:
    """(1, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).movedim(-1, 0)[None].float() / 255


def reference() -> dict[int, dict[str, float]]:
    """Number in the file name -> reference values of this Rain100H pair.

    In the file, `image` is that number for every score of an output. But the two `input_*` columns were written
    in alphabetical order of all 100 names (1, 10, 100, 11, ...), so row 2 holds the input values of pair 10.
    They are put right here; a pair beyond the 50 rows of that order (6 to 9) has none.
    """
    rows = json.loads((Path(DATA) / "rain100h" / "reference_prenet.json").read_text())["per_image"]
    alphabetical = sorted(range(1, 101), key=str)
    inputs = ("input_psnr_rgb", "input_ssim_rgb")
    values = {row["image"]: {key: row[key] for key in row if key not in inputs} for row in rows}
    for row in rows:
        owner = values.get(alphabetical[row["image"] - 1], {})  # pairs 51 to 53 and 100 are not on this disk
        owner |= {key: row[key] for key in inputs}
    return values


def pair(number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(rainy, clean) of Rain100H, each (1, 3, H, W)."""
    folder = Path(DATA) / "rain100h"
    return picture(folder / "rain" / f"norain-{number}.webp"), picture(folder / "norain" / f"norain-{number}.webp")


@needs_data
def test_rainy_input_matches_the_reference():
    """Eight pairs; every one on this disk with PEARL_SLOW=1."""
    known = {number: row for number, row in reference().items() if "input_psnr_rgb" in row}
    assert len(known) == 46
    for number in list(known)[: None if SLOW else 8]:
        rainy, clean = pair(number)
        assert psnr(rainy, clean).item() == pytest.approx(known[number]["input_psnr_rgb"], abs=5e-4), number
        assert ssim(rainy, clean).item() == pytest.approx(known[number]["input_ssim_rgb"], abs=5e-4), number

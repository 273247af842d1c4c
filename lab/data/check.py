"""What `python -m lab data check NAME` prints: what is there, whether it reads, what is in it, also twice."""

from __future__ import annotations

import os
from collections import Counter

import numpy as np

from lab.data import files, leaks, reader
from lab.data.alike import Pictures, thumbnail
from lab.data.base import Dataset
from lab.system.progress import bar

BUILT_IN = 50  # built-in pictures looked at: they cannot be broken on the disk
SIZES = 5  # sizes named: VOC has hundreds


def check(name: str, data_root: str | os.PathLike | None = None) -> str:
    """A report, one line per fact. Where pictures are missing or broken: ValueError, one line per fault."""
    how = reader(name)
    root = None if how.built_in else files.locate(name, data_root)
    report, faults, looked_at = [f"{name}: {'built in' if root is None else root}"], [], []
    present = [split for split in how.splits if how.holds(root, split)]
    for split in present or [how.default_split]:
        try:
            data = how.open(root, split, None if root else how.size, None if root else BUILT_IN)
        except (ValueError, FileNotFoundError) as error:
            faults.append(str(error))
            continue
        lines, broken, pictures = _look(data)
        report += [*lines, *(f"  note: {remark}" for remark in how.remarks(root, split))]
        report += leaks.within(pictures, how.film)
        faults += broken
        looked_at.append(pictures)
    if faults:
        raise ValueError("\n".join(faults))
    report += [f"{split}: not there" for split in how.splits if split not in present]
    across, leaking = leaks.across(looked_at, how.parts, how.film)
    return "\n".join([*report, *across, "all of it reads" + (leaks.WARNING if leaking else "")])


def _look(data: Dataset) -> tuple[list[str], list[str], Pictures]:
    """Decodes every picture of a split. Returns the lines of the report, the faults, and the pictures as thumbnails."""
    sizes, pixels, errors, thumbnails = Counter(), np.zeros(256, np.int64), [], {}
    for i in bar(range(len(data)), what=f"{data.name} {data.split}", unit="picture", leave=False):
        try:
            picture = data[i]
        except (ValueError, FileNotFoundError) as error:
            errors.append(str(error))
            continue
        sizes[picture.clean.shape[:2]] += 1
        thumbnails[picture.key] = thumbnail(picture.clean)
        if picture.labels is not None:
            pixels += np.bincount(picture.labels.ravel(), minlength=256)
    kinds = ", ".join(f"{count} of {h}x{w}" for (h, w), count in sizes.most_common(SIZES))
    if len(sizes) > SIZES:
        rest = sizes.total() - sum(count for _, count in sizes.most_common(SIZES))
        kinds += f", {rest} of {len(sizes) - SIZES} other sizes"
    lines = [f"{data.split}: {len(data)} pictures (H x W): {kinds}"]
    if pixels.any():
        lines.append("  share of pixels in %: " + ", ".join(f"{k} {v:.2f}" for k, v in _shares(data, pixels).items()))
    fault = f"{data.split}: {len(errors)} of {len(data)} pictures cannot be used: {files.few(errors, sep='; ')}"
    return lines, [fault] if errors else [], Pictures.of(data.split, thumbnails)


def _shares(data: Dataset, pixels: np.ndarray) -> dict[str, float]:
    numbers = {name: pixels[i] for i, name in enumerate(data.classes)} | {"void": pixels[data.ignore]}
    return {name: 100 * number / pixels.sum() for name, number in numbers.items()}

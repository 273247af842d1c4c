"""The downloads of a view: numbers, pictures, the setting, and the command that computes them again."""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from lab.data import uploads
from lab.system import disk, draw
from lab.view import panels
from lab.view.view import View
from pearl_core import SCIENCE
from pearl_core.metrics import METRICS


def numbers(view: View) -> pd.DataFrame:
    """The numbers of a view, one row each, under attack and without."""
    agreement = {} if view.labelled else {name: meant[0] for name, meant in panels.AGREEMENT.items()}
    rows = [(agreement.get(n, n), METRICS[n].unit, view.metrics[n], view.unattacked_metrics[n]) for n in view.metrics]
    frame = pd.DataFrame(rows, columns=["metric", "unit", "attacked", "unattacked"])
    with np.errstate(invalid="ignore"):  # of two infinite ones
        return frame.assign(change=frame.attacked - frame.unattacked)


def class_numbers(view: View) -> pd.DataFrame:
    """IoU of every class in this picture, in %."""
    frame = pd.DataFrame({"class": view.classes, "attacked": view.ious, "unattacked": view.unattacked_ious})
    return frame.dropna(subset=["attacked", "unattacked"], how="all")


def trajectory_numbers(view: View) -> pd.DataFrame:
    """Every point of the attack that is known: gradients spent, loss, accuracy (agreement) of the nets under attack."""
    return (
        pd.DataFrame(view.points, columns=["part", "gradients", "loss", view.held]).rename_axis("point").reset_index()
    )


def pictures(view: View) -> dict[str, np.ndarray]:
    """Everything that is drawn of a view, by file name, (H, W, 3) uint8.

    The attacked picture is rounded towards the rainy one, so that it stays in the ball as far as 8 bits allow.
    """
    painted = {file_name(panel.title): panels.painted(panel, view.palette) for panel in panels.rows(view)}
    return painted | {"attacked": draw.eight_bit(view.attacked, view.rainy)}


def file_name(title: str) -> str:
    """'|rainy − clean|' as 'rainy-clean'."""
    words = "".join(c if c.isalnum() else " " for c in title.lower()).split()
    return "-".join(words)


def look_command(view: View, data_root: str | None = None) -> str:
    """The command that computes the files of `files` again, to be run in their folder."""
    parts = ["python", "-m", "lab", "look", "setting.json"]
    parts += ["--image", "image.png"] if view.setting.image else []
    parts += ["--data-root", data_root] if data_root else []
    return shlex.join([*parts, "--out", "again"])


def files(view: View, own: np.ndarray | None = None, data_root: str | None = None) -> dict[str, bytes]:
    """All files of a view by name."""
    arrays = io.BytesIO()
    exact = {name: getattr(view, name) for name in ("clean", "rainy", "attacked", "derained", "labels", "predicted")}
    np.savez_compressed(arrays, **exact)
    made = {
        "setting.json": view.setting.text().encode(),
        "numbers.csv": numbers(view).to_csv(index=False).encode(),
        "classes.csv": class_numbers(view).to_csv(index=False).encode(),
        "course.csv": trajectory_numbers(view).to_csv(index=False).encode(),
        "exact.npz": arrays.getvalue(),
        "about.json": (json.dumps(about(view, data_root), indent=2, ensure_ascii=False) + "\n").encode(),
    }
    if own is not None:
        made["image.png"] = uploads.png(own)
    return made | {f"{name}.png": draw.png(picture) for name, picture in pictures(view).items()}


def about(view: View, data_root: str | None) -> dict:
    """What a view shows, in words, and what it was computed with."""
    return {
        "picture": view.key,
        "attack": panels.point_words(view),
        "pictures": "8 bit; attacked.png is rounded towards the rainy picture; exact.npz holds all as they were",
        "command": look_command(view, data_root),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "science": SCIENCE,
    }


def bundle(view: View, own: np.ndarray | None = None, data_root: str | None = None) -> bytes:
    """The same as a ZIP file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files(view, own, data_root).items():
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def write(view: View, folder: Path, own: np.ndarray | None = None, data_root: str | None = None) -> None:
    """The same into a folder, each file whole or not at all."""
    for name, content in files(view, own, data_root).items():
        with disk.written(folder / name) as draft:
            draft.write_bytes(content)


def text(view: View) -> str:
    """A view on a terminal."""
    lines = [f"{view.key}: {panels.point_words(view)}"]
    for row in numbers(view).itertuples():
        digits, unit = (4, "") if row.unit == "fraction" else (2, f"  {row.unit}")
        values = [panels.number(value, digits, "") for value in (row.attacked, row.unattacked)]
        change = f"{row.change:+.{digits}f}" if np.isfinite(row.change) else ""
        lines.append(f"{row.metric:18}{values[0]:>10}{values[1]:>12}{change:>10}{unit}")
    heading = f"{'':18}{'attacked':>10}{'unattacked':>12}{'change':>10}"
    return "\n".join([lines[0], heading, *lines[1:]])

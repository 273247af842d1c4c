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
from lab.system.words import OPACITY
from lab.view import panels, saved
from lab.view.view import View
from pearl_core import SCIENCE
from pearl_core.metrics import METRICS


def name(view: View) -> str:
    """What the files of a view are called: picture, rain, method, attack, eps, steps and threat.

    Example: 'scenes-test-00000-rain1-derain_seg-prenet-bim-eps8-10steps-oblivious'.
    """
    setting = view.setting
    said = [*view.key.split("/"), f"rain{setting.amount:g}"]
    said += [f"angle{setting.angle:g}"] if setting.angle else []
    said += [] if setting.rain_seed is None else [f"drops{setting.rain_seed}"]
    said += [setting.method, *([setting.derain] if view.derains else []), setting.attack]
    said += [f"eps{setting.eps:g}"] if setting.with_eps else []
    said += [f"{setting.steps}steps", setting.threat, *([setting.source] if setting.source else [])]
    said += [f"on-{setting.on}"] if setting.on else []
    said += [] if setting.region == "everywhere" else ["-".join([setting.region, *map(str, setting.box or ())])]
    said += [f"seed{setting.seed}"] if setting.seed else []
    said += [] if setting.shown is None else [f"shown{setting.shown}"]
    return "-".join("".join(c if c.isalnum() or c in "-_." else "-" for c in part) for part in said)


def numbers(view: View) -> pd.DataFrame:
    """The numbers of a view, one row each: under attack, without, and as the saved picture scores, read back."""
    scored, kept = saved.saved(view).metrics, panels.named(view)
    label = {} if view.labelled else {metric: kept[metric][0] for metric in panels.AGREEMENT}
    rows = [
        (label.get(n, n), METRICS[n].unit, view.metrics[n], view.unattacked_metrics[n], scored[n]) for n in view.metrics
    ]
    frame = pd.DataFrame(rows, columns=["metric", "unit", "attacked", "unattacked", "saved"])
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


def pictures(view: View, opacity: float = OPACITY) -> dict[str, np.ndarray]:
    """Everything that is drawn of a view, by file name, (H, W, 3) uint8; the attacked picture is `View.rounded`."""
    return {file_name(panel.title): panels.painted(panel, view.palette, opacity) for panel in panels.rows(view)}


def file_name(title: str) -> str:
    """'|rainy − clean|' as 'rainy-clean'."""
    words = "".join(c if c.isalnum() else " " for c in title.lower()).split()
    return "-".join(words)


def look_command(view: View, data_root: str | None = None, opacity: float = OPACITY) -> str:
    """The command that computes the files of `files` again, to be run in their folder."""
    parts = ["python", "-m", "lab", "look", "setting.json"]
    parts += ["--image", "image.png"] if view.setting.image else []
    parts += ["--data-root", data_root] if data_root else []
    parts += ["--opacity", f"{opacity:g}"] if opacity != OPACITY else []
    return shlex.join([*parts, "--out", "again"])


def files(
    view: View, own: np.ndarray | None = None, data_root: str | None = None, opacity: float = OPACITY
) -> dict[str, bytes]:
    """All files of a view by name; `opacity` is that of the classes over the pictures."""
    arrays = io.BytesIO()
    exact = {name: getattr(view, name) for name in ("clean", "rainy", "attacked", "derained", "labels", "predicted")}
    np.savez_compressed(arrays, **exact)
    made = {
        "setting.json": view.setting.text().encode(),
        "numbers.csv": numbers(view).to_csv(index=False).encode(),
        "classes.csv": class_numbers(view).to_csv(index=False).encode(),
        "course.csv": trajectory_numbers(view).to_csv(index=False).encode(),
        "exact.npz": arrays.getvalue(),
        "about.json": (json.dumps(about(view, data_root, opacity), indent=2, ensure_ascii=False) + "\n").encode(),
    }
    if own is not None:
        made["image.png"] = uploads.png(own)
    return made | {f"{name}.png": draw.png(picture) for name, picture in pictures(view, opacity).items()}


def about(view: View, data_root: str | None, opacity: float) -> dict:
    """What a view shows, in words, and what it was computed with."""
    return {
        "picture": view.key,
        "attack": panels.point_words(view),
        "pictures": "8 bits, to the nearest level; exact.npz holds all as they were",
        "attacked.png": saved.words(view),
        "opacity of the classes": opacity,
        "command": look_command(view, data_root, opacity),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "science": SCIENCE,
    }


def bundle(view: View, own: np.ndarray | None = None, data_root: str | None = None, opacity: float = OPACITY) -> bytes:
    """The same as a ZIP file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files(view, own, data_root, opacity).items():
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def write(
    view: View,
    folder: Path,
    own: np.ndarray | None = None,
    data_root: str | None = None,
    opacity: float = OPACITY,
) -> None:
    """The same into a folder, each file whole or not at all."""
    for name, content in files(view, own, data_root, opacity).items():
        with disk.written(folder / name) as draft:
            draft.write_bytes(content)


def text(view: View) -> str:
    """A view on a terminal."""
    lines = [f"{view.key}: {panels.point_words(view)}"]
    for row in numbers(view).itertuples():
        digits, unit = (4, "") if row.unit == "fraction" else (2, f"  {row.unit}")
        values = [panels.number(value, digits, "") for value in (row.attacked, row.unattacked, row.saved)]
        change = f"{row.change:+.{digits}f}" if np.isfinite(row.change) else ""
        lines.append(f"{row.metric:18}{values[0]:>10}{values[1]:>12}{change:>10}{values[2]:>10}{unit}")
    heading = f"{'':18}{'attacked':>10}{'unattacked':>12}{'change':>10}{'as file':>10}"
    return "\n".join([lines[0], heading, *lines[1:]])

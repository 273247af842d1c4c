"""The picture viewer of the dashboard: pictures that are zoomed, hovered and marked together.

A Streamlit component; Python only hands over what to show, viewer.js draws it, and nothing is fetched from anywhere.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

if TYPE_CHECKING:
    from lab.system.draw import Palette

Box = tuple[int, int, int, int]  # top, left, bottom, right in pixels of the picture; bottom and right are outside

HERE = Path(__file__).parent
# Registered as this module is imported, hence once; every call of `mounted` places one viewer.
mounted = st.components.v2.component(
    "pearl_viewer",
    html='<div class="viewer" data-ready="0"></div>',
    css=(HERE / "viewer.css").read_text(encoding="utf-8"),
    js=(HERE / "viewer.js").read_text(encoding="utf-8"),
)


def viewer(
    panels: list[dict],
    classes: Sequence[str],
    palette: Palette,
    *,
    opacity: float,
    columns: int = 4,
    drawing: bool = False,
    box: Sequence[int] | None = None,
    linked: bool = True,
    key: str,
) -> Box | None:
    """Panels side by side; returns the box that the user drew last, or None before any was drawn.

    The browser keeps that box: it is returned in every later run, too, whatever `box` was given. So act on its change.

    A panel has `title`, `remark` and `picture`, a URL made by `data_url`. It may have: `labels`, painted over the
    picture, and `truth`, for hovering only, URLs of label maps; `other`, `other_labels` and `other_title`, a
    second picture to the right of a divider; `values`, {"unit", "max", "label"} of a heat map. The `box` given here
    is outlined; with `drawing`, dragging draws a new one. `linked` panels share zoom and pan.
    """
    data = {
        "panels": panels,
        "classes": list(classes),
        "palette": [[int(part) for part in colour] for colour in palette],
        "opacity": float(opacity),
        "columns": int(columns),
        "drawing": bool(drawing),
        "box": None if box is None else [int(edge) for edge in box],
        "linked": bool(linked),
        "ramp": ramp() if any(panel.get("values") for panel in panels) else None,
    }
    result = mounted(key=key, data=data, on_box_change=lambda: None)  # without a callback there is no `result.box`
    return drawn(result.get("box"))


def ramp() -> str:
    """The colours of heat maps, from nothing to all."""
    from lab.system.draw import scale_bar  # not at the top: a page may show a viewer while it waits for torch

    return data_url(scale_bar(height=1))


def drawn(sent: object) -> Box | None:
    """What the browser sent, if it is a box: anyone can send anything."""
    if isinstance(sent, list | tuple) and len(sent) == 4 and all(type(edge) is int for edge in sent):
        return tuple(sent)
    return None


def data_url(pixels: np.ndarray) -> str:
    """A picture (H, W, 3) or label map (H, W), both uint8, as the URL of a PNG: nothing is compressed away."""
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (3,)):
        raise ValueError(f"wanted (H, W, 3) or (H, W) in uint8, got {pixels.shape} in {pixels.dtype}")
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")

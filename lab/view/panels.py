"""The words and pictures of a view; the dashboard and the notebooks show the same ones and only arrange them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from lab.data.titles import title
from lab.nets.methods import METHODS
from lab.system import draw
from lab.system.words import MINUS, OPACITY, signed
from lab.view.setting import Setting
from lab.view.view import View


class Panel(NamedTuple):
    """One picture with its words; where it has `labels`, their colours lie over it."""

    title: str
    remark: str
    picture: np.ndarray  # (H, W, 3) uint8
    labels: np.ndarray | None = None  # (H, W) uint8
    truth: np.ndarray | None = None  # what is really there, to be named beside what is seen
    scale: float | None = None  # of a heat map: the difference at its brightest


class Reading(NamedTuple):
    """One number of one picture, and how the attack changed it; `words` say what it is."""

    label: str
    value: str
    change: str  # with its unit; "" where the attack changed nothing that is shown
    words: str

    @property
    def fell(self) -> bool:
        """Whether the attack made the number smaller."""
        return self.change.startswith(MINUS)


WAITING = "the attack is still being computed"
EMPTY = 128  # the grey of a picture that is still to come
# by metric: label, digits, unit, what it is
READINGS = {
    "mIoU": ("mIoU", 1, " %", "Overlap of predicted and true areas, averaged over the classes in this picture."),
    "allAcc": ("Pixel accuracy", 1, " %", "Share of the labelled pixels whose class is right."),
    "PSNR": ("PSNR", 2, " dB", "How close the input of the segmenter is to the clean picture; 30 dB is close."),
    "SSIM": (
        "SSIM",
        3,
        "",
        "How similar the structures of the two pictures are; 1 is identical.",
    ),
}
# without labels, the prediction without attack takes their place, and the names say so
AGREEMENT = {
    "mIoU": (
        "Agreement, mIoU",
        1,
        " %",
        "Overlap with the prediction without attack, averaged over the predicted classes.",
    ),
    "allAcc": ("Agreement", 1, " %", "Share of the pixels whose class is the same as without attack."),
}


def attack_words(setting: Setting) -> str:
    """The attack of a setting: 'BIM at ε = 8/255'."""
    return f"{title(setting.attack)} at ε = {setting.eps:g}/255" if setting.with_eps else title(setting.attack)


def point_words(view: View) -> str:
    """Which point of the attack is shown, and how far it lies from the picture where that says something."""
    setting = view.setting
    words = [attack_words(setting) + (f" for {METHODS[setting.on].title}" if setting.on else "")]
    if setting.shown is not None and view.points:
        point = view.points[setting.shown]
        part = f"{title(point.part)}, " if point.part else ""
        words.append(f"{part}after {point.gradients} of {setting.steps} steps")
    if not view.finished:
        words.append("stopped early")
    if view.outside:
        words.append(f"outside ε: changes up to {view.radius:.2f}/255")
    elif not setting.with_eps:
        words.append(f"changes up to {view.radius:.2f}/255")
    return "; ".join(words)


def readings(view: View) -> list[Reading]:
    """The numbers of this picture under attack, each with its change against no attack."""
    made = []
    for name, (label, digits, unit, words) in named(view).items():
        if name not in view.metrics:
            continue
        value, change = view.metrics[name], view.metrics[name] - view.unattacked_metrics[name]
        made.append(Reading(label, number(value, digits, unit), changed(change, digits, unit), words))
    return made


def changed(change: float, digits: int, unit: str) -> str:
    """A difference with its sign and unit; "" where none can be read. Percentages differ by points."""
    if not np.isfinite(change) or not round(change, digits):
        return ""
    return signed(change, digits) + (" points" if unit == " %" else unit)


def number(value: float, digits: int, unit: str) -> str:
    """A number of a picture; the PSNR of a picture with itself has none."""
    return "identical" if np.isinf(value) else f"{value:.{digits}f}{unit}"


def tabled_words(numbers: Mapping[str, float] | None) -> str:
    """The stored numbers of the tables for this picture, in words; "" if there are none."""
    return f"In the tables, for this picture: {listed(numbers, READINGS)}." if numbers else ""


def listed(numbers: Mapping[str, float], named: Mapping[str, tuple]) -> str:
    """Numbers of a picture in one line: 'mIoU 12.3 %, PSNR 20.13 dB'."""
    known = {name: called for name, called in named.items() if name in numbers}
    return ", ".join(
        f"{label} {number(numbers[name], digits, unit)}" for name, (label, digits, unit, _) in known.items()
    )


def named(view: View) -> Mapping[str, tuple]:
    """What the numbers of a view are called: of a picture without labels they are agreement."""
    return READINGS if view.labelled else READINGS | AGREEMENT


def rows(view: View) -> list[Panel]:
    """Everything there is to see: four pictures, four of the classes if there are any, three differences."""
    return [*stages(view), *(classes(view) if view.segmented else ()), *differences(view)]


def attacked(view: View, panel: Panel) -> Panel:
    """A panel that shows what the attack did; while that is computed, an empty picture."""
    return Panel(panel.title, WAITING, np.full_like(panel.picture, EMPTY)) if view.waiting else panel


def stages(view: View) -> list[Panel]:
    """The picture from clean to what the segmenter gets."""
    by = f"by {METHODS[view.setting.method].title}" if view.derains else "no derainer"
    return [
        Panel("Clean", "the picture without rain", draw.pixels(view.clean), truth=view.labels),
        Panel("Rainy", "the picture in the rain, without attack", draw.pixels(view.rainy), truth=view.labels),
        attacked(view, Panel("Attacked", point_words(view), view.rounded, truth=view.labels)),
        Panel("Derained", by + ", without attack" * view.waiting, derained(view), truth=view.labels),
    ]


def derained(view: View) -> np.ndarray:
    """What the segmenter gets, in 8 bits; without a derainer that is the attacked picture."""
    return draw.pixels(view.derained) if view.derains else view.rounded


def classes(view: View) -> list[Panel]:
    """The ground truth and the predictions, over the pictures that the segmenter got."""
    name = "mIoU" if view.labelled else "agreement, mIoU"
    before, after = (f"{name} {metrics['mIoU']:.1f} %" for metrics in (view.unattacked_metrics, view.metrics))
    there = Panel("Ground truth", "the labels of the data set", draw.pixels(view.clean), view.labels, view.labels)
    seen = draw.pixels(view.derained_unattacked)
    wrong = Panel("Wrong under attack", "in red; hatched: not labelled", draw.errors(view.labels, view.predicted))
    if not view.labelled:
        there = Panel("Clean", "this picture has no labels", draw.pixels(view.clean))
        wrong = Panel("Changed by the attack", "in red", wrong.picture)
    return [
        there,
        Panel("Seen without attack", before if view.labelled else "used in place of labels", seen,
              view.predicted_unattacked, view.labels),
        attacked(view, Panel("Seen under attack", after, derained(view), view.predicted, view.labels)),
        attacked(view, wrong._replace(truth=view.labels)),
    ]  # fmt: skip


def differences(view: View) -> list[Panel]:
    """Heat maps of differences between pictures, on scales that do not depend on the setting."""

    def heat(name: str, words: str, difference: np.ndarray, scale: float) -> Panel:
        remark = f"{words}: up to {255 * np.abs(difference).max():.1f}/255; the scale ends at {scale * 255:.0f}/255"
        return Panel(name, remark, draw.heat(difference, scale=scale), scale=scale)

    return [
        heat("|rainy − clean|", "the rain", view.rainy - view.clean, draw.FAR),
        attacked(view, heat("|attacked − rainy|", "the attack", view.attacked - view.rainy, draw.CLOSE)),
        attacked(view, heat("|derained − clean|", "what is left", view.derained - view.clean, draw.FAR)),
    ]


def painted(panel: Panel, palette: draw.Palette, opacity: float = OPACITY) -> np.ndarray:
    """The panel with its classes over it, (H, W, 3) uint8."""
    if panel.labels is None:
        return panel.picture
    return draw.overlay(panel.picture, panel.labels, palette, opacity)

"""What a view shows, in words and pictures, the same on every face: the dashboard and notebooks only place it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lab.nets.methods import METHODS
from lab.system import draw
from lab.view.session import View
from lab.view.setting import Setting

TITLES = {
    "bim": "BIM", "pgd": "PGD", "fgsm": "FGSM", "cw": "CW", "mi_fgsm": "MI-FGSM", "ddcat_bim": "BIM of DDC-AT",
    "segpgd": "SegPGD", "cospgd": "CosPGD", "best_pgd": "PGD, best point", "apgd": "APGD",
    "red_eps_apgd": "red-eps APGD", "sea": "SEA", "alma_prox": "ALMA-prox", "prenet": "PReNet",
    "js": "JS", "mask_ce": "Mask-CE", "mask_sph": "Mask-Sph", "bal_ce": "Bal-CE", "scenes": "built-in scenes",
    "camvid": "CamVid", "objects": "built-in objects", "cityscapes": "Cityscapes", "voc": "PASCAL VOC",
    "rescan": "RESCAN", "mprnet": "MPRNet", "transweather": "TransWeather", "pspnet": "PSPNet",
    "deeplabv3": "DeepLabv3",
}  # fmt: skip


class Panel(NamedTuple):
    """One picture with its words; where it has `labels`, their colours lie over it."""

    title: str
    remark: str
    picture: np.ndarray  # (H, W, 3) uint8
    labels: np.ndarray | None = None  # (H, W) uint8
    truth: np.ndarray | None = None  # what is really there, to be named beside what is seen
    scale: float | None = None  # of a heat map: the difference at its brightest


class Figure(NamedTuple):
    """One number of one picture, and how the attack changed it; `words` say what it is."""

    label: str
    value: str
    change: str  # "" where the attack changed nothing that is shown
    words: str


# by metric: label, digits, unit, what it is
MEANINGS = {
    "mIoU": ("mIoU", 1, " %", "Overlap of predicted and true areas, averaged over the classes in this picture."),
    "allAcc": ("Pixels right", 1, " %", "Share of the labelled pixels whose class is right."),
    "PSNR": ("PSNR", 2, " dB", "How close the picture that the segmenter gets is to the clean one; 30 dB is close."),
    "SSIM": ("SSIM", 3, "", "How alike the structures of that picture and of the clean one are; 1 is the same."),
}
# nobody labelled the picture: the prediction without attack takes the place of labels, and the names say so
AGREEMENT = {
    "mIoU": ("Agreement, mIoU", 1, " %", "Overlap with what was seen without attack, averaged over the classes seen."),
    "allAcc": ("Agreement", 1, " %", "Share of the pixels whose class is the one that was seen without attack."),
}


def title(name: str) -> str:
    """A network, an attack or a data set as people write it."""
    return TITLES.get(name, name)


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
        words.append("stopped on its way")
    if view.outside:
        words.append(f"outside ε: changes up to {view.radius:.2f}/255")
    elif not setting.with_eps:
        words.append(f"changes up to {view.radius:.2f}/255")
    return "; ".join(words)


def figures(view: View) -> list[Figure]:
    """The numbers of this picture under attack, each with its change against no attack."""
    found = []
    for name, (label, digits, unit, words) in (MEANINGS if view.labelled else MEANINGS | AGREEMENT).items():
        value, change = view.metrics[name], round(view.metrics[name] - view.unattacked_metrics[name], digits)
        change = "" if np.isnan(change) or not change else f"{change:+.{digits}f}"
        found.append(Figure(label, f"{value:.{digits}f}{unit}", change, words))
    return found


def stages(view: View) -> list[Panel]:
    """The picture on its way from the clean street to the segmenter."""
    method = METHODS[view.setting.method]
    return [
        Panel("Clean", "the street without rain", draw.pixels(view.clean), truth=view.labels),
        Panel("Rainy", "what the camera saw", draw.pixels(view.rainy), truth=view.labels),
        Panel("Attacked", point_words(view), draw.pixels(view.attacked), truth=view.labels),
        Panel(
            "Derained", f"by {method.title}" if method.derain else "nothing derains here", draw.pixels(view.derained),
            truth=view.labels,
        ),
    ]  # fmt: skip


def classes(view: View) -> list[Panel]:
    """What is there and what the segmenter sees, over the pictures it was given."""
    name = "mIoU" if view.labelled else "agreement, mIoU"
    before, after = (f"{name} {found['mIoU']:.1f} %" for found in (view.unattacked_metrics, view.metrics))
    there = Panel("Ground truth", "the classes that are there", draw.pixels(view.clean), view.labels, view.labels)
    seen = draw.pixels(view.derained_unattacked)
    wrong = Panel("Wrong under attack", "in red; hatched: not labelled", draw.errors(view.labels, view.predicted))
    if not view.labelled:
        there = Panel("Clean", "nobody labelled this picture", draw.pixels(view.clean))
        wrong = Panel("Changed by the attack", "in red", wrong.picture)
    return [
        there,
        Panel("Seen without attack", before if view.labelled else "stands for the labels", seen,
              view.predicted_unattacked, view.labels),
        Panel("Seen under attack", after, draw.pixels(view.derained), view.predicted, view.labels),
        wrong._replace(truth=view.labels),
    ]  # fmt: skip


def differences(view: View) -> list[Panel]:
    """How far pictures differ, at scales that stay the same whatever is dialled."""

    def heat(name: str, words: str, difference: np.ndarray, scale: float) -> Panel:
        remark = f"{words}; brightest: {scale * 255:.0f}/255"
        return Panel(name, remark, draw.heat(difference, scale=scale), scale=scale)

    return [
        heat("|rainy − clean|", "the rain", view.rainy - view.clean, draw.FAR),
        heat("|attacked − rainy|", "the attack", view.attacked - view.rainy, draw.CLOSE),
        heat("|derained − clean|", "what is left", view.derained - view.clean, draw.FAR),
    ]


def painted(panel: Panel, palette: draw.Palette, opacity: float = 0.65) -> np.ndarray:
    """The panel with its classes over it, (H, W, 3) uint8."""
    if panel.labels is None:
        return panel.picture
    return draw.overlay(panel.picture, panel.labels, palette, opacity)

"""What a view shows, in words and pictures, the same on every face: the dashboard and notebooks only place it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lab import draw
from lab.methods import METHODS
from lab.scene import View

TITLES = {
    "bim": "BIM", "pgd": "PGD", "fgsm": "FGSM", "cw": "CW", "mi_fgsm": "MI-FGSM", "ddcat_bim": "BIM of DDC-AT",
    "segpgd": "SegPGD", "cospgd": "CosPGD", "best_pgd": "PGD, best point", "apgd": "APGD",
    "red_eps_apgd": "red-eps APGD", "sea": "SEA", "prenet": "PReNet",
}  # fmt: skip


class Panel(NamedTuple):
    """One picture with its words."""

    title: str
    remark: str
    picture: np.ndarray  # (H, W, 3) uint8


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


def title(name: str) -> str:
    """A network or an attack as people write it."""
    return TITLES.get(name, name)


def figures(view: View) -> list[Figure]:
    """The numbers of this picture under attack, each with its change against no attack."""
    found = []
    for name, (label, digits, unit, words) in MEANINGS.items():
        value, change = view.metrics[name], round(view.metrics[name] - view.unattacked_metrics[name], digits)
        found.append(Figure(label, f"{value:.{digits}f}{unit}", f"{change:+.{digits}f}" if change else "", words))
    return found


def stages(view: View) -> list[Panel]:
    """The picture on its way from the clean street to the segmenter."""
    method, attack = METHODS[view.trial.method], f"{title(view.trial.attack)} at ε = {view.trial.eps:g}/255"
    return [
        Panel("Clean", "the street without rain", draw.pixels(view.clean)),
        Panel("Rainy", "what the camera saw", draw.pixels(view.rainy)),
        Panel("Attacked", attack, draw.pixels(view.attacked)),
        Panel(
            "Derained", f"by {method.title}" if method.derain else "nothing derains here", draw.pixels(view.derained)
        ),
    ]


def classes(view: View, opacity: float = 0.65) -> list[Panel]:
    """What is there and what the segmenter sees, over the pictures it was given."""

    def over(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return draw.overlay(image, labels, view.palette, opacity)

    before, after = (f"mIoU {found['mIoU']:.1f} %" for found in (view.unattacked_metrics, view.metrics))
    return [
        Panel("Ground truth", "the classes that are there", over(view.clean, view.labels)),
        Panel("Seen without attack", before, over(view.derained_unattacked, view.predicted_unattacked)),
        Panel("Seen under attack", after, over(view.derained, view.predicted)),
        Panel("Wrong under attack", "in red; hatched: not labelled", draw.errors(view.labels, view.predicted)),
    ]


def differences(view: View) -> list[Panel]:
    """How far pictures differ, at scales that stay the same whatever is dialled."""

    def heat(words: str, difference: np.ndarray, scale: float) -> tuple[str, np.ndarray]:
        return f"{words}; brightest: {scale * 255:.0f}/255", draw.heat(difference, scale=scale)

    return [
        Panel("|rainy − clean|", *heat("the rain", view.rainy - view.clean, draw.FAR)),
        Panel("|attacked − rainy|", *heat("the attack", view.attacked - view.rainy, draw.CLOSE)),
        Panel("|derained − clean|", *heat("what is left", view.derained - view.clean, draw.FAR)),
    ]

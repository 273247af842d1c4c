"""What the paper says in words."""

from __future__ import annotations

from lab.reports.claim import Claim, Contrast

PUSHED = {"attack": "toy_push", "steps": 3, "eps": 8}
SIDE = {"method": "toy", "derain": "toy_net", "metrics": ("PSNR",)}
CLAIMS = (
    Claim(
        "toy-falls", "The attack makes the picture worse.", "section 1", (Contrast(SIDE, SIDE | PUSHED, "PSNR"),), "0."
    ),
)

"""The methods that PEARL adds to the plain ones."""

from __future__ import annotations

from lab.nets.methods import METHODS, Method

METHODS.add(
    "nat",
    Method("NAT", "Removes the rain, then segments with a net that was trained on attacks behind that derainer.",
           "derain", "nat", "#d67608", "cross", "////"),
)  # fmt: skip
METHODS.add(
    "pearl",
    Method("PEARL", "Its derainer was trained to remove rain and attack together.", "pearl", "clean", "#821cff",
           "triangle-up", "...."),
)  # fmt: skip
METHODS.add(
    "pearl_ama",
    Method("PEARL + AMA", "As PEARL, with training targets that the segmenter finds easier.", "pearl_ama",
           "clean", "#7f83f9", "star"),
)  # fmt: skip

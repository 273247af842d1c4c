"""Methods: which trained nets stand behind a name, and how it is drawn. Those of one paper stand in its folder."""

from __future__ import annotations

from dataclasses import dataclass

from pearl_core.registry import Registry


@dataclass(frozen=True)
class Method:
    """A way to segment, or only to derain, a picture.

    `derain` and `segment` are the recipes that trained the two nets; None where it has no such net. Charts take its
    `colour`, which tests hold to contrast and apart for the colour-blind, its `mark`, by plotly's name, and where two
    colours are one grey on paper its `hatch`, by matplotlib's.
    """

    title: str
    words: str  # one sentence, for a reader who knows none of the papers
    derain: str | None
    segment: str | None
    colour: str
    mark: str
    hatch: str = ""

    def __post_init__(self):
        if self.derain is None and self.segment is None:
            raise ValueError(f"wanted a recipe for the derainer or the segmenter of {self.title}, got neither")


METHODS: Registry[Method] = Registry("method")
UNDEFENDED = "seg"  # the default source of a transfer attack

METHODS.add("seg", Method("Seg", "Segments the picture as it is.", None, "clean", "#7a9187", "circle", "xxxx"))
METHODS.add(
    "robust_seg",
    Method("Robust Seg", "Segments the picture as it is; was trained on attacks.", None, "sat", "#805d2c", "square",
           "---"),
)  # fmt: skip
METHODS.add(
    "derain_seg",
    Method("Derain + Seg", "Removes the rain, then segments; neither net knows attacks.", "derain", "clean", "#486694",
           "diamond"),
)  # fmt: skip

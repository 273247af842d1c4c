"""PEARL: Preprocessing Enhanced Adversarial Robust Learning of Image Deraining for Semantic Segmentation."""

from __future__ import annotations

from lab.papers.pearl import methods, plan  # noqa: F401 - declared before displays name them
from lab.reports.paper import Paper

PAPER = Paper(
    "pearl",
    title="PEARL",
    citation="Jiao et al., ACM MM 2023",
    elsewhere={"cityscapes": "voc"},
    at_top=True,
    remark="The paper does not say that its attacks knew the derainer, so its numbers are not shown beside the "
    "adaptive threat.",
)

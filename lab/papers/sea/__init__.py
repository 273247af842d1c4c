"""SEA: Towards Reliable Evaluation and Fast Training of Robust Semantic Segmentation Models."""

from __future__ import annotations

from lab.reports.paper import Paper

PAPER = Paper("sea", title="SEA", citation="Croce, Singh and Hein, ECCV 2024")

"""A second paper, as small as one can be: nothing outside this folder knows it."""

from __future__ import annotations

from lab.papers.toy import attack, data, methods, metric, network, plan, recipe  # noqa: F401 - declarations
from lab.reports.paper import Paper

PAPER = Paper("toy", title="Toy", citation="nobody, 2026")

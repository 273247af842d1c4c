"""One metric: how far the derained picture is from the clean one."""

from __future__ import annotations

from torch import Tensor

from pearl_core.metrics import METRICS, STATISTICS, Metric, Statistic
from pearl_core.types import Output, Sample


def toy_error(output: Output, sample: Sample) -> Tensor:
    return 255 * (output.derained - sample.clean).abs().flatten(1).mean(1)


STATISTICS.add("toy_error", Statistic(toy_error, frozenset({"clean"})))
METRICS.add("toy_error", Metric("toy_error", "1/255", "toy_error", label="Toy error (1/255)"))

"""What PEARL prints in its tables."""

from __future__ import annotations

from pathlib import Path

from lab.reports.published import Published

PRINTED = Published(Path(__file__).with_name("published.csv"))
OBLIVIOUS = "The paper writes its training attack this way (eqs. 4, 6) and does not say which attack made its table."
OTHERWISE = "The paper does not say that its attacks knew the derainer, so its numbers are not shown here."

"""The confidence interval of a share."""

from __future__ import annotations

import math

Z = 1.959964
"""The 97.5 % quantile of the normal distribution: both ends of a 95 % interval."""


def wilson(share: float, count: int) -> tuple[float, float]:
    """Returns the 95 % Wilson score interval of a share (0-1) seen on `count` rows.

    Unlike a bootstrap it has a width also at 0 and at 1 (Wilson, "Probable inference, the law of
    succession, and statistical inference", 1927). Without rows nothing is known: (0, 1).
    """
    if count <= 0:
        return 0.0, 1.0

    middle = share + Z * Z / (2 * count)
    half = Z * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    scale = 1 + Z * Z / count

    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)

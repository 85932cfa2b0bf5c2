"""Which part of an export is mined: the last days before its newest message, or all of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.errors import InputError
from workers.mining.rows import Row
from workers.mining.trend import WEEK, WEEKS

DAY = 86_400.0
FOUR_WEEKS = WEEKS * WEEK
"""Seconds that the weekly digest looks back, too."""
_DURATION = re.compile(r"\A(\d{1,4})\s*([dw])\Z")


def parse_window(text: str) -> float | None:
    """Returns the seconds of "28d" or "8w"; None for "all". Raises InputError for anything else."""
    if text.strip().lower() == "all":
        return None

    found = _DURATION.match(text.strip().lower())
    if found is None or not int(found[1]):
        raise InputError(
            f"reading the window {text!r}: expected all, or a number of days or weeks such as 28d "
            "or 8w"
        )

    return int(found[1]) * (DAY if found[2] == "d" else WEEK)


def rows_within(rows: Sequence[Row], now: float, window: float | None) -> list[Row]:
    """Returns the rows of the window, in seconds before `now`; all of them where it is None."""
    if window is None:
        return list(rows)

    return [row for row in rows if row.at >= now - window]

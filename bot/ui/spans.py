"""Spans of time as people say them: "40 minutes", "about 2.7 days"."""

from __future__ import annotations

HOUR_MINUTES = 60.0
DAY_MINUTES = 1_440.0
HOURS_FROM = 90.0
"""Minutes from which hours are named."""
DAYS_FROM = 36 * HOUR_MINUTES
"""Minutes from which days are named."""


def span(minutes: float) -> str:
    """Returns so many minutes in words."""
    number, unit = _parts(minutes)
    about = "" if unit.startswith("minute") else "about "
    return f"{about}{number} {unit}"


def span_range(low: float, high: float) -> str:
    """Returns two lengths of time in minutes as a range; equal ones as a single span."""
    first, last = _parts(low), _parts(high)
    if first == last:
        return span(low)
    if first[1].rstrip("s") == last[1].rstrip("s"):
        return f"{first[0]} to {last[0]} {last[1]}"

    return f"{span(low)} to {span(high)}"


def _parts(minutes: float) -> tuple[str, str]:
    """Returns the number and its unit."""
    if minutes < HOURS_FROM:
        number, unit = f"{max(1, round(minutes))}", "minute"
    elif minutes < DAYS_FROM:
        number, unit = f"{round(minutes / HOUR_MINUTES, 1):g}", "hour"
    else:
        days = minutes / DAY_MINUTES
        number, unit = (f"{days:,.0f}" if days >= 10 else f"{round(days, 1):g}"), "day"

    return number, unit if number == "1" else f"{unit}s"

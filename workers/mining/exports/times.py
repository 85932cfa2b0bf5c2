"""Times as exports write them: unix seconds or milliseconds, ISO dates, dates with slashes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

MILLISECONDS_FROM = 1e11
"""Larger numbers are milliseconds: as seconds they would lie after the year 5000."""
DAY_FIRST = "day first"
MONTH_FIRST = "month first"

_NUMBERS = re.compile(r"\A(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})\b")
_ZONE_NAME = re.compile(r"(?<!\s)\s*+(?:UTC|GMT|Z)\Z")
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_NAMED_DATES = (
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
)


def parse_timestamp(value: object, order: str = "") -> float | None:
    """Returns unix seconds of a number (seconds or milliseconds) or a date; None if it is neither.

    `order` says how a date such as 06/03/2024 is meant; without it such dates are not read. A date
    without a zone is taken for UTC. An empty value is 0.
    """
    if value is None or value == "":
        return 0.0

    try:
        seconds = float(str(value))
    except ValueError:
        return _parse_date(str(value), order)

    if not 0 <= seconds < MILLISECONDS_FROM**2:
        return None

    return seconds / 1000 if seconds > MILLISECONDS_FROM else seconds


def date_order(values: Iterable[object]) -> str:
    """Returns how a column writes its dates, from all of its values; empty if that is not told.

    A first figure over 12 is a day, a second one over 12 means that the month comes first. Where
    neither occurs, points mean that the day comes first and "AM" that the month does.
    """
    guess = ""
    for value in values:
        text = str(value or "").strip()
        found = _NUMBERS.match(text)
        if found is None:
            continue

        first, separator, second = int(found[1]), found[2], int(found[3])
        if first > 12:
            return DAY_FIRST
        if second > 12:
            return MONTH_FIRST
        if separator == ".":
            guess = DAY_FIRST
        elif text.upper().endswith(("AM", "PM")):
            guess = MONTH_FIRST

    return guess


def _parse_date(text: str, order: str) -> float | None:
    text = _LONG_FRACTION.sub(r"\1", _ZONE_NAME.sub("", text.strip()))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        found = _first_that_fits(text, _date_formats(text, order))
        if found is None:
            return None
        moment = found

    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)

    try:
        seconds = moment.timestamp()
    except (OverflowError, ValueError):
        return None

    return seconds if seconds >= 0 else None


def _date_formats(text: str, order: str) -> Sequence[str]:
    found = _NUMBERS.match(text)
    if found is None:
        return _NAMED_DATES
    if not order:
        return ()

    separator = found[2]
    year = "%Y" if len(found[4]) == 4 else "%y"
    figures = ("%d", "%m", year) if order == DAY_FIRST else ("%m", "%d", year)
    return (separator.join(figures),)


def _first_that_fits(text: str, dates: Iterable[str]) -> datetime | None:
    plain = text.replace(", ", " ") if _NUMBERS.match(text) else text
    for date in dates:
        for clock in _CLOCKS:
            try:
                return datetime.strptime(plain, date + clock)  # noqa: DTZ007  # UTC is set later
            except ValueError:
                continue

    return None

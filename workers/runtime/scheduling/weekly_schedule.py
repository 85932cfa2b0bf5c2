"""When a digest is due: ISO weeks, at a day and an hour in a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from router.config import Settings

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def due_week(settings: Settings, now: float) -> tuple[str, float]:
    """Returns the newest week whose digest is due, as `2026-W47`, and since when it has been.

    `now` and the result are in unix seconds. The week is that of the day on which the digest is
    made. Daylight saving changes neither skip nor repeat a week.
    """
    zone = UTC if settings.digest_timezone == "UTC" else ZoneInfo(settings.digest_timezone)
    today = datetime.fromtimestamp(now, zone).date()
    monday = today - timedelta(days=today.weekday())

    due = _due_at(monday, settings, zone)
    if due > now:
        due = _due_at(monday - timedelta(days=7), settings, zone)

    year, week, _ = datetime.fromtimestamp(due, zone).isocalendar()
    return f"{year}-W{week:02}", due


def _due_at(monday: date, settings: Settings, zone: tzinfo) -> float:
    # Add days to the local time and convert last: a week with a clock change has not 168 hours.
    first = datetime.combine(monday, time(settings.digest_hour), zone)
    return (first + timedelta(days=DAYS.index(settings.digest_day))).timestamp()

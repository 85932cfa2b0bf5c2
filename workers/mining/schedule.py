"""When a digest is due: ISO weeks, a day and an hour in a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from router.config import Settings

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def due_week(settings: Settings, now: float) -> tuple[str, float]:
    """The newest week whose digest is due at `now` (unix seconds), as `2026-W47`, and since when it has been.

    The week is that of the day on which the digest is made; a clock that is put forward or back
    changes nothing.
    """
    zone = _zone(settings.digest_zone)
    here = datetime.fromtimestamp(now, zone)
    monday = (here - timedelta(days=here.weekday())).date()

    due = _moment(monday, settings, zone)
    if due > now:
        due = _moment(monday - timedelta(days=7), settings, zone)

    year, week, _ = datetime.fromtimestamp(due, zone).isocalendar()
    return f"{year}-W{week:02}", due


def _moment(monday: object, settings: Settings, zone: tzinfo) -> float:
    first = datetime.fromisoformat(str(monday)).replace(tzinfo=zone, hour=settings.digest_hour)
    return (first + timedelta(days=DAYS.index(settings.digest_day))).timestamp()


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)

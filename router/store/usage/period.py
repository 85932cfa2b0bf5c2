"""Reads a workspace's figures of a period: whole days and hours as counted, the rest as it is."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from router.store.base.tables import request
from router.store.usage.counting import (
    DAY_HOURS,
    HOUR_SECONDS,
    figures_of_slot,
    key_of_slot,
)
from router.store.usage.figures import (
    CountedRequest,
    Figures,
    GroupKey,
    figures_by_key,
    requests_of_team,
)
from router.store.usage.usage_tables import usage_event, usage_slot

DayFigures: TypeAlias = tuple[int, Mapping[GroupKey, Figures]]
"""A day, counted from 1970-01-01 UTC, with figures of a part of it."""


def read_parts(connection: Connection, team: str, start: float) -> Sequence[DayFigures]:
    """Returns the workspace's figures since `start` (unix seconds), in parts that do not overlap.

    What was changed since it was counted is read from the requests themselves.
    """
    first_hour = math.ceil(start / HOUR_SECONDS)
    changed = _changed_hours(connection, team, first_hour)
    parts = _counted(connection, team, first_hour, frozenset(changed))

    spans = [(start, first_hour * HOUR_SECONDS)]
    spans += [(hour * HOUR_SECONDS, (hour + 1) * HOUR_SECONDS) for hour in changed]
    for begin, end in _joined(spans):
        parts += _read_requests(connection, team, begin, end)

    return parts


def _changed_hours(connection: Connection, team: str, first_hour: int) -> list[int]:
    query = (
        select(usage_event.c.hour)
        .where(usage_event.c.team == team, usage_event.c.hour >= first_hour)
        .distinct()
        .order_by(usage_event.c.hour)
    )
    return list(connection.execute(query).scalars())


def _counted(
    connection: Connection, team: str, first_hour: int, changed: Set[int]
) -> list[DayFigures]:
    """Returns the figures of whole days, and of the hours of days that are not whole."""
    first_day = math.ceil(first_hour / DAY_HOURS)
    broken = sorted({hour // DAY_HOURS for hour in changed})
    is_whole = and_(
        usage_slot.c.hours == DAY_HOURS,
        usage_slot.c.number >= first_day,
        usage_slot.c.number.not_in(broken),
    )
    hours: list[ColumnElement[bool]] = [_hours_between(first_hour, first_day * DAY_HOURS)]
    hours += [
        _hours_between(max(first_hour, day * DAY_HOURS), (day + 1) * DAY_HOURS)
        for day in broken
        if day >= first_day
    ]

    parts: list[DayFigures] = []
    query = select(usage_slot).where(usage_slot.c.team == team, or_(is_whole, *hours))
    for row in connection.execute(query).mappings():
        if row["hours"] == 1 and row["number"] in changed:
            continue

        day = row["number"] if row["hours"] == DAY_HOURS else row["number"] // DAY_HOURS
        parts.append((day, {key_of_slot(row): figures_of_slot(row)}))

    return parts


def _hours_between(first: int, end: int) -> ColumnElement[bool]:
    return and_(usage_slot.c.hours == 1, usage_slot.c.number >= first, usage_slot.c.number < end)


def _joined(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Returns the spans with those that follow each other as one."""
    joined: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if joined and joined[-1][1] >= begin:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))

    return joined


def _read_requests(connection: Connection, team: str, begin: float, end: float) -> list[DayFigures]:
    query = requests_of_team(team).where(
        request.c.received_at >= begin, request.c.received_at < end
    )
    by_day: dict[int, list[CountedRequest]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        counted = CountedRequest(**row)
        by_day[int(counted.received_at // (DAY_HOURS * HOUR_SECONDS))].append(counted)

    return [(day, figures_by_key(rows)) for day, rows in by_day.items()]

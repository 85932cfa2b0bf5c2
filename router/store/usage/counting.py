"""Counts what happened: events become totals, and the hours that they name are summed up again.

An hour's figures are made from its requests each time, so they are right however often an event is
counted, and `recount` makes all of them again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    RowMapping,
    Select,
    cast,
    delete,
    func,
    insert,
    select,
)

from router.store.base.engine import insert_for, writing
from router.store.base.rows import as_row, batches
from router.store.base.tables import request
from router.store.usage.figures import (
    CountedRequest,
    Figures,
    GroupKey,
    figures_by_key,
    requests_of_team,
)
from router.store.usage.totals import AmountKey, amounts_of_event
from router.store.usage.usage_tables import usage_event, usage_slot, usage_total

INTERVAL_SECONDS = 10.0
"""Between two counts; what happened in between is read from the requests themselves."""
HOUR_SECONDS = 3_600
DAY_HOURS = 24
MAX_HOURS = 24
"""Hours that one transaction counts: few, so that no other writer waits long."""
MAX_EVENTS = 2_000
"""Events that one transaction counts."""
KEY_COLUMNS = ("verb", "route", "kind", "state")


class UsageCounts:
    """The usage_slot and usage_total tables, kept up from usage_event."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def count_events(self) -> int:
        """Counts what happened since the last call; returns how many events it were."""
        counted = 0
        while batch := self._count_batch():
            counted += batch

        return counted

    def recount(self) -> int:
        """Counts every hour of every workspace again from its requests; returns how many hours.

        Totals stay: they also hold what has been deleted since.
        """
        hours: set[tuple[str, int]] = set()
        with writing(self._engine) as connection:
            for query in (_counted_hours(), _hours_with_requests(self._engine.dialect.name)):
                hours.update((row.team, row.hour) for row in connection.execute(query))

            # The newest first: somebody may be looking at this week's figures.
            ordered = sorted(hours, key=lambda hour: -hour[1])
            rows = [{"kind": "changed", "team": team, "hour": hour} for team, hour in ordered]
            for batch in batches(rows):
                connection.execute(insert(usage_event), batch)

        self.count_events()
        return len(hours)

    def _count_batch(self) -> int:
        with writing(self._engine, ("usage",)) as connection:
            events = _oldest_events(connection)
            if not events:
                return 0

            # Read and deleted by their ids: what another transaction adds meanwhile is counted
            # the next time, and its hour once more.
            for batch in batches([event["id"] for event in events]):
                connection.execute(delete(usage_event).where(usage_event.c.id.in_(batch)))

            self._add_totals(connection, events)

            days = set()
            for team, hour in {(event["team"], event["hour"]) for event in events}:
                _replace(connection, team, 1, hour, _count_hour(connection, team, hour))
                days.add((team, hour // DAY_HOURS))

            for team, day in days:
                _replace(connection, team, DAY_HOURS, day, _add_up_day(connection, team, day))

        return len(events)

    def _add_totals(self, connection: Connection, events: Iterable[RowMapping]) -> None:
        amounts: dict[AmountKey, float] = defaultdict(float)
        for event in events:
            for key, amount in amounts_of_event(event):
                amounts[key] += amount

        # In one order, so that two processes cannot wait for each other.
        for key in sorted(amounts):
            values = dict(zip(("metric", "first", "second", "bucket"), key, strict=True))
            statement = self._insert(usage_total).values(**values, amount=amounts[key])
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=list(values),
                    set_={"amount": usage_total.c.amount + amounts[key]},
                )
            )


def _oldest_events(connection: Connection) -> list[RowMapping]:
    """Returns the oldest events, of so few hours that counting them takes no long time."""
    query = select(usage_event).order_by(usage_event.c.id).limit(MAX_EVENTS)
    events: list[RowMapping] = []
    hours: set[tuple[str, int]] = set()
    for event in connection.execute(query).mappings().all():
        hours.add((event["team"], event["hour"]))
        if len(hours) > MAX_HOURS:
            break

        events.append(event)

    return events


def _count_hour(connection: Connection, team: str, hour: int) -> dict[GroupKey, Figures]:
    query = requests_of_team(team).where(
        request.c.received_at >= hour * HOUR_SECONDS,
        request.c.received_at < (hour + 1) * HOUR_SECONDS,
    )
    rows = connection.execute(query).mappings()
    return figures_by_key(CountedRequest(**row) for row in rows)


def _add_up_day(connection: Connection, team: str, day: int) -> dict[GroupKey, Figures]:
    query = select(usage_slot).where(
        usage_slot.c.team == team,
        usage_slot.c.hours == 1,
        usage_slot.c.number >= day * DAY_HOURS,
        usage_slot.c.number < (day + 1) * DAY_HOURS,
    )
    groups: dict[GroupKey, Figures] = defaultdict(Figures)
    for row in connection.execute(query).mappings():
        groups[key_of_slot(row)].add(figures_of_slot(row))

    return groups


def _replace(
    connection: Connection, team: str, hours: int, number: int, groups: Mapping[GroupKey, Figures]
) -> None:
    slot = {"team": team, "hours": hours, "number": number}
    same = [usage_slot.c[name] == value for name, value in slot.items()]
    connection.execute(delete(usage_slot).where(*same))

    rows = []
    for key, figures in groups.items():
        seconds = {str(bucket): count for bucket, count in figures.seconds.items()}
        names = dict(zip(KEY_COLUMNS, key, strict=True))
        rows.append({**slot, **names, **as_row(figures), "seconds": seconds})

    if rows:
        connection.execute(insert(usage_slot), rows)


def key_of_slot(row: RowMapping) -> GroupKey:
    """Returns what the requests of a slot's row have in common."""
    return (row["verb"], row["route"], row["kind"], row["state"])


def figures_of_slot(row: RowMapping) -> Figures:
    """Returns the figures of a slot's row."""
    values = {name: row[name] for name in Figures.__slots__}
    values["seconds"] = Counter({int(name): count for name, count in row["seconds"].items()})
    return Figures(**values)


def _counted_hours() -> Select[tuple[str, int]]:
    hours = select(usage_slot.c.team, usage_slot.c.number.label("hour"))
    return hours.where(usage_slot.c.hours == 1).distinct()


def _hours_with_requests(dialect: str) -> Select[tuple[str, int]]:
    hours: ColumnElement[Any] = request.c.received_at / HOUR_SECONDS
    # A cast to a whole number rounds on PostgreSQL, and cuts on SQLite, which may have no `floor`.
    if dialect == "postgresql":
        hours = func.floor(hours)

    return select(request.c.team, cast(hours, Integer).label("hour")).distinct()

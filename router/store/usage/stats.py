"""Statistics of a period: requests, shares, latency and cost by route."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from sqlalchemy import Connection, Engine, Select, exists, func, select, union_all

from router.store.base.engine import one_statement, reading
from router.store.base.tables import IS_REASON, decision, feedback, outcome, request
from router.store.requests.failed_requests import FailedRequest, read_failed
from router.store.requests.history import SIMULATED_EVENT
from router.store.usage.figures import (
    CORRECTED,
    CountedRequest,
    Figures,
    GroupKey,
    figures_by_key,
    is_served,
    requests_of_team,
)
from router.store.usage.latency import bucket_quantile, quantile
from router.store.usage.period import DayFigures, read_parts
from router.store.usage.spend import spent_since
from router.store.usage.totals import Totals, read_totals
from router.types import GONE, ChannelKind, Request

DAY = 86_400.0

MAX_DAYS = 366
"""Days that a period lists at most."""

MAX_EXACT = 500
"""Requests in a period that are read one by one; of more, the counters are."""


@dataclass(frozen=True, slots=True)
class RouteStats:
    """One route's part of a period.

    `share` (0-1) is of all requests that a route served. Seconds are from arrival to answer.
    `corrected` counts requests that it answered and people sent to another route; `moved` those of
    them that the other route has answered since, which are counted there.
    """

    route: str
    kinds: tuple[str, ...]
    requests: int
    share: float
    p50_seconds: float
    p95_seconds: float
    usd: float
    corrected: int
    failed: int = 0
    moved: int = 0

    @property
    def answers(self) -> int:
        """What `corrected` is a part of: all that the route answered, also what has moved since."""
        return self.requests + self.moved


@dataclass(frozen=True, slots=True)
class Period:
    """What happened since a time.

    Each request is one of these: `answered` by a route, `failed`, asked back without an answer
    since (`asked` less `asked_answered`), `out_of_scope` without an answer since, or `other`: about
    Beagle, open, or stopped. `asked` are all that Beagle asked back about and did not fail. `usd`
    is what these requests cost, `spent_usd` all that models cost the workspace in the period's UTC
    days, and `other_usd` the part of it that no route in `routes` has: failed requests, tests,
    naming, trials. `simulated` counts the requests of a made-up history. `not_found` counts
    searches whose answer was in no document that the asker may read. `days` counts the requests of
    each UTC day, oldest first.
    """

    requests: int
    answered: int
    asked: int
    out_of_scope: int
    failed: int
    corrected: int
    not_found: int
    usd: float
    tokens: int
    p50_seconds: float
    p95_seconds: float
    routes: Sequence[RouteStats]
    days: Sequence[int] = ()
    spent_usd: float = 0.0
    other_usd: float = 0.0
    simulated: int = 0
    asked_answered: int = 0

    @property
    def other(self) -> int:
        """Requests that are none of the others: about Beagle, open, or stopped."""
        waiting = self.asked - self.asked_answered
        return self.requests - self.answered - self.failed - waiting - self.out_of_scope


class Stats:
    """Reads the tables of requests, decisions, outcomes and feedback."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def totals(self) -> Totals:
        """Returns the totals since the store was made, over all workspaces."""
        with reading(self._engine) as connection:
            return read_totals(connection)

    def since(self, team: str, start: float, user: str = "") -> Period:
        """Returns the figures since `start` (unix seconds), of a workspace or one of its users.

        Of each request the newest revision counts, once. Latencies of a workspace with more than
        `MAX_EXACT` requests in the period are right within 2.5 %; all else is exact.
        """
        since_start = request.c.received_at >= start
        with reading(self._engine) as connection:
            if not user and _has_many(connection, team, start):
                period = _period(read_parts(connection, team, start), start)
                return self._completed(connection, period, team, start)

            query = requests_of_team(team).where(since_start)
            if user:
                query = query.where(request.c.user == user, request.c.user_team == "")

            rows = [CountedRequest(**row) for row in connection.execute(query).mappings()]
            period = _exact_period(rows, start)
            return period if user else self._completed(connection, period, team, start)

    def failed(self, team: str, start: float, limit: int) -> list[FailedRequest]:
        """Returns the workspace's requests since `start` that failed, newest first."""
        with one_statement(self._engine) as connection:
            return read_failed(connection, team, start, limit)

    def bad_answers(self, team: str, start: float) -> dict[str, int]:
        """Returns how often people gave which reason for a bad answer since `start`."""
        is_there = (
            request.c.id == feedback.c.request,
            request.c.team == team,
            request.c.state.not_in(GONE),
        )
        # A join would begin with all requests of the workspace.
        query = (
            select(feedback.c.value, func.count().label("answers"))
            .where(IS_REASON, feedback.c.at >= start, exists().where(*is_there))
            .group_by(feedback.c.value)
        )
        with one_statement(self._engine) as connection:
            return {row.value: row.answers for row in connection.execute(query)}

    def simulated(self, team: str, start: float = 0.0) -> int:
        """Returns how many requests since `start` (unix seconds) are of a made-up history."""
        with one_statement(self._engine) as connection:
            return _count_simulated(connection, team, start)

    def _completed(self, connection: Connection, period: Period, team: str, start: float) -> Period:
        """Returns a workspace's period with what models cost and how much of it is made up."""
        completed = _with_spending(period, spent_since(connection, team, start))
        return replace(completed, simulated=_count_simulated(connection, team, start))

    def route_counts(self, team: str, channel: str, start: float) -> dict[str, int]:
        """Returns how many requests of a channel each route answered since `start`.

        The newest outcome of a request counts, so a corrected request counts for the right route.
        """
        # Kind by kind, so that the index on workspace, kind, channel and time is used: what a
        # channel asked for in earlier years is not read.
        kinds = [self._route_counts(team, channel, kind, start) for kind in get_args(ChannelKind)]
        query = union_all(*kinds)

        counts: Counter[str] = Counter()
        with reading(self._engine) as connection:
            for row in connection.execute(query).mappings():
                counts[str(row["route"])] += int(row["requests"])

        return dict(counts)

    def _route_counts(
        self, team: str, channel: str, kind: ChannelKind, start: float
    ) -> Select[tuple[str, int]]:
        newest = (
            select(func.max(outcome.c.revision))
            .where(outcome.c.request == request.c.id)
            .correlate(request)
            .scalar_subquery()
        )
        return (
            select(outcome.c.route, func.count().label("requests"))
            .join(request, request.c.id == outcome.c.request)
            .where(
                request.c.team == team,
                request.c.channel == channel,
                request.c.channel_kind == kind,
                request.c.state == "answered",
                request.c.received_at >= start,
                outcome.c.revision == newest,
                outcome.c.error.is_(None),
                outcome.c.route != "",
            )
            .group_by(outcome.c.route)
        )

    def recent_requests(self, team: str, user: str, limit: int) -> list[tuple[Request, str]]:
        """Returns the user's last requests with the route that served each, newest first.

        The route is empty where none served it.
        """
        newest = (
            select(decision.c.route)
            .where(decision.c.request == request.c.id)
            .order_by(decision.c.revision.desc())
            .limit(1)
            .scalar_subquery()
        )

        query = (
            select(*(request.c[name] for name in Request.__slots__), newest.label("route"))
            .where(
                request.c.team == team,
                request.c.user == user,
                request.c.user_team == "",
                request.c.state.not_in(GONE),
            )
            .order_by(request.c.received_at.desc())
            .limit(limit)
        )
        with one_statement(self._engine) as connection:
            rows = connection.execute(query).mappings().all()

        recent = []
        for row in rows:
            values = dict(row)
            route = values.pop("route") or ""
            recent.append((Request(**values), route))

        return recent


def day_start(now: float, days: int = 0) -> float:
    """Returns when the UTC day that is `days` before that of `now` began, in unix seconds.

    Money is counted by UTC days, so periods whose cost is shown begin with one.
    """
    return (now // DAY - days) * DAY


def _with_spending(period: Period, spent_usd: float) -> Period:
    """Returns the period with what models cost; at least what its requests are known to cost."""
    total = max(spent_usd, period.usd)
    routes = sum(route.usd for route in period.routes)
    return replace(period, spent_usd=total, other_usd=max(0.0, total - routes))


def _count_simulated(connection: Connection, team: str, start: float) -> int:
    # A range of the unique index on event ids: where nothing is simulated, nothing is read.
    end = f"{SIMULATED_EVENT[:-1]}{chr(ord(SIMULATED_EVENT[-1]) + 1)}"
    query = select(func.count()).where(
        request.c.event_id >= SIMULATED_EVENT,
        request.c.event_id < end,
        request.c.team == team,
        request.c.received_at >= start,
        request.c.state.not_in(GONE),
    )
    return int(connection.execute(query).scalar_one())


def _has_many(connection: Connection, team: str, start: float) -> bool:
    """Returns whether the period holds so many requests that reading each would take long."""
    some = (
        select(request.c.received_at)
        .where(request.c.team == team, request.c.received_at >= start)
        .limit(MAX_EXACT + 1)
        .subquery()
    )
    count: int = connection.execute(select(func.count()).select_from(some)).scalar_one()
    return count > MAX_EXACT


def _exact_period(rows: Sequence[CountedRequest], start: float) -> Period:
    """Returns the period with quantiles of the latencies themselves, not of their buckets."""
    parts: dict[int, list[CountedRequest]] = defaultdict(list)
    for row in rows:
        parts[int(row.received_at // DAY)].append(row)

    period = _period([(day, figures_by_key(part)) for day, part in parts.items()], start)
    seconds = [row.seconds for row in rows if row.seconds is not None]
    routes = []
    for route in period.routes:
        own = [
            row.seconds
            for row in rows
            if row.seconds is not None and is_served(row.key) and row.route == route.route
        ]
        routes.append(
            replace(route, p50_seconds=quantile(own, 0.5), p95_seconds=quantile(own, 0.95))
        )

    return replace(
        period,
        p50_seconds=quantile(seconds, 0.5),
        p95_seconds=quantile(seconds, 0.95),
        routes=routes,
    )


def _period(parts: Sequence[DayFigures], start: float) -> Period:
    """Returns the figures of the parts, each with its day."""
    groups: dict[GroupKey, Figures] = defaultdict(Figures)
    by_day: Counter[int] = Counter()
    for day, figures in parts:
        for key, part in figures.items():
            groups[key].add(part)
            by_day[day] += part.requests

    total = _sum(groups.values())
    answered: Counter[str] = Counter()
    unanswered: Counter[str] = Counter()
    for key, part in groups.items():
        # A request whose only answer is an error was not answered.
        counts = answered if is_served(key) else unanswered
        counts[key[0]] += part.requests - part.failed

    return Period(
        requests=total.requests,
        answered=answered.total(),
        asked=answered["ask"] + unanswered["ask"],
        asked_answered=answered["ask"],
        out_of_scope=unanswered["out_of_scope"],
        failed=total.failed,
        corrected=total.corrected,
        not_found=total.not_found,
        usd=total.usd,
        tokens=total.tokens,
        p50_seconds=bucket_quantile(total.seconds, 0.5),
        p95_seconds=bucket_quantile(total.seconds, 0.95),
        routes=_routes(groups),
        days=_requests_by_day(by_day, start),
    )


def _routes(groups: Mapping[GroupKey, Figures]) -> list[RouteStats]:
    by_route: dict[str, list[tuple[GroupKey, Figures]]] = defaultdict(list)
    for key, part in groups.items():
        if is_served(key) or key[3] == CORRECTED:
            by_route[key[1]].append((key, part))

    # Shares are of what routes served, not of everything that was asked.
    served = sum(part.requests for parts in by_route.values() for _, part in parts)
    routes = []
    for name, parts in by_route.items():
        total = _sum(part for _, part in parts)
        routes.append(
            RouteStats(
                route=name,
                kinds=tuple(sorted({key[2] for key, _ in parts if key[2]})),
                requests=total.requests,
                share=total.requests / served if served else 0.0,
                p50_seconds=bucket_quantile(total.seconds, 0.5),
                p95_seconds=bucket_quantile(total.seconds, 0.95),
                usd=total.usd,
                corrected=total.corrected,
                failed=total.failed,
                moved=sum(part.corrected for key, part in parts if key[3] == CORRECTED),
            )
        )

    return sorted(routes, key=lambda route: (-route.requests, route.route))


def _sum(parts: Iterable[Figures]) -> Figures:
    total = Figures()
    for part in parts:
        total.add(part)

    return total


def _requests_by_day(counts: Counter[int], start: float) -> list[int]:
    """Returns the requests of each day, from `start` to the last day with any."""
    if not counts:
        return []

    last = max(counts)
    first = max(int(start // DAY), last - MAX_DAYS)
    return [counts[day] for day in range(first, last + 1)]

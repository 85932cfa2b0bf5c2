"""Statistics of a period: requests, shares, latency and cost by route."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from sqlalchemy import Engine, Select, and_, exists, func, select, union_all

from router.kinds import RETRIEVING_KINDS
from router.store.base.engine import reading
from router.store.base.tables import decision, feedback, outcome, request
from router.store.requests.conditions import newest_revision
from router.store.usage.totals import Totals, read_totals
from router.types import GONE, ChannelKind, Request

DAY = 86_400.0

MAX_DAYS = 366
"""Days that a period lists at most."""

BILLED_TOKENS = ("system", "few_shot", "context", "query", "output")
"""The parts of a prompt and its answer; `cached` tokens are counted in them already."""


@dataclass(frozen=True, slots=True)
class RouteStats:
    """One route's part of a period.

    `share` (0-1) is of all requests that a route served. Seconds are from arrival to answer.
    """

    route: str
    kinds: tuple[str, ...]
    requests: int
    share: float
    p50_seconds: float
    p95_seconds: float
    usd: float
    corrected: int


@dataclass(frozen=True, slots=True)
class Period:
    """What happened since a time.

    `asked` and `out_of_scope` were answered without a route. `not_found` counts searches whose
    answer was in no document that the asker may read. `days` counts the requests of each UTC day,
    oldest first.
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

        Of each request the newest revision counts, once.
        """
        corrected = exists().where(feedback.c.request == request.c.id, feedback.c.aspect == "route")
        query = (
            select(
                request.c.state,
                request.c.received_at,
                request.c.done_at,
                decision.c.verb,
                outcome.c.route,
                outcome.c.kind,
                outcome.c.usd,
                outcome.c.tokens,
                outcome.c.error,
                outcome.c.data,
                corrected.label("is_corrected"),
            )
            .select_from(request)
            # A corrected request counts once, with its last answer.
            .outerjoin(
                decision,
                and_(decision.c.request == request.c.id, decision.c.revision == newest_revision()),
            )
            .outerjoin(
                outcome,
                and_(outcome.c.request == request.c.id, outcome.c.revision == decision.c.revision),
            )
            .where(
                request.c.team == team, request.c.received_at >= start, request.c.state.not_in(GONE)
            )
        )

        if user:
            query = query.where(request.c.user == user)

        with reading(self._engine) as connection:
            rows = [_Row(**row) for row in connection.execute(query).mappings()]

        return _period(rows, start)

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
            .where(request.c.team == team, request.c.user == user, request.c.state.not_in(GONE))
            .order_by(request.c.received_at.desc())
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()

        recent = []
        for row in rows:
            values = dict(row)
            route = values.pop("route") or ""
            recent.append((Request(**values), route))

        return recent


@dataclass(frozen=True, slots=True)
class _Row:
    """A request with its newest decision and outcome."""

    state: str
    received_at: float
    done_at: float | None
    verb: str | None
    route: str | None
    kind: str | None
    usd: float | None
    tokens: dict[str, int] | None
    error: str | None
    data: Any
    is_corrected: bool

    @property
    def seconds(self) -> float | None:
        """From arrival to answer."""
        return None if self.done_at is None else self.done_at - self.received_at

    @property
    def is_not_found(self) -> bool:
        """Whether documents were searched and none held the answer."""
        return (
            self.kind in RETRIEVING_KINDS
            and isinstance(self.data, dict)
            and self.data.get("answered") is False
        )

    @property
    def billed_tokens(self) -> int:
        """Input and output together."""
        parts = self.tokens or {}
        return sum(parts.get(name, 0) for name in BILLED_TOKENS)


def _period(rows: Sequence[_Row], start: float) -> Period:
    by_route: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        if row.verb == "route" and row.route and row.state == "answered":
            by_route[row.route].append(row)

    # Shares are of what routes served, not of everything that was asked.
    total = sum(len(part) for part in by_route.values())
    routes = [_route_stats(name, part, total) for name, part in by_route.items()]
    seconds = [row.seconds for row in rows if row.seconds is not None]

    return Period(
        requests=len(rows),
        answered=sum(row.state == "answered" for row in rows),
        asked=sum(row.verb == "ask" for row in rows),
        out_of_scope=sum(row.verb == "out_of_scope" for row in rows),
        failed=sum(row.state == "dead" or bool(row.error) for row in rows),
        corrected=sum(row.is_corrected for row in rows),
        not_found=sum(row.is_not_found for row in rows),
        usd=sum(row.usd or 0.0 for row in rows),
        tokens=sum(row.billed_tokens for row in rows),
        p50_seconds=quantile(seconds, 0.5),
        p95_seconds=quantile(seconds, 0.95),
        routes=sorted(routes, key=lambda route: (-route.requests, route.route)),
        days=_requests_by_day(rows, start),
    )


def _requests_by_day(rows: Sequence[_Row], start: float) -> list[int]:
    """Returns the requests of each day, from `start` to the last day with any."""
    if not rows:
        return []

    counts = Counter(int(row.received_at // DAY) for row in rows)
    last = max(counts)
    first = max(int(start // DAY), last - MAX_DAYS)
    return [counts[day] for day in range(first, last + 1)]


def _route_stats(name: str, rows: Sequence[_Row], total: int) -> RouteStats:
    seconds = [row.seconds for row in rows if row.seconds is not None]
    return RouteStats(
        route=name,
        kinds=tuple(sorted({row.kind for row in rows if row.kind})),
        requests=len(rows),
        share=len(rows) / total,
        p50_seconds=quantile(seconds, 0.5),
        p95_seconds=quantile(seconds, 0.95),
        usd=sum(row.usd or 0.0 for row in rows),
        corrected=sum(row.is_corrected for row in rows),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """Returns the quantile by the nearest-rank method, 0 if there are no values."""
    if not values:
        return 0.0

    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

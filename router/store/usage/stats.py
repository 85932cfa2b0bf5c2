"""Statistics over what happened: requests, shares, latency and cost by route."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, and_, func, select

from router.store.base.engine import reading
from router.store.base.tables import decision, feedback, outcome, request
from router.types import Request

DAY = 86_400.0
LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class RouteStats:
    """One route's part of a period. `share` is of all requests a route served, 0-1; seconds from arrival to answer."""

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
    """What happened since a time. `asked` and `out_of_scope` were answered without a route.

    `not_found` are searches whose answer stood in no document that the asker may read. `days`
    counts the requests of each UTC day, oldest first.
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
    """Reads what the other parts wrote."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def since(self, team: str, start: float, user: str = "") -> Period:
        """The period from `start` to now, for one workspace, or one `user` of it.

        The newest revision of a request counts, once.
        """
        newest = (
            select(decision.c.request, func.max(decision.c.revision).label("revision"))
            .group_by(decision.c.request)
            .subquery()
        )

        corrections = (
            select(feedback.c.request, func.count().label("corrections"))
            .where(feedback.c.aspect == "route")
            .group_by(feedback.c.request)
            .subquery()
        )

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
                corrections.c.corrections,
            )
            .select_from(request)
            .outerjoin(newest, newest.c.request == request.c.id)
            .outerjoin(
                decision,
                and_(decision.c.request == request.c.id, decision.c.revision == newest.c.revision),
            )
            .outerjoin(
                outcome,
                and_(outcome.c.request == request.c.id, outcome.c.revision == newest.c.revision),
            )
            .outerjoin(corrections, corrections.c.request == request.c.id)
            .where(
                request.c.team == team, request.c.received_at >= start, request.c.state != "ignored"
            )
        )

        if user:
            query = query.where(request.c.user == user)

        with reading(self._engine) as connection:
            rows = [_Row(**row) for row in connection.execute(query).mappings()]

        return _period(rows, start)

    def recent(self, team: str, user: str, most: int) -> list[tuple[Request, str]]:
        """What the person asked last, newest first, each with the route that served it (empty: none)."""
        newest = (
            select(decision.c.route)
            .where(decision.c.request == request.c.id)
            .order_by(decision.c.revision.desc())
            .limit(1)
            .scalar_subquery()
        )

        query = (
            select(*(request.c[name] for name in Request.__slots__), newest.label("route"))
            .where(request.c.team == team, request.c.user == user, request.c.state != "ignored")
            .order_by(request.c.received_at.desc())
            .limit(most)
        )
        with reading(self._engine) as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]

        return [(Request(**row), route or "") for row in rows for route in [row.pop("route")]]


@dataclass(frozen=True, slots=True)
class _Row:
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
    corrections: int | None

    @property
    def seconds(self) -> float | None:
        return None if self.done_at is None else self.done_at - self.received_at

    @property
    def missed(self) -> bool:
        return (
            self.kind == "rag"
            and isinstance(self.data, dict)
            and self.data.get("answered") is False
        )


def _period(rows: Sequence[_Row], start: float) -> Period:
    served: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        if row.verb == "route" and row.route and row.state == "answered":
            served[row.route].append(row)

    total = sum(len(part) for part in served.values())
    routes = [_route(name, part, total) for name, part in served.items()]
    seconds = [row.seconds for row in rows if row.seconds is not None]

    return Period(
        requests=len(rows),
        answered=sum(row.state == "answered" for row in rows),
        asked=sum(row.verb == "ask" for row in rows),
        out_of_scope=sum(row.verb == "out_of_scope" for row in rows),
        failed=sum(row.state == "dead" or bool(row.error) for row in rows),
        corrected=sum(bool(row.corrections) for row in rows),
        not_found=sum(row.missed for row in rows),
        usd=sum(row.usd or 0.0 for row in rows),
        tokens=sum(_tokens(row) for row in rows),
        p50_seconds=quantile(seconds, 0.5),
        p95_seconds=quantile(seconds, 0.95),
        routes=sorted(routes, key=lambda r: (-r.requests, r.route)),
        days=_days(rows, start),
    )


def _days(rows: Sequence[_Row], start: float) -> list[int]:
    counted = Counter(int(row.received_at // DAY) for row in rows)
    first, last = int(start // DAY), max(counted, default=0)
    return (
        [counted[day] for day in range(max(first, last - LONGEST_DAYS), last + 1)]
        if counted
        else []
    )


def _route(name: str, rows: Sequence[_Row], total: int) -> RouteStats:
    seconds = [row.seconds for row in rows if row.seconds is not None]
    return RouteStats(
        route=name,
        kinds=tuple(sorted({row.kind for row in rows if row.kind})),
        requests=len(rows),
        share=len(rows) / total,
        p50_seconds=quantile(seconds, 0.5),
        p95_seconds=quantile(seconds, 0.95),
        usd=sum(row.usd or 0.0 for row in rows),
        corrected=sum(bool(row.corrections) for row in rows),
    )


def _tokens(row: _Row) -> int:
    parts = row.tokens or {}
    return sum(parts.get(name, 0) for name in ("system", "few_shot", "context", "query", "output"))


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie (nearest rank); 0 when there are none."""
    if not values:
        return 0.0

    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

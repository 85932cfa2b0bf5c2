"""Requests that failed: given up, or answered with an error."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import Connection, func, or_, select

from router.store.base.tables import IS_DEAD, decision, outcome, request
from router.store.requests.conditions import with_newest_answer
from router.types import GONE, Request


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """A request whose newest answer is an error. `error` is empty where it was given up."""

    request: Request
    route: str
    error: str


def read_failed(connection: Connection, team: str, since: float, limit: int) -> list[FailedRequest]:
    """Returns the workspace's requests since that time (unix seconds) that failed, newest first."""
    columns = [request.c[field.name] for field in fields(Request)]
    has_error = func.coalesce(outcome.c.error, "") != ""
    query = (
        select(
            *columns,
            func.coalesce(outcome.c.route, decision.c.route, "").label("failed_route"),
            func.coalesce(outcome.c.error, "").label("failed_error"),
        )
        .select_from(with_newest_answer())
        .where(
            request.c.team == team,
            request.c.state.not_in(GONE),
            request.c.received_at >= since,
            or_(IS_DEAD, has_error),
        )
        .order_by(request.c.received_at.desc())
        .limit(limit)
    )
    found = []
    for row in connection.execute(query).mappings():
        values = dict(row)
        route, error = values.pop("failed_route"), values.pop("failed_error")
        found.append(FailedRequest(Request(**values), route, error))

    return found

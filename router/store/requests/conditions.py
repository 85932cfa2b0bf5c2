"""When a request may be served: conditions that several statements share."""

from __future__ import annotations

from functools import cache

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, or_, select

from router.store.base.tables import decision, request
from router.types import RequestState

OPEN: tuple[RequestState, ...] = ("received", "decided")
"""The states in which an answer is still to come."""


def is_free(now: float) -> ColumnElement[bool]:
    """Returns the condition that nobody holds a lease on the request, and no pause keeps it."""
    return or_(request.c.lease_until.is_(None), request.c.lease_until <= now)


@cache
def waits_for_thread() -> ColumnElement[bool]:
    """Returns the condition that an earlier message of the request's thread is open.

    A thread is answered in order: the second question may refer to the first answer.
    """
    earlier = request.alias("earlier")
    return exists().where(
        earlier.c.team == request.c.team,
        earlier.c.channel == request.c.channel,
        earlier.c.thread == request.c.thread,
        earlier.c.ts < request.c.ts,
        earlier.c.state.in_(OPEN),
    )


def newest_revision() -> ScalarSelect[int]:
    """Returns the request's newest revision, looked up for each row of the query around it.

    Grouped over the whole table instead, every decision that was ever made would be read.
    """
    revisions = decision.alias("revisions")
    return (
        select(func.max(revisions.c.revision))
        .where(revisions.c.request == request.c.id)
        .correlate(request)
        .scalar_subquery()
    )

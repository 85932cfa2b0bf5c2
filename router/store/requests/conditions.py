"""When a request may be served, and what became of it: conditions that several statements share."""

from __future__ import annotations

from functools import cache

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Join,
    ScalarSelect,
    and_,
    exists,
    func,
    or_,
    select,
)

from router.store.base.tables import decision, feedback, outcome, request
from router.types import CHOSEN, RequestState

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


def with_newest_answer() -> Join:
    """Returns the requests, each beside its newest decision and the outcome of that, if any."""
    decided = request.outerjoin(
        decision,
        and_(decision.c.request == request.c.id, decision.c.revision == newest_revision()),
    )
    return decided.outerjoin(
        outcome,
        and_(outcome.c.request == request.c.id, outcome.c.revision == decision.c.revision),
    )


def newest_own_revision() -> ScalarSelect[int]:
    """Returns the newest revision that Beagle decided itself: none that a person chose."""
    revisions = decision.alias("own_revisions")
    return (
        select(func.max(revisions.c.revision))
        .where(
            revisions.c.request == request.c.id,
            revisions.c.reason[CHOSEN].as_string().is_(None),
        )
        .correlate(request)
        .scalar_subquery()
    )


def is_corrected(own: FromClause) -> ColumnElement[bool]:
    """Returns the condition that a person sent the request to another route than Beagle did.

    `own` is the decision of `newest_own_revision`. Whoever chooses after Beagle asked back, or has
    said that no route fits, corrects no route.
    """
    sent_elsewhere = exists().where(
        feedback.c.request == request.c.id,
        feedback.c.aspect == "route",
        feedback.c.value != own.c.route,
    )
    return and_(own.c.verb == "route", sent_elsewhere)

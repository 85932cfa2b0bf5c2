"""Totals since the store was made, for monitoring: the same whichever process is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, func, select

from router.store.base.tables import decision, outcome, request

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the latency buckets."""


@dataclass(frozen=True, slots=True)
class LatencyHistogram:
    """How many took at most each of `SECONDS`, how many in all, and their sum in seconds."""

    buckets: Sequence[int]
    count: int
    total: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts by label, USD by route, and latency by stage.

    The stages are `decide`, `model` (serving the route) and `whole` (arrival to answer).
    """

    requests: Mapping[str, int]
    decisions: Mapping[tuple[str, str], int]
    errors: Mapping[str, int]
    usd: Mapping[str, float]
    seconds: Mapping[str, LatencyHistogram]


def read_totals(connection: Connection) -> Totals:
    """Returns the totals since the store was made, over all workspaces."""
    # Prometheus counters only grow, so everything is counted from the beginning.
    states = connection.execute(
        select(request.c.state, func.count()).group_by(request.c.state)
    ).all()
    verbs = connection.execute(
        select(decision.c.verb, decision.c.route, func.count()).group_by(
            decision.c.verb, decision.c.route
        )
    ).all()
    costs = connection.execute(
        select(outcome.c.route, func.sum(outcome.c.usd))
        .where(outcome.c.route != "")
        .group_by(outcome.c.route)
    ).all()
    errors = connection.execute(
        select(outcome.c.error, func.count())
        .where(outcome.c.error.is_not(None))
        .group_by(outcome.c.error)
    ).all()

    whole = request.c.done_at - request.c.received_at
    stages: dict[str, tuple[ColumnElement[float], ColumnElement[bool]]] = {
        "decide": (decision.c.seconds, decision.c.revision == 0),
        "model": (outcome.c.seconds, outcome.c.route != ""),
        "whole": (whole, request.c.done_at.is_not(None)),
    }

    return Totals(
        requests={str(row[0]): int(row[1]) for row in states},
        decisions={(str(row[0]), str(row[1] or "")): int(row[2]) for row in verbs},
        errors={str(row[0]): int(row[1]) for row in errors},
        usd={str(row[0]): float(row[1] or 0.0) for row in costs},
        seconds={
            name: _histogram(connection, seconds, where)
            for name, (seconds, where) in stages.items()
        },
    )


def _histogram(
    connection: Connection, seconds: ColumnElement[float], where: ColumnElement[bool]
) -> LatencyHistogram:
    # One pass over the table counts every bucket.
    counts = [func.sum(case((seconds <= bound, 1), else_=0)) for bound in SECONDS]
    query = select(func.count(), func.sum(seconds), *counts).where(where)

    row = connection.execute(query).one()
    buckets = [int(count or 0) for count in row[2:]]
    return LatencyHistogram(buckets, int(row[0]), float(row[1] or 0.0))

"""Figures that add up: what a set of requests with the same route, kind and state amounts to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import Select, and_, case, func, select

from router.kinds import RETRIEVING_KINDS
from router.store.base.tables import decision, outcome, request
from router.store.requests.conditions import (
    is_corrected,
    newest_own_revision,
    with_newest_answer,
)
from router.store.usage.latency import bucket_of
from router.types import GONE

BILLED_TOKENS = ("system", "few_shot", "context", "query", "output")
"""The parts of a prompt and its answer; `cached` tokens are counted in them already."""

GroupKey: TypeAlias = tuple[str, str, str, str]
"""What Beagle itself decided (a verb), and route, kind and state of requests counted together.

The route is the one that serves them, also where a person chose it; else it is empty.
"""

CORRECTED = "corrected"
"""In place of a state: a route's answers that people sent to another route, or wanted sent there.

The requests themselves are counted where they are now.
"""


@dataclass(frozen=True, slots=True)
class CountedRequest:
    """A request with its newest decision and outcome; `usd` is what all its outcomes cost.

    `own_verb`, `own_route` and `own_kind` are those of Beagle's own newest decision, which no
    person chose.
    """

    state: str
    received_at: float
    asked_at: float
    done_at: float | None
    verb: str | None
    route: str | None
    kind: str | None
    usd: float | None
    tokens: dict[str, int] | None
    error: str | None
    data: Any
    own_verb: str | None
    own_route: str | None
    own_kind: str | None
    is_corrected: bool

    @property
    def key(self) -> GroupKey:
        """With which others it is counted."""
        route = self.route if self.verb == "route" else None
        return (self.own_verb or "", route or "", self.kind or "", self.state)

    @property
    def corrected_key(self) -> GroupKey:
        """With which others its correction is counted: those of the route that was wrong."""
        if is_served(self.key) and self.route == self.own_route:
            return self.key

        return ("route", self.own_route or "", self.own_kind or "", CORRECTED)

    @property
    def seconds(self) -> float | None:
        """From the message, or the click that asked again, to the answer."""
        return None if self.done_at is None else max(0.0, self.done_at - self.asked_at)

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


@dataclass(slots=True)
class Figures:
    """Sums over requests. `seconds` counts latencies by bucket (`latency.py`)."""

    requests: int = 0
    failed: int = 0
    corrected: int = 0
    not_found: int = 0
    usd: float = 0.0
    tokens: int = 0
    seconds: Counter[int] = field(default_factory=Counter)

    def add(self, other: Figures) -> None:
        """Adds the other figures to these."""
        self.requests += other.requests
        self.failed += other.failed
        self.corrected += other.corrected
        self.not_found += other.not_found
        self.usd += other.usd
        self.tokens += other.tokens
        self.seconds.update(other.seconds)


def requests_of_team(team: str) -> Select[Any]:
    """Returns the query of a workspace's requests as rows for `CountedRequest`."""
    # Every attempt was paid for, also the one before a correction.
    every = outcome.alias("every")
    usd = (
        select(func.sum(every.c.usd))
        .where(every.c.request == request.c.id)
        .correlate(request)
        .scalar_subquery()
    )
    own, own_outcome = decision.alias("own"), outcome.alias("own_outcome")
    return (
        select(
            request.c.state,
            request.c.received_at,
            # Whoever asks again waits from that click on, not from the message.
            case((decision.c.revision > 0, decision.c.at), else_=request.c.received_at).label(
                "asked_at"
            ),
            request.c.done_at,
            decision.c.verb,
            outcome.c.route,
            outcome.c.kind,
            usd.label("usd"),
            outcome.c.tokens,
            outcome.c.error,
            outcome.c.data,
            own.c.verb.label("own_verb"),
            own.c.route.label("own_route"),
            own_outcome.c.kind.label("own_kind"),
            is_corrected(own).label("is_corrected"),
        )
        # A corrected request counts once, with its last answer.
        .select_from(with_newest_answer())
        .outerjoin(
            own,
            and_(own.c.request == request.c.id, own.c.revision == newest_own_revision()),
        )
        .outerjoin(
            own_outcome,
            and_(own_outcome.c.request == request.c.id, own_outcome.c.revision == own.c.revision),
        )
        .where(request.c.team == team, request.c.state.not_in(GONE))
    )


def is_served(key: GroupKey) -> bool:
    """Returns whether requests of that key were answered by a route."""
    return bool(key[1]) and key[3] == "answered"


def figures_by_key(rows: Iterable[CountedRequest]) -> dict[GroupKey, Figures]:
    """Returns the figures of the requests, by what they are counted with."""
    groups: dict[GroupKey, Figures] = {}
    for row in rows:
        group = groups.setdefault(row.key, Figures())
        group.requests += 1
        group.failed += row.state == "dead" or bool(row.error)
        if row.is_corrected:
            groups.setdefault(row.corrected_key, Figures()).corrected += 1
        group.not_found += row.is_not_found
        group.usd += row.usd or 0.0
        group.tokens += row.billed_tokens
        if row.seconds is not None:
            group.seconds[bucket_of(row.seconds)] += 1

    return groups

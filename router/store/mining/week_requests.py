"""A week's requests with all that tells whether they were served well, for finding failures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Engine, func, select

from router.store.base.compact import unpack_vector
from router.store.base.engine import reading
from router.store.base.tables import decision, feedback, outcome, request
from router.store.base.workspace_tables import stop
from router.store.privacy.authorship import takes_part, writer
from router.store.requests.conditions import with_newest_answer
from router.store.versions.quality_tables import judged_answer
from router.types import GONE, Citation, EarlierAttempt

OPINIONS = ("thumb", "reason", "route", "review")
"""The aspects of feedback that say what was wrong."""


@dataclass(frozen=True, slots=True)
class WeekRequest:
    """A request, how it was decided and answered, and what people said of that.

    `first_verb` and `first_route` are of the first decision, `verb` and `route` of the newest; the
    route is None where nothing served it. `answered` is whether documents held the answer, None
    where none were asked.
    `tier` names the route's tier that answered, `escalated` those whose answers did not stand.
    `asked_again` is whether routing saw its person ask for it once more.
    `opinions` are the latest values of any person, by aspect. `vector` holds float32 bytes under
    `encoder`. `is_public` is whether every full member may see the text today.
    """

    id: str
    text: str
    user: str
    channel: str
    is_public: bool
    thread: str
    received_at: float
    state: str
    verb: str | None
    first_verb: str | None
    first_route: str | None
    route: str | None
    version: str | None
    kind: str | None
    model: str | None
    error: str | None
    usd: float
    answered: bool | None
    citations: Sequence[str]
    stopped: bool
    asked_again: bool
    tier: str
    escalated: Sequence[str]
    opinions: Mapping[str, str]
    vector: bytes | None
    encoder: str | None


class WeekRequests:
    """Reads the tables of requests, decisions, outcomes and feedback."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def between(self, team: str, since: float, until: float) -> list[WeekRequest]:
        """Returns the workspace's requests of that time (unix seconds), oldest first.

        Without people who opted out, without expired texts, without questions about Beagle and
        small talk. The newest revision counts.
        """
        query = (
            select(
                *(request.c[name] for name in _REQUEST),
                writer().label("user"),
                decision.c.verb,
                decision.c.route.label("decided"),
                *(outcome.c[name] for name in _OUTCOME),
            )
            .select_from(with_newest_answer())
            .where(
                request.c.team == team,
                request.c.received_at >= since,
                request.c.received_at < until,
                request.c.state.not_in(GONE),
                request.c.text != "",
                func.coalesce(decision.c.verb, "") != "meta",
                takes_part(),
            )
            .order_by(request.c.received_at, request.c.id)
        )
        period = (request.c.team == team, request.c.received_at >= since)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            opinions = _opinions(connection, *period)
            first = _first_decisions(connection, *period)
            stopped = _ids(connection, stop.c.request, *period)
            # An answer is younger than its request, so the period's are found by their time.
            is_again = (
                judged_answer.c.team == team,
                judged_answer.c.at >= since,
                judged_answer.c.source == "asked_again",
            )
            again = _ids(connection, judged_answer.c.request, *period, *is_again)

        found = []
        for row in rows:
            key = row["id"]
            changes = {"stopped": key in stopped or row["error"] == "stopped"}
            first_verb, first_route = first.get(key, (None, None))
            changes |= {"asked_again": key in again, "first_verb": first_verb}
            changes["first_route"] = first_route
            found.append(_served(dict(row), opinions.get(key, {}), changes))

        return found


_REQUEST = (
    "id",
    "text",
    "channel",
    "channel_kind",
    "thread",
    "received_at",
    "state",
    "vector",
    "encoder",
)
_OUTCOME = ("version", "kind", "model", "error", "usd", "data", "citations", "tier", "attempts")


def _served(
    row: Mapping[str, Any], opinions: Mapping[str, str], changes: Mapping[str, Any]
) -> WeekRequest:
    values = {name: row[name] for name in row if name in WeekRequest.__slots__}
    data = row["data"]
    # A failed answer has no verdict on its documents.
    answered = data.get("answered") if isinstance(data, dict) else None
    vector = row["vector"]
    values |= {
        "is_public": row["channel_kind"] == "public",
        "route": row["decided"],
        "tier": row["tier"] or "",
        "escalated": tuple(_tier(attempt) for attempt in row["attempts"] or ()),
        "usd": float(row["usd"] or 0.0),
        "answered": answered if isinstance(answered, bool) else None,
        "citations": tuple(_url(cited) for cited in row["citations"] or ()),
        "opinions": opinions,
        "vector": None if vector is None else unpack_vector(vector),
    }
    return WeekRequest(**values, **changes)


def _url(cited: Citation | Mapping[str, Any]) -> str:
    return str(cited.get("url") or "") if isinstance(cited, Mapping) else cited.url


def _tier(attempt: EarlierAttempt | Mapping[str, Any]) -> str:
    return str(attempt.get("tier") or "") if isinstance(attempt, Mapping) else attempt.tier


def _opinions(connection: Connection, *period: Any) -> dict[str, dict[str, str]]:
    query = (
        select(feedback.c.request, feedback.c.aspect, feedback.c.value)
        .join(request, request.c.id == feedback.c.request)
        .where(*period, feedback.c.aspect.in_(OPINIONS))
        .order_by(feedback.c.at)
    )
    # A later row replaces an earlier one.
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in connection.execute(query):
        found[row.request][row.aspect] = row.value

    return found


def _first_decisions(connection: Connection, *period: Any) -> dict[str, tuple[str, str | None]]:
    """Returns verb and route of each request's first decision."""
    query = (
        select(decision.c.request, decision.c.verb, decision.c.route)
        .join(request, request.c.id == decision.c.request)
        .where(*period)
        # Backwards, so that the first one stays.
        .order_by(decision.c.revision.desc())
    )
    return {row.request: (row.verb, row.route) for row in connection.execute(query)}


def _ids(connection: Connection, column: Column[str], *period: Any) -> frozenset[str]:
    """Returns the period's requests that have a row in the column's table."""
    query = select(column).join(request, request.c.id == column).where(*period)
    return frozenset(connection.execute(query).scalars())

"""The requests that mining reads, each with what is known of it: answer, feedback and proposal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, exists, func, or_, select

from router.store.base.engine import one_statement, reading
from router.store.base.loose_scan import distinct_teams
from router.store.base.mining_tables import overheard
from router.store.base.tables import decision, feedback, outcome, request
from router.store.privacy.authorship import takes_part, writer
from router.store.requests.conditions import (
    is_corrected,
    newest_own_revision,
    with_newest_answer,
)
from router.store.requests.proposals import proposal
from router.types import GONE, WITHOUT_FILES

REQUEST_COLUMNS = ("id", "text", "channel", "channel_kind", "received_at", "ts")
OUTCOME_COLUMNS = (
    "route",
    "kind",
    "version",
    "data",
    "tokens",
    "usd",
    "seconds",
    "model",
    "error",
)


@dataclass(frozen=True, slots=True)
class MinableRequest:
    """A request and its outcome; the fields after `verb` are None without an answer.

    `user` is who wrote the text, also where somebody else asked about it.

    `thumb` is the last one of any person, `corrected` says whether somebody sent it to another
    route than Beagle did.
    `tool` and `args` are the change that a person was asked to confirm.
    """

    id: str
    text: str
    user: str
    channel: str
    channel_kind: str
    received_at: float
    verb: str | None
    route: str | None
    kind: str | None
    version: str | None
    reply: str | None
    data: Any
    tokens: Mapping[str, int] | None
    usd: float | None
    seconds: float | None
    model: str | None
    error: str | None
    thumb: str | None
    corrected: bool
    tool: str | None = None
    args: Any = None
    ts: str = ""


class MiningReader:
    """Reads across the tables of requests, decisions, outcomes, proposals and feedback."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def requests(self, team: str, since: float, until: float) -> list[MinableRequest]:
        """Returns the requests from `since` to before `until` (unix seconds), oldest first.

        Without people who opted out, and without expired texts. The newest revision counts. An
        answer to a file cannot be learned from the message, so requests with files are left out.
        """
        own = decision.alias("own")
        query = (
            select(
                *(request.c[name] for name in REQUEST_COLUMNS),
                writer().label("user"),
                decision.c.verb,
                *(outcome.c[name] for name in OUTCOME_COLUMNS),
                outcome.c.text.label("reply"),
                proposal.c.tool,
                proposal.c.args,
                is_corrected(own).label("corrected"),
            )
            .select_from(with_newest_answer())
            .outerjoin(
                proposal,
                and_(
                    proposal.c.request == request.c.id, proposal.c.revision == decision.c.revision
                ),
            )
            .outerjoin(
                own,
                and_(own.c.request == request.c.id, own.c.revision == newest_own_revision()),
            )
            .where(
                request.c.team == team,
                request.c.received_at >= since,
                request.c.received_at < until,
                request.c.state.not_in(GONE),
                request.c.text != "",
                # Questions about Beagle and small talk are no work that a route could do.
                func.coalesce(decision.c.verb, "") != "meta",
                or_(request.c.files == "", request.c.files.startswith(WITHOUT_FILES)),
                takes_part(),
            )
            .order_by(request.c.received_at, request.c.id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            values = _latest_feedback(connection, team, since, until)

        return [
            MinableRequest(
                **row,
                thumb=values.get((row["id"], "thumb")),
            )
            for row in rows
        ]

    def active_teams(self, since: float) -> Sequence[str]:
        """Returns the workspaces with requests, or with messages of mined channels, since then."""
        asking, talking = distinct_teams(request), distinct_teams(overheard)
        requests = select(asking.c.team).where(
            exists().where(request.c.team == asking.c.team, request.c.received_at >= since)
        )
        # A workspace may have mined channels and no request of its own yet.
        messages = select(talking.c.team).where(
            exists().where(overheard.c.team == talking.c.team, overheard.c.at >= since)
        )
        query = requests.union(messages).order_by("team")

        with one_statement(self._engine) as connection:
            return [str(row.team) for row in connection.execute(query)]


def _latest_feedback(
    connection: Connection, team: str, since: float, until: float
) -> dict[tuple[str, str], str]:
    """Returns the latest value of any person by request and aspect."""
    query = (
        select(feedback.c.request, feedback.c.aspect, feedback.c.value)
        .join(request, request.c.id == feedback.c.request)
        .where(
            request.c.team == team,
            request.c.received_at >= since,
            request.c.received_at < until,
        )
        .order_by(feedback.c.at)
    )
    # A later row replaces an earlier one.
    return {(row.request, row.aspect): row.value for row in connection.execute(query)}

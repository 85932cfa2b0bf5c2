"""What mining reads: the requests of a time with all that is known of them, and vectors that were made before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, and_, delete, func, select, update

from router.store.base.engine import insert_for, reading, writing
from router.store.base.mining_tables import mined_vector, overheard
from router.store.base.tables import decision, feedback, outcome, request
from router.store.requests.proposals import proposal
from router.store.workspace.opt_outs import takes_part

AT_ONCE = 500
"""Databases bound how many values one statement may name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and what became of it; the fields after `verb` are None where nothing has answered it.

    `thumb` is the last one of any person, `corrected` whether somebody chose another route. `tool`
    and `args` are what it would have changed or has changed, where a person was asked.
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


class Minable:
    """Reads across the tables of requests, decisions, outcomes and feedback; keeps vectors by the hash of a text."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert: Any = insert_for(engine)

    def asked(self, team: str, since: float, until: float) -> list[Asked]:
        """The requests of that time, oldest first; people who opted out and texts that were dropped are not in it."""
        newest = (
            select(decision.c.request, func.max(decision.c.revision).label("revision"))
            .group_by(decision.c.request)
            .subquery()
        )

        query = (
            select(
                *(
                    request.c[name]
                    for name in ("id", "text", "user", "channel", "channel_kind", "received_at")
                ),
                decision.c.verb,
                outcome.c.route,
                outcome.c.kind,
                outcome.c.version,
                outcome.c.text.label("reply"),
                *(
                    outcome.c[name]
                    for name in ("data", "tokens", "usd", "seconds", "model", "error")
                ),
                *(proposal.c[name] for name in ("tool", "args")),
            )
            .outerjoin(newest, newest.c.request == request.c.id)
            .outerjoin(
                decision,
                and_(decision.c.request == request.c.id, decision.c.revision == newest.c.revision),
            )
            .outerjoin(
                outcome,
                and_(outcome.c.request == request.c.id, outcome.c.revision == newest.c.revision),
            )
            .outerjoin(
                proposal,
                and_(proposal.c.request == request.c.id, proposal.c.revision == newest.c.revision),
            )
            .where(
                request.c.team == team,
                request.c.received_at >= since,
                request.c.received_at < until,
            )
            .where(request.c.state != "ignored", request.c.text != "", takes_part())
            .order_by(request.c.received_at, request.c.id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            said = self._said(connection, team, since, until)

        return [
            Asked(
                **row, thumb=said.get((row["id"], "thumb")), corrected=(row["id"], "route") in said
            )
            for row in rows
        ]

    def _said(
        self, connection: Any, team: str, since: float, until: float
    ) -> dict[tuple[str, str], str]:
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
        return {(row.request, row.aspect): row.value for row in connection.execute(query)}

    def vectors(self, hashes: Iterable[str], encoder: str, at: float) -> dict[str, bytes]:
        """Those that are known, by hash; they count as used at `at`."""
        wanted, found = sorted(set(hashes)), dict[str, bytes]()
        for start in range(0, len(wanted), AT_ONCE):
            mine = and_(
                mined_vector.c.encoder == encoder,
                mined_vector.c.hash.in_(wanted[start : start + AT_ONCE]),
            )
            with writing(self._engine) as connection:
                found |= {
                    r.hash: r.vector for r in connection.execute(select(mined_vector).where(mine))
                }
                connection.execute(update(mined_vector).where(mine).values(used_at=at))

        return found

    def keep(self, encoder: str, vectors: Mapping[str, bytes], at: float) -> None:
        """The vectors are known from now on."""
        rows = [
            {"hash": name, "encoder": encoder, "vector": value, "used_at": at}
            for name, value in vectors.items()
        ]
        for start in range(0, len(rows), AT_ONCE):
            with writing(self._engine) as connection:
                connection.execute(
                    self._insert(mined_vector).on_conflict_do_nothing(),
                    rows[start : start + AT_ONCE],
                )

    def drop_vectors(self, before: float) -> int:
        """How many vectors, unused since then, were dropped: a text that is gone leaves none behind."""
        with writing(self._engine) as connection:
            return int(
                connection.execute(
                    delete(mined_vector).where(mined_vector.c.used_at < before)
                ).rowcount
            )

    def teams(self, since: float) -> Sequence[str]:
        """The workspaces in which anything was asked, or said where it is mined, since then."""
        asked = select(request.c.team).where(request.c.received_at >= since)
        said = select(overheard.c.team).where(overheard.c.at >= since)
        query = asked.union(said).order_by("team")

        with reading(self._engine) as connection:
            return [str(row.team) for row in connection.execute(query)]

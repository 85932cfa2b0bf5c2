"""When events of each kind arrived: Slack tells no app what it is subscribed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from router.store.base.engine import insert_for, one_statement
from router.store.base.workspace_tables import event_kind


@dataclass(frozen=True, slots=True)
class ArrivedEvents:
    """When events came, in unix seconds: the first of any kind, and the last of each."""

    since: float
    last_at: Mapping[str, float]


class EventKinds:
    """When the first event of a workspace came, and the newest of each kind: table event_kind."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def record(self, team: str, kind: str, at: float) -> None:
        """Records that an event of the kind came to the workspace."""
        statement = self._insert(event_kind).values(team=team, kind=kind, first_at=at, last_at=at)
        newest = statement.on_conflict_do_update(
            index_elements=["team", "kind"], set_={"last_at": at}
        )
        with one_statement(self._engine) as connection:
            connection.execute(newest)

    def arrived(self) -> ArrivedEvents | None:
        """Returns when events came to any workspace; None if there was none yet."""
        query = select(
            event_kind.c.kind,
            func.min(event_kind.c.first_at).label("first_at"),
            func.max(event_kind.c.last_at).label("last_at"),
        ).group_by(event_kind.c.kind)
        with one_statement(self._engine) as connection:
            rows = connection.execute(query).all()

        if not rows:
            return None

        since = min(row.first_at for row in rows)
        return ArrivedEvents(since, {row.kind: row.last_at for row in rows})

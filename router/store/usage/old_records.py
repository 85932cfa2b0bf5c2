"""Deletes records without words that are too old: audit rows, spending, requests, OAuth states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, Select, select

from router.store.base.engine import writing
from router.store.base.rows import delete_selected
from router.store.base.tables import request
from router.store.base.workspace_tables import audit, install_state
from router.store.knowledge.event_times import DELETED, EDITED, event_time
from router.store.usage.spend import DAY_SECONDS, spend

BATCH = 2_000
"""Rows of a table that one transaction deletes: the write lock is held for milliseconds."""


class OldRecords:
    """Deletes rows by age, at most `BATCH` of each table a call, the oldest first."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def delete_audit(self, before: float) -> int:
        """Deletes audit rows from before then (unix seconds); returns how many."""
        return self._delete(select(audit.c.id).where(audit.c.at < before).order_by(audit.c.at))

    def delete_usage(self, before: float) -> Mapping[str, int]:
        """Deletes spending of days before then, and requests that ended and have no text any more.

        `before` is in unix seconds. Decisions, outcomes and feedback go with their request. Returns
        how many rows of each table it were.
        """
        requests = (
            select(request.c.id)
            .where(request.c.received_at < before, request.c.text == "")
            .where(request.c.state.not_in(("received", "decided")))
            .order_by(request.c.received_at)
        )
        days = select(*spend.primary_key.columns).where(spend.c.day < int(before // DAY_SECONDS))
        return {"request": self._delete(requests), "spend": self._delete(days)}

    def delete_expired_states(self, now: float) -> int:
        """Deletes the OAuth states that are not valid any more; returns how many."""
        return self._delete(select(install_state.c.state).where(install_state.c.until <= now))

    def delete_message_events(self, before: float) -> int:
        """Deletes when messages were edited or deleted before then; returns how many.

        `before` is in unix seconds: by then Slack must have given up repeating what came earlier.
        """
        return self._delete(
            select(*event_time.primary_key.columns)
            .where(event_time.c.at < before, event_time.c.aspect.in_((EDITED, DELETED)))
            .order_by(event_time.c.at)
        )

    def _delete(self, keys: Select[Any]) -> int:
        table = keys.selected_columns[0].table
        with writing(self._engine) as connection:
            return delete_selected(connection, table, keys.limit(BATCH))

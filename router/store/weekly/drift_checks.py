"""The results of the weekly drift checks, and which of them were announced in the admin channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, select, update

from router.store.base.engine import insert_for, one_statement
from router.store.base.rows import as_row
from router.store.weekly.drift_tables import drift


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """One check of one version in figures, without texts of people; `week` is an ISO week.

    Without a `candidate` it is a notice that a model will be shut down. `telling` says that admins
    are to be told. `channel` and `claimed_at` are set once somebody is about to do so, `ts` once it
    is posted.
    """

    id: str
    team: str
    candidate: str | None
    week: str
    body: Mapping[str, Any]
    at: float
    telling: bool = False
    channel: str | None = None
    claimed_at: float | None = None
    ts: str | None = None


class DriftChecks:
    """The drift table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def insert(self, new: DriftCheck) -> bool:
        """Inserts the check; returns False if one of that id is stored, which stays as it is."""
        row = as_row(new)
        row["body"] = dict(new.body)
        statement = self._insert(drift).values(row).on_conflict_do_nothing()

        with one_statement(self._engine) as connection:
            return bool(connection.execute(statement).rowcount == 1)

    def get(self, key: str) -> DriftCheck | None:
        """Returns that check."""
        return self._newest(drift.c.id == key)

    def newest(self, candidate: str) -> DriftCheck | None:
        """Returns the last check of a candidate's version."""
        return self._newest(drift.c.candidate == candidate)

    def for_candidate(self, candidate: str) -> list[DriftCheck]:
        """Returns every check of a candidate's versions, oldest first."""
        return self._all(drift.c.candidate == candidate)

    def for_week(self, team: str, week: str) -> list[DriftCheck]:
        """Returns a workspace's checks of that week, oldest first."""
        return self._all(drift.c.team == team, drift.c.week == week)

    def mark_for_announcement(self, key: str) -> None:
        """Records that admins are to be told of the check. Twice is safe."""
        with one_statement(self._engine) as connection:
            connection.execute(update(drift).where(drift.c.id == key).values(telling=True))

    def unannounced(self) -> list[DriftCheck]:
        """Returns the checks that are to be announced and are not posted yet, oldest first."""
        return self._all(drift.c.telling, drift.c.ts.is_(None))

    def claim(self, key: str, channel: str, at: float, stale: float) -> bool:
        """Returns whether the caller is to post it there: True once, however many ask.

        A claim from before `stale` (unix seconds) that led to no post is void: its process died.
        """
        # Posting may fail half way, so a claim expires.
        free = drift.c.claimed_at.is_(None) | (drift.c.claimed_at < stale)
        statement = update(drift).where(drift.c.id == key, drift.c.ts.is_(None), free)

        with one_statement(self._engine) as connection:
            claimed = connection.execute(statement.values(channel=channel, claimed_at=at))
            return bool(claimed.rowcount == 1)

    def release(self, key: str) -> None:
        """Gives up the claim after a failed post, so that somebody may try again."""
        unposted = update(drift).where(drift.c.id == key, drift.c.ts.is_(None))
        with one_statement(self._engine) as connection:
            connection.execute(unposted.values(channel=None, claimed_at=None))

    def mark_posted(self, key: str, ts: str) -> None:
        """Records that it is posted at `ts`."""
        with one_statement(self._engine) as connection:
            connection.execute(update(drift).where(drift.c.id == key).values(ts=ts))

    def _all(self, *where: ColumnElement[bool]) -> list[DriftCheck]:
        query = select(drift).where(*where).order_by(drift.c.at, drift.c.id)
        with one_statement(self._engine) as connection:
            return [DriftCheck(**row) for row in connection.execute(query).mappings()]

    def _newest(self, where: ColumnElement[bool]) -> DriftCheck | None:
        query = select(drift).where(where).order_by(drift.c.at.desc(), drift.c.id.desc()).limit(1)
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().first()

        return DriftCheck(**row) if row else None

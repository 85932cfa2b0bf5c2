"""Weekly digests, one for each workspace and week, and admins' verdicts on candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, and_, select, update

from router.store.base.engine import insert_for, one_statement
from router.store.base.rows import as_row
from router.store.base.tables import candidate, digest, verdict

VerdictValue = Literal["approve", "reject", "chatter", "snooze", "split", "merge"]
"""`reject` is a request that is not wanted, `chatter` no request at all."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A week's digest; `week` is an ISO week such as `2026-W47`.

    `channel` is set once somebody is about to post it, `ts` once it is posted.
    """

    team: str
    week: str
    body: Mapping[str, Any]
    channel: str | None
    ts: str | None
    at: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """An admin's verdict on a candidate as it was at `version`.

    `evidence_hash` is that of the candidate's transition.
    """

    candidate: str
    version: int
    user: str
    value: VerdictValue
    reason: str
    evidence_hash: str
    at: float


class Digests:
    """The digest and verdict tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def insert(self, team: str, week: str, body: Mapping[str, Any], at: float) -> bool:
        """Inserts the week's digest; returns False if there is one, which stays as it is."""
        row = {"team": team, "week": week, "body": dict(body), "at": at}
        statement = self._insert(digest).values(row).on_conflict_do_nothing()

        with one_statement(self._engine) as connection:
            return bool(connection.execute(statement).rowcount == 1)

    def get(self, team: str, week: str) -> Digest | None:
        """Returns that week's digest."""
        query = select(digest).where(_is_digest(team, week))
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Digest(**row) if row else None

    def newest(self, team: str) -> Digest | None:
        """Returns the workspace's last digest."""
        query = (
            select(digest)
            .where(digest.c.team == team)
            .order_by(digest.c.at.desc(), digest.c.week.desc())
            .limit(1)
        )
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Digest(**row) if row else None

    def unposted(self) -> list[Digest]:
        """Returns the digests that are not posted yet, oldest first."""
        query = select(digest).where(digest.c.ts.is_(None)).order_by(digest.c.at)
        with one_statement(self._engine) as connection:
            return [Digest(**row) for row in connection.execute(query).mappings()]

    def claim(self, team: str, week: str, channel: str) -> bool:
        """Returns whether the caller is to post it there: True once, however many ask."""
        # Two schedulers may wake up at once; the update lets exactly one of them post.
        unclaimed = update(digest).where(_is_digest(team, week), digest.c.channel.is_(None))
        with one_statement(self._engine) as connection:
            return bool(connection.execute(unclaimed.values(channel=channel)).rowcount == 1)

    def release(self, team: str, week: str) -> None:
        """Gives up the claim after a failed post, so that somebody may try again."""
        unposted = update(digest).where(_is_digest(team, week), digest.c.ts.is_(None))
        with one_statement(self._engine) as connection:
            connection.execute(unposted.values(channel=None))

    def mark_posted(self, team: str, week: str, ts: str) -> None:
        """Records that it is posted at `ts`."""
        with one_statement(self._engine) as connection:
            connection.execute(update(digest).where(_is_digest(team, week)).values(ts=ts))

    def record_verdict(self, new: Verdict) -> None:
        """Stores the verdict; the first one on each version of a candidate counts."""
        row = as_row(new)
        # A second click under the same evidence comes too late.
        with one_statement(self._engine) as connection:
            connection.execute(self._insert(verdict).values(row).on_conflict_do_nothing())

    def verdicts(self, team: str, since: float = 0.0) -> list[Verdict]:
        """Returns a workspace's verdicts since then, oldest first."""
        query = (
            select(verdict)
            .join(candidate, candidate.c.id == verdict.c.candidate)
            .where(candidate.c.team == team, verdict.c.at >= since)
            .order_by(verdict.c.at, verdict.c.candidate)
        )
        with one_statement(self._engine) as connection:
            return [Verdict(**row) for row in connection.execute(query).mappings()]


def _is_digest(team: str, week: str) -> ColumnElement[bool]:
    return and_(digest.c.team == team, digest.c.week == week)

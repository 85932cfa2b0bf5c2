"""Digests, one for each workspace and week, and the verdicts that admins gave on what was in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, select, update

from router.store.base.engine import insert_for, reading, writing
from router.store.base.tables import candidate, digest, verdict

Word = Literal["approve", "reject", "chatter", "snooze", "split", "merge"]
"""`reject` is a request that is not wanted, `chatter` no request at all."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A week's digest; `week` is an ISO week such as `2026-W47`.

    `channel` is set once somebody is to post it, `ts` once it stands there.
    """

    team: str
    week: str
    body: Mapping[str, Any]
    channel: str | None
    ts: str | None
    at: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an admin said of a candidate as it was at `version`; `evidence_hash` is that of its audit row."""

    candidate: str
    version: int
    user: str
    value: Word
    reason: str
    evidence_hash: str
    at: float


class Digests:
    """The digest and verdict tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert: Any = insert_for(engine)

    def write(self, team: str, week: str, body: Mapping[str, Any], at: float) -> bool:
        """The week has a digest; False when it had one, which stays as it is."""
        row = {"team": team, "week": week, "body": dict(body), "at": at}
        with writing(self._engine) as connection:
            return bool(
                connection.execute(
                    self._insert(digest).values(row).on_conflict_do_nothing()
                ).rowcount
                == 1
            )

    def rewrite(self, team: str, week: str, body: Mapping[str, Any]) -> None:
        """The week's digest says this now."""
        mine = (digest.c.team == team, digest.c.week == week)
        with writing(self._engine) as connection:
            connection.execute(update(digest).where(*mine).values(body=dict(body)))

    def get(self, team: str, week: str) -> Digest | None:
        """That week's digest."""
        query = select(digest).where(digest.c.team == team, digest.c.week == week)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Digest(**row) if row else None

    def newest(self, team: str) -> Digest | None:
        """The last digest that was made."""
        query = (
            select(digest)
            .where(digest.c.team == team)
            .order_by(digest.c.at.desc(), digest.c.week.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Digest(**row) if row else None

    def unposted(self) -> list[Digest]:
        """The digests that nobody has posted yet, oldest first."""
        query = select(digest).where(digest.c.ts.is_(None)).order_by(digest.c.at)
        with reading(self._engine) as connection:
            return [Digest(**row) for row in connection.execute(query).mappings()]

    def claim(self, team: str, week: str, channel: str) -> bool:
        """Whether the caller is the one to post it there: True once, however many ask at the same time."""
        mine = (digest.c.team == team, digest.c.week == week, digest.c.channel.is_(None))
        with writing(self._engine) as connection:
            return bool(
                connection.execute(update(digest).where(*mine).values(channel=channel)).rowcount
                == 1
            )

    def release(self, team: str, week: str) -> None:
        """Posting it did not come about; somebody may try again."""
        mine = (digest.c.team == team, digest.c.week == week, digest.c.ts.is_(None))
        with writing(self._engine) as connection:
            connection.execute(update(digest).where(*mine).values(channel=None))

    def posted(self, team: str, week: str, ts: str) -> None:
        """It stands in its channel at `ts`."""
        mine = (digest.c.team == team, digest.c.week == week)
        with writing(self._engine) as connection:
            connection.execute(update(digest).where(*mine).values(ts=ts))

    def say(self, said: Verdict) -> None:
        """The verdict is on record; each version of a candidate has one."""
        row = {name: getattr(said, name) for name in Verdict.__slots__}
        with writing(self._engine) as connection:
            connection.execute(self._insert(verdict).values(row).on_conflict_do_nothing())

    def verdicts(self, team: str, since: float = 0.0) -> list[Verdict]:
        """A team's verdicts since then, oldest first."""
        query = (
            select(verdict)
            .join(candidate, candidate.c.id == verdict.c.candidate)
            .where(candidate.c.team == team, verdict.c.at >= since)
            .order_by(verdict.c.at, verdict.c.candidate)
        )
        with reading(self._engine) as connection:
            return [Verdict(**row) for row in connection.execute(query).mappings()]

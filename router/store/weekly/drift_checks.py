"""What the drift watch has measured, one row for each version and week, and which of it stands in the admin channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select, update

from router.store.base.engine import insert_for, reading, writing
from router.store.weekly.drift_tables import drift


@dataclass(frozen=True, slots=True)
class Drift:
    """One look at one version; figures, never texts of people. Without a `candidate` it is a model that ends.

    `telling` is whether admins are to be told of it; `channel` and `claimed_at` are set once
    somebody is about to, `ts` once it stands there.
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


class Drifts:
    """The drift table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def write(self, new: Drift) -> bool:
        """It is kept; False when there was one of that id, which stays as it is."""
        row = {name: getattr(new, name) for name in Drift.__slots__} | {"body": dict(new.body)}
        with writing(self._engine) as connection:
            return bool(
                connection.execute(
                    self._insert(drift).values(row).on_conflict_do_nothing()
                ).rowcount
                == 1
            )

    def get(self, key: str) -> Drift | None:
        """That one."""
        return self._first(drift.c.id == key)

    def newest(self, candidate: str) -> Drift | None:
        """The last look at a candidate's version."""
        return self._first(drift.c.candidate == candidate)

    def of(self, candidate: str) -> list[Drift]:
        """Every look at a candidate's versions, oldest first."""
        return self._all(drift.c.candidate == candidate)

    def of_week(self, team: str, week: str) -> list[Drift]:
        """A team's looks of that week, in the order they were taken."""
        return self._all(drift.c.team == team, drift.c.week == week)

    def tell(self, key: str) -> None:
        """Admins are to be told of it; saying so twice is fine."""
        with writing(self._engine) as connection:
            connection.execute(update(drift).where(drift.c.id == key).values(telling=True))

    def untold(self) -> list[Drift]:
        """What is to be told and does not stand anywhere yet, oldest first."""
        return self._all(drift.c.telling, drift.c.ts.is_(None))

    def claim(self, key: str, channel: str, at: float, stale: float) -> bool:
        """Whether the caller is the one to post it there: True once, however many ask at the same time.

        Who claimed it before `stale` (unix seconds) and has not posted it has ended.
        """
        free = drift.c.claimed_at.is_(None) | (drift.c.claimed_at < stale)
        mine = (drift.c.id == key, drift.c.ts.is_(None), free)
        taken = {"channel": channel, "claimed_at": at}

        with writing(self._engine) as connection:
            return bool(connection.execute(update(drift).where(*mine).values(taken)).rowcount == 1)

    def release(self, key: str) -> None:
        """Posting it did not come about; somebody may try again."""
        none = {"channel": None, "claimed_at": None}
        with writing(self._engine) as connection:
            connection.execute(
                update(drift).where(drift.c.id == key, drift.c.ts.is_(None)).values(none)
            )

    def posted(self, key: str, ts: str) -> None:
        """It stands in its channel at `ts`."""
        with writing(self._engine) as connection:
            connection.execute(update(drift).where(drift.c.id == key).values(ts=ts))

    def _all(self, *where: Any) -> list[Drift]:
        query = select(drift).where(*where).order_by(drift.c.at, drift.c.id)
        with reading(self._engine) as connection:
            return [Drift(**row) for row in connection.execute(query).mappings()]

    def _first(self, *where: Any) -> Drift | None:
        query = select(drift).where(*where).order_by(drift.c.at.desc(), drift.c.id.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()

        return Drift(**row) if row else None

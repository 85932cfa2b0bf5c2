"""What is shown of a candidate's way to a live version: its card in Slack, and how far the present step is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, delete, select, update

from router.store.base.engine import insert_for, reading, writing
from router.store.weekly.rollout_tables import progress, road_card


@dataclass(frozen=True, slots=True)
class RoadCard:
    """The message of a candidate. `ts` is None while it is being posted; `shown` is a mark of what it says."""

    candidate: str
    channel: str
    ts: str | None
    shown: str
    at: float


@dataclass(frozen=True, slots=True)
class Doing:
    """How far the present step of a candidate is: `body` says `doing`, `done`, `of` and whatever figures there are."""

    body: Mapping[str, Any]
    at: float


class Roads:
    """The road_card and progress tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert: Any = insert_for(engine)

    def say(self, candidate: str, body: Mapping[str, Any], at: float) -> None:
        """That is how far the candidate's step is; what was said before is forgotten."""
        row = {"body": dict(body), "at": at}
        new = self._insert(progress).values(candidate=candidate, **row)

        with writing(self._engine) as connection:
            connection.execute(new.on_conflict_do_update(index_elements=["candidate"], set_=row))

    def doing(self, candidate: str) -> Doing | None:
        """How far the candidate's step is, as far as anybody said."""
        query = select(progress.c.body, progress.c.at).where(progress.c.candidate == candidate)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()

        return Doing(row.body, row.at) if row else None

    def card(self, candidate: str) -> RoadCard | None:
        """The candidate's message."""
        with reading(self._engine) as connection:
            row = (
                connection.execute(select(road_card).where(road_card.c.candidate == candidate))
                .mappings()
                .first()
            )

        return RoadCard(**row) if row else None

    def claim(self, candidate: str, channel: str, at: float) -> bool:
        """Whether the caller is the one to post the message there: True once, however many ask at the same time."""
        new = self._insert(road_card).values(
            candidate=candidate, channel=channel, ts=None, shown="", at=at
        )
        with writing(self._engine) as connection:
            return bool(connection.execute(new.on_conflict_do_nothing()).rowcount == 1)

    def release(self, candidate: str) -> None:
        """Posting it did not come about; somebody may try again."""
        mine = (road_card.c.candidate == candidate, road_card.c.ts.is_(None))
        with writing(self._engine) as connection:
            connection.execute(delete(road_card).where(*mine))

    def shows(self, candidate: str, ts: str, shown: str, at: float) -> None:
        """The message stands at `ts` and says what `shown` marks."""
        mine = road_card.c.candidate == candidate
        with writing(self._engine) as connection:
            connection.execute(update(road_card).where(mine).values(ts=ts, shown=shown, at=at))

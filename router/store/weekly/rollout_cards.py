"""The Slack message of each candidate's rollout, and the progress of its current step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, delete, select, update

from router.store.base.engine import insert_for, one_statement
from router.store.weekly.rollout_tables import progress, road_card


@dataclass(frozen=True, slots=True)
class RolloutCard:
    """The message of a candidate.

    `ts` is None while it is being posted; `shown` is the hash of the content that it shows.
    """

    candidate: str
    channel: str
    ts: str | None
    shown: str
    at: float


@dataclass(frozen=True, slots=True)
class StepProgress:
    """The progress of a candidate's current step.

    `body` has `doing`, `done`, `of` and any other figures.
    """

    body: Mapping[str, Any]
    at: float


class RolloutCards:
    """The road_card and progress tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def record_progress(self, candidate: str, body: Mapping[str, Any], at: float) -> None:
        """Stores the progress of the candidate's step, in place of the one before."""
        row = {"body": dict(body), "at": at}
        statement = self._insert(progress).values(candidate=candidate, **row)

        with one_statement(self._engine) as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["candidate"], set_=row)
            )

    def progress(self, candidate: str) -> StepProgress | None:
        """Returns the progress of the candidate's step, None if none was recorded."""
        query = select(progress.c.body, progress.c.at).where(progress.c.candidate == candidate)
        with one_statement(self._engine) as connection:
            row = connection.execute(query).one_or_none()

        return StepProgress(row.body, row.at) if row else None

    def card(self, candidate: str) -> RolloutCard | None:
        """Returns the candidate's message."""
        query = select(road_card).where(road_card.c.candidate == candidate)
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().first()

        return RolloutCard(**row) if row else None

    def claim(self, candidate: str, channel: str, at: float) -> bool:
        """Returns whether the caller is to post the message there: True once, however many ask."""
        # The row itself is the claim: inserting it succeeds once.
        values = {"candidate": candidate, "channel": channel, "ts": None, "shown": "", "at": at}
        statement = self._insert(road_card).values(values).on_conflict_do_nothing()
        with one_statement(self._engine) as connection:
            return bool(connection.execute(statement).rowcount == 1)

    def release(self, candidate: str) -> None:
        """Gives up the claim after a failed post, so that somebody may try again."""
        unposted = delete(road_card).where(
            road_card.c.candidate == candidate, road_card.c.ts.is_(None)
        )
        with one_statement(self._engine) as connection:
            connection.execute(unposted)

    def mark_shown(self, candidate: str, ts: str, shown: str, at: float) -> None:
        """Records where the message is posted and the hash of the content that it shows."""
        statement = update(road_card).where(road_card.c.candidate == candidate)
        with one_statement(self._engine) as connection:
            connection.execute(statement.values(ts=ts, shown=shown, at=at))

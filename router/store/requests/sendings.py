"""Sendings: answers that a person passed on, each to be sent once.

A row is written when the person presses, before anything leaves. Its key follows from what is sent
and where to, so that a second press finds the first one's row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    and_,
    false,
    or_,
    select,
    update,
)

from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.rows import as_row, literals
from router.store.base.tables import metadata, request
from router.types import SlackPerson

SendingKind = Literal["channel", "person", "webhook", "reminder", "reply"]
"""`reply` is the answer of a person to whom a request was handed over."""
SendingState = Literal["waiting", "sending", "sent", "failed"]
KEY_DIGITS = 24

sending = Table(
    "sending",
    metadata,
    Column("key", Text, primary_key=True),
    Column("request", Text, ForeignKey("request.id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    # What is sent, only until it was sent.
    Column("content", JSON, nullable=False),
    Column("post_at", Float, nullable=False, server_default="0"),
    Column("state", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("resumed", Boolean, nullable=False, server_default=false()),
    Column("result", Text, nullable=False, server_default=""),
    Column("done_at", Float),
    # When somebody has to look at it again; NULL when nothing is left to do.
    Column("wake_at", Float),
    Index("ix_sending_wake_at", "wake_at"),
    Index("ix_sending_request", "request"),
    Index("ix_sending_target", "target"),
)


@dataclass(frozen=True, slots=True)
class Sending:
    """An answer on its way out of Beagle.

    `target` is a channel's or a person's id, the name of a webhook, or empty. `content` is what the
    person saw and is sent; it is emptied once that is done. `post_at` is when a reminder comes, in
    unix seconds. `user` pressed the button. `attempts` counts the times that a worker began.
    `resumed` says that the one before broke off, and may have sent it without recording that.
    `result` is the key of the text that says how it ended.
    """

    key: str
    request: str
    revision: int
    kind: SendingKind
    target: str
    content: Mapping[str, Any]
    user: str
    at: float
    post_at: float = 0.0
    state: SendingState = "waiting"
    attempts: int = 0
    resumed: bool = False
    result: str = ""
    done_at: float | None = None
    wake_at: float | None = field(default=None)


ELSEWHERE: tuple[SendingKind, ...] = ("channel", "person", "webhook")
"""Kinds that leave the thread: a reminder and a reply are posted in it."""
PASSED_ON: tuple[SendingKind, ...] = (*ELSEWHERE, "reminder")
"""Kinds that the answer itself tells of. A reply is in its thread to read."""
FIELDS = tuple(sending.c[name] for name in Sending.__slots__)


def sending_key(request_id: str, revision: int, kind: SendingKind, target: str) -> str:
    """Returns the key of what is sent: equal for the same answer and the same target."""
    parts = json.dumps([request_id, revision, kind, target])
    return hashlib.sha256(parts.encode()).hexdigest()[:KEY_DIGITS]


class Sendings:
    """The sending table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def add(self, new: Sending) -> Sending | None:
        """Stores it, in place of one of the same key that failed.

        Returns the one that is stored already, if that was sent or is about to be. For a request
        that was erased meanwhile nothing is stored.
        """
        values = as_row(replace(new, state="waiting", wake_at=new.at))
        values["content"] = dict(new.content)
        # An erasure waits for this statement, or this one finds the request gone.
        stored = (
            select(*literals(sending, values))
            .select_from(request)
            .where(request.c.id == new.request, request.c.state != "withdrawn")
            .with_for_update(read=True)
        )
        statement = self._insert(sending).from_select(list(values), stored)
        statement = statement.on_conflict_do_update(
            index_elements=["key"], set_=values, where=sending.c.state == "failed"
        )
        with one_statement(self._engine) as connection:
            changed = connection.execute(statement).rowcount

        return None if changed else self.get(new.key)

    def get(self, key: str) -> Sending | None:
        """Returns the sending of that key."""
        query = select(*FIELDS)
        with one_statement(self._engine) as connection:
            row = connection.execute(query.where(sending.c.key == key)).mappings().one_or_none()

        return Sending(**row) if row else None

    def passed_on(self, request_id: str, revision: int) -> list[Sending]:
        """Returns where the answer of that revision was sent and which reminders were set.

        The first one comes first.
        """
        query = select(*FIELDS).where(
            sending.c.request == request_id,
            sending.c.revision == revision,
            sending.c.state == "sent",
            sending.c.kind.in_(PASSED_ON),
        )
        with one_statement(self._engine) as connection:
            rows = connection.execute(query.order_by(sending.c.done_at)).mappings().all()

        return [Sending(**row) for row in rows]

    def handed_over_to(self, person: SlackPerson) -> list[Sending]:
        """Returns what was handed over to the person, the newest first."""
        query = (
            select(*FIELDS)
            .join(request, request.c.id == sending.c.request)
            .where(
                sending.c.kind == "person",
                sending.c.target == person.user,
                sending.c.state == "sent",
                request.c.team == person.team,
            )
            .order_by(sending.c.done_at.desc())
        )
        with one_statement(self._engine) as connection:
            return [Sending(**row) for row in connection.execute(query).mappings().all()]

    def claim(self, key: str, now: float, until: float) -> Sending | None:
        """Returns it for the caller to send; nobody else may before `until`.

        None if it is not to be sent, or not yet, or if another worker is at work on it.
        """
        # The first try is due whatever this machine's clock says. A later one is not before its
        # time: a sending is often in the queue more than once.
        is_first = and_(sending.c.state == "waiting", sending.c.attempts == 0)
        is_due = and_(sending.c.state.in_(("waiting", "sending")), sending.c.wake_at <= now)
        values = {
            "state": "sending",
            "wake_at": until,
            "attempts": sending.c.attempts + 1,
            "resumed": sending.c.state == "sending",
        }
        with writing(self._engine) as connection:
            free = (sending.c.key == key, or_(is_first, is_due))
            claimed = update(sending).where(*free).values(values)
            if connection.execute(claimed).rowcount != 1:
                return None

        return self.get(key)

    def is_current(self, mine: Sending) -> bool:
        """Returns whether the caller's claim still holds: nobody began after it."""
        current = self.get(mine.key)
        return (
            current is not None
            and current.state == "sending"
            and (current.at, current.attempts) == (mine.at, mine.attempts)
            and bool(current.content)
        )

    def put_off(self, mine: Sending, until: float, *, is_sure: bool) -> None:
        """Has it tried again then. `is_sure` says that nothing left: no need to look for it."""
        values: dict[str, object] = {"wake_at": until}
        if is_sure:
            values |= {"state": "waiting"}

        self._change(mine, values)

    def complete(
        self, mine: Sending, state: Literal["sent", "failed"], result: str, at: float
    ) -> bool:
        """Records how it ended and empties the content; the person still has to be told.

        Returns False if it was another worker's meanwhile.
        """
        values = {"state": state, "result": result, "done_at": at, "wake_at": at, "content": {}}
        return self._change(mine, values)

    def claim_news(self, key: str, now: float, until: float) -> Sending | None:
        """Returns one that ended, for the caller to tell the person; nobody else before `until`.

        None if nothing is to be told, or not yet, or if another worker is telling it.
        """
        ended = (sending.c.key == key, sending.c.state.in_(("sent", "failed")))
        with writing(self._engine) as connection:
            claimed = update(sending).where(*ended, sending.c.wake_at <= now)
            if connection.execute(claimed.values(wake_at=until)).rowcount != 1:
                return None

        return self.get(key)

    def mark_told(self, key: str) -> None:
        """Records that the person knows how it ended: nothing is left to do."""
        ended = update(sending).where(sending.c.key == key, sending.c.state.in_(("sent", "failed")))
        with one_statement(self._engine) as connection:
            connection.execute(ended.values(wake_at=None))

    def overdue(self, now: float, limit: int = 100) -> list[str]:
        """Returns the keys of those that need attention now, the longest due first."""
        query = (
            select(sending.c.key)
            .where(sending.c.wake_at <= now)
            .order_by(sending.c.wake_at)
            .limit(limit)
        )
        with one_statement(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def _change(self, mine: Sending, values: Mapping[str, object]) -> bool:
        current = (
            sending.c.key == mine.key,
            sending.c.state == "sending",
            # A press after a failure counts the attempts anew, at another time.
            sending.c.at == mine.at,
            sending.c.attempts == mine.attempts,
        )
        with one_statement(self._engine) as connection:
            return connection.execute(update(sending).where(*current).values(values)).rowcount == 1

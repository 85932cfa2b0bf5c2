"""Answers that people gave in threads and that a person saved as knowledge.

A row says whose answer it is, to whom, and until when it counts. Its words are those of the
document with the key `document_key`, readable for whoever may read the channel it came from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from router.index import Document
from router.store.base.engine import insert_for, one_statement, reading, writing
from router.store.base.knowledge_tables import chunk, document
from router.store.base.rows import as_row, batches
from router.store.base.tables import request
from router.store.knowledge.capture_tables import captured_answer
from router.store.knowledge.documents import note_changes, put_document, remove_documents
from router.store.privacy.authorship import takes_part

KEY_PREFIX = "answer:"
"""Begins the keys of the documents that saved answers become."""


@dataclass(frozen=True, slots=True)
class CapturedAnswer:
    """A saved answer. `(team, channel, ts)`, the message that holds it, is unique.

    `question_ts` is the message that holds the question, `asker` who wrote it; both are empty where
    the reviewer wrote the question. `request` and `route` are empty where Beagle was not asked.
    Times are in unix seconds; `asked_at` is when the owner was asked whether it still holds, 0 for
    not yet.
    """

    team: str
    channel: str
    ts: str
    thread_ts: str
    question_ts: str
    author: str
    asker: str
    owner: str
    reviewer: str
    request: str
    route: str
    at: float
    valid_until: float
    asked_at: float = 0.0

    @property
    def document_key(self) -> str:
        """The key of the document with its words."""
        return document_key(self.channel, self.ts)


def document_key(channel: str, ts: str) -> str:
    """Returns the key of the document with the words of the answer at that message."""
    return f"{KEY_PREFIX}{channel}:{ts}"


class CapturedAnswers:
    """The captured_answer table. Whatever removes a row removes its document with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def save(self, new: CapturedAnswer, words: Document) -> None:
        """Stores the answer with its words, in place of an earlier one of the same message.

        `words` has the key `new.document_key`. Both or neither: an answer without its row would
        never lapse.
        """
        values = as_row(new)
        statement = self._insert(captured_answer).values(values)
        statement = statement.on_conflict_do_update(
            index_elements=["team", "channel", "ts"], set_=values
        )
        with writing(self._engine, ("documents", new.team)) as connection:
            connection.execute(statement)
            change = put_document(connection, words)
            if change is not None:
                note_changes(connection, [change.document], gone=change.gone)

    def get(self, team: str, channel: str, ts: str) -> CapturedAnswer | None:
        """Returns the answer that was saved from that message."""
        found = self._select(_is_answer(team, channel, ts))
        return found[0] if found else None

    def question(self, team: str, channel: str, ts: str) -> str:
        """Returns the reviewed question of the answer at that message; empty without one."""
        query = select(document.c.title).where(
            document.c.team == team, document.c.key == document_key(channel, ts)
        )
        with one_statement(self._engine) as connection:
            return str(connection.execute(query).scalar() or "")

    def for_channel(self, team: str, channel: str) -> list[CapturedAnswer]:
        """Returns the channel's saved answers, in the order of their messages."""
        return self._select(_is_in_channel(team, channel))

    def from_message(self, team: str, channel: str, ts: str) -> list[CapturedAnswer]:
        """Returns the answers of which that message is the answer or the question."""
        same = or_(captured_answer.c.ts == ts, captured_answer.c.question_ts == ts)
        return self._select(and_(_is_in_channel(team, channel), same))

    def ending(self, before: float, limit: int = 100) -> list[CapturedAnswer]:
        """Returns the answers that lapse before then (unix seconds), the first to lapse first."""
        query = (
            select(captured_answer)
            .where(captured_answer.c.valid_until < before)
            .order_by(captured_answer.c.valid_until)
            .limit(limit)
        )
        with one_statement(self._engine) as connection:
            return [CapturedAnswer(**row) for row in connection.execute(query).mappings()]

    def remove(self, team: str, channel: str, ts: str) -> int:
        """Deletes the answer that was saved from that message; returns how many that were."""
        return self._remove(team, _is_answer(team, channel, ts))

    def remove_for_channel(self, team: str, channel: str) -> int:
        """Deletes every answer of the channel; returns how many."""
        return self._remove(team, _is_in_channel(team, channel))

    def renew(self, team: str, channel: str, ts: str, valid_until: float) -> bool:
        """Lets the answer count until then; returns whether there is one."""
        values = {"valid_until": valid_until, "asked_at": 0.0}
        return self._update(_is_answer(team, channel, ts), values)

    def mark_asked(self, team: str, channel: str, ts: str, at: float) -> bool:
        """Stores that the owner is asked now.

        Returns False where they were asked already: of several processes one asks.
        """
        not_yet = and_(_is_answer(team, channel, ts), captured_answer.c.asked_at == 0.0)
        return self._update(not_yet, {"asked_at": at})

    def count(self, team: str, since: float, until: float) -> int:
        """Returns how many answers were saved from `since` to before `until` (unix seconds)."""
        query = select(func.count()).where(
            captured_answer.c.team == team,
            captured_answer.c.at >= since,
            captured_answer.c.at < until,
        )
        with one_statement(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def answers_to(self, team: str, keys: Collection[str], route: str) -> list[Mapping[str, Any]]:
        """Returns the answers to those of the workspace's requests which may be trained on.

        That is: asked in a public channel by somebody who takes part, for this route. Each has the
        reviewed question as `text`, the `answer`, the `user` who asked, and `at`.
        """
        query = (
            select(
                document.c.title.label("text"),
                chunk.c.body.label("answer"),
                request.c.user,
                request.c.received_at.label("at"),
            )
            .select_from(captured_answer)
            .join(request, request.c.id == captured_answer.c.request)
            .join(document, _holds_words())
            .join(chunk, chunk.c.document == document.c.id)
            .where(
                captured_answer.c.team == team,
                captured_answer.c.route == route,
                request.c.channel_kind == "public",
                takes_part(),
            )
            .order_by(captured_answer.c.at)
        )
        found: list[Mapping[str, Any]] = []
        with reading(self._engine) as connection:
            for batch in batches(sorted(set(keys))):
                rows = connection.execute(query.where(request.c.id.in_(batch))).mappings()
                found += map(dict, rows)

        return found

    def _select(self, where: ColumnElement[bool]) -> list[CapturedAnswer]:
        query = select(captured_answer).where(where).order_by(captured_answer.c.ts)
        with one_statement(self._engine) as connection:
            return [CapturedAnswer(**row) for row in connection.execute(query).mappings()]

    def _remove(self, team: str, where: ColumnElement[bool]) -> int:
        with writing(self._engine, ("documents", team)) as connection:
            return remove_captured(connection, where)

    def _update(self, where: ColumnElement[bool], values: Mapping[str, object]) -> bool:
        statement = update(captured_answer).where(where).values(**values)
        with one_statement(self._engine) as connection:
            return connection.execute(statement).rowcount == 1


def remove_captured(connection: Connection, where: ColumnElement[bool]) -> int:
    """Deletes the answers for which the condition holds, with their documents; returns how many.

    For whoever holds the locks of their workspaces' documents.
    """
    query = select(captured_answer.c.team, captured_answer.c.channel, captured_answer.c.ts)
    keys: dict[str, list[str]] = {}
    for row in connection.execute(query.where(where)):
        keys.setdefault(str(row.team), []).append(document_key(row.channel, row.ts))

    for team, documents in keys.items():
        remove_documents(connection, team, documents)

    return int(connection.execute(delete(captured_answer).where(where)).rowcount)


def without_words(teams: Collection[str]) -> ColumnElement[bool]:
    """Returns the condition that an answer in one of the workspaces has no document any more."""
    return and_(
        captured_answer.c.team.in_(teams),
        ~exists().where(_holds_words()),
    )


def title_of_captured(team: str, user: str) -> Select[Any]:
    """Selects the reviewed questions (`title`) that the person asked, with `at`."""
    return (
        select(document.c.title, captured_answer.c.at)
        .join(captured_answer, _holds_words())
        .where(captured_answer.c.team == team, captured_answer.c.asker == user)
    )


def captured_of(team: str, user: str) -> ColumnElement[bool]:
    """Returns the condition that the person wrote the answer, or asked the question."""
    theirs = or_(captured_answer.c.author == user, captured_answer.c.asker == user)
    return and_(captured_answer.c.team == team, theirs)


def _is_in_channel(team: str, channel: str) -> ColumnElement[bool]:
    return and_(captured_answer.c.team == team, captured_answer.c.channel == channel)


def _is_answer(team: str, channel: str, ts: str) -> ColumnElement[bool]:
    return and_(_is_in_channel(team, channel), captured_answer.c.ts == ts)


def _holds_words() -> ColumnElement[bool]:
    """Returns the condition that joins an answer to its document."""
    # As `document_key` spells it.
    key = KEY_PREFIX + captured_answer.c.channel + ":" + captured_answer.c.ts
    return and_(document.c.team == captured_answer.c.team, document.c.key == key)

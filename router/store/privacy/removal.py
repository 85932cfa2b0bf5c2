"""Removes a person's words, or expired ones, from rows that stay: answers, proposals, datasets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select, update

from router.store.base.rows import batches
from router.store.base.tables import dataset, feedback, outcome, request
from router.store.knowledge.documents import remove_documents
from router.store.privacy.copies import Copies
from router.store.privacy.others import Author, strings
from router.store.privacy.sentences import Sentences, WrittenText
from router.store.requests.proposals import proposal
from router.store.requests.reminders import cancel_reminders, reminder
from router.store.requests.sendings import sending
from router.types import INSTALLATION

BLANK_ANSWER: Mapping[str, object] = {"text": "", "data": None, "citations": []}
"""What an answer becomes when its words have to go; counts, times and costs stay."""
BLANK_PROPOSAL: Mapping[str, object] = {"args": {}, "said": "", "result": ""}
"""What a proposal becomes. Its state stays: a running change still has to be completed."""
BLANK_SENDING: Mapping[str, object] = {"content": {}}
"""What a sending becomes: it is not sent any more, and its person is told so."""
BLANK_REQUEST: Mapping[str, object] = {"text": "", "vector": None, "encoder": None}

Rows = Sequence[Mapping[str, Any]]


def blank_requests(connection: Connection, keys: Collection[str]) -> None:
    """Blanks the requests and what was written about them: answers, notes and proposals."""
    connection.execute(update(request).where(request.c.id.in_(keys)).values(**BLANK_REQUEST))
    connection.execute(update(outcome).where(outcome.c.request.in_(keys)).values(**BLANK_ANSWER))

    notes = (feedback.c.request.in_(keys), feedback.c.aspect == "note")
    connection.execute(update(feedback).where(*notes).values(value=""))
    connection.execute(
        update(proposal).where(proposal.c.request.in_(keys)).values(**BLANK_PROPOSAL)
    )
    connection.execute(update(sending).where(sending.c.request.in_(keys)).values(**BLANK_SENDING))
    cancel_reminders(connection, reminder.c.request.in_(keys))


def remove_copies(connection: Connection, copies: Copies) -> dict[str, int]:
    """Blanks the copies in rows of others and deletes notes; returns how many, by table."""
    for batch in batches(copies.requests):
        blank_requests(connection, batch)

    for key, revision in copies.answers:
        same = and_(outcome.c.request == key, outcome.c.revision == revision)
        connection.execute(update(outcome).where(same).values(**BLANK_ANSWER))
        cancel_reminders(connection, reminder.c.request == key)

    for key, revision in copies.proposals:
        same = and_(proposal.c.request == key, proposal.c.revision == revision)
        connection.execute(update(proposal).where(same).values(**BLANK_PROPOSAL))

    for key in copies.sendings:
        same_key = sending.c.key == key
        connection.execute(update(sending).where(same_key).values(**BLANK_SENDING))

    notes = 0
    for team, key in copies.notes:
        notes += remove_documents(connection, team, [key])

    return {
        "copied": len(copies.requests),
        "answer": len(copies.answers),
        "proposal": len(copies.proposals),
        "sending": len(copies.sendings),
        "note": notes,
    }


def own_dataset_texts(connection: Connection, person: Author) -> Iterator[WrittenText]:
    """Yields the texts of the person's rows in datasets."""
    for row in connection.execute(select(dataset.c.rows).where(_may_hold_rows_of(person))):
        for example in row.rows:
            if example.get("user") == person.user:
                yield WrittenText(str(example.get("text") or ""), float(example.get("at") or 0.0))


def remove_dataset_rows(connection: Connection, copies: Copies, person: Author) -> list[str]:
    """Removes the person's rows, and copies, from datasets; returns the ids of those changed."""

    def others(rows: Rows) -> Rows:
        theirs = [row for row in rows if row.get("user") != person.user]
        return without_copies(theirs, copies.own, copies.pressed)

    return _change_rows(connection, others, _may_hold_rows_of(person))


def expire_dataset_rows(connection: Connection, before: float) -> int:
    """Removes the rows that are older than `before`; returns how many datasets had some."""

    def newer(rows: Rows) -> Rows:
        return [row for row in rows if float(row.get("at") or 0.0) >= before]

    return len(_change_rows(connection, newer, dataset.c.at < float("inf")))


def without_copies(
    rows: Sequence[Mapping[str, Any]], own: Sentences, pressed: Collection[tuple[str, str]]
) -> list[Mapping[str, Any]]:
    """Returns the rows of a dataset that do not repeat the person.

    A row's text is its own person's, unless they only pressed a shortcut (`pressed`). Its answer is
    a copy if it repeats more than that.
    """
    kept = []
    for row in rows:
        user = str(row.get("user") or "")
        in_text = own.found_in(str(row.get("text") or ""))
        in_answer: set[str] = set()
        for text in strings(row.get("answer")):
            in_answer |= own.found_in(text)

        if in_answer <= in_text and not any((user, piece) in pressed for piece in in_text):
            kept.append(row)

    return kept


def _may_hold_rows_of(person: Author) -> Any:
    """Returns the condition that a dataset is of the person's workspace.

    One that an older release stored for no workspace counts if nobody of the same id asked in
    another one.
    """
    elsewhere = exists().where(request.c.user == person.user, request.c.team != person.team)
    in_none = and_(dataset.c.team == INSTALLATION, ~elsewhere)
    return or_(dataset.c.team == person.team, in_none)


def _change_rows(connection: Connection, change: Callable[[Rows], Rows], where: Any) -> list[str]:
    changed: dict[tuple[str, str], Rows] = {}
    query = select(dataset.c.team, dataset.c.id, dataset.c.rows).where(where)
    for row in connection.execute(query):
        rest = change(row.rows)
        if len(rest) != len(row.rows):
            changed[row.team, row.id] = rest

    for (team, key), rest in changed.items():
        statement = update(dataset).where(dataset.c.team == team, dataset.c.id == key)
        connection.execute(statement.values(rows=[dict(row) for row in rest]))

    return [key for _, key in changed]

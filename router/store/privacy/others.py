"""Reads what is stored of people other than one: what they wrote by themselves, and in which words.

It streams whole tables, so nothing here may run while a write lock is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    literal,
    or_,
    select,
)

from router.store.base.knowledge_tables import chunk, document
from router.store.base.mining_tables import overheard
from router.store.base.tables import dataset, feedback, request, route_version
from router.store.privacy.authorship import chunks_of, feedback_of, requests_of
from router.store.privacy.sentences import Sentences

NOTE_PREFIX = "note:"
"""Keys of the documents that were made from what somebody wrote to Beagle."""
ROWS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody in a workspace. The same user id in another workspace is another person."""

    team: str
    user: str


@dataclass(frozen=True, slots=True)
class OthersText:
    """Something that another person wrote; `in_dataset` where only a dataset still has it."""

    team: str
    user: str
    text: str
    in_dataset: bool = False


def written_by_others(connection: Connection, person: Author) -> Iterator[OthersText]:
    """Yields everything that others wrote by themselves, in all workspaces.

    A shortcut of which nobody stored the author may be on the person's own message, and a note may
    be made from it, so neither counts.
    """
    team, user = person.team, person.user
    nobody = literal("", String)
    queries = (
        select(request.c.team, nobody, request.c.text).where(
            ~requests_of(team, user),
            request.c.text != "",
            or_(request.c.source != "shortcut", request.c.author != ""),
        ),
        select(overheard.c.team, nobody, overheard.c.text).where(~own_messages(person)),
        select(request.c.team, nobody, feedback.c.value)
        .join(request, request.c.id == feedback.c.request)
        .where(feedback.c.aspect == "note", ~feedback_of(team, user), ~requests_of(team, user)),
        select(chunk.c.team, nobody, chunk.c.body)
        .join(document, document.c.id == chunk.c.document)
        .where(~document.c.key.startswith(NOTE_PREFIX, autoescape=True), ~chunks_of(team, user)),
    )
    for query in queries:
        for row in stream(connection, query):
            yield OthersText(*row)

    yield from _dataset_texts(connection, person)
    yield from _route_texts(connection, person)


def _route_texts(connection: Connection, person: Author) -> Iterator[OthersText]:
    """Yields the texts of the installation's route files, which every workspace may repeat."""
    for (body,) in stream(
        connection, select(route_version.c.body).where(route_version.c.team == "")
    ):
        for text in strings(body):
            yield OthersText(person.team, "", text)


def _dataset_texts(connection: Connection, person: Author) -> Iterator[OthersText]:
    for team, rows in stream(connection, select(dataset.c.team, dataset.c.rows)):
        for row in rows:
            user = str(row.get("user") or "")
            if (team or person.team, user) != (person.team, person.user):
                yield OthersText(team or person.team, user, str(row.get("text") or ""), True)


def asked_by_shortcut(
    connection: Connection, sentences: Sentences, person: Author, teams: frozenset[str]
) -> frozenset[tuple[str, str]]:
    """Returns (user, piece) of those who asked about one of the sentences by a shortcut."""
    query = select(request.c.user, request.c.text).where(
        request.c.team.in_(teams), request.c.source == "shortcut", request.c.user != person.user
    )
    pairs: set[tuple[str, str]] = set()
    for user, text in stream(connection, query):
        pairs |= {(user, piece) for piece in sentences.found_in(text)}

    return frozenset(pairs)


def own_messages(person: Author) -> ColumnElement[bool]:
    """Returns the condition that the person wrote the captured message."""
    return and_(overheard.c.team == person.team, overheard.c.user == person.user)


def count_repeating(connection: Connection, query: Select[Any], sentences: Sentences) -> int:
    """Returns how many values of the query's one column repeat one of the sentences."""
    count = 0
    for (value,) in stream(connection, query):
        count += any(sentences.found_in(text) for text in strings(value))

    return count


def terms_within(connection: Connection, query: Select[Any], terms: Sequence[str]) -> set[str]:
    """Returns the terms that are a part of some value of the query's one column."""
    found: set[str] = set()
    folded = {term: term.casefold() for term in terms}
    for (value,) in stream(connection, query):
        text = "\0".join(strings(value)).casefold()
        found |= {term for term, pattern in folded.items() if pattern in text}

    return found


def strings(value: object) -> Iterator[str]:
    """Yields every string in a JSON value, keys of objects too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """Yields the rows without holding all of them in memory."""
    options = {"yield_per": ROWS_AT_A_TIME}
    yield from connection.execute(query.execution_options(**options))

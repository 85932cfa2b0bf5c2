"""Finds copies of a person's sentences in rows of others.

A copy was made from the person's words: an answer that repeats them, a shortcut on their message, a
note. What somebody else wrote independently is no copy, even if it is the same sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from router.store.base.knowledge_tables import chunk, document
from router.store.base.tables import outcome, request
from router.store.knowledge.captured_answers import KEY_PREFIX as CAPTURED_PREFIX
from router.store.privacy.authorship import chunks_of, requests_of
from router.store.privacy.others import (
    NOTE_PREFIX,
    Author,
    asked_by_shortcut,
    stream,
    strings,
    written_by_others,
)
from router.store.privacy.sentences import Sentences
from router.store.requests.proposals import proposal
from router.store.requests.sendings import sending


@dataclass(frozen=True, slots=True)
class Copies:
    """Where a person's sentences are repeated, and which of them others wrote, too.

    `requests` are ids, `notes` (workspace, key), `answers` and `proposals` (request, revision),
    `sendings` are keys.
    `teams` are the workspaces that hold words of the person: their own, and with Slack Connect
    those of shared channels. `own` are the sentences that nobody else in them wrote; only those are
    looked for. `shared` are the pieces that somebody wrote anywhere, so that they go on being
    stored. `pressed` are (user, piece) of those who asked about the person's message by a shortcut.
    """

    teams: frozenset[str]
    requests: Sequence[str]
    answers: Sequence[tuple[str, int]]
    proposals: Sequence[tuple[str, int]]
    sendings: Sequence[str]
    notes: Sequence[tuple[str, str]]
    own: Sentences
    shared: frozenset[str]
    pressed: frozenset[tuple[str, str]]


def find_copies(connection: Connection, sentences: Sentences, person: Author) -> Copies:
    """Returns the copies of the sentences in the person's workspaces. Changes nothing."""
    teams = _workspaces_with(connection, person)
    pressed = asked_by_shortcut(connection, sentences, person, teams)
    here: set[str] = set()
    anywhere: set[str] = set()

    for written in written_by_others(connection, person):
        pieces = sentences.found_in(written.text)
        if written.in_dataset:
            # Who only pressed a shortcut did not write the row that was made from it.
            pieces = {piece for piece in pieces if (written.user, piece) not in pressed}

        anywhere |= pieces
        if written.team in teams:
            here |= pieces

    own = sentences.without(here)
    return Copies(
        teams=teams,
        requests=_copied_requests(connection, own, person, teams),
        answers=_copied(connection, own, _answers(person, teams)),
        proposals=_copied(connection, own, _proposals(person, teams)),
        sendings=[key for key, _ in _copied(connection, own, _sendings(person, teams))],
        notes=_copied_notes(connection, own, teams),
        own=own,
        shared=frozenset(anywhere),
        pressed=pressed,
    )


def _workspaces_with(connection: Connection, person: Author) -> frozenset[str]:
    team, user = person.team, person.user
    teams = {team}
    for query in (
        select(request.c.team).distinct().where(requests_of(team, user)),
        select(chunk.c.team).distinct().where(chunks_of(team, user)),
    ):
        teams.update(connection.execute(query).scalars())

    return frozenset(teams)


def _copied_requests(
    connection: Connection, own: Sentences, person: Author, teams: frozenset[str]
) -> list[str]:
    """Returns the requests about the person's message of which nobody stored the author."""
    query = select(request.c.id, request.c.text, request.c.received_at).where(
        request.c.team.in_(teams),
        request.c.source == "shortcut",
        request.c.author == "",
        ~requests_of(person.team, person.user),
    )
    found = []
    for row in stream(connection, query):
        if own.found_in(row.text, row.received_at):
            found.append(row.id)

    return found


def _answers(person: Author, teams: frozenset[str]) -> Select[Any]:
    columns = (outcome.c.text, outcome.c.data, outcome.c.citations)
    return (
        select(outcome.c.request, outcome.c.revision, outcome.c.at, *columns)
        .join(request, request.c.id == outcome.c.request)
        .where(request.c.team.in_(teams), ~requests_of(person.team, person.user))
    )


def _proposals(person: Author, teams: frozenset[str]) -> Select[Any]:
    columns = (proposal.c.args, proposal.c.said, proposal.c.result)
    return (
        select(proposal.c.request, proposal.c.revision, proposal.c.at, *columns)
        .join(request, request.c.id == proposal.c.request)
        .where(request.c.team.in_(teams), ~requests_of(person.team, person.user))
    )


def _sendings(person: Author, teams: frozenset[str]) -> Select[Any]:
    return (
        select(sending.c.key, sending.c.revision, sending.c.at, sending.c.content)
        .join(request, request.c.id == sending.c.request)
        .where(request.c.team.in_(teams), ~requests_of(person.team, person.user))
    )


def _copied(connection: Connection, own: Sentences, query: Select[Any]) -> list[tuple[str, int]]:
    """Returns (request, revision) of the rows whose later columns repeat a sentence."""
    found = []
    for key, revision, at, *values in stream(connection, query):
        if any(own.found_in(text, at) for value in values for text in strings(value)):
            found.append((key, revision))

    return found


def _copied_notes(
    connection: Connection, own: Sentences, teams: frozenset[str]
) -> list[tuple[str, str]]:
    query = (
        select(document.c.team, document.c.key, document.c.updated_at, chunk.c.body)
        .join(chunk, chunk.c.document == document.c.id)
        .where(
            document.c.team.in_(teams),
            document.c.key.startswith(NOTE_PREFIX, autoescape=True),
        )
    )
    # What somebody else answered is theirs; a question may still be put in the person's words.
    questions = select(
        document.c.team, document.c.key, document.c.updated_at, document.c.title.label("body")
    ).where(document.c.team.in_(teams), document.c.key.startswith(CAPTURED_PREFIX, autoescape=True))
    found = []
    for row in (*stream(connection, query), *stream(connection, questions)):
        if own.found_in(row.body, row.updated_at):
            found.append((row.team, row.key))

    return found

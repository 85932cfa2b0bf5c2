"""Personal data in all tables: erases a person, expires texts, deletes a workspace."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, Delete, Engine, and_, delete, or_, select, update

from router.store.base.engine import reading, repeat_until_serial, writing
from router.store.base.knowledge_tables import chunk, document, foreign_home, member
from router.store.base.knowledge_tables import person as person_table
from router.store.base.mining_tables import mined_vector, overheard
from router.store.base.rows import MAX_VALUES, batches, delete_selected
from router.store.base.tables import (
    HAS_TEXT,
    dataset,
    decision,
    feedback,
    metadata,
    report,
    request,
    route_version,
)
from router.store.base.workspace_tables import installation
from router.store.knowledge.capture_tables import captured_answer
from router.store.knowledge.captured_answers import (
    captured_of,
    remove_captured,
    title_of_captured,
    without_words,
)
from router.store.knowledge.documents import remove_documents
from router.store.knowledge.event_times import events_of_user
from router.store.privacy import overwriting
from router.store.privacy.authorship import chunks_of, feedback_of, requests_of, words_of
from router.store.privacy.copies import find_copies
from router.store.privacy.erasure_tables import erasure
from router.store.privacy.others import Author, count_repeating, own_messages, terms_within
from router.store.privacy.quotations import blank_samples, cut_quotations
from router.store.privacy.registry import columns, readable_columns, rows_of_team
from router.store.privacy.removal import (
    blank_requests,
    expire_dataset_rows,
    own_dataset_texts,
    remove_copies,
    remove_dataset_rows,
)
from router.store.privacy.sentences import Sentences, WrittenText
from router.store.requests.proposals import proposal
from router.store.requests.reminders import cancel_reminders, reminder
from router.store.requests.sendings import sending
from router.store.requests.turns import turn
from router.store.usage.spend import spend
from router.store.usage.usage_tables import usage_event
from router.store.versions.drafted_routes import remove_author
from router.types import SlackPerson

MESSAGE_ANCHOR_DIGITS = 16
"""The anchor of a message is its time in microseconds."""


@dataclass(frozen=True, slots=True)
class ErasedRows:
    """What `erase_user` changed: how many rows, by table, and what was made from them.

    `datasets` are the ids of those that lost rows, `versions` (route, id) were trained on them.
    `own` are the person's sentences that nobody else wrote, so that none of them may be stored any
    more; `shared` counts those that somebody else in the person's workspaces wrote, too.
    """

    rows: Mapping[str, int]
    datasets: Sequence[str]
    versions: Sequence[tuple[str, str]]
    own: Sentences
    shared: int


class PersonalData:
    """Works across the tables that hold what people wrote (`registry.WORD_COLUMNS`)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stopped = threading.Event()

    def texts_by_user(self, team: str, user: str) -> list[WrittenText]:
        """Returns all that the person wrote: requests, messages, notes, files, rows of datasets."""
        person = Author(team, user)
        parts = (
            select(chunk.c.body, chunk.c.anchor, document.c.updated_at)
            .join(document, document.c.id == chunk.c.document)
            .where(chunks_of(team, user))
        )
        queries = (
            select(request.c.text, request.c.received_at).where(words_of(team, user)),
            select(overheard.c.text, overheard.c.at).where(own_messages(person)),
            select(feedback.c.value, feedback.c.at).where(
                feedback_of(team, user), feedback.c.aspect == "note"
            ),
        )
        texts = []
        with reading(self._engine) as connection:
            for query in queries:
                texts += [WrittenText(row[0], row[1]) for row in connection.execute(query)]

            questions = title_of_captured(team, user)
            texts += [WrittenText(row[0], row[1]) for row in connection.execute(questions)]

            for row in connection.execute(parts):
                at = _message_time(row.anchor) or row.updated_at
                texts.append(WrittenText(row.body, at))

            texts += own_dataset_texts(connection, person)

        return [written for written in texts if written.text]

    def erase_user(
        self, team: str, user: str, sentences: Sentences, hashes: Sequence[str]
    ) -> ErasedRows:
        """Deletes the person's rows and every copy of `sentences` in rows of others.

        `sentences` are all that the person wrote; `hashes` names the mining embeddings made from
        it. Where somebody else wrote the same, mining makes the embedding again.
        """
        person = Author(team, user)
        # Reading everything takes a while, so it holds no write lock.
        with reading(self._engine) as connection:
            copies = find_copies(connection, sentences, person)

        def erase(connection: Connection) -> ErasedRows:
            rows = remove_copies(connection, copies)
            rows["captured"] = remove_captured(connection, captured_of(team, user))
            remove_captured(connection, without_words(copies.teams))
            cancel_reminders(connection, _reminders_of(person))
            for name, statement in _own_rows(person).items():
                rows[name] = rows.get(name, 0) + _count(connection, statement)

            _make_anonymous(connection, person)
            _delete_embeddings(connection, team, hashes)

            datasets = remove_dataset_rows(connection, copies, person)
            versions = _versions_trained_on(connection, team, datasets)
            rows["shown"] = 0
            for owner in sorted(copies.teams):
                rows["shown"] += cut_quotations(connection, copies.own, owner)

            rows["dataset"] = len(datasets)
            rows["drafted_route"] = remove_author(connection, team, user)
            own = sentences.without(copies.shared)
            # What people of other workspaces wrote is nobody's business here, not even as a count.
            shared = len(sentences) - len(copies.own)
            return ErasedRows(rows, datasets, versions, own, shared)

        # Lists and quotations are read, cut and written back: nobody may change them in between.
        return repeat_until_serial(self._engine, erase)

    def count_rows_with(self, team: str, sentences: Sentences) -> dict[str, int]:
        """Returns how many of the workspace's rows repeat one of the sentences, by column.

        It reads every column that may hold words; an empty result proves an erasure.
        """
        found: dict[str, int] = {}
        if not len(sentences):
            return found

        with reading(self._engine) as connection:
            for entry in readable_columns():
                theirs = select(entry.column).where(rows_of_team(entry.table, team))
                count = count_repeating(connection, theirs, sentences)
                if count:
                    found[entry.name] = count

        return found

    def terms_within_texts(self, terms: Sequence[str]) -> set[str]:
        """Returns the terms that are a part of some text that is stored, whatever the case."""
        found: set[str] = set()
        with reading(self._engine) as connection:
            for entry in readable_columns():
                found |= terms_within(connection, select(entry.column), terms)

        return found

    def expire_texts(self, before: float) -> int:
        """Blanks the texts of requests received before then and deletes older captured messages.

        `before` is in unix seconds. Counts, times and costs of requests stay. Returns how many
        requests and messages it were.
        """
        expired = 0
        while batch := self._expire_batch(before):
            expired += batch

        return expired

    def _expire_batch(self, before: float) -> int:
        """Expires the oldest ones, so few that no other writer waits long; returns how many."""
        oldest = select(*overheard.primary_key.columns).where(overheard.c.at < before)
        query = (
            select(request.c.id)
            .where(request.c.received_at < before, HAS_TEXT)
            .order_by(request.c.received_at)
            .limit(MAX_VALUES)
        )
        with writing(self._engine) as connection:
            messages = delete_selected(connection, overheard, oldest.limit(MAX_VALUES))
            keys: list[str] = list(connection.execute(query).scalars())
            if keys:
                blank_requests(connection, keys)

        return messages + len(keys)

    def expire_quotations(self, before: float, datasets_before: float) -> int:
        """Blanks what candidates, digests and data cards quote, and deletes rows of datasets.

        `before` and `datasets_before` are in unix seconds; the second is for rows of datasets and
        their cards. Returns how many rows of the store it changed.
        """
        samples = [entry for entry in columns("quote") if entry.samples]
        cards = [entry for entry in samples if entry.table is dataset]
        others = [entry for entry in samples if entry.table is not dataset]

        def expire(connection: Connection) -> int:
            return (
                blank_samples(connection, others, before)
                + blank_samples(connection, cards, datasets_before)
                + expire_dataset_rows(connection, datasets_before)
            )

        return repeat_until_serial(self._engine, expire)

    def delete_team(self, team: str) -> dict[str, int]:
        """Deletes every row of a workspace; returns how many, by table.

        Calling it twice is safe. Events stay until `UsageCounts.count_events`: it empties the hours
        that a count on the way may have filled again.
        """

        def delete_rows(connection: Connection) -> dict[str, int]:
            counts: dict[str, int] = {}
            # Children come before their parents; what has no team goes by cascade.
            for table in reversed(metadata.sorted_tables):
                # An erasure under way still has to be confirmed by every data folder.
                if "team" in table.c and table not in (installation, erasure, usage_event):
                    counts[table.name] = _count(
                        connection, delete(table).where(table.c.team == team)
                    )

            scopes = spend.c.key.startswith(f"{team}/", autoescape=True) | (spend.c.key == team)
            counts["spend"] = _count(connection, delete(spend).where(scopes))

            # Last, so that a stop half way leaves the workspace listed and it is done again.
            installed = delete(installation).where(installation.c.team == team)
            counts["installation"] = _count(connection, installed)
            return counts

        documents = self._delete_documents(team)
        rows = repeat_until_serial(self._engine, delete_rows)
        rows["document"] = rows.get("document", 0) + documents
        return rows

    def overwrite_deleted(self) -> None:
        """Overwrites the bytes of everything deleted so far.

        See `overwriting.overwrite_deleted`.
        """
        limits = replace(overwriting.LIMITS, is_stopped=self._stopped.is_set)
        overwriting.overwrite_deleted(self._engine, limits)

    def stop_overwriting(self) -> None:
        """Makes `overwrite_deleted` fail soon on a server, in whatever thread, and from now on."""
        self._stopped.set()

    def remove_copies(self) -> None:
        """Removes a copy of a table that a killed process left. See `overwriting.remove_copies`."""
        overwriting.remove_copies(self._engine)

    def rewrite_file(self) -> None:
        """Copies SQLite's file without gaps that may hold bytes of deleted rows.

        See `overwriting.rewrite_file`.
        """
        overwriting.rewrite_file(self._engine)

    def _delete_documents(self, team: str) -> int:
        """Deletes documents by their keys: the full-text index has no team to select by."""
        query = select(document.c.key).where(document.c.team == team)
        with writing(self._engine, ("documents", team)) as connection:
            keys: list[str] = list(connection.execute(query).scalars())
            return remove_documents(connection, team, keys)


def _own_rows(person: Author) -> dict[str, Delete]:
    """Returns the statements that delete the person's own rows, by table."""
    team, user = person.team, person.user
    return {
        "request": delete(request).where(requests_of(team, user)),
        "overheard": delete(overheard).where(own_messages(person)),
        "feedback": delete(feedback).where(feedback_of(team, user)),
        "member": delete(member).where(member.c.team == team, member.c.user == user),
        "person": delete(person_table).where(
            person_table.c.team == team, person_table.c.user == user
        ),
        "foreign_home": delete(foreign_home).where(
            foreign_home.c.user == user, foreign_home.c.workspace == team
        ),
        "event_time": events_of_user(team, user),
        "turn": delete(turn).where(_has_turns_of(turn.c.team, turn.c.user, person)),
    }


def _reminders_of(person: Author) -> ColumnElement[bool]:
    """Returns the condition that a reminder quotes the person, or was asked for by them."""
    own = select(request.c.id).where(requests_of(person.team, person.user))
    pressed = and_(reminder.c.team == person.team, reminder.c.user == person.user)
    return or_(reminder.c.request.in_(own), pressed)


def _has_turns_of(
    team: ColumnElement[str], key: ColumnElement[str], person: Author
) -> ColumnElement[bool]:
    """Returns the condition that a turn is the person's: at home, or in a channel of another one.

    `key` is a column that holds `SlackPerson.key_in_team`.
    """
    elsewhere = SlackPerson("", person.user, person.team).key_in_team
    return or_(and_(team == person.team, key == person.user), key == elsewhere)


def _message_time(anchor: str) -> float:
    """Returns when a message was sent, from its anchor; 0 for a part of another document."""
    is_message = len(anchor) == MESSAGE_ANCHOR_DIGITS and anchor.isdecimal()
    return float(anchor) / 1e6 if is_message else 0.0


def _count(connection: Connection, statement: Delete) -> int:
    return int(connection.execute(statement).rowcount)


def _make_anonymous(connection: Connection, person: Author) -> None:
    """Keeps that something was confirmed or run again, but no longer by whom."""
    passed_on = (sending.c.user == person.user, rows_of_team(sending, person.team))
    connection.execute(update(sending).where(*passed_on).values(content={}))
    for table, column in (
        (proposal, proposal.c.decided_by),
        (sending, sending.c.user),
        (reminder, reminder.c.user),
        # Whoever took it over, and answered.
        (sending, sending.c.target),
        (captured_answer, captured_answer.c.owner),
        (captured_answer, captured_answer.c.reviewer),
    ):
        theirs = (column == person.user, rows_of_team(table, person.team))
        connection.execute(update(table).where(*theirs).values({column.name: ""}))

    turns = _has_turns_of(request.c.team, request.c.served_for, person)
    connection.execute(update(request).where(turns).values(served_for=""))

    at_home = and_(decision.c.asked_by_team == "", rows_of_team(decision, person.team))
    asked = or_(at_home, decision.c.asked_by_team == person.team)
    theirs = (decision.c.asked_by == person.user, asked)
    anonymous = {"asked_by": "", "asked_by_team": ""}
    connection.execute(update(decision).where(*theirs).values(anonymous))


def _delete_embeddings(connection: Connection, team: str, hashes: Sequence[str]) -> None:
    for batch in batches(hashes):
        made_from = (mined_vector.c.team == team, mined_vector.c.hash.in_(batch))
        connection.execute(delete(mined_vector).where(*made_from))


def _versions_trained_on(
    connection: Connection, team: str, datasets: Sequence[str]
) -> list[tuple[str, str]]:
    """Returns the workspace's versions (route, id) whose body or report names a dataset."""
    if not datasets:
        return []

    # Searched as text, because bodies and reports name the dataset under different keys.
    of_team = select(report).where(report.c.team == team)
    reports = {row.version: str(row.body) for row in connection.execute(of_team)}
    found = []
    for row in connection.execute(select(route_version).where(route_version.c.team == team)):
        text = str(row.body) + reports.get(row.id, "")
        if any(name in text for name in datasets):
            found.append((row.route, row.id))

    return sorted(found)

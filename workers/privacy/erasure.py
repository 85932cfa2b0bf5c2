"""Makes what was deleted unreadable, forgets a person, and lets texts go when their time is over.

A deleted row's bytes stay in the file until they are overwritten. `secure_delete` overwrites rows;
the full-text index keeps words of deleted rows in its segments until they are merged; the
write-ahead log keeps pages until a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, select, text, update

from router.errors import StoreError
from router.index import Document
from router.store import Store
from router.store.base.engine import reading
from router.store.base.knowledge_tables import chunk, member, person
from router.store.base.mining_tables import mined_vector, overheard
from router.store.base.tables import (
    candidate,
    dataset,
    digest,
    feedback,
    outcome,
    report,
    request,
    route_version,
)
from router.store.knowledge.index import Knowledge
from router.store.requests.proposals import proposal
from router.store.weekly.candidate_tables import candidate_edge
from router.store.weekly.drift_tables import drift
from router.store.weekly.retrain import Retrain
from router.text.normalise import normalise
from router.text.redact import redact
from workers.knowledge.sources.slack_message import forgotten
from workers.mining.requests import hashed

OPTIMISE = (
    text("INSERT INTO chunk_text(chunk_text) VALUES ('optimize')"),
    text("INSERT INTO chunk_text_page(chunk_text_page) VALUES ('optimize')"),
)
REWRITE = tuple(
    text(f"VACUUM (FULL) {table}")
    for table in (
        "request",
        "outcome",
        "feedback",
        "dataset",
        "overheard",
        "document",
        "chunk",
        "chunk_text_page",
    )
)
DAY = 86_400.0
BLANK: Mapping[str, Any] = {"text": "", "data": None, "citations": []}
GONE = "(forgotten)"
FEWEST_WORDS = 3
"""Words of fewer are everybody's: nobody can be known by them, and others have said the same."""
SHORTEST_NEEDLE = 16
"""Characters: less may stand in any file by chance."""
SHOWN = (
    (candidate, candidate.c.evidence),
    (candidate_edge, candidate_edge.c.evidence),
    (digest, digest.c.body),
    (report, report.c.body),
    (drift, drift.c.body),
)
"""What is kept to be shown to admins, and may quote somebody."""
CHECKPOINT_TRIES = 3
"""Each waits as long as a write would; a read that is still running then is left alone."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed of a person: rows by table, and what was made from their words and has to be made again.

    `said` are their words, for `traces` to look for; they are never kept.
    """

    rows: Mapping[str, int]
    datasets: Sequence[str] = ()
    retrain: Sequence[str] = field(default_factory=tuple)
    said: Sequence[str] = field(default=(), repr=False)


def forget_person(store: Store, index: Knowledge, team: str, user: str, now: float) -> Forgotten:
    """Nothing the person wrote is left in the store, and its bytes are gone; answers to them went with it.

    Datasets lose the person's rows, candidates and digests their words. Versions tuned on such a
    dataset are named in `retrain` and marked (`router.store.retrain`): weights cannot forget, so
    they are to be trained again or retired.
    """
    threads = index.of_author(team, user)
    with store.begin() as connection:
        mine = (request.c.team == team, request.c.user == user)
        said: list[str] = list(connection.execute(select(request.c.text).where(*mine)).scalars())
        spoken = (overheard.c.team == team, overheard.c.user == user)
        said += connection.execute(select(overheard.c.text).where(*spoken)).scalars()

    for key in threads:
        index.edit(team, key, lambda old: _heard(old, user, said))

    with store.begin() as connection:
        rows = {
            "thread": len(threads),
            "answer": _unquote(connection, said),
            "request": _count(
                connection, delete(request).where(request.c.team == team, request.c.user == user)
            ),
            "overheard": _count(connection, delete(overheard).where(*spoken)),
            "feedback": _count(connection, delete(feedback).where(feedback.c.user == user)),
            "member": _count(
                connection, delete(member).where(member.c.team == team, member.c.user == user)
            ),
            "person": _count(
                connection, delete(person).where(person.c.team == team, person.c.user == user)
            ),
        }

        connection.execute(
            update(proposal).where(proposal.c.decided_by == user).values(decided_by="")
        )
        _forget_vectors(connection, said)
        changed = _without_rows_of(connection, user)
        tuned = _tuned_on(connection, changed)
        rows["shown"] = sum(_unsay(connection, *place, said) for place in SHOWN)

    rows["dataset"] = len(changed)
    for route, version in tuned:
        Retrain(store.engine).mark(route, version, "a person in its data was forgotten", now)

    scrub(store)
    return Forgotten(
        rows,
        tuple(changed),
        tuple("@".join(one) for one in tuned),
        tuple(one for one in said if one),
    )


def let_go(store: Store, now: float, days: float) -> int:
    """Texts older than `days` are gone, with their vectors; counts, times and costs stay.

    Of what was not said to Beagle nothing stays. Returns how many requests and such messages it
    were.
    """
    old = (request.c.received_at < now - days * DAY, request.c.text != "")
    with store.begin() as connection:
        unasked = _count(connection, delete(overheard).where(overheard.c.at < now - days * DAY))

        keys: list[str] = list(connection.execute(select(request.c.id).where(*old)).scalars())
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            connection.execute(
                update(request)
                .where(request.c.id.in_(some))
                .values(text="", vector=None, encoder=None)
            )

            connection.execute(update(outcome).where(outcome.c.request.in_(some)).values(**BLANK))
            notes = (feedback.c.request.in_(some), feedback.c.aspect == "note")
            connection.execute(update(feedback).where(*notes).values(value=""))
            told = {"args": {}, "said": "", "result": ""}
            connection.execute(update(proposal).where(proposal.c.request.in_(some)).values(told))

    if keys or unasked:
        scrub(store)

    return len(keys) + unasked


def scrub(store: Store) -> None:
    """The bytes of everything deleted so far are gone from the database's files.

    Raises StoreError when a reader held the log for too long; running it again later is safe.
    """
    engine = store.engine
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in REWRITE:
                connection.execute(statement)

        return

    with store.begin() as connection:
        for statement in OPTIMISE:
            connection.execute(statement)

    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        for _ in range(CHECKPOINT_TRIES):
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy:
                return

        raise StoreError(
            "erasing bytes: a long read kept the write-ahead log open; what was deleted cannot be found any more, but "
            "its bytes are still in the log; run it again when the read is over"
        )
    finally:
        raw.close()


def needles(store: Store, said: Sequence[str]) -> list[str]:
    """Of these words those that would tell on a person: long enough, and said by nobody else who is still here."""
    telling = sorted(
        {one for one in said if len(one.split()) >= FEWEST_WORDS and len(one) >= SHORTEST_NEEDLE}
    )
    with reading(store.engine) as connection:
        held = [
            *connection.execute(select(request.c.text)).scalars(),
            *connection.execute(select(chunk.c.body)).scalars(),
            *connection.execute(select(overheard.c.text)).scalars(),
        ]

    whole = "\0".join(held).casefold()
    return [one for one in telling if one.casefold() not in whole]


def traces(places: Iterable[Path], needles: Iterable[str]) -> list[str]:
    """Where any of these words still stands as bytes, whatever case: the proof that nothing is left."""
    wanted = [form for needle in needles for form in _forms(needle)]
    files = [
        file
        for place in places
        for file in (sorted(place.rglob("*")) if place.is_dir() else [place])
    ]

    whole = ((file, file.read_bytes().lower()) for file in files if file.is_file())
    return [str(file) for file, data in whole if any(form in data for form in wanted)]


def _forms(needle: str) -> list[bytes]:
    return [
        needle.lower().encode("utf-8"),
        needle.lower().encode("utf-16-le"),
        needle.lower().encode("utf-16-be"),
    ]


def _heard(old: Document | None, user: str, said: list[str]) -> Document | None:
    """The thread without the person; what they had said goes to `said`."""
    said += [piece.body for piece in old.pieces if piece.author == user] if old else []
    return forgotten(old, user)


def _unquote(connection: Connection, said: Sequence[str]) -> int:
    """Answers to others that quote one of these messages are blank; how many there were."""
    rows = (
        connection.execute(select(outcome.c.request, outcome.c.revision, outcome.c.citations)).all()
        if said
        else []
    )

    quoting = [
        (row.request, row.revision)
        for row in rows
        if any(one["quote"] and one["quote"] in body for one in row.citations for body in said)
    ]
    for key, revision in quoting:
        mine = (outcome.c.request == key, outcome.c.revision == revision)
        connection.execute(update(outcome).where(*mine).values(**BLANK))

    return len(quoting)


def _forget_vectors(connection: Connection, said: Sequence[str]) -> None:
    """Mining knows no vector of these words any more; where others said the same it is made again."""
    names = [hashed(normalise(redact(one))) for one in said]
    for start in range(0, len(names), 500):
        connection.execute(
            delete(mined_vector).where(mined_vector.c.hash.in_(names[start : start + 500]))
        )


def _count(connection: Connection, statement: Any) -> int:
    return int(connection.execute(statement).rowcount)


def _without_rows_of(connection: Connection, user: str) -> list[str]:
    """The datasets that held rows of the person, now without them."""
    changed = []
    for row in connection.execute(select(dataset.c.id, dataset.c.rows)):
        kept = [one for one in row.rows if not (isinstance(one, dict) and one.get("user") == user)]
        if len(kept) != len(row.rows):
            changed.append((row.id, kept))

    for key, kept in changed:
        connection.execute(update(dataset).where(dataset.c.id == key).values(rows=kept))

    return [key for key, _ in changed]


def _unsay(connection: Connection, table: Table, column: Column[Any], said: Sequence[str]) -> int:
    """What is kept to be shown to people holds none of these words any more; how many rows held some."""
    words = [" ".join(one.split()) for one in said if len(one.split()) >= FEWEST_WORDS]
    keys = list(table.primary_key.columns)
    changed = []

    for row in connection.execute(select(*keys, column)).mappings() if words else ():
        clean = _without(row[column.name], words)
        if clean != row[column.name]:
            changed.append(([key == row[key.name] for key in keys], clean))

    for where, clean in changed:
        connection.execute(update(table).where(*where).values({column.name: clean}))

    return len(changed)


def _without(value: Any, words: Sequence[str]) -> Any:
    """The same JSON without the words, wherever they stand in it."""
    if isinstance(value, str):
        plain = " ".join(value.split())
        return GONE if any(one in plain for one in words) else value

    if isinstance(value, Mapping):
        return {key: _without(one, words) for key, one in value.items()}

    return [_without(one, words) for one in value] if isinstance(value, list) else value


def _tuned_on(connection: Connection, datasets: Sequence[str]) -> list[tuple[str, str]]:
    """The versions (route, id) whose report or body names one of the datasets."""
    if not datasets:
        return []

    versions = [
        (row.route, row.id, str(row.body)) for row in connection.execute(select(route_version))
    ]
    reports = {row.version: str(row.body) for row in connection.execute(select(report))}
    return sorted(
        (route, key)
        for route, key, body in versions
        if any(d in body + reports.get(key, "") for d in datasets)
    )

"""Writes documents and their chunks in the caller's transaction; logs which documents changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from router.index import Chunk, Document
from router.store.base.engine import take
from router.store.base.knowledge_tables import chunk, document, knowledge_change
from router.store.base.rows import as_row, batches
from router.store.knowledge.lexical import delete_page, insert_page
from router.text.scripts import extra_terms

MAX_LOGGED_CHANGES = 10_000
"""A process that misses more of them reads all vectors again."""

COLUMNS = tuple(name for name in Document.__slots__ if name != "chunks")


class DocumentChange(NamedTuple):
    """The id of a document that was written, and whether text of it was deleted."""

    document: int
    gone: bool


def remove_documents(connection: Connection, team: str, keys: Sequence[str]) -> int:
    """Deletes the documents; returns how many there were."""
    count = 0
    for batch in batches(keys):
        query = select(document.c.id).where(document.c.team == team, document.c.key.in_(batch))
        ids: list[int] = list(connection.execute(query).scalars())

        # Logged before the rows are deleted, in the same transaction.
        note_changes(connection, ids, gone=True)
        count += connection.execute(delete(document).where(document.c.id.in_(ids))).rowcount

    return count


def read_document(connection: Connection, team: str, key: str) -> Document | None:
    """Returns the document with its chunks in order."""
    query = select(document).where(document.c.team == team, document.c.key == key)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None

    chunk_query = select(chunk).where(chunk.c.document == row["id"]).order_by(chunk.c.place)
    # The order of the chunks is their order on the page.
    chunks = [
        Chunk(part.headings, part.anchor, part.body, part.author, part.author_team)
        for part in connection.execute(chunk_query)
    ]
    return Document(**{name: row[name] for name in COLUMNS}, chunks=chunks)


def put_document(connection: Connection, new: Document) -> DocumentChange | None:
    """Inserts or updates the document; returns None if it was stored just so."""
    query = select(document).where(document.c.team == new.team, document.c.key == new.key)
    values = as_row(new)
    del values["chunks"]
    stored = connection.execute(query).mappings().one_or_none()
    number: int

    if stored is None:
        inserted = insert(document).values(values).returning(document.c.id)
        number = connection.execute(inserted).scalar_one()
    else:
        number = stored["id"]
        if all(stored[name] == value for name, value in values.items()):
            return None

        connection.execute(update(document).where(document.c.id == number).values(values))

    gone = False
    if stored is None or stored["hash"] != new.hash:
        gone = _replace_chunks(connection, number, new, known=stored is not None)
    # The text is the same, so chunks and vectors stay; only who may read them changes.
    elif stored["acl"] != new.acl:
        connection.execute(update(chunk).where(chunk.c.document == number).values(acl=new.acl))

    return DocumentChange(number, gone)


def _replace_chunks(connection: Connection, number: int, new: Document, *, known: bool) -> bool:
    """Makes the document's chunks exactly these; returns whether text was deleted.

    A chunk with the same text as before keeps its row, and with it its vector.
    """
    reusable = _chunks_by_text(connection, number) if known else {}
    fresh = []

    for place, part in enumerate(new.chunks):
        values = {
            "acl": new.acl,
            "place": place,
            "anchor": part.anchor,
            "author": part.author,
            "author_team": part.author_team,
        }
        # The same text twice on a page uses two rows, the older one first.
        ids = reusable.get((part.headings, part.body))
        if ids:
            connection.execute(update(chunk).where(chunk.c.id == ids.pop(0)).values(values))
            continue

        extra = extra_terms(f"{part.headings}\n{part.body}")
        text = {"headings": part.headings, "body": part.body, "extra": extra}
        fresh.append(values | text | {"document": number, "team": new.team})

    gone = [key for ids in reusable.values() for key in ids]
    for batch in batches(gone):
        connection.execute(delete(chunk).where(chunk.c.id.in_(batch)))

    if fresh:
        connection.execute(insert(chunk), fresh)

    # The page has a full-text entry of its own, with all its chunks in one text.
    if fresh or gone:
        if known:
            delete_page(connection, number)

        body = "\n".join(f"{part.headings}\n{part.body}" for part in new.chunks)
        insert_page(connection, number, f"{body}\n{extra_terms(body)}")

    return bool(gone)


def _chunks_by_text(connection: Connection, number: int) -> dict[tuple[str, str], list[int]]:
    """Returns the ids of the document's chunks by headings and body, the oldest first."""
    query = (
        select(chunk.c.id, chunk.c.headings, chunk.c.body)
        .where(chunk.c.document == number)
        .order_by(chunk.c.id)
    )
    found: dict[tuple[str, str], list[int]] = {}
    for row in connection.execute(query):
        found.setdefault((row.headings, row.body), []).append(row.id)

    return found


def note_changes(connection: Connection, documents: Sequence[int], *, gone: bool = False) -> None:
    """Logs that the documents changed, and with `gone` that text was deleted; drops old entries.

    Other processes follow this log to refresh the vectors they hold in memory.
    """
    if not documents:
        return

    # A follower of the log asks for what comes after the newest number that it has seen, so a
    # number must not be committed after a higher one.
    take(connection, ("knowledge log",))

    changes = [{"document": number, "gone": gone} for number in documents]
    connection.execute(insert(knowledge_change), changes)

    newest = select(func.max(knowledge_change.c.seq)).scalar_subquery()
    too_old = knowledge_change.c.seq < newest - MAX_LOGGED_CHANGES
    connection.execute(delete(knowledge_change).where(too_old))

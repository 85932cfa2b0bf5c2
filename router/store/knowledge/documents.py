"""Writes documents and their pieces, within somebody else's transaction, and notes what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from router.index import Document, Piece
from router.store.base.knowledge_tables import chunk, document, knowledge_change
from router.store.knowledge.lexical import forget_page, keep_page

LOG_KEPT = 10_000
"""Changes that a process may miss before it reads all vectors again."""


class Changed(NamedTuple):
    """The number of a document that was written, and whether words of it went."""

    document: int
    gone: bool


def remove_documents(connection: Connection, team: str, keys: Sequence[str]) -> int:
    """The documents are gone; returns how many there were."""
    count = 0
    for start in range(0, len(keys), 500):
        mine = (document.c.team == team, document.c.key.in_(keys[start : start + 500]))
        ids: list[int] = list(connection.execute(select(document.c.id).where(*mine)).scalars())
        note_changes(connection, ids, gone=True)
        count += connection.execute(delete(document).where(document.c.id.in_(ids))).rowcount

    return count


def read_document(connection: Connection, team: str, key: str) -> Document | None:
    """The document as it stands."""
    row = (
        connection.execute(select(document).where(document.c.team == team, document.c.key == key))
        .mappings()
        .first()
    )

    if row is None:
        return None

    query = select(chunk).where(chunk.c.document == row["id"]).order_by(chunk.c.place)
    pieces = [
        Piece(one.headings, one.anchor, one.body, one.author) for one in connection.execute(query)
    ]

    return Document(
        **{name: row[name] for name in Document.__slots__ if name != "pieces"}, pieces=pieces
    )


def put_document(connection: Connection, new: Document) -> Changed | None:
    """What changed, None when the document stood there just so."""
    mine = (document.c.team == new.team, document.c.key == new.key)
    values = {name: getattr(new, name) for name in Document.__slots__ if name != "pieces"}
    held = connection.execute(select(document).where(*mine)).mappings().one_or_none()
    number: int

    if held is None:
        number = connection.execute(
            insert(document).values(values).returning(document.c.id)
        ).scalar_one()
    else:
        number = held["id"]
        if all(held[name] == value for name, value in values.items()):
            return None

        connection.execute(update(document).where(document.c.id == number).values(values))

    gone = False
    if held is None or held["hash"] != new.hash:
        gone = _replace(connection, number, new, known=held is not None)
    elif held["acl"] != new.acl:
        connection.execute(update(chunk).where(chunk.c.document == number).values(acl=new.acl))

    return Changed(number, gone)


def _replace(connection: Connection, number: int, new: Document, *, known: bool) -> bool:
    """The document has exactly these pieces; those that stood there before keep their row and vector.

    Whether words went.
    """
    query = (
        select(chunk.c.id, chunk.c.headings, chunk.c.body)
        .where(chunk.c.document == number)
        .order_by(chunk.c.id)
    )

    held: dict[tuple[str, str], list[int]] = {}
    for row in connection.execute(query) if known else ():
        held.setdefault((row.headings, row.body), []).append(row.id)

    fresh = []
    for place, piece in enumerate(new.pieces):
        values = {"acl": new.acl, "place": place, "anchor": piece.anchor, "author": piece.author}

        same = held.get((piece.headings, piece.body))
        if same:
            connection.execute(update(chunk).where(chunk.c.id == same.pop(0)).values(values))
        else:
            fresh.append(values | _text(piece) | {"document": number, "team": new.team})

    gone = [key for keys in held.values() for key in keys]
    for start in range(0, len(gone), 500):
        connection.execute(delete(chunk).where(chunk.c.id.in_(gone[start : start + 500])))

    if fresh:
        connection.execute(insert(chunk), fresh)

    if fresh or gone:
        if known:
            forget_page(connection, number)

        keep_page(
            connection, number, "\n".join(f"{piece.headings}\n{piece.body}" for piece in new.pieces)
        )

    return bool(gone)


def _text(piece: Piece) -> dict[str, str]:
    return {"headings": piece.headings, "body": piece.body}


def note_changes(connection: Connection, documents: Sequence[int], *, gone: bool = False) -> None:
    """The documents changed, and with `gone` lost words; what is long past is forgotten."""
    if not documents:
        return

    connection.execute(
        insert(knowledge_change), [{"document": number, "gone": gone} for number in documents]
    )
    newest = select(func.max(knowledge_change.c.seq)).scalar_subquery()
    connection.execute(delete(knowledge_change).where(knowledge_change.c.seq < newest - LOG_KEPT))

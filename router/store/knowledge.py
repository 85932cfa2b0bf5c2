"""What can be found, and by whom: documents kept in pieces, searched by words and by meaning in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, delete, func, insert, or_, select, update

from router.search import Document, Hit, Pending, Piece, Vector, may_read
from router.store.engine import reading, writing
from router.store.knowledge_tables import chunk, chunk_vector, document, knowledge_change
from router.store.lexical import by_words, forget_page, keep_page, pages_by_words
from router.store.pgvector import NearVectors
from router.store.ranking import Found, merge
from router.store.vectors import Vectors
from router.types import Viewer

DEPTH = 200
"""How many pieces, or pages, each list offers before they are merged."""
LOG_KEPT = 10_000
"""Changes that a process may miss before it reads all vectors again."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of a source: how many documents and pieces, how many pieces have no vector yet."""

    source: str
    documents: int
    chunks: int
    without_vector: int
    updated_at: float


class Knowledge:
    """The document and chunk tables: the index of this store (`router.search.Index`)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._vectors: Vectors | NearVectors = NearVectors() if engine.dialect.name == "postgresql" else Vectors()

    def upsert(self, *documents: Document) -> int:
        """The documents stand as given, in one transaction; returns how many had changed.

        Pieces whose text did not change keep their vectors.
        """
        with writing(self._engine) as connection:
            changed = [number for new in documents if (number := _upsert(connection, new)) is not None]
        return len(changed)

    def delete(self, team: str, keys: Iterable[str]) -> int:
        """The documents are gone, their bytes too once `workers.erase` has run; returns how many there were."""
        with writing(self._engine) as connection:
            return _delete(connection, team, list(keys))

    def edit(self, team: str, key: str, change: Callable[[Document | None], Document | None]) -> bool:
        """What `change` makes of the document stands in its place; None deletes it. Nobody writes in between."""
        with writing(self._engine) as connection:
            old = _read(connection, team, key)
            new = change(old)
            if new is not None:
                return _upsert(connection, new) is not None
            if old is not None:
                _delete(connection, team, [key])
            return old is not None

    def of_author(self, team: str, user: str) -> list[str]:
        """The keys of the documents that hold words of this person."""
        query = (
            select(document.c.key)
            .distinct()
            .join(chunk, chunk.c.document == document.c.id)
            .where(chunk.c.team == team, chunk.c.author == user)
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def keys_ending(self, team: str, ending: str) -> list[str]:
        """The keys of the documents that end so."""
        query = select(document.c.key).where(document.c.team == team, document.c.key.endswith(ending, autoescape=True))
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def restrict(self, team: str, source: str, acl: str) -> int:
        """Every document of the source may be read by `acl` only, from the next search on; returns how many."""
        with writing(self._engine) as connection:
            mine = (document.c.team == team, document.c.source == source, document.c.acl != acl)
            ids: list[int] = list(connection.execute(select(document.c.id).where(*mine)).scalars())
            for start in range(0, len(ids), 500):
                some = ids[start : start + 500]
                connection.execute(update(document).where(document.c.id.in_(some)).values(acl=acl))
                connection.execute(update(chunk).where(chunk.c.document.in_(some)).values(acl=acl))
            _log(connection, ids)
        return len(ids)

    def search(self, query: str, vector: Vector | None, viewer: Viewer, top: int = 6) -> list[Hit]:
        """The best passages among those that `viewer` may read, best first.

        Without a vector of the same encoder as the documents' words alone decide. Rights are conditions of the
        queries themselves.
        """
        acls = may_read(viewer)
        with reading(self._engine) as connection:
            lexical = by_words(connection, query, viewer.team, acls, DEPTH)
            semantic = self._vectors.nearest(connection, vector, viewer.team, acls, DEPTH) if vector else []
            best = merge(lexical, semantic, pages_by_words(connection, query, viewer.team, acls, DEPTH))[: top * 2]
            rows = _rows(connection, [key for key, _ in best], viewer.team, acls)
        return _hits(best, rows, lexical, semantic)[:top]

    def hashes(self, team: str, source: str) -> dict[str, str]:
        """The hash of every document of a source, by key."""
        query = select(document.c.key, document.c.hash).where(document.c.team == team, document.c.source == source)
        with reading(self._engine) as connection:
            return {row.key: row.hash for row in connection.execute(query)}

    def without_vector(self, encoder: str, limit: int = 256) -> list[Pending]:
        """Pieces that have no vector of this encoder, oldest first."""
        query = (
            select(chunk.c.id, chunk.c.headings, chunk.c.body)
            .outerjoin(chunk_vector, chunk_vector.c.chunk == chunk.c.id)
            .where(or_(chunk_vector.c.chunk.is_(None), chunk_vector.c.encoder != encoder))
            .order_by(chunk.c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [Pending(row.id, f"{row.headings}\n{row.body}") for row in connection.execute(query)]

    def count_without_vector(self) -> int:
        """How many pieces have no vector of any encoder yet."""
        query = (
            select(func.count())
            .select_from(chunk)
            .outerjoin(chunk_vector, chunk_vector.c.chunk == chunk.c.id)
            .where(chunk_vector.c.chunk.is_(None))
        )
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def give_vectors(self, encoder: str, chunks: Sequence[int], vectors: NDArray[np.float32]) -> int:
        """The pieces have these vectors; those that have been deleted meanwhile are left out. Returns how many."""
        rows = dict(zip(chunks, np.asarray(vectors, dtype=np.float32), strict=True))
        with writing(self._engine) as connection:
            query = select(chunk.c.id, chunk.c.document).where(chunk.c.id.in_(list(rows)))
            alive = {row.id: row.document for row in connection.execute(query)}
            connection.execute(delete(chunk_vector).where(chunk_vector.c.chunk.in_(list(alive))))
            if alive:
                values = [{"chunk": key, "encoder": encoder, "vector": rows[key].tobytes()} for key in alive]
                connection.execute(insert(chunk_vector), values)
                self._vectors.keep(connection, encoder, list(alive), np.stack([rows[key] for key in alive]))
            _log(connection, sorted(set(alive.values())))
        return len(alive)

    def gone_since(self, seq: int) -> int:
        """The newest change after `seq` with which words went, 0 when there was none: their bytes are still there."""
        query = select(func.max(knowledge_change.c.seq)).where(
            knowledge_change.c.seq > seq, knowledge_change.c.gone.is_(True)
        )
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar() or 0)

    def sources(self, team: str, acls: Sequence[str] | None = None) -> list[Held]:
        """What this workspace has, by source; with `acls` only what may be read by one of them."""
        has = func.count(chunk_vector.c.chunk)
        query = (
            select(
                document.c.source,
                func.count(func.distinct(document.c.id)).label("documents"),
                func.count(chunk.c.id).label("chunks"),
                (func.count(chunk.c.id) - has).label("without_vector"),
                func.max(document.c.updated_at).label("updated_at"),
            )
            .outerjoin(chunk, chunk.c.document == document.c.id)
            .outerjoin(chunk_vector, chunk_vector.c.chunk == chunk.c.id)
            .where(document.c.team == team, *(() if acls is None else (document.c.acl.in_(acls),)))
            .group_by(document.c.source)
            .order_by(document.c.source)
        )
        with reading(self._engine) as connection:
            return [Held(**row) for row in connection.execute(query).mappings()]


def _rows(connection: Connection, ids: Sequence[int], team: str, acls: Sequence[str]) -> Mapping[int, Any]:
    """The pieces' texts; the rights are asked once more, so that no list can smuggle an id in."""
    query = (
        select(chunk.c.id, chunk.c.anchor, chunk.c.headings, chunk.c.body, document.c.key, document.c.url)
        .add_columns(document.c.updated_at)
        .join(document, document.c.id == chunk.c.document)
        .where(chunk.c.id.in_(ids), chunk.c.team == team, chunk.c.acl.in_(acls))
    )
    return {row.id: row for row in connection.execute(query)}


def _hits(
    best: Sequence[tuple[int, float]], rows: Mapping[int, Any], lexical: list[Found], semantic: list[Found]
) -> list[Hit]:
    """Hits in order; of passages with the very same text only the first."""
    hits, seen = [], set()
    for key, score in best:
        row = rows.get(key)
        if row is None or row.body in seen:
            continue
        seen.add(row.body)
        places = (_place(key, lexical), _place(key, semantic))
        hits.append(
            Hit(key, row.key, row.headings, _link(row.url, row.anchor), row.body, row.updated_at, score, *places)
        )
    return hits


def _link(url: str, anchor: str) -> str:
    """Where the piece itself stands."""
    if "{anchor}" in url:
        return url.replace("{anchor}", anchor)
    return f"{url}#{anchor}" if url and anchor and "#" not in url else url


def _place(key: int, ranked: list[Found]) -> int | None:
    return next((place for place, found in enumerate(ranked, 1) if found.chunk == key), None)


def _delete(connection: Connection, team: str, keys: Sequence[str]) -> int:
    count = 0
    for start in range(0, len(keys), 500):
        mine = (document.c.team == team, document.c.key.in_(keys[start : start + 500]))
        ids: list[int] = list(connection.execute(select(document.c.id).where(*mine)).scalars())
        _log(connection, ids, gone=True)
        count += connection.execute(delete(document).where(document.c.id.in_(ids))).rowcount
    return count


def _read(connection: Connection, team: str, key: str) -> Document | None:
    row = connection.execute(select(document).where(document.c.team == team, document.c.key == key)).mappings().first()
    if row is None:
        return None
    query = select(chunk).where(chunk.c.document == row["id"]).order_by(chunk.c.place)
    pieces = [Piece(one.headings, one.anchor, one.body, one.author) for one in connection.execute(query)]
    return Document(**{name: row[name] for name in Document.__slots__ if name != "pieces"}, pieces=pieces)


def _upsert(connection: Connection, new: Document) -> int | None:
    """The document's number, None when it stood there just so. The change is in the log."""
    mine = (document.c.team == new.team, document.c.key == new.key)
    values = {name: getattr(new, name) for name in Document.__slots__ if name != "pieces"}
    held = connection.execute(select(document).where(*mine)).mappings().one_or_none()
    number: int
    if held is None:
        number = connection.execute(insert(document).values(values).returning(document.c.id)).scalar_one()
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
    _log(connection, [number], gone=gone)
    return number


def _replace(connection: Connection, number: int, new: Document, *, known: bool) -> bool:
    """The document has exactly these pieces; those that stood there before keep their row and vector.

    Whether words went.
    """
    query = select(chunk.c.id, chunk.c.headings, chunk.c.body).where(chunk.c.document == number).order_by(chunk.c.id)
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
        keep_page(connection, number, "\n".join(f"{piece.headings}\n{piece.body}" for piece in new.pieces))
    return bool(gone)


def _text(piece: Piece) -> dict[str, str]:
    return {"headings": piece.headings, "body": piece.body}


def _log(connection: Connection, documents: Sequence[int], *, gone: bool = False) -> None:
    """The documents changed, and with `gone` lost words; what is long past is forgotten."""
    if not documents:
        return
    connection.execute(insert(knowledge_change), [{"document": number, "gone": gone} for number in documents])
    newest = select(func.max(knowledge_change.c.seq)).scalar_subquery()
    connection.execute(delete(knowledge_change).where(knowledge_change.c.seq < newest - LOG_KEPT))

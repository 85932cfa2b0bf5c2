"""What can be found, and by whom: documents kept in pieces, searched by words and by meaning in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, delete, func, insert, or_, select, update

from router.index import Document, Hit, Pending, Vector, may_read
from router.store.base.engine import reading, writing
from router.store.base.knowledge_tables import chunk, chunk_vector, document, knowledge_change
from router.store.knowledge.documents import (
    note_changes,
    put_document,
    read_document,
    remove_documents,
)
from router.store.knowledge.fusion import Found, merge
from router.store.knowledge.lexical import by_words, look_for, pages_by_words
from router.store.knowledge.vectors_numpy import Vectors
from router.store.knowledge.vectors_pgvector import NearVectors
from router.types import Viewer

DEPTH = 200
"""How many pieces, or pages, each list offers before they are merged."""


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
        self._vectors: Vectors | NearVectors = (
            NearVectors() if engine.dialect.name == "postgresql" else Vectors()
        )

    def upsert(self, *documents: Document) -> int:
        """The documents stand as given, in one transaction; returns how many had changed.

        Pieces whose text did not change keep their vectors.
        """
        with writing(self._engine) as connection:
            changed = [
                found for new in documents if (found := put_document(connection, new)) is not None
            ]
            for gone in (False, True):
                note_changes(
                    connection, [one.document for one in changed if one.gone is gone], gone=gone
                )

        return len(changed)

    def delete(self, team: str, keys: Iterable[str]) -> int:
        """The documents are gone, their bytes too once `workers.erase` has run; returns how many there were."""
        with writing(self._engine) as connection:
            return remove_documents(connection, team, list(keys))

    def edit(
        self, team: str, key: str, change: Callable[[Document | None], Document | None]
    ) -> bool:
        """What `change` makes of the document stands in its place; None deletes it. Nobody writes in between."""
        with writing(self._engine) as connection:
            old = read_document(connection, team, key)

            new = change(old)
            if new is not None:
                found = put_document(connection, new)
                if found is not None:
                    note_changes(connection, [found.document], gone=found.gone)
                return found is not None

            if old is not None:
                remove_documents(connection, team, [key])

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
        query = select(document.c.key).where(
            document.c.team == team, document.c.key.endswith(ending, autoescape=True)
        )
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

            note_changes(connection, ids)

        return len(ids)

    def search(self, query: str, vector: Vector | None, viewer: Viewer, top: int = 6) -> list[Hit]:
        """The best passages among those that `viewer` may read, best first.

        Without a vector of the same encoder as the documents' words alone decide. Rights are
        conditions of the queries themselves.
        """
        acls = may_read(viewer)
        with reading(self._engine) as connection:
            asked = look_for(connection, query)
            lexical = by_words(connection, asked, viewer.team, acls, DEPTH)
            semantic = (
                self._vectors.nearest(connection, vector, viewer.team, acls, DEPTH)
                if vector
                else []
            )

            best = merge(
                lexical, semantic, pages_by_words(connection, asked, viewer.team, acls, DEPTH)
            )[: top * 2]
            rows = _rows(connection, [key for key, _ in best], viewer.team, acls)

        return _hits(best, rows, lexical, semantic)[:top]

    def hashes(self, team: str, source: str) -> dict[str, str]:
        """The hash of every document of a source, by key."""
        query = select(document.c.key, document.c.hash).where(
            document.c.team == team, document.c.source == source
        )
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
            return [
                Pending(row.id, f"{row.headings}\n{row.body}") for row in connection.execute(query)
            ]

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

    def give_vectors(
        self, encoder: str, chunks: Sequence[int], vectors: NDArray[np.float32]
    ) -> int:
        """The pieces have these vectors; those that have been deleted meanwhile are left out. Returns how many."""
        rows = dict(zip(chunks, np.asarray(vectors, dtype=np.float32), strict=True))
        with writing(self._engine) as connection:
            query = select(chunk.c.id, chunk.c.document).where(chunk.c.id.in_(list(rows)))
            alive = {row.id: row.document for row in connection.execute(query)}
            connection.execute(delete(chunk_vector).where(chunk_vector.c.chunk.in_(list(alive))))

            if alive:
                values = [
                    {"chunk": key, "encoder": encoder, "vector": rows[key].tobytes()}
                    for key in alive
                ]
                connection.execute(insert(chunk_vector), values)
                self._vectors.keep(
                    connection, encoder, list(alive), np.stack([rows[key] for key in alive])
                )

            note_changes(connection, sorted(set(alive.values())))

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


def _rows(
    connection: Connection, ids: Sequence[int], team: str, acls: Sequence[str]
) -> Mapping[int, Any]:
    """The pieces' texts; the rights are asked once more, so that no list can smuggle an id in."""
    query = (
        select(
            chunk.c.id,
            chunk.c.anchor,
            chunk.c.headings,
            chunk.c.body,
            document.c.key,
            document.c.url,
        )
        .add_columns(document.c.updated_at)
        .join(document, document.c.id == chunk.c.document)
        .where(chunk.c.id.in_(ids), chunk.c.team == team, chunk.c.acl.in_(acls))
    )
    return {row.id: row for row in connection.execute(query)}


def _hits(
    best: Sequence[tuple[int, float]],
    rows: Mapping[int, Any],
    lexical: list[Found],
    semantic: list[Found],
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
            Hit(
                key,
                row.key,
                row.headings,
                _link(row.url, row.anchor),
                row.body,
                row.updated_at,
                score,
                *places,
            )
        )

    return hits


def _link(url: str, anchor: str) -> str:
    """Where the piece itself stands."""
    if "{anchor}" in url:
        return url.replace("{anchor}", anchor)
    return f"{url}#{anchor}" if url and anchor and "#" not in url else url


def _place(key: int, ranked: list[Found]) -> int | None:
    return next((place for place, found in enumerate(ranked, 1) if found.chunk == key), None)

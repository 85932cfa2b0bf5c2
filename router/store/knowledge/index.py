"""The document index of this store: hybrid search over chunks, within a viewer's access rights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select, update

from router.index import (
    ChunkShard,
    Document,
    Hit,
    PendingChunk,
    SourceSummary,
    Vector,
    readable_acls,
)
from router.store.base.engine import one_statement, reading, writing
from router.store.base.knowledge_tables import chunk, chunk_vector, document, knowledge_change
from router.store.base.rows import batches
from router.store.knowledge.documents import (
    note_changes,
    put_document,
    read_document,
    remove_documents,
)
from router.store.knowledge.fusion import RankedChunk, merge
from router.store.knowledge.hits import build_hits
from router.store.knowledge.lexical import by_words, look_for, pages_by_words
from router.store.knowledge.vectors_numpy import InMemoryVectorIndex
from router.store.knowledge.vectors_pgvector import PgvectorIndex
from router.store.privacy.authorship import chunks_of
from router.types import Viewer

CANDIDATES_PER_LIST = 200
"""How many chunks, or pages, each ranked list offers before the lists are merged."""


class VectorIndex(Protocol):
    """Finds the nearest vectors, within the caller's transaction."""

    def nearest(
        self, connection: Connection, vector: Vector, team: str, acls: list[str], limit: int
    ) -> list[RankedChunk]:
        """Returns the nearest chunks of this team and these acls with their cosines, best first."""
        ...

    def prepare(self, connection: Connection, encoder: str, dim: int) -> None:
        """Makes what the vectors of an encoder need, before the first is written."""
        ...

    def add(
        self,
        connection: Connection,
        encoder: str,
        chunks: Sequence[int],
        vectors: NDArray[np.float32],
    ) -> None:
        """Adds vectors whose chunk_vector rows exist already."""
        ...


class DocumentIndex:
    """The `Index` on the document, chunk and chunk_vector tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._vectors = vector_index(engine)

    def upsert(self, *documents: Document) -> int:
        """See `Index.upsert`."""
        locks = {("documents", new.team) for new in documents}
        with writing(self._engine, *locks) as connection:
            changes = []
            for new in documents:
                change = put_document(connection, new)
                if change is not None:
                    changes.append(change)

            for gone in (False, True):
                numbers = [change.document for change in changes if change.gone is gone]
                note_changes(connection, numbers, gone=gone)

        return len(changes)

    def delete(self, team: str, keys: Iterable[str]) -> int:
        """See `Index.delete`. `PersonalData.overwrite_deleted` overwrites the bytes later."""
        with writing(self._engine, ("documents", team)) as connection:
            return remove_documents(connection, team, list(keys))

    def edit(
        self, team: str, key: str, change: Callable[[Document | None], Document | None]
    ) -> bool:
        """See `Index.edit`."""
        with writing(self._engine, ("documents", team)) as connection:
            old = read_document(connection, team, key)
            # `change` runs within the write transaction, so it must be quick.
            new = change(old)

            if new is None:
                return old is not None and bool(remove_documents(connection, team, [key]))

            changed = put_document(connection, new)
            if changed is None:
                return False

            note_changes(connection, [changed.document], gone=changed.gone)
            return True

    def documents_by_author(self, team: str, user: str) -> list[tuple[str, str]]:
        """See `Index.documents_by_author`."""
        query = (
            select(document.c.team, document.c.key)
            .distinct()
            .join(chunk, chunk.c.document == document.c.id)
            .where(chunks_of(team, user))
            .order_by(document.c.team, document.c.key)
        )
        with one_statement(self._engine) as connection:
            return [(row.team, row.key) for row in connection.execute(query)]

    def keys_with_suffix(self, team: str, suffix: str) -> list[str]:
        """See `Index.keys_with_suffix`."""
        query = select(document.c.key).where(
            document.c.team == team, document.c.key.endswith(suffix, autoescape=True)
        )
        with one_statement(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def keys_with_acl(self, team: str, acl: str) -> list[str]:
        """See `Index.keys_with_acl`."""
        query = select(document.c.key).where(document.c.team == team, document.c.acl == acl)
        with one_statement(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def set_acl(self, team: str, source: str, acl: str) -> int:
        """See `Index.set_acl`. Holds from the next search on."""
        query = select(document.c.id).where(
            document.c.team == team, document.c.source == source, document.c.acl != acl
        )
        with writing(self._engine, ("documents", team)) as connection:
            ids: list[int] = list(connection.execute(query).scalars())

            # A chunk repeats the acl of its document, so that a search needs no join for it.
            for batch in batches(ids):
                connection.execute(update(document).where(document.c.id.in_(batch)).values(acl=acl))
                connection.execute(update(chunk).where(chunk.c.document.in_(batch)).values(acl=acl))

            note_changes(connection, ids)

        return len(ids)

    def search(self, query: str, vector: Vector | None, viewer: Viewer, top: int = 6) -> list[Hit]:
        """See `PassageSearch.search`.

        Hybrid search: full text and vectors, merged by `fusion.merge`.

        Access rights are conditions of the queries: what may not be read is never fetched.
        """
        acls = readable_acls(viewer)
        limit = CANDIDATES_PER_LIST

        with reading(self._engine) as connection:
            terms = look_for(connection, query)
            lexical = by_words(connection, terms, viewer.team, acls, limit)
            pages = pages_by_words(connection, terms, viewer.team, acls, limit)

            semantic: list[RankedChunk] = []
            if vector:
                semantic = self._vectors.nearest(connection, vector, viewer.team, acls, limit)

            # Twice as many as asked for: chunks with the same text are dropped when they are read.
            best = merge(lexical, semantic, pages)[: top * 2]
            hits = build_hits(connection, best, viewer.team, acls, lexical, semantic)

        return hits[:top]

    def hashes(self, team: str, source: str) -> dict[str, str]:
        """See `Index.hashes`."""
        query = select(document.c.key, document.c.hash).where(
            document.c.team == team, document.c.source == source
        )
        with one_statement(self._engine) as connection:
            return {row.key: row.hash for row in connection.execute(query)}

    def chunks_without_vector(
        self, encoder: str, limit: int = 256, shard: ChunkShard | None = None
    ) -> list[PendingChunk]:
        """See `Index.chunks_without_vector`."""
        pending = or_(chunk_vector.c.chunk.is_(None), chunk_vector.c.encoder != encoder)
        if shard is not None:
            pending = and_(pending, chunk.c.id % shard.of == shard.number)

        joined = chunk.outerjoin(chunk_vector, chunk_vector.c.chunk == chunk.c.id)
        oldest = func.min(chunk.c.id)
        waiting = (
            select(chunk.c.team, oldest.label("oldest"))
            .select_from(joined)
            .where(pending)
            .group_by(chunk.c.team)
            .order_by(oldest)
            .limit(limit)
        )
        with one_statement(self._engine) as connection:
            teams = connection.execute(waiting).all()

        chunks: list[PendingChunk] = []
        for team in teams:
            # From the first one on: what lies before it has its vector, and need not be read again.
            query = (
                select(chunk.c.id, chunk.c.headings, chunk.c.body)
                .select_from(joined)
                .where(chunk.c.team == team.team, chunk.c.id >= team.oldest, pending)
                .order_by(chunk.c.id)
                .limit(limit // len(teams))
            )
            with one_statement(self._engine) as connection:
                rows = connection.execute(query).all()

            chunks += [PendingChunk(row.id, f"{row.headings}\n{row.body}") for row in rows]

        return chunks

    def count_chunks_without_vector(self) -> int:
        """See `Index.count_chunks_without_vector`."""
        query = (
            select(func.count())
            .select_from(chunk)
            .outerjoin(chunk_vector, chunk_vector.c.chunk == chunk.c.id)
            .where(chunk_vector.c.chunk.is_(None))
        )
        with one_statement(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def store_vectors(
        self, encoder: str, chunks: Sequence[int], vectors: NDArray[np.float32]
    ) -> int:
        """See `Index.store_vectors`."""
        rows = dict(zip(chunks, np.asarray(vectors, dtype=np.float32), strict=True))
        with one_statement(self._engine) as connection:
            owners = select(chunk.c.team).distinct().where(chunk.c.id.in_(list(rows)))
            teams: list[str] = list(connection.execute(owners).scalars())

        locks = [("documents", team) for team in teams]

        with writing(self._engine, *locks) as connection:
            self._vectors.prepare(connection, encoder, int(np.shape(vectors)[-1]))
            # Encoding took a while, and some of the chunks may have been deleted meanwhile.
            query = select(chunk.c.id, chunk.c.document).where(chunk.c.id.in_(list(rows)))
            documents = {row.id: row.document for row in connection.execute(query)}
            alive = list(documents)
            # A vector of another encoder is replaced.
            connection.execute(delete(chunk_vector).where(chunk_vector.c.chunk.in_(alive)))

            if alive:
                values = [
                    {"chunk": key, "encoder": encoder, "vector": rows[key].tobytes()}
                    for key in alive
                ]
                connection.execute(insert(chunk_vector), values)
                stacked = np.stack([rows[key] for key in alive])
                self._vectors.add(connection, encoder, alive, stacked)

            note_changes(connection, sorted(set(documents.values())))

        return len(alive)

    def newest_deletion(self, seq: int) -> int:
        """See `Index.newest_deletion`."""
        query = select(func.max(knowledge_change.c.seq)).where(
            knowledge_change.c.seq > seq, knowledge_change.c.gone.is_(True)
        )
        with one_statement(self._engine) as connection:
            return int(connection.execute(query).scalar() or 0)

    def acls(self, team: str) -> list[str]:
        """See `Index.acls`."""
        query = select(document.c.acl).distinct().where(document.c.team == team)
        with one_statement(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def sources(self, team: str, acls: Sequence[str] | None = None) -> list[SourceSummary]:
        """See `Index.sources`. By the sources' names."""
        # Counts rows of the outer join that have a vector.
        with_vector = func.count(chunk_vector.c.chunk)
        query = (
            select(
                document.c.source,
                func.count(func.distinct(document.c.id)).label("documents"),
                func.count(chunk.c.id).label("chunks"),
                (func.count(chunk.c.id) - with_vector).label("without_vector"),
                func.max(document.c.updated_at).label("updated_at"),
            )
            .outerjoin(chunk, chunk.c.document == document.c.id)
            .outerjoin(chunk_vector, chunk_vector.c.chunk == chunk.c.id)
            .where(document.c.team == team)
            .group_by(document.c.source)
            .order_by(document.c.source)
        )
        if acls is not None:
            query = query.where(document.c.acl.in_(acls))

        with one_statement(self._engine) as connection:
            return [SourceSummary(**row) for row in connection.execute(query).mappings()]


def vector_index(engine: Engine) -> VectorIndex:
    """Returns pgvector's index on PostgreSQL; on SQLite one in this process's memory."""
    if engine.dialect.name == "postgresql":
        return PgvectorIndex()

    return InMemoryVectorIndex()

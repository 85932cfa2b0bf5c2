"""Exact nearest-neighbour search on SQLite, over vectors that this process holds in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from router.index import Vector
from router.store.base.knowledge_tables import chunk, chunk_vector, knowledge_change
from router.store.knowledge.fusion import RankedChunk

MAX_CHANGED_DOCUMENTS = 500
"""More changed documents than this are read faster all at once."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The vectors of one encoder as of change `seq`; never changed, only replaced.

    Row i of `vectors`, `(n, dim)`, belongs to `chunk[i]` of `document[i]`; `scope[i]` numbers its
    team and acl.
    """

    seq: int
    chunk: NDArray[np.int64]
    document: NDArray[np.int64]
    scope: NDArray[np.int32]
    vectors: NDArray[np.float32]


class InMemoryVectorIndex:
    """The vectors of this process. Safe for many threads.

    A search sees what its transaction sees.
    """

    def __init__(self) -> None:
        self._snapshots: dict[str, _Snapshot] = {}
        self._scopes: dict[tuple[str, str], int] = {}
        self._lock = Lock()

    def nearest(
        self, connection: Connection, vector: Vector, team: str, acls: list[str], limit: int
    ) -> list[RankedChunk]:
        """See `VectorIndex.nearest`. Empty if no chunk has a vector of that encoder."""
        encoder, query = vector
        with self._lock:
            snapshot = self._refresh(connection, encoder)
            scopes = [self._scopes[team, acl] for acl in acls if (team, acl) in self._scopes]

        if not len(snapshot.chunk) or snapshot.vectors.shape[1] != len(query):
            return []

        # All rows have length 1, so the dot product is the cosine. Only rows that may be read stay.
        cosines = snapshot.vectors @ np.asarray(query, dtype=np.float32)
        readable = np.flatnonzero(np.isin(snapshot.scope, scopes))
        cosines = cosines[readable]

        count = min(limit, len(readable))
        if count == 0:
            return []

        # A partial sort finds the best `count`; only those are sorted, ties by chunk id.
        best = np.argpartition(-cosines, count - 1)[:count]
        best = best[np.lexsort((snapshot.chunk[readable[best]], -cosines[best]))]

        return [
            RankedChunk(
                int(snapshot.chunk[readable[i]]),
                int(snapshot.document[readable[i]]),
                float(cosines[i]),
            )
            for i in best
        ]

    def prepare(self, connection: Connection, encoder: str, dim: int) -> None:
        """Does nothing: the vectors are searched in memory."""

    def add(
        self,
        connection: Connection,
        encoder: str,
        chunks: Sequence[int],
        vectors: NDArray[np.float32],
    ) -> None:
        """Does nothing: the next search reads the rows, led by the log of changes."""

    def _refresh(self, connection: Connection, encoder: str) -> _Snapshot:
        """Returns the vectors as of the caller's transaction."""
        newest = select(func.coalesce(func.max(knowledge_change.c.seq), 0))
        seq = int(connection.execute(newest).scalar_one())

        held = self._snapshots.get(encoder)
        if held is not None and held.seq == seq:
            return held

        changed = self._changed_since(connection, held.seq) if held is not None else None
        if held is None or changed is None:
            snapshot = self._read(connection, encoder, seq, None)
        else:
            new = self._read(connection, encoder, seq, changed)
            snapshot = _replace_documents(seq, held, changed, new)

        # An older transaction must not put back what a newer one has read. One encoder is in use at
        # a time, so the vectors of any other are dropped.
        if held is None or seq > held.seq:
            self._snapshots = {encoder: snapshot}

        return snapshot

    def _changed_since(self, connection: Connection, seq: int) -> list[int] | None:
        """Returns the documents that changed after `seq`; None if unknown, or too many did."""
        log = knowledge_change.c
        oldest = connection.execute(select(func.min(log.seq))).scalar()
        if oldest is None or oldest > seq + 1:
            return None

        limit = MAX_CHANGED_DOCUMENTS + 1
        query = select(log.document).distinct().where(log.seq > seq).limit(limit)
        changed: list[int] = list(connection.execute(query).scalars())
        return changed if len(changed) < limit else None

    def _read(
        self, connection: Connection, encoder: str, seq: int, documents: list[int] | None
    ) -> _Snapshot:
        """Reads the vectors of these documents, or of all."""
        query = (
            select(chunk.c.id, chunk.c.document, chunk.c.team, chunk.c.acl, chunk_vector.c.vector)
            .join(chunk_vector, chunk_vector.c.chunk == chunk.c.id)
            .where(chunk_vector.c.encoder == encoder)
        )
        if documents is not None:
            query = query.where(chunk.c.document.in_(documents))

        rows = connection.execute(query).all()
        scopes = [self._scopes.setdefault((row.team, row.acl), len(self._scopes)) for row in rows]
        dim = len(rows[0].vector) // np.dtype(np.float32).itemsize if rows else 0
        data = b"".join(row.vector for row in rows)

        return _Snapshot(
            seq,
            np.array([row.id for row in rows], dtype=np.int64),
            np.array([row.document for row in rows], dtype=np.int64),
            np.array(scopes, dtype=np.int32),
            np.frombuffer(data, dtype=np.float32).reshape(len(rows), dim),
        )


def _replace_documents(seq: int, held: _Snapshot, changed: list[int], new: _Snapshot) -> _Snapshot:
    """Returns `held` with the rows of the changed documents replaced by those in `new`."""
    unchanged = ~np.isin(held.document, changed)
    # An empty array has no width, so it cannot be concatenated.
    if not unchanged.any():
        return new
    if not len(new.chunk):
        return _Snapshot(
            seq,
            held.chunk[unchanged],
            held.document[unchanged],
            held.scope[unchanged],
            held.vectors[unchanged],
        )

    return _Snapshot(
        seq,
        np.concatenate((held.chunk[unchanged], new.chunk)),
        np.concatenate((held.document[unchanged], new.document)),
        np.concatenate((held.scope[unchanged], new.scope)),
        np.concatenate((held.vectors[unchanged], new.vectors)),
    )

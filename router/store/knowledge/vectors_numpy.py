"""Finds pieces by their meaning: every vector in memory, read again only where something changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from router.index import Vector
from router.store.base.knowledge_tables import chunk, chunk_vector, knowledge_change
from router.store.knowledge.fusion import Found

MOST_CHANGES = 500
"""More changed documents than this are read faster all at once."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Vectors of one encoder as they stood after change `seq`; never changed, only replaced."""

    seq: int
    chunk: NDArray[np.int64]
    document: NDArray[np.int64]
    scope: NDArray[np.int32]
    vectors: NDArray[np.float32]


@dataclass(slots=True)
class Vectors:
    """The vectors of this process. Safe for many threads; each search sees what its transaction sees."""

    _rows: dict[str, _Rows] = field(default_factory=dict)
    _scopes: dict[tuple[str, str], int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def nearest(
        self, connection: Connection, vector: Vector, team: str, acls: list[str], limit: int
    ) -> list[Found]:
        """The nearest pieces of this team and these acls, nearest first, with their cosines.

        Nothing when no piece has a vector of that encoder.
        """
        with self._lock:
            rows = self._fresh(connection, vector[0])
            allowed = [self._scopes[team, acl] for acl in acls if (team, acl) in self._scopes]

        if not len(rows.chunk) or rows.vectors.shape[1] != len(vector[1]):
            return []

        scores = rows.vectors @ np.asarray(vector[1], dtype=np.float32)
        mine = np.flatnonzero(np.isin(rows.scope, allowed))
        scores = scores[mine]
        count = min(limit, len(mine))
        best = np.argpartition(-scores, count - 1)[:count] if count else np.empty(0, np.int64)
        best = best[np.lexsort((rows.chunk[mine[best]], -scores[best]))]

        return [
            Found(int(rows.chunk[mine[i]]), int(rows.document[mine[i]]), float(scores[i]))
            for i in best
        ]

    def keep(
        self,
        connection: Connection,
        encoder: str,
        chunks: Sequence[int],
        vectors: NDArray[np.float32],
    ) -> None:
        """Nothing is to be done: the rows themselves and the log of changes are all that is read."""

    def _fresh(self, connection: Connection, encoder: str) -> _Rows:
        """The vectors as of this transaction."""
        seq = int(
            connection.execute(
                select(func.coalesce(func.max(knowledge_change.c.seq), 0))
            ).scalar_one()
        )

        held = self._rows.get(encoder)
        if held is not None and held.seq == seq:
            return held

        changed = self._changed(connection, held.seq) if held is not None else None
        if held is None or changed is None:
            rows = self._read(connection, encoder, seq, None)
        else:
            new = self._read(connection, encoder, seq, changed)
            keep = ~np.isin(held.document, changed)
            rows = _joined(seq, held, keep, new)

        if held is None or seq > held.seq:
            self._rows = {encoder: rows}

        return rows

    def _changed(self, connection: Connection, since: int) -> list[int] | None:
        """The documents that changed after `since`; None when the log no longer says, or too many did."""
        log = knowledge_change.c
        oldest = connection.execute(select(func.min(log.seq))).scalar()
        if oldest is None or oldest > since + 1:
            return None

        query = select(log.document).distinct().where(log.seq > since).limit(MOST_CHANGES + 1)
        changed: list[int] = list(connection.execute(query).scalars())
        return changed if len(changed) <= MOST_CHANGES else None

    def _read(
        self, connection: Connection, encoder: str, seq: int, documents: list[int] | None
    ) -> _Rows:
        query = (
            select(chunk.c.id, chunk.c.document, chunk.c.team, chunk.c.acl, chunk_vector.c.vector)
            .join(chunk_vector, chunk_vector.c.chunk == chunk.c.id)
            .where(chunk_vector.c.encoder == encoder)
        )
        if documents is not None:
            query = query.where(chunk.c.document.in_(documents))

        found = connection.execute(query).all()
        scopes = [self._scopes.setdefault((row.team, row.acl), len(self._scopes)) for row in found]
        width = len(found[0].vector) // 4 if found else 0
        data = b"".join(row.vector for row in found)

        return _Rows(
            seq,
            np.array([row.id for row in found], dtype=np.int64),
            np.array([row.document for row in found], dtype=np.int64),
            np.array(scopes, dtype=np.int32),
            np.frombuffer(data, dtype=np.float32).reshape(len(found), width),
        )


def _joined(seq: int, held: _Rows, keep: NDArray[np.bool_], new: _Rows) -> _Rows:
    kept = _Rows(seq, held.chunk[keep], held.document[keep], held.scope[keep], held.vectors[keep])
    if not len(kept.chunk) or not len(new.chunk):
        return _Rows(seq, *_arrays(kept if len(kept.chunk) else new))

    pairs = zip(_arrays(kept), _arrays(new), strict=True)
    return _Rows(seq, *(np.concatenate(pair) for pair in pairs))


def _arrays(rows: _Rows) -> tuple[NDArray[Any], ...]:
    return rows.chunk, rows.document, rows.scope, rows.vectors

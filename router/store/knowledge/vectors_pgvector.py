"""Approximate nearest-neighbour search on PostgreSQL, through pgvector's HNSW indexes.

`chunk_vector.vector` holds the bytes, as on every database; `near` is the index's own copy of them.
Vectors of two encoders have different lengths and cannot be compared, so each encoder has an index
of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, TextClause, bindparam, text

from router.index import Vector
from router.store.knowledge.fusion import RankedChunk

MAX_SCANNED = 200_000
"""Vectors that a search may visit until a viewer with few rights has as many rows as asked for."""

MAX_EF_SEARCH = 1000
"""pgvector's own limit for the candidates that a search holds."""

NEAREST = """
SELECT chunk.id, chunk.document,
  1 - (CAST(chunk_vector.near AS vector({dim})) <=> CAST(:near AS vector({dim})))
FROM chunk_vector JOIN chunk ON chunk.id = chunk_vector.chunk
WHERE chunk_vector.encoder = :encoder AND chunk.team = :team AND chunk.acl IN :acls
ORDER BY CAST(chunk_vector.near AS vector({dim})) <=> CAST(:near AS vector({dim})) LIMIT :limit
"""
UPDATE_NEAR = text("UPDATE chunk_vector SET near = CAST(:near AS vector) WHERE chunk = :chunk")
DIM = text("SELECT octet_length(vector) / 4 FROM chunk_vector WHERE encoder = :encoder LIMIT 1")
HAS_INDEX = text("SELECT to_regclass(:name) IS NOT NULL")
LOCK_VECTORS = text("LOCK TABLE chunk_vector IN SHARE ROW EXCLUSIVE MODE")
SET_LOCAL = text("SELECT set_config(:name, :value, true)")


class PgvectorIndex:
    """The vectors of the database. Holds nothing in memory, so all processes see the same."""

    def nearest(
        self, connection: Connection, vector: Vector, team: str, acls: list[str], limit: int
    ) -> list[RankedChunk]:
        """See `VectorIndex.nearest`. Empty if no chunk has a vector of that encoder.

        Rows that the index visits but that may not be read do not count towards `limit`.
        """
        encoder, query = vector
        dim = connection.execute(DIM, {"encoder": encoder}).scalar()
        if dim != len(query) or not acls:
            return []

        # Without the iterative scan HNSW would stop at its first `ef_search` candidates, and a
        # viewer who may read none of those would find nothing.
        for name, value in (
            ("hnsw.ef_search", min(limit, MAX_EF_SEARCH)),
            ("hnsw.iterative_scan", "strict_order"),
            ("hnsw.max_scan_tuples", MAX_SCANNED),
        ):
            connection.execute(SET_LOCAL, {"name": name, "value": str(value)})

        values = {
            "near": _literal(query),
            "encoder": encoder,
            "team": team,
            "acls": acls,
            "limit": limit,
        }
        rows = connection.execute(_nearest(int(dim)), values)
        return [RankedChunk(row[0], row[1], float(row[2])) for row in rows]

    def prepare(self, connection: Connection, encoder: str, dim: int) -> None:
        """See `VectorIndex.prepare`. Makes the encoder's index where there is none."""
        name = f"ix_chunk_vector_near_{hashlib.sha256(encoder.encode()).hexdigest()[:12]}"
        # Asked first: CREATE INDEX locks the table against every writer, also where it exists.
        if connection.execute(HAS_INDEX, {"name": name}).scalar():
            return

        # Before anything is written: two transactions that have written would wait for each other.
        connection.execute(LOCK_VECTORS)
        # Identifiers and an index's condition cannot be parameters, so the id is quoted here, and
        # its colons are kept from being read as parameters.
        literal = encoder.replace("'", "''").replace(":", "\\:")
        connection.execute(
            text(
                f"CREATE INDEX IF NOT EXISTS {name} ON chunk_vector"
                f" USING hnsw ((CAST(near AS vector({dim}))) vector_cosine_ops)"
                f" WHERE encoder = '{literal}'"
            )
        )

    def add(
        self,
        connection: Connection,
        encoder: str,
        chunks: Sequence[int],
        vectors: NDArray[np.float32],
    ) -> None:
        """See `VectorIndex.add`."""
        if not chunks:
            return

        rows = [
            {"chunk": chunk, "near": _literal(vector)}
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        connection.execute(UPDATE_NEAR, rows)


def _nearest(dim: int) -> TextClause:
    # The cast to a fixed length has to match the index's own, or PostgreSQL would not use it.
    return text(NEAREST.format(dim=dim)).bindparams(bindparam("acls", expanding=True))


def _literal(vector: NDArray[np.float32]) -> str:
    """Returns the vector as pgvector reads it; 8 digits tell every float32 apart closely enough."""
    return "[" + ",".join(format(float(value), ".8g") for value in vector) + "]"

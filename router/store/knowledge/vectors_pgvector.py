"""Finds pieces by their meaning on PostgreSQL, through pgvector's HNSW index.

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
from router.store.knowledge.fusion import Found

MOST_SCANNED = 200_000
"""Vectors that a search may walk through until a viewer of little has as many rows as there are."""

NEAREST = """
SELECT chunk.id, chunk.document, 1 - (CAST(chunk_vector.near AS vector({length})) <=> CAST(:near AS vector({length})))
FROM chunk_vector JOIN chunk ON chunk.id = chunk_vector.chunk
WHERE chunk_vector.encoder = :encoder AND chunk.team = :team AND chunk.acl IN :acls
ORDER BY CAST(chunk_vector.near AS vector({length})) <=> CAST(:near AS vector({length})) LIMIT :limit
"""
KEEP = text("UPDATE chunk_vector SET near = CAST(:near AS vector) WHERE chunk = :chunk")
LENGTH = text("SELECT octet_length(vector) / 4 FROM chunk_vector WHERE encoder = :encoder LIMIT 1")


class NearVectors:
    """The vectors of the database. Holds nothing in memory, so any number of processes see the same."""

    def nearest(
        self, connection: Connection, vector: Vector, team: str, acls: list[str], limit: int
    ) -> list[Found]:
        """The nearest pieces of this team and these acls, nearest first, with their cosines.

        Nothing when no piece has a vector of that encoder. The index is approximate; what it walks
        past because of rights does not count towards `limit`.
        """
        length = connection.execute(LENGTH, {"encoder": vector[0]}).scalar()
        if length != len(vector[1]) or not acls:
            return []

        for name, value in (
            ("hnsw.ef_search", min(limit, 1000)),
            ("hnsw.iterative_scan", "strict_order"),
            ("hnsw.max_scan_tuples", MOST_SCANNED),
        ):
            connection.execute(
                text("SELECT set_config(:name, :value, true)"), {"name": name, "value": str(value)}
            )

        rows = connection.execute(
            _nearest(int(length)),
            {
                "near": _written(vector[1]),
                "encoder": vector[0],
                "team": team,
                "acls": acls,
                "limit": limit,
            },
        )
        return [Found(row[0], row[1], float(row[2])) for row in rows]

    def keep(
        self,
        connection: Connection,
        encoder: str,
        chunks: Sequence[int],
        vectors: NDArray[np.float32],
    ) -> None:
        """The pieces' vectors, whose rows exist already, are in that encoder's index."""
        rows = [
            {"chunk": chunk, "near": _written(one)}
            for chunk, one in zip(chunks, vectors, strict=True)
        ]

        if not rows:
            return

        connection.execute(KEEP, rows)
        name = f"ix_chunk_vector_near_{hashlib.sha256(encoder.encode()).hexdigest()[:12]}"
        # Identifiers and the index's condition cannot be parameters; the id is quoted as a literal.
        literal = encoder.replace("'", "''").replace(":", "\\:")
        connection.execute(
            text(
                f"CREATE INDEX IF NOT EXISTS {name} ON chunk_vector"
                f" USING hnsw ((CAST(near AS vector({vectors.shape[1]}))) vector_cosine_ops)"
                f" WHERE encoder = '{literal}'"
            )
        )


def _nearest(length: int) -> TextClause:
    return text(NEAREST.format(length=int(length))).bindparams(bindparam("acls", expanding=True))


def _written(vector: NDArray[np.float32]) -> str:
    """The vector as pgvector reads it."""
    return "[" + ",".join(format(float(one), ".8g") for one in vector) + "]"

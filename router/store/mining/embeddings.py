"""Embeddings that mining has made, by the hash of a text, so that none is embedded twice.

Each workspace has its own: they are made from its people's words, and leave with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Engine, and_, delete, update

from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.mining_tables import mined_vector
from router.store.base.rows import batches


class StoredEmbeddings:
    """The mined_vector table. The vectors are float32 bytes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def get(self, team: str, hashes: Iterable[str], encoder: str, at: float) -> dict[str, bytes]:
        """Returns the workspace's vectors of this encoder by hash; marks them as used at `at`."""
        names = sorted(set(hashes))
        found: dict[str, bytes] = {}

        for batch in batches(names):
            stored = and_(
                mined_vector.c.team == team,
                mined_vector.c.encoder == encoder,
                mined_vector.c.hash.in_(batch),
            )
            # Read and marked at once: whatever is still looked up survives `delete_unused`.
            marked = update(mined_vector).where(stored).values(used_at=at)
            looked_up = marked.returning(mined_vector.c.hash, mined_vector.c.vector)
            with writing(self._engine, ("embeddings", team)) as connection:
                found |= {row.hash: row.vector for row in connection.execute(looked_up)}

        return found

    def insert(self, team: str, encoder: str, vectors: Mapping[str, bytes], at: float) -> None:
        """Stores vectors by hash; those that are stored already stay as they are."""
        rows = [
            {"team": team, "hash": name, "encoder": encoder, "vector": vector, "used_at": at}
            for name, vector in sorted(vectors.items())
        ]
        statement = self._insert(mined_vector).on_conflict_do_nothing()
        for batch in batches(rows):
            with one_statement(self._engine) as connection:
                connection.execute(statement, batch)

    def delete_unused(self, before: float) -> int:
        """Deletes vectors that were last used before then; returns how many.

        A text that is gone is never looked up again, so its vector goes too.
        """
        with one_statement(self._engine) as connection:
            unused = delete(mined_vector).where(mined_vector.c.used_at < before)
            return int(connection.execute(unused).rowcount)

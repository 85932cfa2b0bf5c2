"""Reads the text of the best chunks and makes hits of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from router.index import Hit
from router.store.base.knowledge_tables import chunk, document
from router.store.knowledge.fusion import RankedChunk


def build_hits(
    connection: Connection,
    best: Sequence[tuple[int, float]],
    team: str,
    acls: Sequence[str],
    lexical: Sequence[RankedChunk],
    semantic: Sequence[RankedChunk],
) -> list[Hit]:
    """Returns the hits for `best`, chunks with their scores, in the same order.

    Of chunks with the same text only the first becomes a hit.

    The access rights are checked once more here, so that no ranked list can smuggle a chunk in.
    """
    query = (
        select(
            chunk.c.id,
            chunk.c.anchor,
            chunk.c.headings,
            chunk.c.body,
            chunk.c.acl,
            document.c.key,
            document.c.url,
            document.c.updated_at,
        )
        .join(document, document.c.id == chunk.c.document)
        .where(
            chunk.c.id.in_([key for key, _ in best]),
            chunk.c.team == team,
            chunk.c.acl.in_(acls),
        )
    )
    rows = {row.id: row for row in connection.execute(query)}
    lexical_ranks = _ranks(lexical)
    semantic_ranks = _ranks(semantic)
    similarities = {item.chunk: item.score for item in semantic}

    hits = []
    texts = set()
    for key, score in best:
        row = rows.get(key)
        # The same passage may be indexed from two sources.
        if row is None or row.body in texts:
            continue

        texts.add(row.body)
        hits.append(
            Hit(
                chunk=key,
                document=row.key,
                title=row.headings,
                url=_link(row.url, row.anchor),
                body=row.body,
                updated_at=row.updated_at,
                score=score,
                lexical=lexical_ranks.get(key),
                semantic=semantic_ranks.get(key),
                acl=row.acl,
                similarity=similarities.get(key),
            )
        )

    return hits


def _ranks(ranked: Sequence[RankedChunk]) -> dict[int, int]:
    """Returns each chunk's place in the list, from 1."""
    return {item.chunk: rank for rank, item in enumerate(ranked, 1)}


def _link(url: str, anchor: str) -> str:
    """Returns the link to the chunk itself, as far as the page has anchors."""
    if "{anchor}" in url:
        return url.replace("{anchor}", anchor)
    if url and anchor and "#" not in url:
        return f"{url}#{anchor}"

    return url

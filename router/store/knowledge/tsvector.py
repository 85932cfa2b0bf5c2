"""Finds pieces and pages by their words on PostgreSQL, through `tsvector` columns and their GIN indexes.

PostgreSQL's own ranking knows how often a word stands in a text, not how rare it is among all of
them; so each word counts by its inverse document frequency here, as in BM25 (Robertson and
Zaragoza, 2009).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from router.store.knowledge.fusion import Found

PAGE_CHARACTERS = 150_000
"""A tsvector holds at most a megabyte; what stands further down a page is found through its
pieces."""
SHORTER = 1
"""`ts_rank`'s normalisation by the logarithm of the text's length."""

# `ts_rank` runs once for each word. `setweight` gives it a copy that is unpacked and in memory;
# `OFFSET 0` keeps the planner from making that copy anew each time. Long texts lie compressed,
# whole pages in many parts.
PIECES = """
SELECT chunk.id, chunk.document, {score} AS score
FROM chunk CROSS JOIN LATERAL (SELECT setweight(chunk.words, 'D') AS words OFFSET 0) AS read
WHERE chunk.words @@ to_tsquery('beagle', :any) AND chunk.team = :team AND chunk.acl IN :acls
ORDER BY score DESC, chunk.id LIMIT :limit
"""
PAGES = """
SELECT document.id, {score} AS score
FROM chunk_text_page JOIN document ON document.id = chunk_text_page.document
CROSS JOIN LATERAL (SELECT setweight(chunk_text_page.words, 'D') AS words OFFSET 0) AS read
WHERE chunk_text_page.words @@ to_tsquery('beagle', :any) AND document.team = :team AND document.acl IN :acls
ORDER BY score DESC, document.id LIMIT :limit
"""
COUNTS = text(
    "SELECT (SELECT count(*) FROM chunk WHERE words @@ to_tsquery('beagle', asked.word))"
    " FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS asked(word, place) ORDER BY asked.place"
)
TOTAL = text("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'chunk'::regclass")
FORGET_PAGE = text("DELETE FROM chunk_text_page WHERE document = :document")
KEEP_PAGE = text(
    "INSERT INTO chunk_text_page(document, words) VALUES (:document, to_tsvector('beagle', :body))"
    " ON CONFLICT (document) DO UPDATE SET words = excluded.words"
)


def by_words(
    connection: Connection, weights: Mapping[str, float], team: str, acls: Sequence[str], limit: int
) -> list[Found]:
    """The pieces that hold one of the words, best first, of this team and these acls only."""
    return [Found(*row) for row in _search(connection, PIECES, weights, team, acls, limit)]


def pages_by_words(
    connection: Connection, weights: Mapping[str, float], team: str, acls: Sequence[str], limit: int
) -> Mapping[int, float]:
    """How well whole pages fit the words, by document, of this team and these acls only."""
    return {row[0]: row[1] for row in _search(connection, PAGES, weights, team, acls, limit)}


def keep_page(connection: Connection, document: int, body: str) -> None:
    """The page can be found by these words too."""
    connection.execute(KEEP_PAGE, {"document": document, "body": body[:PAGE_CHARACTERS]})


def forget_page(connection: Connection, document: int) -> None:
    """The page can be found no longer."""
    connection.execute(FORGET_PAGE, {"document": document})


def counts(connection: Connection, words: Sequence[str]) -> dict[str, int]:
    """How many pieces hold each word."""
    if not words:
        return {}

    found: Sequence[int] = (
        connection.execute(COUNTS, {"words": [_quoted(word) for word in words]}).scalars().all()
    )
    return dict(zip(words, found, strict=True))


def weights(connection: Connection, holds: Mapping[str, int]) -> dict[str, float]:
    """What each word counts, from how many pieces hold it: its inverse document frequency."""
    total = float(connection.execute(TOTAL).scalar_one())
    return {word: math.log1p(max(total, count) / (count + 0.5)) for word, count in holds.items()}


def _search(
    connection: Connection,
    query: str,
    weights: Mapping[str, float],
    team: str,
    acls: Sequence[str],
    limit: int,
) -> Sequence[Any]:
    values: dict[str, Any] = {"team": team, "acls": list(acls), "limit": limit}
    values["any"] = " | ".join(_quoted(word) for word in weights)
    terms = []

    for place, (word, weight) in enumerate(weights.items()):
        values |= {f"w{place}": _quoted(word), f"idf{place}": weight}
        # A sub-select is made once; a plan kept for any value would parse the word again for each
        # row.
        terms.append(
            f":idf{place} * ts_rank(read.words, (SELECT to_tsquery('beagle', :w{place})), {SHORTER})"
        )

    statement = text(query.format(score=" + ".join(terms))).bindparams(
        bindparam("acls", expanding=True)
    )
    return connection.execute(statement, values).all()


def _quoted(word: str) -> str:
    """The word as one lexeme of a query; `words` are letters and digits only, so nothing in it can end the quotes."""
    return f"'{word}'"

"""Full-text search on PostgreSQL, through `tsvector` columns and their GIN indexes.

PostgreSQL's own ranking knows how often a word occurs in a text, not how rare it is among all of
them. So texts are scored here by BM25 (Robertson and Zaragoza, 2009), with the parameters of
SQLite's FTS5: passages come in the same order from both databases.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from router.store.knowledge.fusion import RankedChunk

MAX_PAGE_CHARACTERS = 150_000
"""A tsvector holds at most a megabyte; what is further down a page is found through its chunks."""
MIN_IDF = 1e-6

# `ts_rank` runs once for each word. `setweight` gives it a copy that is unpacked and in memory:
# long texts are stored compressed, whole pages in many parts. `OFFSET 0` keeps the planner from
# making that copy again for each word.
CHUNKS = """
SELECT id, document, {score} AS score FROM (
  SELECT chunk.id, chunk.document, setweight(chunk.words, 'D') AS words, {size} AS size
  FROM chunk
  WHERE chunk.words @@ to_tsquery('beagle', :any) AND chunk.team = :team AND chunk.acl IN :acls
  OFFSET 0
) AS read ORDER BY score DESC, id LIMIT :limit
"""
PAGES = """
SELECT id, {score} AS score FROM (
  SELECT document.id, setweight(chunk_text_page.words, 'D') AS words, {size} AS size
  FROM chunk_text_page JOIN document ON document.id = chunk_text_page.document
  WHERE chunk_text_page.words @@ to_tsquery('beagle', :any)
    AND document.team = :team AND document.acl IN :acls
  OFFSET 0
) AS read ORDER BY score DESC, id LIMIT :limit
"""
# k1 = 1.2 and b = 0.75, as in FTS5: k1 * (1 - b + b * length / mean length). The length is that in
# distinct words, which a tsvector knows without being read; the mean is that of the texts found.
SIZE = "0.3 + 0.9 * length({words}) / greatest(1, avg(length({words})) OVER ())"
# For one word that occurs t times, `ts_rank` is 0.1 * (1 + 1/4 + ... + 1/t^2) / (pi^2 / 6). The sum
# falls short of its limit by about 1/t, so t is about 0.608 * 10 * rank / (1 - 10 * rank). This is
# (k1 + 1) * t / (t + size) with that t; a text without the word scores nothing.
SCORE = (
    "{idf} * coalesce(2.2 / (1 + read.size * (0.16449 / nullif(ts_rank(read.words, {word}), 0)"
    " - 1.6449)), 0)"
)
COUNTS = text(
    "SELECT (SELECT count(*) FROM chunk WHERE words @@ to_tsquery('beagle', asked.word))"
    " FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS asked(word, place)"
    " ORDER BY asked.place"
)
# The planner's estimate: counting every chunk for each search would cost more than it tells.
TOTAL = text("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'chunk'::regclass")
DELETE_PAGE = text("DELETE FROM chunk_text_page WHERE document = :document")
INSERT_PAGE = text(
    "INSERT INTO chunk_text_page(document, words) VALUES (:document, to_tsvector('beagle', :body))"
    " ON CONFLICT (document) DO UPDATE SET words = excluded.words"
)


def by_words(
    connection: Connection, weights: Mapping[str, float], team: str, acls: Sequence[str], limit: int
) -> list[RankedChunk]:
    """Returns the chunks of this team and these acls that hold one of the words, best first."""
    return [RankedChunk(*row) for row in _search(connection, CHUNKS, weights, team, acls, limit)]


def pages_by_words(
    connection: Connection, weights: Mapping[str, float], team: str, acls: Sequence[str], limit: int
) -> Mapping[int, float]:
    """Returns the documents of this team and these acls that hold one of the words, by score."""
    return {row[0]: row[1] for row in _search(connection, PAGES, weights, team, acls, limit)}


def insert_page(connection: Connection, document: int, body: str) -> None:
    """Adds the page's text to the full-text index of pages."""
    values = {"document": document, "body": body[:MAX_PAGE_CHARACTERS]}
    connection.execute(INSERT_PAGE, values)


def delete_page(connection: Connection, document: int) -> None:
    """Removes the page from the full-text index of pages."""
    connection.execute(DELETE_PAGE, {"document": document})


def document_frequencies(connection: Connection, words: Sequence[str]) -> dict[str, int]:
    """Returns how many chunks hold each word."""
    if not words:
        return {}

    values = {"words": [_quoted(word) for word in words]}
    counts: Sequence[int] = connection.execute(COUNTS, values).scalars().all()
    return dict(zip(words, counts, strict=True))


def inverse_document_frequencies(
    connection: Connection, counts: Mapping[str, int]
) -> dict[str, float]:
    """Returns each word's weight: log((N - n + 0.5) / (n + 0.5)), with `n` of N chunks holding it.

    A word in more than half of the chunks weighs next to nothing, as in FTS5.
    """
    total = float(connection.execute(TOTAL).scalar_one())
    # The estimate of the total may be older than the counts: it is never taken to be smaller.
    total = max(total, *counts.values()) if counts else total
    weights = {}
    for word, count in counts.items():
        weights[word] = max(MIN_IDF, math.log((total - count + 0.5) / (count + 0.5)))

    return weights


def _search(
    connection: Connection,
    query: str,
    weights: Mapping[str, float],
    team: str,
    acls: Sequence[str],
    limit: int,
) -> Sequence[tuple[Any, ...]]:
    """Runs a query whose score is the sum of every word's BM25."""
    values: dict[str, object] = {"team": team, "acls": list(acls), "limit": limit}
    values["any"] = " | ".join(_quoted(word) for word in weights)
    terms = []

    for number, (word, weight) in enumerate(weights.items()):
        values[f"w{number}"] = _quoted(word)
        values[f"idf{number}"] = weight
        # A sub-select is evaluated once; a bare call in a generic plan would parse the word for
        # every row.
        parsed = f"(SELECT to_tsquery('beagle', :w{number}))"
        terms.append(SCORE.format(idf=f":idf{number}", word=parsed))

    words = "chunk.words" if query is CHUNKS else "chunk_text_page.words"
    size = SIZE.format(words=words)
    statement = text(query.format(score=" + ".join(terms), size=size))
    bound = statement.bindparams(bindparam("acls", expanding=True))
    return [tuple(row) for row in connection.execute(bound, values)]


def _quoted(word: str) -> str:
    """Returns the word as one lexeme of a tsquery.

    It has letters and digits only, so nothing in it can end the quotes.
    """
    return f"'{word}'"

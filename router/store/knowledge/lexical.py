"""Full-text search over chunks and pages: FTS5 on SQLite, `tsvector.py` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, text

from router.store.knowledge import tsvector
from router.store.knowledge.fusion import RankedChunk
from router.text.scripts import index_form
from router.text.terms import extract_terms

MAX_TERM_SHARE = 0.1
MIN_CHUNKS_TO_PRUNE = 20_000
"""From this many chunks on, a word in more than `MAX_TERM_SHARE` of them is dropped while two rarer
ones remain: it costs much and tells little."""

# FTS5 hands over its rows best first, and the join drops those that may not be read. So a viewer
# with few rights still gets as many rows as there are.
CHUNKS = text(
    "SELECT chunk.id, chunk.document, -chunk_text.rank AS score"
    " FROM chunk_text CROSS JOIN chunk ON chunk.id = chunk_text.rowid"
    " WHERE chunk_text MATCH :query AND chunk.team = :team AND chunk.acl IN :acls"
    " ORDER BY chunk_text.rank LIMIT :limit"
).bindparams(bindparam("acls", expanding=True))
PAGES = text(
    "SELECT document.id, -chunk_text_page.rank AS score"
    " FROM chunk_text_page CROSS JOIN document ON document.id = chunk_text_page.rowid"
    " WHERE chunk_text_page MATCH :query AND document.team = :team AND document.acl IN :acls"
    " ORDER BY chunk_text_page.rank LIMIT :limit"
).bindparams(bindparam("acls", expanding=True))
COUNT = text("SELECT count(*) FROM chunk_text WHERE chunk_text MATCH :word")
NEWEST = text("SELECT coalesce(max(id), 0) FROM chunk")
DELETE_PAGE = text("DELETE FROM chunk_text_page WHERE rowid = :document")
INSERT_PAGE = text("INSERT INTO chunk_text_page(rowid, body) VALUES (:document, :body)")


def look_for(connection: Connection, question: str) -> Mapping[str, float]:
    """Returns the question's search terms with their weights; the searches below share them.

    On SQLite every weight is 1, because FTS5's BM25 weighs the terms itself.
    """
    terms = [index_form(term) for term in extract_terms(question)]
    if not terms:
        return {}
    if not _is_postgresql(connection):
        return dict.fromkeys(_prune_frequent(connection, terms, None), 1.0)

    counts = tsvector.document_frequencies(connection, terms)
    rare = _prune_frequent(connection, terms, counts)
    return tsvector.inverse_document_frequencies(connection, {word: counts[word] for word in rare})


def by_words(
    connection: Connection, terms: Mapping[str, float], team: str, acls: Sequence[str], limit: int
) -> list[RankedChunk]:
    """Returns the chunks of this team and these acls that hold one of the terms, best first."""
    if not terms or not acls:
        return []
    if _is_postgresql(connection):
        return tsvector.by_words(connection, terms, team, acls, limit)

    rows = connection.execute(CHUNKS, _parameters(terms, team, acls, limit))
    return [RankedChunk(row[0], row[1], row[2]) for row in rows]


def pages_by_words(
    connection: Connection, terms: Mapping[str, float], team: str, acls: Sequence[str], limit: int
) -> Mapping[int, float]:
    """Returns the documents of this team and these acls that hold one of the terms, by score."""
    if not terms or not acls:
        return {}
    if _is_postgresql(connection):
        return tsvector.pages_by_words(connection, terms, team, acls, limit)

    rows = connection.execute(PAGES, _parameters(terms, team, acls, limit))
    return {row[0]: row[1] for row in rows}


def insert_page(connection: Connection, document: int, body: str) -> None:
    """Adds the page's text to the full-text index of pages."""
    if _is_postgresql(connection):
        tsvector.insert_page(connection, document, body)
    else:
        connection.execute(INSERT_PAGE, {"document": document, "body": body})


def delete_page(connection: Connection, document: int) -> None:
    """Removes the page from the full-text index of pages."""
    if _is_postgresql(connection):
        tsvector.delete_page(connection, document)
    else:
        connection.execute(DELETE_PAGE, {"document": document})


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _parameters(
    terms: Iterable[str], team: str, acls: Sequence[str], limit: int
) -> dict[str, object]:
    return {
        "query": " OR ".join(f'"{word}"' for word in terms),
        "team": team,
        "acls": list(acls),
        "limit": limit,
    }


def _prune_frequent(
    connection: Connection, terms: Sequence[str], counts: Mapping[str, int] | None
) -> list[str]:
    """Returns the terms without those that nearly every chunk holds; at least the two rarest stay.

    `counts` says how many chunks hold each term; without it they are counted, if it matters.
    """
    if len(terms) <= 2:
        return list(terms)

    # The newest id is an upper bound of the number of chunks, and much cheaper than counting them.
    newest: int = connection.execute(NEWEST).scalar_one()
    if newest < MIN_CHUNKS_TO_PRUNE:
        return list(terms)

    frequencies: Mapping[str, int]
    if counts is None:
        frequencies = {
            word: connection.execute(COUNT, {"word": f'"{word}"'}).scalar_one() for word in terms
        }
    else:
        frequencies = counts

    rarest = sorted(terms, key=lambda word: frequencies[word])[:2]
    max_count = MAX_TERM_SHARE * newest
    return [word for word in terms if frequencies[word] <= max_count or word in rarest]

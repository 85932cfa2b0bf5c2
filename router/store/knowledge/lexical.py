"""Finds pieces and pages by their words, in the database's own full-text index: FTS5, or `tsvector.py`'s."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from router.store.knowledge import tsvector
from router.store.knowledge.fusion import Found

OFTEN = 0.1
MANY = 20_000
"""Among this many pieces or more, a word in more than `OFTEN` of them is left out while two rarer ones remain: it costs
much and tells little."""
MOST_WORDS = 48
"""A longer question says no more about what is looked for, and each word costs a walk through
the index."""

_COMMON = """
a about an and any are as at be been but by can could did do does for from get had has have how i if in into is it its
may me my of on or our please shall she should so tell than that the their them then there these they this those to up
us was we were what when where which who whom why will with would you your
"""
COMMON = frozenset(_COMMON.split())
"""Words that say nothing about what is looked for; they are left out unless nothing else is
left."""

# The full-text index hands its rows over best first and the join drops what may not be read, so
# that a viewer of little still gets as many rows as there are.
PIECES = text(
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
FORGET_PAGE = text("DELETE FROM chunk_text_page WHERE rowid = :document")
KEEP_PAGE = text("INSERT INTO chunk_text_page(rowid, body) VALUES (:document, :body)")


def look_for(connection: Connection, question: str) -> Mapping[str, float]:
    """The question's words to search by, each with what it counts; FTS5 weighs them itself, there each counts 1.

    One search does this once, whatever lists it then fills.
    """
    found = words(question)
    if not found:
        return {}
    if not _is_postgresql(connection):
        return dict.fromkeys(_rare(connection, found, None), 1.0)

    counts = tsvector.counts(connection, found)
    return tsvector.weights(
        connection, {word: counts[word] for word in _rare(connection, found, counts)}
    )


def by_words(
    connection: Connection, asked: Mapping[str, float], team: str, acls: Sequence[str], limit: int
) -> list[Found]:
    """The pieces that hold one of the words, best first, of this team and these acls only."""
    if not asked or not acls:
        return []
    if _is_postgresql(connection):
        return tsvector.by_words(connection, asked, team, acls, limit)

    rows = connection.execute(PIECES, _values(asked, team, acls, limit))
    return [Found(row[0], row[1], row[2]) for row in rows]


def pages_by_words(
    connection: Connection, asked: Mapping[str, float], team: str, acls: Sequence[str], limit: int
) -> Mapping[int, float]:
    """How well whole pages fit the words, by document, of this team and these acls only."""
    if not asked or not acls:
        return {}
    if _is_postgresql(connection):
        return tsvector.pages_by_words(connection, asked, team, acls, limit)

    return {row[0]: row[1] for row in connection.execute(PAGES, _values(asked, team, acls, limit))}


def keep_page(connection: Connection, document: int, body: str) -> None:
    """The page can be found by these words too."""
    if _is_postgresql(connection):
        tsvector.keep_page(connection, document, body)
    else:
        connection.execute(KEEP_PAGE, {"document": document, "body": body})


def forget_page(connection: Connection, document: int) -> None:
    """The page can be found no longer."""
    if _is_postgresql(connection):
        tsvector.forget_page(connection, document)
    else:
        connection.execute(FORGET_PAGE, {"document": document})


def words(question: str) -> list[str]:
    """The question's words, each once, without the common ones; letters and digits only, so that they can be quoted."""
    found = list(dict.fromkeys(re.findall(r"[^\W_]+", question.casefold())))
    telling = [word for word in found if word not in COMMON]
    return (telling or found)[:MOST_WORDS]


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _values(asked: Iterable[str], team: str, acls: Sequence[str], limit: int) -> dict[str, Any]:
    return {
        "query": " OR ".join(f'"{word}"' for word in asked),
        "team": team,
        "acls": list(acls),
        "limit": limit,
    }


def _rare(
    connection: Connection, found: Sequence[str], counts: Mapping[str, int] | None
) -> list[str]:
    """The words without those that stand nearly everywhere; at least the two rarest. Without `counts` it counts."""
    if len(found) <= 2:
        return list(found)

    newest: int = connection.execute(NEWEST).scalar_one()
    if newest < MANY:
        return list(found)

    if counts is None:
        counts = {
            word: connection.execute(COUNT, {"word": f'"{word}"'}).scalar_one() for word in found
        }

    rarest = sorted(found, key=lambda word: counts[word])[:2]
    return [word for word in found if counts[word] <= OFTEN * newest or word in rarest]

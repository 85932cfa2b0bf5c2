"""Finds pieces and pages by their words, in the database's own full-text index."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from router.store.ranking import Found

MOST_WORDS = 48
"""A longer question says no more about what is looked for, and each word costs a walk through the index."""

_COMMON = """
a about an and any are as at be been but by can could did do does for from get had has have how i if in into is it its
may me my of on or our please shall she should so tell than that the their them then there these they this those to up
us was we were what when where which who whom why will with would you your
"""
COMMON = frozenset(_COMMON.split())
"""Words that say nothing about what is looked for; they are left out unless nothing else is left."""

# The full-text index hands its rows over best first and the join drops what may not be read, so that a viewer of little
# still gets as many rows as there are.
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
FORGET_PAGE = text("DELETE FROM chunk_text_page WHERE rowid = :document")
KEEP_PAGE = text("INSERT INTO chunk_text_page(rowid, body) VALUES (:document, :body)")


def by_words(connection: Connection, question: str, team: str, acls: Sequence[str], limit: int) -> list[Found]:
    """The pieces that share words with the question, best first, of this team and these acls only."""
    values = _values(question, team, acls, limit)
    rows = connection.execute(PIECES, values) if values else ()
    return [Found(row[0], row[1], row[2]) for row in rows]


def pages_by_words(
    connection: Connection, question: str, team: str, acls: Sequence[str], limit: int
) -> Mapping[int, float]:
    """How well whole pages fit the question, by document, of this team and these acls only."""
    values = _values(question, team, acls, limit)
    return {row[0]: row[1] for row in connection.execute(PAGES, values)} if values else {}


def keep_page(connection: Connection, document: int, body: str) -> None:
    """The page can be found by these words too."""
    connection.execute(KEEP_PAGE, {"document": document, "body": body})


def forget_page(connection: Connection, document: int) -> None:
    """The page can be found no longer."""
    connection.execute(FORGET_PAGE, {"document": document})


def words(question: str) -> list[str]:
    """The question's words, each once, without the common ones; letters and digits only, so that they can be quoted."""
    found = list(dict.fromkeys(re.findall(r"[^\W_]+", question.casefold())))
    telling = [word for word in found if word not in COMMON]
    return (telling or found)[:MOST_WORDS]


def _values(question: str, team: str, acls: Sequence[str], limit: int) -> dict[str, Any] | None:
    found = words(question)
    if not found or not acls:
        return None
    query = " OR ".join(f'"{word}"' for word in found)
    return {"query": query, "team": team, "acls": list(acls), "limit": limit}

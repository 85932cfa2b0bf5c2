"""Finds pieces by their words, in the database's own full-text index."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, text

MOST_WORDS = 48
"""A longer question says no more about what is looked for, and each word costs a walk through the index."""

_COMMON = """
a about an and any are as at be been but by can could did do does for from get had has have how i if in into is it its
may me my of on or our please shall she should so tell than that the their them then there these they this those to up
us was we were what when where which who whom why will with would you your
"""
COMMON = frozenset(_COMMON.split())
"""Words that say nothing about what is looked for; they are left out unless nothing else is left."""

SQLITE = text(
    "SELECT chunk.id FROM chunk_text CROSS JOIN chunk ON chunk.id = chunk_text.rowid"
    " WHERE chunk_text MATCH :query AND chunk.team = :team AND chunk.acl IN :acls"
    " ORDER BY chunk_text.rank LIMIT :limit"
).bindparams(bindparam("acls", expanding=True))


def by_words(connection: Connection, question: str, team: str, acls: Sequence[str], limit: int) -> list[int]:
    """The ids of the pieces that share words with the question, best first, of this team and these acls only.

    The full-text index hands its rows over best first and the join drops what may not be read, so that a viewer of
    little still gets `limit` pieces if there are so many.
    """
    found = words(question)
    if not found or not acls:
        return []
    query = " OR ".join(f'"{word}"' for word in found)
    rows = connection.execute(SQLITE, {"query": query, "team": team, "acls": list(acls), "limit": limit})
    return [row[0] for row in rows]


def words(question: str) -> list[str]:
    """The question's words, each once, without the common ones; letters and digits only, so that they can be quoted."""
    found = list(dict.fromkeys(re.findall(r"[^\W_]+", question.casefold())))
    telling = [word for word in found if word not in COMMON]
    return (telling or found)[:MOST_WORDS]

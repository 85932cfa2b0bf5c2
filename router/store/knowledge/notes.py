"""Reads the notes that people had kept."""

from __future__ import annotations

from sqlalchemy import Engine, select

from router.index import Hit, readable_acls
from router.store.base.engine import one_statement
from router.store.base.knowledge_tables import chunk, document
from router.store.privacy.authorship import chunks_of
from router.store.privacy.others import NOTE_PREFIX
from router.types import SlackPerson, Viewer

MAX_NOTES = 500
"""Notes that one question looks through: the newest."""


class Notes:
    """The documents that were made of notes. Each is one passage."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self, viewer: Viewer, author: SlackPerson | None = None) -> list[Hit]:
        """Returns the notes that the viewer may read, the newest first.

        With an `author` only those whose words are theirs.
        """
        query = (
            select(chunk.c.id, chunk.c.headings, chunk.c.body, chunk.c.acl, document.c.key)
            .add_columns(document.c.updated_at)
            .join(document, document.c.id == chunk.c.document)
            .where(
                chunk.c.team == viewer.team,
                chunk.c.acl.in_(readable_acls(viewer)),
                document.c.key.startswith(NOTE_PREFIX, autoescape=True),
            )
            .order_by(document.c.updated_at.desc(), chunk.c.id.desc())
            .limit(MAX_NOTES)
        )
        if author is not None:
            query = query.where(chunks_of(author.home or author.team, author.user))

        with one_statement(self._engine) as connection:
            rows = connection.execute(query).all()

        return [
            Hit(
                chunk=row.id,
                document=row.key,
                title=row.headings,
                url="",
                body=row.body,
                updated_at=row.updated_at,
                score=0.0,
                acl=row.acl,
            )
            for row in rows
        ]

"""Where each knowledge source comes from, so that it can be read again and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Engine, RowMapping, delete, select

from router.store.base.engine import insert_for, one_statement
from router.store.base.knowledge_tables import source
from router.store.base.rows import as_row

SourceKind = Literal["folder", "pages", "export"]


@dataclass(frozen=True, slots=True)
class Source:
    """What an ingest was given.

    `places` holds one path, or the addresses of pages. `read_at` is when it was last read, and
    `left_out` how many of its documents could not be. `page_versions` tells, by address, whether a
    page has changed since then (`workers/knowledge/ingest_web_pages.py`).
    """

    team: str
    name: str
    kind: SourceKind
    places: Sequence[str]
    acl: str
    base_url: str = ""
    read_at: float = 0.0
    left_out: int = 0
    page_versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Sources:
    """The source table. `(team, name)` is unique.

    The name is also the `source` of its documents.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def upsert(self, new: Source) -> None:
        """Stores the source, in place of one with the same name."""
        values = as_row(new)
        values["places"] = list(new.places)
        statement = self._insert(source).values(values)

        with one_statement(self._engine) as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["team", "name"], set_=values)
            )

    def get(self, team: str, name: str) -> Source | None:
        """Returns the source of that name."""
        query = select(source).where(source.c.team == team, source.c.name == name)
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return _read(row) if row else None

    def for_team(self, team: str) -> list[Source]:
        """Returns every source of a workspace, by name."""
        query = select(source).where(source.c.team == team).order_by(source.c.name)
        with one_statement(self._engine) as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def remove(self, team: str, name: str) -> None:
        """Removes the source; its documents are deleted through the index."""
        with one_statement(self._engine) as connection:
            connection.execute(delete(source).where(source.c.team == team, source.c.name == name))

    def remove_for_channel(self, team: str, channel: str) -> None:
        """Removes the sources whose documents only the members of that channel may read."""
        theirs = (source.c.team == team, source.c.acl == channel)
        with one_statement(self._engine) as connection:
            connection.execute(delete(source).where(*theirs))


def _read(row: RowMapping) -> Source:
    return Source(**{**row, "places": tuple(row["places"])})

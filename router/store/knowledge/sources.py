"""Where each source of knowledge comes from, so that it can be read again and taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine, delete, select

from router.store.base.engine import insert_for, reading, writing
from router.store.base.knowledge_tables import source

SourceKind = Literal["folder", "pages", "export"]


@dataclass(frozen=True, slots=True)
class Source:
    """What an ingest was told. `places` are one path, or addresses of pages; `left_out` counts what was not read."""

    team: str
    name: str
    kind: SourceKind
    places: Sequence[str]
    acl: str
    base_url: str = ""
    read_at: float = 0.0
    left_out: int = 0


class Sources:
    """The source table. `(team, name)` is unique; the name is that of its documents' source."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def put(self, told: Source) -> None:
        """The source is as given, new or in place of what was told before."""
        values = {name: getattr(told, name) for name in Source.__slots__} | {
            "places": list(told.places)
        }
        statement = self._insert(source).values(values)

        with writing(self._engine) as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["team", "name"], set_=values)
            )

    def get(self, team: str, name: str) -> Source | None:
        """The source of that name."""
        query = select(source).where(source.c.team == team, source.c.name == name)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Source(**{**row, "places": tuple(row["places"])}) if row else None

    def of(self, team: str) -> list[Source]:
        """Every source of a workspace, by name."""
        query = select(source).where(source.c.team == team).order_by(source.c.name)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()

        return [Source(**{**row, "places": tuple(row["places"])}) for row in rows]

    def remove(self, team: str, name: str) -> None:
        """The source is known no more; its documents are deleted elsewhere."""
        with writing(self._engine) as connection:
            connection.execute(delete(source).where(source.c.team == team, source.c.name == name))

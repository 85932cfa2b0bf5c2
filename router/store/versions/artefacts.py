"""Artefacts: files that training made, stored so that every worker on every machine has them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import Engine, select

from router.errors import InputError, StoreError
from router.store.base.engine import insert_for, one_statement, reading
from router.store.versions.artefact_tables import artefact

HASH_DIGITS = 12
"""Hexadecimal digits of a file's SHA-256 in its name."""
MAX_BYTES = 900_000_000
"""SQLite and PostgreSQL hold a gigabyte in one value."""


class Artefacts:
    """The artefact table: each artefact belongs to the workspace whose words it was trained on.

    Artefacts are immutable: the name carries the hash of the content.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def insert(self, team: str, route: str, file: Path, at: float) -> str:
        """Stores the workspace's file and returns its name; storing it twice is storing it once.

        Raises InputError for a file that is too large for a database.
        """
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise InputError(
                f"storing {str(file)!r}: it has {size / 1e6:,.0f} MB and a database takes "
                f"{MAX_BYTES / 1e6:,.0f} in one value; serve it with a server of your own and name "
                "it as the route's model"
            )

        body = file.read_bytes()
        name = f"{route}-{_hash(body)}"
        row = {"team": team, "name": name, "route": route, "suffix": file.suffix, "body": body}

        with one_statement(self._engine) as connection:
            connection.execute(
                self._insert(artefact).values(row | {"at": at}).on_conflict_do_nothing()
            )

        return name

    def materialise(self, team: str, name: str, folder: Path) -> Path | None:
        """Returns the workspace's artefact as a file in `folder`, written there if it is missing.

        None if the workspace has none of that name, whatever others have. Raises StoreError if its
        content does not have the hash in its name.
        """
        with reading(self._engine) as connection:
            is_artefact = (artefact.c.team == team, artefact.c.name == name)
            suffix_query = select(artefact.c.suffix).where(*is_artefact)
            suffix = connection.execute(suffix_query).scalar()
            if suffix is None:
                return None

            path = folder / f"{name}{suffix}"
            if path.exists():
                return path

            # Large, so it is read only where it is needed.
            body_query = select(artefact.c.body).where(*is_artefact)
            body: bytes = connection.execute(body_query).scalar_one()

        if _hash(body) != name.rpartition("-")[2]:
            raise StoreError(
                f"reading artefact {name!r}: its content has another hash; train it again"
            )

        # Renamed into place, so that no other process ever reads a half-written file.
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(body)

        return partial.replace(path)


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:HASH_DIGITS]

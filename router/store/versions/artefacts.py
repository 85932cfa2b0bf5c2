"""Artefacts: the files that training made, kept in the store so that every worker on every machine has them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import Engine, select

from router.errors import StoreError
from router.store.base.engine import insert_for, reading, writing
from router.store.versions.artefact_tables import artefact

SHOWN = 12
"""Hexadecimal digits of a file's SHA-256 in its name."""


class Artefacts:
    """The artefact table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def keep(self, route: str, file: Path, at: float) -> str:
        """The file is in the store under the returned name, which carries its hash; keeping it twice is once."""
        body = file.read_bytes()
        name = f"{route}-{hashlib.sha256(body).hexdigest()[:SHOWN]}"
        row = {"name": name, "route": route, "suffix": file.suffix, "body": body, "at": at}

        with writing(self._engine) as connection:
            connection.execute(self._insert(artefact).values(row).on_conflict_do_nothing())

        return name

    def file(self, name: str, folder: Path) -> Path | None:
        """That artefact as a file in `folder`, written there if need be; None when the store has none of that name.

        Raises StoreError when its content is not what its name says.
        """
        with reading(self._engine) as connection:
            suffix = connection.execute(
                select(artefact.c.suffix).where(artefact.c.name == name)
            ).scalar()
            if suffix is None:
                return None

            path = folder / f"{name}{suffix}"
            if path.exists():
                return path

            body: bytes = connection.execute(
                select(artefact.c.body).where(artefact.c.name == name)
            ).scalar_one()

        if hashlib.sha256(body).hexdigest()[:SHOWN] != name.rpartition("-")[2]:
            raise StoreError(
                f"reading artefact {name!r}: its content has another hash; train it again"
            )

        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(body)

        return partial.replace(path)

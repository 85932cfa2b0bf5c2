"""Serves a WSGI application on one port, from a background thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from waitress.server import create_server

from router.errors import SettingsError

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

THREADS = 8
BODY_LIMIT = 64_000_000
"""Bytes from which the server itself refuses a body; `SignatureGuard` has a lower limit."""
STOP_SECONDS = 5.0


class HttpServer:
    """A WSGI server. `port` is the real port, also where 0 (any free one) was asked for."""

    def __init__(self, host: str, port: int, app: WSGIApplication) -> None:
        try:
            self._server = create_server(
                app,
                host=host,
                port=port,
                threads=THREADS,
                ident="",
                max_request_body_size=BODY_LIMIT,
            )
        except OSError as error:
            raise SettingsError(
                f"BEAGLE_PORT: {host}:{port} cannot be listened on ({error.strerror}); "
                "choose a free port, or 0 for any"
            ) from error

        # One host, so one server with one port.
        self.port = int(self._server.effective_port)  # type: ignore[union-attr]  # see above
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)

    def start(self) -> None:
        """Starts answering requests."""
        self._thread.start()

    def stop(self) -> None:
        """Stops answering and frees the port."""
        self._server.close()
        self._thread.join(timeout=STOP_SECONDS)

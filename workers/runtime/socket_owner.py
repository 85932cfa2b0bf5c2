"""Which process listens on a port of this machine, as the kernel says.

A port says nothing about who is behind it: when a server dies, any user of the machine may take its
port and read what is sent there. The kernel's tables cannot be forged by another user.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

TCP_LISTEN = "0A"
"""From the kernel's include/net/tcp_states.h, as /proc/net/tcp prints it."""
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def is_listener(pid: int, port: int) -> bool:
    """Returns whether `pid` is a process of our user, and alone listens on the TCP port.

    Where there is no /proc (not on Linux), only whether the process exists.
    """
    if sys.platform != "linux":
        return _exists(pid)

    listeners = _listeners(port)
    if not listeners or any(uid != os.geteuid() for uid, _ in listeners):
        return False

    return {inode for _, inode in listeners} <= _sockets(pid)


def _exists(pid: int) -> bool:
    try:
        # Signal 0 only asks whether the process exists.
        os.kill(pid, 0)
    except OSError:
        return False

    return True


def _listeners(port: int) -> set[tuple[int, str]]:
    """Returns the user id and the inode of every socket that listens on the port."""
    listeners = set()
    for table in TABLES:
        if not table.exists():
            continue

        # Each line after the first: number, local address, remote address, state, queues, timer,
        # retransmissions, user id, time-out, inode, … (proc(5)); ports are hexadecimal.
        for line in table.read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == TCP_LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                listeners.add((int(fields[7]), fields[9]))

    return listeners


def _sockets(pid: int) -> set[str]:
    """Returns the inodes of a process's open sockets; none where it is gone or another user's."""
    inodes = set()
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = _target(link)
            if target.startswith("socket:["):
                inodes.add(target.removeprefix("socket:[").removesuffix("]"))
    except OSError:
        return set()

    return inodes


def _target(link: Path) -> str:
    """Returns what a file descriptor is; empty where it has been closed meanwhile."""
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""

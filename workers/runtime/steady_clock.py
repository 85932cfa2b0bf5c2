"""The time for leases: it never jumps, and all processes of an installation agree on it.

A clock that is set an hour ahead would end every lease at once, and one that is set back would keep
what a dead worker held for an hour. So leases are timed by the machine's uptime, added to a moment
on which all processes agree: the database server's time, or on one machine the moment that the
first running process took from its clock.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from router.log import get_log
from router.store import Store

ANCHOR_FILE = "clock"
JUMP_SECONDS = 30.0
"""A difference between the machine's clock and ours from which the log says so."""


def uptime() -> float:
    """Returns the seconds since the machine was started, with the time that it slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SteadyClock:
    """Unix seconds that grow with the machine's uptime from a moment on."""

    def __init__(
        self,
        moment: float,
        elapsed: Callable[[], float] = uptime,
        *,
        wall: Callable[[], float] = time.time,
        held: IO[str] | None = None,
    ) -> None:
        self._offset = moment - elapsed()
        self._elapsed = elapsed
        self._wall = wall
        # The lock on the anchor: as long as we live, those that start later take our moment.
        self._held = held
        self._has_told = False

    def __call__(self) -> float:
        """Returns the time."""
        return self._elapsed() + self._offset

    def report_jump(self) -> bool:
        """Returns whether the machine's clock was set to another time; logs it once."""
        difference = self._wall() - self()
        has_jumped = abs(difference) > JUMP_SECONDS
        if has_jumped and not self._has_told:
            get_log(part="clock").warning("clock_jumped", seconds=round(difference))

        self._has_told = has_jumped
        return has_jumped

    def close(self) -> None:
        """Gives the anchor up."""
        if self._held is not None:
            self._held.close()


def open_clock(
    store: Store,
    folder: Path,
    elapsed: Callable[[], float] = uptime,
    wall: Callable[[], float] = time.time,
) -> SteadyClock:
    """Returns the installation's clock.

    With a database server its time counts. Else the processes are on one machine and share the data
    folder: the first of those that run now writes there which moment its clock showed.
    """
    if not store.is_embedded:
        return SteadyClock(store.server_time(), elapsed, wall=wall)

    anchor = (folder / ANCHOR_FILE).open("a+")
    try:
        # Alone: nobody else runs, so the machine's clock is as good as it was ever.
        fcntl.flock(anchor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(anchor, fcntl.LOCK_SH)
        anchor.seek(0)
        offset = float(anchor.read())
    else:
        offset = wall() - elapsed()
        anchor.truncate(0)
        anchor.write(repr(offset))
        anchor.flush()
        # Others may share it from now on. Between the two locks another process may start and
        # write the same moment again, which changes nothing.
        fcntl.flock(anchor, fcntl.LOCK_SH)

    return SteadyClock(elapsed() + offset, elapsed, wall=wall, held=anchor)

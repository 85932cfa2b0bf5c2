"""Room on the disk that only deleting may use: a full disk could not even be emptied otherwise.

SQLite writes what a deletion changes to its log first, and a full disk has no room for that.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine

from router.log import get_log

FILE = "reserve"
RESERVE_BYTES = 16_000_000
"""Room for the log of several of the batches in which texts are deleted."""
SPARE_SHARE = 8
"""The reserve is only laid aside while this many times as much is free: it must not fill a disk."""


class DiskReserve:
    """A file beside SQLite's database that is removed while something is deleted on a full disk.

    With a database server it does nothing. Safe for many threads and processes.
    """

    def __init__(self, engine: Engine) -> None:
        name = engine.url.database if engine.dialect.name == "sqlite" else None
        self._path = None
        if name and name != ":memory:" and not name.startswith("file:"):
            self._path = Path(name).absolute().parent / FILE

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Gives the room to the block where the disk is full; lays it aside again afterwards."""
        if self._path is None:
            yield
            return

        if self._path.exists() and _free_bytes(self._path) < RESERVE_BYTES:
            get_log(part="housekeeping").warning("disk_full", reserve=RESERVE_BYTES)
            self._path.unlink(missing_ok=True)

        try:
            yield
        finally:
            self.lay_aside()

    def lay_aside(self) -> None:
        """Makes the file where it is missing and the disk has far more room than it takes."""
        if self._path is None or self._path.exists():
            return
        if _free_bytes(self._path) < SPARE_SHARE * RESERVE_BYTES:
            return

        # What cannot be laid aside is left: the disk became full, or is read-only.
        with suppress(OSError):
            handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            try:
                os.posix_fallocate(handle, 0, RESERVE_BYTES)
            except OSError:
                self._path.unlink(missing_ok=True)
                raise
            finally:
                os.close(handle)


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(path.parent).free

"""An exclusive lock on a folder, released when the process that holds it ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from router.errors import ModelError

LOCK_FILE = "lock"


@contextmanager
def file_lock(folder: Path) -> Iterator[None]:
    """Holds the lock of `folder` while the block runs; creates the folder if needed.

    The lock is `flock` on a file in the folder. The kernel releases it when the holder exits, even
    by SIGKILL, so there is no stale lock to clean up. Raises ModelError(retry=True) at once when
    another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("a") as file:
        # Not blocking: training takes hours, and the queue tries again later.
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelError(
                f"training in {folder.name!r}: another process does", retry=True
            ) from None

        yield

"""Files that only the user who runs Beagle can read: the data folder holds people's messages."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PRIVATE_UMASK = 0o077
EVERYBODY = stat.S_IRWXO
"""The rights of users who are neither the owner nor in the group."""
OTHERS = stat.S_IRWXG | EVERYBODY
"""The rights of the group and of everybody else."""


OUR_NAMES = frozenset(
    {"beagle.db", "encoder", "router", "artefacts", "training", "demo", "script", "logs", "valkey"}
)
"""What a data folder of ours has at least one of, once it is in use."""
IGNORED_NAMES = frozenset({"lost+found", ".gitkeep", ".DS_Store"})
SQLITE_START = b"SQLite format 3\0"
"""The first bytes of a SQLite file; an empty file becomes one."""


def use_private_umask() -> None:
    """Makes every file that this process and its children create private from its first byte."""
    os.umask(PRIVATE_UMASK)


def write_private(path: Path, text: str) -> None:
    """Replaces the file by one with `text` that only we can read; nobody ever sees half of it."""
    # mkstemp makes the file with mode 0600, whatever the umask is.
    handle, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def make_private(folder: Path) -> None:
    """Creates the folder, or takes away what others may do with it and with what is in it.

    What belongs to another user is left alone: a volume that an administrator prepared. So is a
    folder with other things than ours, or `BEAGLE_DATA=/etc` would lock everybody out of the
    machine: that raises OSError (ENOTEMPTY).
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = {path.name for path in folder.iterdir()} - IGNORED_NAMES
    if names and not names & OUR_NAMES:
        raise OSError(errno.ENOTEMPTY, "it holds other things and nothing of Beagle's", str(folder))

    for path in _wide_files(folder):
        make_file_private(path)


def make_database_private(path: Path) -> None:
    """Takes away what others may do with a SQLite file; any other file is left alone."""
    try:
        with path.open("rb") as file:
            start = file.read(len(SQLITE_START))
    except OSError:
        return

    if start not in (b"", SQLITE_START):
        return

    # SQLite keeps recent changes beside the database, with the database's own rights.
    for suffix in ("", "-wal", "-shm"):
        make_file_private(Path(f"{path}{suffix}"))


def make_file_private(path: Path) -> None:
    """Takes away what others may do with one file or folder, where it exists and is ours."""
    if not _is_wide(path):
        return

    # Another user's file stays as it is, and one may be deleted meanwhile; `wide_files` reports
    # what is still open.
    with suppress(PermissionError, FileNotFoundError):
        path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~OTHERS)


def wide_files(folder: Path) -> list[Path]:
    """Returns the folder and the files in it that others may read, write or enter.

    `folder` may be a single file.
    """
    return list(_wide_files(folder))


def _wide_files(folder: Path) -> Iterator[Path]:
    if _is_wide(folder):
        yield folder

    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            if _is_wide(path):
                yield path


def _is_wide(path: Path) -> bool:
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False

    # A link has no rights of its own, and what it points to may lie outside the folder.
    return not stat.S_ISLNK(status.st_mode) and bool(status.st_mode & OTHERS)

"""The demo's data folder: one process at a time, and what a start keeps of it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.typed_name import typed_name
from router.errors import InputError
from router.private_files import write_private

NAME = "demo"
"""The folder's name in the data folder of the installation."""
LOCK_FILE = "demo.lock"
ADDRESS_FILE = "demo.address"
"""Holds the page's address while the folder is in use."""
FILLED_FILE = "demo.filled"
"""Written when the first start is over: half of its data is not worth keeping."""
DATABASE = "beagle.db"
ONE_RUN = ("logs/*.log", "appendonlydir/*")
"""What belongs to one run. The queue is a wake-up call: the store knows what is to be done."""
ALL_RUNS = (FILLED_FILE, f"{DATABASE}*", "handbook/*")
"""What a start keeps. Models are in neither list: they are expensive to make."""


class InUseError(InputError):
    """Another process runs a demo in the folder; the message has its page's address."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the folder while the block runs; creates it if needed.

    The kernel releases the lock when the process ends, even by SIGKILL. Raises InUseError at once
    when another process holds it, with the address of that one's page; nothing is touched then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError(_in_use(folder)) from None

        # An address that is there already is one of a process that was killed.
        _forget_address(folder)
        try:
            yield
        finally:
            _forget_address(folder)


def announce(folder: Path, address: str) -> None:
    """Stores the page's address for whoever starts a second one here; only we can read it."""
    write_private(folder / ADDRESS_FILE, address)


def running_address(folder: Path) -> str | None:
    """Returns the address of the demo that runs in the folder, empty while it is starting.

    None where none runs.
    """
    try:
        with (folder / LOCK_FILE).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _address(folder)

    return None


def prepare(folder: Path, *, fresh: bool) -> bool:
    """Removes what belonged to the last run alone; with `fresh` all that earlier runs left.

    Call it with the lock held. Returns whether the data of an earlier run was kept.
    """
    keeps = is_filled(folder) and not fresh
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    for pattern in (*ONE_RUN, *(() if keeps else ALL_RUNS)):
        for path in folder.glob(pattern):
            path.unlink()

    return keeps


def mark_filled(folder: Path) -> None:
    """Says to later starts that all that a demo begins with is there."""
    (folder / FILLED_FILE).touch()


def is_filled(folder: Path) -> bool:
    """Returns whether a demo started here and left its data."""
    return (folder / FILLED_FILE).exists()


def refuse_to_lose(folder: Path, *, begins_anew: bool) -> None:
    """Raises InputError where a start would remove a database that nobody gave up.

    That is one of another installation, or a demo's where this start `begins_anew`.
    """
    is_demo = (folder / LOCK_FILE).exists()
    if (folder / DATABASE).exists() and (begins_anew or not is_demo):
        raise InputError(
            f"starting in {folder}: the database that is there would be removed; "
            "choose an empty folder, or allow it with --fresh"
        )


def _in_use(folder: Path) -> str:
    address = _address(folder)
    state = "Beagle is starting here; where it was started, it prints its address"
    if address:
        state = f"Beagle runs here already: open {address}, or stop it with Ctrl-C where it runs"

    return (
        f"{state}. Nothing was changed in {folder}. "
        f"A second one needs a folder of its own: {typed_name()} demo --data FOLDER --port 0"
    )


def _address(folder: Path) -> str:
    try:
        return (folder / ADDRESS_FILE).read_text("utf-8")
    except FileNotFoundError:
        return ""


def _forget_address(folder: Path) -> None:
    (folder / ADDRESS_FILE).unlink(missing_ok=True)

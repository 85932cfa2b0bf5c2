"""Checks of the machine: the rights of files, room on each disk, and the clock."""

from __future__ import annotations

import email.utils
import fcntl
import os
import shlex
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from slack_sdk.errors import SlackApiError

from bot.cli.doctor.service_checks import database_file
from bot.transport.clients import UNREACHABLE, web_client
from router.config import Settings
from router.errors import BeagleError, SettingsError
from router.private_files import EVERYBODY, wide_files
from router.store import open_store, parse_url
from router.text.printable import counted
from workers.runtime.data_folder import open_data_folder
from workers.runtime.queue import server_time
from workers.runtime.steady_clock import ANCHOR_FILE, uptime

MIN_FREE_BYTES = 256_000_000
MIN_FREE_SHARE = 0.1
"""A disk is nearly full below both: a small one may be meant to be small."""
MIN_FREE_FILES = 1_000
MEGABYTE = 1_000_000
FILES = "files or folders"
SLACK_SECONDS = 30.0
"""Slack tells its time in whole seconds, and refuses what is signed minutes too late."""


def check_data_folder(settings: Settings) -> str:
    """Says who may use the data folder, which it creates where it is missing.

    `.env` and a SQLite file that lies elsewhere are looked at too.
    """
    open_data_folder(settings.data)
    wide = wide_files(settings.data)
    beside = _wide_files_beside(settings)
    open_to_all = [path for path in wide if path.lstat().st_mode & EVERYBODY]
    if open_to_all:
        raise SettingsError(
            f"{counted(len(open_to_all), 'file or folder', FILES)} in {settings.data} can be used "
            f"by every user of this machine, first {str(open_to_all[0])!r}; people's messages are "
            "in there: let the "
            "user who runs Beagle own them, or run `chmod -R o-rwx` as their owner"
        )

    beside_open_to_all = [path for path in beside if path.lstat().st_mode & EVERYBODY]
    if beside_open_to_all:
        names = shlex.join(str(path) for path in beside_open_to_all)
        raise SettingsError(
            f"{names} can be used by every user of this machine; people's messages or tokens are "
            f"in there: run `chmod o-rwx {names}` as their owner"
        )

    if wide:
        # A volume with a group of its own, as Kubernetes makes them.
        return f"{settings.data}, also open to its group"

    if beside:
        return f"{settings.data}, for this user only; {beside[0]} is also open to its group"

    return f"{settings.data}, for this user only"


def _wide_files_beside(settings: Settings) -> list[Path]:
    """Returns `.env` and the SQLite files outside the data folder that others may use."""
    files = [Path(str(Settings.model_config["env_file"]))]
    database = database_file(settings)
    if database is not None:
        files += [Path(f"{database}{suffix}") for suffix in ("", "-wal", "-shm")]

    wide = []
    for file in files:
        path = file.resolve()
        # Of a folder that this user may not enter another part says so.
        with suppress(PermissionError):
            if not path.is_relative_to(settings.data.resolve()):
                wide += wide_files(path)

    return wide


def check_disk(settings: Settings) -> str:
    """Says how much room each folder has that Beagle writes to."""
    texts, problems = [], []
    seen: dict[int, str] = {}
    for name, folder in _folders(settings):
        existing = _existing(folder)
        device = existing.stat().st_dev
        if device in seen:
            continue

        seen[device] = name
        state = os.statvfs(existing)
        free, total = state.f_bavail * state.f_frsize, state.f_blocks * state.f_frsize
        texts.append(f"{name} {free / MEGABYTE:.0f} of {total / MEGABYTE:.0f} MB free")
        if free < min(MIN_FREE_BYTES, MIN_FREE_SHARE * total):
            problems.append(
                f"the disk of {folder} has {free / MEGABYTE:.0f} MB left; delete or move files, or "
                "lower BEAGLE_RETENTION_DAYS: a full disk stores no request"
            )
        if state.f_files and state.f_favail < MIN_FREE_FILES:
            problems.append(f"the disk of {folder} has room for {state.f_favail} more files only")

    if problems:
        raise SettingsError("; ".join(problems))

    return ", ".join(texts)


def _folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yields each folder that processes write to, with what it holds."""
    yield "data", settings.data.absolute()
    url = parse_url(settings.store_url)
    if url.get_backend_name() == "sqlite" and url.database:
        yield "database", Path(url.database).absolute().parent

    yield "encoder", settings.encoder_cache.absolute()
    yield "temporary files", Path(tempfile.gettempdir())


def _existing(folder: Path) -> Path:
    """Returns the folder, or the nearest one above it that exists."""
    while not folder.exists():
        folder = folder.parent

    return folder


def check_clock(settings: Settings) -> str:
    """Compares this machine's clock with every other one that answers.

    A clock that does not answer is another part's problem, and is left out here.
    """
    differences = {}
    for name, read in (
        ("Slack", _slack_difference),
        ("the queue", _queue_difference),
        ("the database", _database_difference),
        ("itself when Beagle started", _own_difference),
    ):
        try:
            difference = read(settings)
        except (BeagleError, SlackApiError, OSError, *UNREACHABLE):
            continue

        if difference is not None:
            differences[name] = difference

    wrong = [
        f"it differs by {difference:+.0f} s from {name}"
        for name, difference in differences.items()
        if abs(difference) > SLACK_SECONDS
    ]
    if wrong:
        raise SettingsError(
            f"this machine's clock: {'; '.join(wrong)}; switch on time synchronisation (NTP), then "
            "start Beagle again"
        )
    if not differences:
        return "nothing else could be asked for the time"

    largest = max(map(abs, differences.values()))
    return f"within {largest:.0f} s of {', '.join(differences)}"


def _slack_difference(settings: Settings) -> float | None:
    """Returns how far Slack's clock is; nobody is asked where no app of Slack is set up."""
    if not settings.slack_bot_token.get_secret_value() and not settings.slack_client_id:
        return None

    client = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    header = {name.lower(): value for name, value in client.api_test().headers.items()}.get("date")
    if isinstance(header, list):
        header = header[0]
    if not header:
        return None

    return time.time() - email.utils.parsedate_to_datetime(header).timestamp()


def _queue_difference(settings: Settings) -> float | None:
    url = settings.redis_url.get_secret_value()
    return time.time() - server_time(url) if url else None


def _database_difference(settings: Settings) -> float | None:
    with closing(open_store(settings.store_url, migrates=False)) as store:
        return None if store.is_embedded else time.time() - store.server_time()


def _own_difference(settings: Settings) -> float | None:
    """Returns how far the clock was set since the first of the running processes started."""
    path = settings.data / ANCHOR_FILE
    if not path.exists():
        return None

    with path.open("r") as anchor:
        try:
            fcntl.flock(anchor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return time.time() - uptime() - float(anchor.read())

    return None  # nobody runs: what it says is of an earlier run

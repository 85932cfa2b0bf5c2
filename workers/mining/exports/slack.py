"""A Slack export, as a zip or the folder it unpacks to: users.json, lists of channels, and a folder for each."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from router.errors import SettingsError
from workers.mining.exports import Export, moment
from workers.mining.rows import Row

LISTS = {"channels.json": True, "groups.json": False, "mpims.json": False, "dms.json": False}
"""Which lists of places there are, and whether what was said there may be quoted."""
LARGEST_FILE = 256 * 2**20
SPOKEN = frozenset({None, "", "thread_broadcast", "me_message", "file_share"})
NAME_KEYS = (
    "real_name",
    "display_name",
    "real_name_normalized",
    "display_name_normalized",
    "first_name",
    "last_name",
)


class _Files(Protocol):
    """The files of an export by their path inside it."""

    def names(self) -> list[str]:
        """Every path, with forward slashes."""
        ...

    def load(self, name: str) -> Any:
        """That file's JSON, None when there is none."""
        ...


def knows(path: Path) -> bool:
    """Whether it looks like one: a zip, or a folder with users.json."""
    return (path.is_dir() and (path / "users.json").is_file()) or (
        path.is_file() and zipfile.is_zipfile(path)
    )


def read(path: Path) -> Export:
    """What people said in it: no bots, no joins and leaves; private places count but are marked as not to be quoted."""
    with _open(path) as files:
        users = [user for user in files.load("users.json") or [] if isinstance(user, dict)]
        bots = {str(user.get("id")) for user in users if user.get("is_bot")} | {"USLACKBOT"}
        quoted = _places(files)
        rows: list[Row] = []
        ignored = 0

        for name in sorted(files.names()):
            place = PurePosixPath(name)
            if place.suffix != ".json" or len(place.parts) != 2:
                continue

            for message in files.load(name) or []:
                row = _row(message, place.parts[0], quoted.get(place.parts[0], False), bots)
                if row is not None:
                    rows.append(row)
                else:
                    ignored += 1

    return Export(tuple(rows), _names(users), 0, "Slack export", ignored)


def _row(message: Any, place: str, shown: bool, bots: set[str]) -> Row | None:
    if (
        not isinstance(message, dict)
        or message.get("subtype") not in SPOKEN
        or message.get("bot_id")
    ):
        return None

    text, user, at = message.get("text"), message.get("user"), moment(message.get("ts"))
    if (
        not isinstance(text, str)
        or not text.strip()
        or not isinstance(user, str)
        or user in bots
        or at is None
    ):
        return None

    return Row(text, user, at, place, shown)


def _places(files: _Files) -> dict[str, bool]:
    """For each folder of messages whether it may be quoted; direct messages lie under an id, channels under a name."""
    out: dict[str, bool] = {}
    for name, shown in LISTS.items():
        for place in files.load(name) or []:
            if isinstance(place, dict):
                out |= {str(place[key]): shown for key in ("name", "id") if place.get(key)}

    return out


def _names(users: list[dict[str, Any]]) -> frozenset[str]:
    """The names of people as the workspace lists them, whole and in parts."""
    out: set[str] = set()
    for user in users:
        profile = user.get("profile")
        listed = {**(profile if isinstance(profile, Mapping) else {}), "name": user.get("name")}
        whole = {
            str(value).strip()
            for key, value in listed.items()
            if key in (*NAME_KEYS, "name") and value
        }

        out |= whole | {part for name in whole for part in name.split()}

    return frozenset(name for name in out if len(name) > 2)


@contextmanager
def _open(path: Path) -> Iterator[_Files]:
    if path.is_dir():
        yield _Folder(path)
        return

    try:
        with zipfile.ZipFile(path) as archive:
            yield _Zip(archive)
    except zipfile.BadZipFile as error:
        raise SettingsError(
            f"reading {str(path)!r}: {error}; the zip is damaged, export it again"
        ) from error


class _Folder:
    """An export that was unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """As the protocol says."""
        return [file.relative_to(self._path).as_posix() for file in self._path.glob("*/*.json")]

    def load(self, name: str) -> Any:
        """As the protocol says."""
        file = self._path / name
        return _parse(name, file.read_bytes()) if file.is_file() else None


class _Zip:
    """An export as it was downloaded; read in place, never unpacked. A folder around everything is looked through."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        sizes = {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}

        inner = next(
            (name for name in sorted(sizes, key=len) if PurePosixPath(name).name == "users.json"),
            None,
        )
        if inner is None:
            raise SettingsError(
                f"reading {str(archive.filename)!r}: no users.json in it; expected the zip that Slack's export gives"
            )

        self._root = inner.removesuffix("users.json")
        self._sizes = {name.removeprefix(self._root): size for name, size in sizes.items()}

    def names(self) -> list[str]:
        """As the protocol says."""
        return list(self._sizes)

    def load(self, name: str) -> Any:
        """As the protocol says. Raises SettingsError for a file that would not fit into memory."""
        if name not in self._sizes:
            return None

        if self._sizes[name] > LARGEST_FILE:
            raise SettingsError(
                f"reading {name!r} of the export: {self._sizes[name]} bytes; a day's file has at most {LARGEST_FILE}; "
                "remove it from the zip"
            )

        return _parse(name, self._archive.read(self._root + name))


def _parse(name: str, raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8", "replace"))
    except ValueError as error:
        raise SettingsError(
            f"reading {name!r} of the export: {error}; expected JSON as Slack exports it"
        ) from error

"""Reads a Slack export, as a zip or unpacked: users.json, lists of channels, a folder for each."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from router.errors import InputError
from workers.affiliation import affiliation
from workers.mining.exports import Export, parse_timestamp
from workers.mining.rows import Row

CONVERSATION_LISTS = {
    "channels.json": True,
    "groups.json": False,
    "mpims.json": False,
    "dms.json": False,
}
"""The lists of conversations, and whether messages there may be quoted."""
MAX_FILE_BYTES = 256 * 2**20
PERSON_SUBTYPES = frozenset({None, "", "thread_broadcast", "me_message", "file_share"})
"""Subtypes of messages that a person wrote; all others are events."""
SLACKBOT = "USLACKBOT"
NAME_KEYS = (
    "real_name",
    "display_name",
    "real_name_normalized",
    "display_name_normalized",
    "first_name",
    "last_name",
)
MIN_NAME_CHARACTERS = 3
"""Shorter parts of names are common words as well."""


class _Files(Protocol):
    """The files of an export, by their path inside it."""

    def names(self) -> list[str]:
        """Returns every path, with forward slashes."""
        ...

    def load(self, name: str) -> Any:
        """Returns that file's JSON, None if there is no such file."""
        ...


def knows(path: Path) -> bool:
    """Returns whether it is a zip, or a folder with users.json."""
    if path.is_dir():
        return (path / "users.json").is_file()

    return path.is_file() and zipfile.is_zipfile(path)


def read(path: Path) -> Export:
    """Reads what people said: no bots, no joins and leaves, nobody of another company.

    Messages in private places are read as well, but are not quotable.
    """
    with _open(path) as files:
        users = [user for user in files.load("users.json") or [] if isinstance(user, dict)]
        bots = {str(user.get("id")) for user in users if user.get("is_bot")} | {SLACKBOT}
        is_quotable = _quotable_conversations(files)
        own = _own_ids(users)
        rows: list[Row] = []
        ignored = 0

        for name in sorted(files.names()):
            file = PurePosixPath(name)
            if file.suffix != ".json" or len(file.parts) != 2:
                continue

            conversation = file.parts[0]
            for message in files.load(name) or []:
                row = _row(message, conversation, is_quotable.get(conversation, False), bots)
                if row is not None and not _is_foreign(message, own):
                    rows.append(row)
                else:
                    ignored += 1

    return Export(tuple(rows), _people_names(users), 0, "Slack export", ignored)


def _row(message: object, conversation: str, quotable: bool, bots: set[str]) -> Row | None:
    """Returns the message as a row; None if no person said it."""
    if not isinstance(message, dict):
        return None
    if message.get("subtype") not in PERSON_SUBTYPES or message.get("bot_id"):
        return None

    text = message.get("text")
    user = message.get("user")
    at = parse_timestamp(message.get("ts"))
    if not isinstance(text, str) or not text.strip():
        return None
    if not isinstance(user, str) or user in bots or at is None:
        return None

    return Row(text, user, at, conversation, quotable)


def _own_ids(users: list[dict[str, Any]]) -> frozenset[str]:
    """Returns the workspaces and the organisation of most of the users; empty if it is not said."""
    teams = Counter(str(user["team_id"]) for user in users if user.get("team_id"))
    if not teams:
        return frozenset()

    team = teams.most_common(1)[0][0]
    colleagues = [affiliation(user, team, shared=True) for user in users]
    return frozenset({team}.union(*(person.teams for person in colleagues)))


def _is_foreign(message: Mapping[str, Any], own: frozenset[str]) -> bool:
    """Returns whether somebody of another company wrote it, in a channel that both share."""
    return bool(own and affiliation(message, "", own=own).home)


def _quotable_conversations(files: _Files) -> dict[str, bool]:
    """Returns for each folder of messages whether it may be quoted.

    The folders of direct messages are named after an id, those of channels after the name.
    """
    quotable: dict[str, bool] = {}
    for list_name, is_public in CONVERSATION_LISTS.items():
        for conversation in files.load(list_name) or []:
            if not isinstance(conversation, dict):
                continue

            for key in ("name", "id"):
                if conversation.get(key):
                    quotable[str(conversation[key])] = is_public

    return quotable


def _people_names(users: list[dict[str, Any]]) -> frozenset[str]:
    """Returns the names of people as the workspace lists them, whole and in parts."""
    names: set[str] = set()
    for user in users:
        profile = user.get("profile")
        values = [user.get("name")]
        if isinstance(profile, Mapping):
            values += [profile.get(key) for key in NAME_KEYS]

        for value in values:
            if value:
                whole = str(value).strip()
                names |= {whole, *whole.split()}

    return frozenset(name for name in names if len(name) >= MIN_NAME_CHARACTERS)


@contextmanager
def _open(path: Path) -> Iterator[_Files]:
    if path.is_dir():
        yield _Folder(path)
        return

    try:
        with zipfile.ZipFile(path) as archive:
            yield _Zip(archive)
    except zipfile.BadZipFile as error:
        raise InputError(
            f"reading {str(path)!r}: {error}; the zip is damaged, export it again"
        ) from error


class _Folder:
    """An unpacked export."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        return [file.relative_to(self._path).as_posix() for file in self._path.glob("*/*.json")]

    def load(self, name: str) -> Any:
        file = self._path / name
        return _parse(name, file.read_bytes()) if file.is_file() else None


class _Zip:
    """A zipped export, read in place. Everything may lie in one outer folder."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        sizes = {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}

        # The shortest path to users.json shows where the export begins.
        users_files = [name for name in sizes if PurePosixPath(name).name == "users.json"]
        if not users_files:
            raise InputError(
                f"reading {str(archive.filename)!r}: no users.json in it; expected the zip that "
                "Slack's export gives"
            )

        self._root = min(users_files, key=len).removesuffix("users.json")
        self._sizes = {name.removeprefix(self._root): size for name, size in sizes.items()}

    def names(self) -> list[str]:
        return list(self._sizes)

    def load(self, name: str) -> Any:
        """Raises InputError for a file that would not fit into memory."""
        if name not in self._sizes:
            return None

        # The size is checked before anything is decompressed: a zip bomb is small.
        if self._sizes[name] > MAX_FILE_BYTES:
            raise InputError(
                f"reading {name!r} of the export: {self._sizes[name]} bytes; a day's file has at "
                f"most {MAX_FILE_BYTES}; remove it from the zip"
            )

        return _parse(name, self._archive.read(self._root + name))


def _parse(name: str, raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8", "replace"))
    except ValueError as error:
        raise InputError(
            f"reading {name!r} of the export: {error}; expected JSON as Slack exports it"
        ) from error

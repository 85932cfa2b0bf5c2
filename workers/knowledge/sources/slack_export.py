"""A Slack export: the threads of the channels that were allowed, with their members."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.index import Document
from workers.knowledge.sources import SourceError
from workers.knowledge.sources.slack_message import is_said, message_piece, said, thread_document

LARGEST_DAY = 64 * 1024 * 1024
LISTS = {"channels.json": True, "groups.json": False}


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of an export and who is in it."""

    id: str
    name: str
    public: bool
    shared: bool
    members: Sequence[str]


def read_channels(path: Path) -> list[Channel]:
    """Every public and private channel of the export; direct messages are never read."""
    with _opened(path) as archive:
        found = []
        for name, public in LISTS.items():
            for row in _json(archive, name) if name in archive.namelist() else []:
                shared = bool(
                    row.get("is_ext_shared") or row.get("is_shared") or row.get("is_org_shared")
                )
                members = [str(user) for user in row.get("members") or []]
                found.append(Channel(str(row["id"]), str(row["name"]), public, shared, members))

        return found


def read_threads(
    path: Path, team: str, channel: Channel, link: Callable[[str], str], out: Container[str] = ()
) -> Iterator[Document]:
    """The channel's threads as documents, each whole but for what people in `out` said."""
    threads: dict[str, Document] = {}
    with _opened(path) as archive:
        prefix = f"{channel.name}/"

        days = sorted(
            name
            for name in archive.namelist()
            if name.startswith(prefix) and name.endswith(".json")
        )
        for day in days:
            for message in _json(archive, day):
                if not isinstance(message, dict) or not is_said(message) or message["user"] in out:
                    continue

                piece = message_piece(message, channel.name)
                if piece is None:
                    continue

                ts = str(message.get("thread_ts") or message["ts"])
                empty = thread_document(team, channel.id, channel.name, ts, link)
                threads[ts] = said(threads.get(ts), empty, piece)

    yield from threads.values()


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise SourceError(
            f"reading {path.name!r}: {error}; expected the zip file that Slack made"
        ) from error


def _json(archive: zipfile.ZipFile, name: str) -> list[Any]:
    """The list in a member. Raises SourceError when it is damaged or unpacks to more than a day can hold."""
    try:
        with archive.open(name) as file:
            data = file.read(LARGEST_DAY + 1)

        if len(data) > LARGEST_DAY:
            raise SourceError(
                f"reading {name!r}: it unpacks to over {LARGEST_DAY // 2**20} MB; this is no export"
            )

        found = json.loads(data)
    except (ValueError, OSError, zipfile.BadZipFile, RuntimeError, KeyError) as error:
        raise SourceError(
            f"reading {name!r} of the export: {error}; make the export again"
        ) from error

    if not isinstance(found, list):
        raise SourceError(
            f"reading {name!r} of the export: expected a list, found {type(found).__name__}"
        )

    return found

"""Reads a Slack export: its channels, and the threads of one channel."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.index import Document
from workers.knowledge.formats import SourceError
from workers.knowledge.sources.slack_message import (
    home_team,
    is_user_message,
    message_chunk,
    thread_document,
    with_message,
)

MAX_MEMBER_BYTES = 64 * 1024 * 1024
"""Unpacked; more is a zip bomb, not a day of a channel."""
CHANNEL_LISTS = {"channels.json": True, "groups.json": False}
"""The lists of public and private channels, by whether they are public."""


@dataclass(frozen=True, slots=True)
class ExportedChannel:
    """A channel of an export, with the user ids of its members at that time."""

    id: str
    name: str
    public: bool
    shared: bool
    members: Sequence[str]


def read_channels(path: Path) -> list[ExportedChannel]:
    """Returns every public and private channel; direct messages are never read."""
    with _opened(path) as archive:
        channels = []
        for name, public in CHANNEL_LISTS.items():
            # An export without private channels has no list of them.
            if name not in archive.namelist():
                continue

            for row in _json(archive, name):
                shared = bool(
                    row.get("is_ext_shared") or row.get("is_shared") or row.get("is_org_shared")
                )
                members = [str(user) for user in row.get("members") or []]
                channels.append(
                    ExportedChannel(str(row["id"]), str(row["name"]), public, shared, members)
                )

        return channels


def read_threads(
    path: Path,
    team: str,
    channel: ExportedChannel,
    link: Callable[[str], str],
    opted_out: Container[str] = (),
) -> Iterator[Document]:
    """Yields the channel's threads as documents, without messages by users in `opted_out`."""
    threads: dict[str, Document] = {}
    with _opened(path) as archive:
        prefix = f"{channel.name}/"

        # One file for each day, named by its date: so messages come in order of time.
        for day in sorted(archive.namelist()):
            if not day.startswith(prefix) or not day.endswith(".json"):
                continue

            for message in _json(archive, day):
                if not isinstance(message, dict) or not is_user_message(message):
                    continue
                if home_team(message, team, shared=channel.shared):
                    continue
                if message["user"] in opted_out:
                    continue

                chunk = message_chunk(message, team, channel.name)
                if chunk is None:
                    continue

                ts = str(message.get("thread_ts") or message["ts"])
                empty = thread_document(team, channel.id, channel.name, ts, link)
                threads[ts] = with_message(threads.get(ts), empty, chunk)

    yield from threads.values()


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise SourceError(
            f"reading {path.name!r}: {error}; expected the zip file that Slack made"
        ) from error


def _json(archive: zipfile.ZipFile, name: str) -> list[Any]:
    """Returns the list in a member of the archive.

    Raises SourceError when it is damaged, or larger than one day of a channel can be.
    """
    try:
        with archive.open(name) as file:
            # Read, not declared, size: the header of a member may lie.
            data = file.read(MAX_MEMBER_BYTES + 1)

        if len(data) > MAX_MEMBER_BYTES:
            raise SourceError(
                f"reading {name!r}: it unpacks to over {MAX_MEMBER_BYTES // 2**20} MB; "
                "this is no export"
            )

        rows = json.loads(data)
    except (ValueError, OSError, zipfile.BadZipFile, RuntimeError, KeyError) as error:
        raise SourceError(
            f"reading {name!r} of the export: {error}; make the export again"
        ) from error

    if not isinstance(rows, list):
        raise SourceError(
            f"reading {name!r} of the export: expected a list, found {type(rows).__name__}"
        )

    return rows

"""The files of a message: those that were shared with it, and those of a message in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from bot.payloads import Event, Json, Message

MAX_FILES = 20
"""Slack itself takes ten files with a message; a forwarded one may bring as many."""
_FILE_ID = re.compile(r"F[A-Z0-9]{4,30}\Z")


def file_ids(message: Event | Message, may_use: Callable[[Json], bool] = lambda _: True) -> str:
    """Returns the ids of the message's files, separated by spaces; empty without any.

    A forwarded message is an attachment with files of its own, which count if `may_use` says so of
    it. In channels that another company shares, the id is all that Slack tells of a file.
    """
    ids = [str(file.get("id")) for file in _files(message, may_use)]
    usable = dict.fromkeys(key for key in ids if _FILE_ID.match(key))
    return " ".join(list(usable)[:MAX_FILES])


def _files(message: Event | Message, may_use: Callable[[Json], bool]) -> Iterator[Json]:
    yield from message.get("files") or ()
    for attachment in message.get("attachments") or ():
        files = attachment.get("files") if isinstance(attachment, Mapping) else None
        if isinstance(files, list) and may_use(attachment):
            yield from files

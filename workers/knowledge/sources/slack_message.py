"""Turns Slack messages into chunks of a thread's document."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from router.index import Chunk, Document
from workers.affiliation import affiliation
from workers.knowledge.formats import clean

Message = Mapping[str, Any]
"""A message or event as Slack sends it."""

WRITTEN_SUBTYPES = frozenset({None, "", "thread_broadcast", "file_share", "me_message"})
REFERENCE = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
"""A mention or link in Slack's mrkdwn: sign, target and optional label."""
MAX_TITLE_CHARS = 60
SLACKBOT = "USLACKBOT"
"""The author of Slack's own messages: they look like a person's, but nobody wrote them."""


def is_user_message(message: Message) -> bool:
    """Returns whether a person wrote it: no bot, and no notice by Slack itself."""
    is_written = message.get("subtype") in WRITTEN_SUBTYPES and not message.get("bot_id")
    is_person = message.get("user") not in (None, "", SLACKBOT)
    return bool(is_written and is_person and message.get("ts") and message.get("text"))


def plain_text(text: str) -> str:
    """Returns the words that people see: names instead of ids, labels instead of addresses."""

    def replacement(reference: re.Match[str]) -> str:
        sign, target, label = reference.groups()
        if sign == "@":
            return f"@{label}" if label else "@somebody"
        if sign == "!":
            # `<!here>`, or `<!date^1392734382^…>` with parameters.
            return f"@{label or target.split('^')[0]}"
        if sign == "#" and label:
            return f"#{label}"

        return label or target

    return clean(html.unescape(REFERENCE.sub(replacement, text)))


def with_message(thread: Document | None, new: Document, chunk: Chunk) -> Document:
    """Returns the thread with this message, in place of its earlier text if it had one.

    `new` is the thread's empty document. Messages are in order of time.
    """
    # By anchor, because every event may arrive twice.
    chunks = [chunk]
    if thread is not None:
        chunks += [other for other in thread.chunks if other.anchor != chunk.anchor]

    return _with_chunks(new, sorted(chunks, key=lambda other: other.anchor))


def merge_export(stored: Document, exported: Document) -> Document:
    """Returns the thread with the messages of both; where both have one, as stored."""
    anchors = {chunk.anchor for chunk in stored.chunks}
    missing = [chunk for chunk in exported.chunks if chunk.anchor not in anchors]
    return _with_chunks(stored, sorted([*stored.chunks, *missing], key=lambda chunk: chunk.anchor))


def without_message(thread: Document | None, anchor: str) -> Document | None:
    """Returns the thread without that message; None when nothing is left."""
    if thread is None:
        return None

    chunks = [chunk for chunk in thread.chunks if chunk.anchor != anchor]
    return _with_chunks(thread, chunks) if chunks else None


def is_author(thread: Document, chunk: Chunk, person: tuple[str, str]) -> bool:
    """Returns whether that person, a workspace and a user, wrote this part of the thread."""
    return (chunk.author_team or thread.team, chunk.author) == person


def without_author(thread: Document | None, person: tuple[str, str]) -> Document | None:
    """Returns the thread without that person's messages; None when nothing is left."""
    if thread is None:
        return None

    chunks = [chunk for chunk in thread.chunks if not is_author(thread, chunk, person)]
    return _with_chunks(thread, chunks) if chunks else None


def home_team(message: Message, team: str, *, shared: bool = False) -> str:
    """Returns the author's own workspace where it is not `team`, else an empty string.

    In a channel that is `shared` by Slack Connect people of other workspaces write too: there
    whoever Slack says nothing of is one of them. Messages of events have been placed before.
    """
    return affiliation(message, team, shared=shared).home


def message_chunk(message: Message, team: str, channel_name: str) -> Chunk | None:
    """Returns a message in a channel of the workspace as a chunk, None when it has no words."""
    body = plain_text(str(message.get("text") or ""))
    if not body:
        return None

    return Chunk(
        headings=f"#{channel_name}",
        anchor=message_anchor(str(message["ts"])),
        body=body,
        author=str(message["user"]),
        author_team=home_team(message, team),
    )


def thread_document(
    team: str, channel: str, name: str, ts: str, link: Callable[[str], str]
) -> Document:
    """Returns the empty document of a thread, readable for the channel's members."""
    return Document(
        team=team,
        key=f"slack:{channel}:{ts}",
        source=f"slack:{channel}",
        title=f"#{name}",
        url=link(channel),
        acl=channel,
        updated_at=float(ts),
        hash="",
        chunks=(),
    )


def message_anchor(ts: str) -> str:
    """Returns a message's `ts` as its permalink spells it: microseconds without the point."""
    return ts.replace(".", "")


def permalink_builder(workspace_url: str) -> Callable[[str], str]:
    """Returns a function from a channel to the permalink template of its messages.

    The template has `{anchor}` where the message goes; it is empty without a workspace URL.
    """

    def link(channel: str) -> str:
        if not workspace_url:
            return ""

        return f"{workspace_url.rstrip('/')}/archives/{channel}/p{{anchor}}"

    return link


def _with_chunks(document: Document, chunks: Sequence[Chunk]) -> Document:
    """Returns the document with these chunks, and the title, date and hash that follow from them.

    The title is the thread's first line, the date that of its newest message.
    """
    # The title is "#channel" at first and "#channel: first line" later.
    channel = document.title.split(":")[0]
    first_line = chunks[0].body.split("\n")[0][:MAX_TITLE_CHARS]
    title = f"{channel}: {first_line}"
    titled = [replace(chunk, headings=title) for chunk in chunks]

    content = "\0".join(f"{chunk.anchor}\0{chunk.body}" for chunk in titled)
    digest = hashlib.sha256(content.encode("utf-8", "replace"))
    # Anchors are microseconds and of one length, so the greatest string is the newest message.
    newest = float(max(chunk.anchor for chunk in titled)) / 1e6

    return replace(document, title=title, updated_at=newest, hash=digest.hexdigest(), chunks=titled)

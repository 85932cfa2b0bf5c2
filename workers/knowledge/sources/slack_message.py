"""What somebody said in Slack as a piece of a thread's document."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from router.index import Document, Piece
from workers.knowledge.sources import clean

SPOKEN = frozenset({None, "", "thread_broadcast", "file_share", "me_message"})
REFERENCE = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
LONGEST_TITLE = 60


def is_said(message: Mapping[str, Any]) -> bool:
    """Whether a person said it: no bot, no notice of Slack itself."""
    spoken = message.get("subtype") in SPOKEN and not message.get("bot_id")
    return bool(spoken and message.get("user") and message.get("ts") and message.get("text"))


def plain(text: str) -> str:
    """The words that people see: names instead of ids, labels instead of addresses."""

    def shown(found: re.Match[str]) -> str:
        sign, target, label = found[1], found[2], found[3]
        if sign == "@":
            return f"@{label}" if label else "@somebody"
        if sign == "!":
            return f"@{label or target.split('^')[0]}"

        return f"#{label}" if sign == "#" and label else (label or target)

    return clean(html.unescape(REFERENCE.sub(shown, text)))


def said(old: Document | None, new: Document, piece: Piece) -> Document:
    """The thread with this message in it, new or in place of what it said before; messages stand in order of time."""
    pieces = [one for one in (old.pieces if old else ()) if one.anchor != piece.anchor] + [piece]
    return _with(new, sorted(pieces, key=lambda one: one.anchor))


def with_older(held: Document, older: Document) -> Document:
    """The thread with the messages of both; where both have one, as `held` has it."""
    known = {one.anchor for one in held.pieces}
    pieces = [*held.pieces, *(one for one in older.pieces if one.anchor not in known)]
    return _with(held, sorted(pieces, key=lambda one: one.anchor))


def unsaid(old: Document | None, anchor: str) -> Document | None:
    """The thread without that message; None when nothing is left."""
    kept = [one for one in old.pieces if one.anchor != anchor] if old else []
    return _with(old, kept) if old and kept else None


def forgotten(old: Document | None, user: str) -> Document | None:
    """The thread without that person's words; None when nothing is left."""
    kept = [one for one in old.pieces if one.author != user] if old else []
    return _with(old, kept) if old and kept else None


def message_piece(message: Mapping[str, Any], channel_name: str) -> Piece | None:
    """A message as a piece, None when no words are left of it."""
    body = plain(str(message.get("text") or ""))
    if not body:
        return None

    return Piece(f"#{channel_name}", anchor(str(message["ts"])), body, str(message["user"]))


def thread_document(
    team: str, channel: str, name: str, ts: str, link: Callable[[str], str]
) -> Document:
    """The document of a thread, empty so far; who is in the channel may read it."""
    return Document(
        team=team,
        key=f"slack:{channel}:{ts}",
        source=f"slack:{channel}",
        title=f"#{name}",
        url=link(channel),
        acl=channel,
        updated_at=float(ts),
        hash="",
        pieces=(),
    )


def anchor(ts: str) -> str:
    """A message's ts as it stands in its link."""
    return ts.replace(".", "")


def permalinks(workspace_url: str) -> Callable[[str], str]:
    """Makes the links of a channel's messages from the workspace's address; the message is filled in later."""

    def link(channel: str) -> str:
        return (
            f"{workspace_url.rstrip('/')}/archives/{channel}/p{{anchor}}" if workspace_url else ""
        )

    return link


def _with(document: Document, pieces: Sequence[Piece]) -> Document:
    """The document with these pieces; its title is how the thread begins, its date when it was last spoken in."""
    channel = document.title.split(":")[0]
    first = pieces[0].body.split("\n")[0][:LONGEST_TITLE]
    title = f"{channel}: {first}"
    told = [replace(one, headings=title) for one in pieces]
    digest = hashlib.sha256(
        "\0".join(f"{one.anchor}\0{one.body}" for one in told).encode("utf-8", "replace")
    )
    newest = float(max(one.anchor for one in told)) / 1e6

    return replace(document, title=title, updated_at=newest, hash=digest.hexdigest(), pieces=told)

"""Keeps a note for a channel, so that everybody in it can find it later; a person has to confirm it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from router.errors import QueueError
from router.index import Document, Piece
from workers import texts
from workers.tools import ToolError, Use

HELP = "Keeps a note for the people of this channel, so that it can be found later. A person has to confirm it."
ARGUMENTS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "maxLength": 500, "description": "what is to be remembered"}
    },
    "required": ["text"],
    "additionalProperties": False,
}
READ_ONLY = False
LONGEST = 500
LONGEST_TITLE = 60
OWN_WORDS = 0.8
"""A note holds what people here said, not what a model or a document made of it."""
NOT_SAID = re.compile(r"<[@#!][^>]*>|^\s*![\w-]+")
"""Mentions, and the name of a route at the start of a message."""


def propose(use: Use) -> str:
    """What people read before they decide. Raises ToolError where nothing can be kept."""
    return texts.KEEP_NOTE.format(note=_text(use))


def run(use: Use) -> str:
    """The note can be found by words at once, by its meaning soon after; kept once however often this runs."""
    text, request = _text(use), use.work.request
    title = texts.NOTE_TITLE.format(beginning=text.splitlines()[0][:LONGEST_TITLE])
    source = f"note:{request.channel}"
    document = Document(
        team=request.team,
        key=f"note:{use.key}",
        source=source,
        title=title,
        url="",
        acl=request.channel,
        updated_at=request.received_at,
        hash=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        pieces=[Piece(title, "", text, request.user)],
    )

    use.context.search.upsert(document)
    with suppress(QueueError):  # its words can be found without a vector
        use.context.queue.wake("embed", source)

    return texts.NOTE_KEPT


def _text(use: Use) -> str:
    """The note; where the model put in words that nobody in the thread said, it is the message itself."""
    text = str(use.args.get("text", "")).strip()
    if not text:
        raise ToolError("the note is empty; give what is to be remembered")

    message = NOT_SAID.sub(" ", NOT_SAID.sub(" ", use.work.request.text).strip()).strip()
    said = _words("\n".join([message, *(turn["content"] for turn in use.work.history)]))

    noted = _words(text)
    if len(noted & said) < OWN_WORDS * len(noted):
        text = message[:LONGEST] or text

    if use.context.search is None or use.work.request.channel_kind == "dm":
        raise ToolError(
            "notes are kept for channels; ask in the channel whose people should find it"
        )

    return text


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))

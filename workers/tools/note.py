"""Saves a note for the members of a channel, after a person has confirmed it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from router.errors import QueueError
from router.index import Chunk, Document, Hit
from workers import texts
from workers.prompting.own_words import word_share
from workers.tools import ToolCall, ToolError, ToolProposal

HELP = (
    "Keeps a note for the people of this channel, so that it can be found later. "
    "A person has to confirm it."
)
ARGUMENTS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "maxLength": 500, "description": "what is to be remembered"}
    },
    "required": ["text"],
    "additionalProperties": False,
}
READ_ONLY = False
REMOVE = "remove"
"""The argument of a deletion: the note's document. No model can give it: `ARGUMENTS` has none."""
KEY_PREFIX = "note:"
MAX_TEXT = 500
MAX_TITLE = 60
MIN_OWN_WORDS = 0.8
"""The share of a note's words that must come from people in the thread, in 0-1."""
SLACK_MARKUP = re.compile(r"<[@#!][^<>]*>|\A\s*+![\w-]+")
"""Mentions, and the name of a route at the start of a message."""


def propose(call: ToolCall) -> ToolProposal:
    """Returns the note as it will be kept. Raises ToolError where none can be saved."""
    text = _note_text(call)
    return ToolProposal(texts.NOTE_PROPOSAL.format(note=text), {"text": text})


def removal(note: Hit) -> ToolProposal:
    """Returns the deletion of a note as the person reads it."""
    return ToolProposal(texts.NOTE_REMOVAL.format(note=note.body), {REMOVE: note.document})


def run(call: ToolCall) -> str:
    """Keeps the confirmed note, or deletes the one that it names.

    A note is found by its words at once, by its meaning soon after.

    The document's key is the call's idempotency key, so a second run changes nothing.
    """
    if REMOVE in call.args:
        return _remove(call, str(call.args[REMOVE]))

    text = str(call.args["text"])
    request = call.work.request
    title = texts.NOTE_TITLE.format(beginning=text.splitlines()[0][:MAX_TITLE])
    source = f"note:{request.channel}"
    # The words are those of whoever wrote them, not of whoever asked about them.
    author, home = request.user, request.user_team
    if request.author:
        author, home = request.author, request.author_team

    document = Document(
        team=request.team,
        key=f"{KEY_PREFIX}{call.key}",
        source=source,
        title=title,
        url="",
        acl=request.channel,
        updated_at=request.received_at,
        hash=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        chunks=[Chunk(title, "", text, author, home)],
    )

    call.context.store.documents.upsert(document)
    # Without a vector it can still be found by its words.
    with suppress(QueueError):
        call.context.queue.enqueue("embed", source)

    return texts.NOTE_SAVED


def own_message(text: str) -> str:
    """Returns a message's words without mentions and the name of a route before them."""
    # Twice: the route's name is at the start only once the mention before it is gone.
    text = SLACK_MARKUP.sub(" ", text).strip()
    return SLACK_MARKUP.sub(" ", text).strip()


def _remove(call: ToolCall, key: str) -> str:
    """Deletes a note of the person's own words. A second run finds it gone, which is as good."""
    asker = call.work.request.asker
    index = call.context.store.documents
    own = index.documents_by_author(asker.home or asker.team, asker.user)
    if not key.startswith(KEY_PREFIX) or (call.work.request.team, key) not in own:
        raise ToolError(texts.NOTE_GONE)

    index.delete(call.work.request.team, [key])
    return texts.NOTE_REMOVED


def _note_text(call: ToolCall) -> str:
    """Returns the model's text, or the person's message if the text has too many other words.

    A note must hold what people here wrote, not what a model or a document made of it.
    """
    text = str(call.args.get("text", "")).strip()
    if not text:
        raise ToolError("the note is empty; give what is to be remembered")

    message = own_message(call.work.request.text)
    thread = "\n".join([message, *(turn["content"] for turn in call.work.history)])

    if word_share(text, thread) < MIN_OWN_WORDS:
        text = message[:MAX_TEXT] or text

    if call.work.request.channel_kind == "dm":
        raise ToolError(
            "notes are kept for channels; ask in the channel whose people should find it"
        )

    return text

"""One answer that grows in Slack while the model writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypedDict

from slack_sdk import WebClient

from bot.payloads import Block, Json
from bot.ui.rich_text import block, section, strip_invisible
from bot.ui.rich_text import text as text_elements

FIRST_SECONDS = 0.35
"""The pause after the first append."""
MAX_SECONDS = 3.0
GROWTH = 1.2
"""Each pause is longer than the last by this factor, so that long answers spare Slack's limits."""
MAX_STREAMED = 11_000
"""Characters shown while an answer grows; the final update shows what is missing."""
FIRST_EDIT_SECONDS = 1.0
"""Slack allows a third as many edits as appends."""
MAX_EDIT_TEXT = 3_900
"""Characters of an edited message's text; Slack refuses more than 4,000."""

_SYNTAX = re.compile(r"([\\`*_~\[\]()#|!@:/+={}^$])|\.(?=\S)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class MessageFields(TypedDict):
    """The arguments of `chat.postMessage` and `chat.update` that make up a message."""

    text: str
    blocks: list[Block]
    parse: str
    link_names: bool


def escape_markdown(text: str) -> str:
    """Returns Markdown that shows exactly `text`.

    Nothing in it becomes a link, a mention, an image or formatting, whatever a model wrote.
    """
    # A backslash before punctuation is standard Markdown for the plain character. The entities'
    # own & and ; are none of the escaped characters, so they survive.
    return _SYNTAX.sub(lambda match: "\\" + match.group(0), _escape_entities(text))


class NativeStream:
    """An open stream of Slack. Text is collected for moments, not sent token by token.

    Errors go to the caller.
    """

    streams = True

    def __init__(self, client: WebClient, channel: str, ts: str, now: Callable[[], float]) -> None:
        self.ts = ts
        self._client = client
        self._channel = channel
        self._now = now
        self._pending = ""
        self._sent = 0
        self._pause = 0.0
        self._next_at = 0.0

    def back_off(self) -> None:
        """Doubles the pause, because Slack has no room now. Pending text goes out after it."""
        self._pause = min(max(self._pause * 2, 1.0), MAX_SECONDS * 2)
        self._next_at = self._now() + self._pause

    def update_task(self, chunk: Json) -> None:
        """Adds a task to the message, or changes the one with this chunk's id."""
        self._client.chat_appendStream(channel=self._channel, ts=self.ts, chunks=[dict(chunk)])

    def append(self, text: str) -> None:
        """Shows the text now, or with a later append when the pause is not over."""
        self._pending += text
        if not self._pending.strip() or self._now() < self._next_at or self._sent >= MAX_STREAMED:
            return

        part = self._pending
        # A model may give more at once than one call holds; the rest goes out with the next part.
        while len(markdown := escape_markdown(part)) > MAX_STREAMED - self._sent:
            part = part[: len(part) // 2]
        if not part:
            return

        # Slack locks a stream to the form it began with, and ours begins with a task.
        chunk = {"type": "markdown_text", "text": markdown}
        self._client.chat_appendStream(channel=self._channel, ts=self.ts, chunks=[chunk])

        # Only now: when Slack refuses the text, it stays pending.
        self._pending = self._pending[len(part) :]
        self._sent += len(markdown)
        self._pause = min(max(self._pause * GROWTH, FIRST_SECONDS), MAX_SECONDS)
        self._next_at = self._now() + self._pause


class EditedMessage:
    """The same where Slack does not stream: a message that is edited as it grows."""

    streams = False

    def __init__(
        self,
        client: WebClient,
        channel_and_ts: tuple[str, str],
        now: Callable[[], float],
        first_line: str,
    ) -> None:
        self._channel, self.ts = channel_and_ts
        self._client = client
        self._now = now
        self._tasks = {"": first_line}
        self._text = ""
        self._pause = FIRST_EDIT_SECONDS
        self._next_at = now() + self._pause

    def back_off(self) -> None:
        """Doubles the pause, as for a stream."""
        self._pause = min(self._pause * 2, MAX_SECONDS * 2)
        self._next_at = self._now() + self._pause

    def update_task(self, chunk: Json) -> None:
        """Adds a task as a line, or changes its line."""
        self._tasks[str(chunk["id"])] = str(chunk["title"])
        self._show()

    def append(self, text: str) -> None:
        """Shows the text now or later, as for a stream."""
        self._text += text
        is_due = self._now() >= self._next_at
        if self._text.strip() and is_due and len(self._text) < MAX_STREAMED:
            self._show()
            self._pause = min(self._pause * GROWTH, MAX_SECONDS)
            self._next_at = self._now() + self._pause

    def _show(self) -> None:
        message = partial_message(list(self._tasks.values()), self._text)
        self._client.chat_update(channel=self._channel, ts=self.ts, **message)


def partial_message(lines: Sequence[str], text: str = "") -> MessageFields:
    """Returns the tasks and the text so far; nothing in the message is a link or a mention."""
    parts = [section(text_elements(line, italic=True)) for line in lines]
    if text.strip():
        parts.append(section(text_elements(text)))

    plain = "\n".join([*lines, text]).strip()
    return {
        "text": _escape_entities(plain)[:MAX_EDIT_TEXT],
        "blocks": [block(parts)],
        "parse": "none",
        "link_names": False,
    }


def _escape_entities(text: str) -> str:
    """Escapes what Slack reads as a link or a mention, and drops invisible characters."""
    return "".join(_ENTITIES.get(character, character) for character in strip_invisible(text))

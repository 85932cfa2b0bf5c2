"""An answer that grows in Slack while the model writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient

from bot.rich_text import visible

FIRST_SECONDS = 0.35
SLOWEST_SECONDS = 3.0
GROWTH = 1.2
"""Each pause between two appends is longer than the last by this, so that long answers spare Slack's rate limits."""
LIMIT = 11_000

_ACTIVE = re.compile(r"([\\`*_~\[\]()#|!@:/+={}^$])|\.(?=\S)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def inert(text: str) -> str:
    """Markdown that shows exactly `text`: nothing in it can become a link, a mention, an image or formatting."""
    escaped = "".join(_ENTITIES.get(letter, letter) for letter in visible(text))
    # A backslash before punctuation is plain Markdown for "this sign and nothing else"; entities keep their & and ;.
    return _ACTIVE.sub(lambda found: "\\" + found.group(0), escaped)


class Live:
    """One open stream. Text is held back for moments, not sent token by token; errors go to the caller."""

    def __init__(self, client: WebClient, channel: str, ts: str, now: Callable[[], float]) -> None:
        self.ts = ts
        self._client, self._channel, self._now = client, channel, now
        self._held = ""
        self._sent = 0
        self._pause = 0.0
        self._next = 0.0

    def later(self) -> None:
        """Slack has no room now: what is held back waits twice as long as before."""
        self._pause = min(max(self._pause * 2, 1.0), SLOWEST_SECONDS * 2)
        self._next = self._now() + self._pause

    def task(self, chunk: Mapping[str, Any]) -> None:
        """A task is new in the message, or stands as the chunk says."""
        self._client.chat_appendStream(channel=self._channel, ts=self.ts, chunks=[dict(chunk)])

    def add(self, text: str) -> None:
        """The text is shown, at once or with what follows it."""
        self._held += text
        if not self._held.strip() or self._now() < self._next or self._sent >= LIMIT:
            return
        piece = inert(self._held)
        self._client.chat_appendStream(channel=self._channel, ts=self.ts, markdown_text=piece)
        self._held = ""
        self._sent += len(piece)
        self._pause = min(max(self._pause * GROWTH, FIRST_SECONDS), SLOWEST_SECONDS)
        self._next = self._now() + self._pause

"""An answer that grows in Slack while the model writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_sdk import WebClient

from bot.ui.rich_text import block, section, visible
from bot.ui.rich_text import text as words

FIRST_SECONDS = 0.35
SLOWEST_SECONDS = 3.0
GROWTH = 1.2
"""Each pause between two appends is longer than the last by this, so that long answers spare
Slack's rate limits."""
LIMIT = 11_000
FIRST_EDIT_SECONDS = 1.0
EDIT_LIMIT = 3_900
"""Editing is a third as often allowed as appending, and a text of more than 4,000 characters is
refused."""

_ACTIVE = re.compile(r"([\\`*_~\[\]()#|!@:/+={}^$])|\.(?=\S)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def inert(text: str) -> str:
    """Markdown that shows exactly `text`: nothing in it can become a link, a mention, an image or formatting."""
    escaped = "".join(_ENTITIES.get(letter, letter) for letter in visible(text))
    # A backslash before punctuation is plain Markdown for "this sign and nothing else"; entities
    # keep their & and ;.
    return _ACTIVE.sub(lambda found: "\\" + found.group(0), escaped)


class Live:
    """One open stream. Text is held back for moments, not sent token by token; errors go to the caller."""

    streams = True

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


class Edited:
    """The same where Slack does not stream: a message that is edited as it grows. Its words are text elements only."""

    streams = False

    def __init__(
        self, client: WebClient, place: tuple[str, str], now: Callable[[], float], first: str
    ) -> None:
        self._channel, self.ts = place
        self._client, self._now = client, now
        self._tasks = {"": first}
        self._text = ""
        self._pause = FIRST_EDIT_SECONDS
        self._next = now() + self._pause

    def later(self) -> None:
        """As for a stream."""
        self._pause = min(self._pause * 2, SLOWEST_SECONDS * 2)
        self._next = self._now() + self._pause

    def task(self, chunk: Mapping[str, Any]) -> None:
        """As for a stream."""
        self._tasks[str(chunk["id"])] = str(chunk["title"])
        self._show()

    def add(self, text: str) -> None:
        """As for a stream."""
        self._text += text
        if self._text.strip() and self._now() >= self._next and len(self._text) < LIMIT:
            self._show()
            self._pause = min(self._pause * GROWTH, SLOWEST_SECONDS)
            self._next = self._now() + self._pause

    def _show(self) -> None:
        said = growing_message(list(self._tasks.values()), self._text)
        self._client.chat_update(channel=self._channel, ts=self.ts, **said)


def growing_message(lines: Sequence[str], text: str = "") -> dict[str, Any]:
    """What was done so far and the words so far, as a message that can become no link and no mention."""
    parts = [section(words(line, italic=True)) for line in lines]
    parts += [section(words(text))] if text.strip() else []
    plain = "\n".join([*lines, text]).strip()
    escaped = "".join(_ENTITIES.get(letter, letter) for letter in visible(plain))

    return {
        "text": escaped[:EDIT_LIMIT],
        "blocks": [block(parts)],
        "parse": "none",
        "link_names": False,
    }

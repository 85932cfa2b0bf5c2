"""Reads what was posted in a request's thread, page by page."""

from __future__ import annotations

import threading
from typing import Required, TypedDict

from bot.payloads import Json
from bot.transport.clients import Clients
from bot.transport.pages import next_cursor
from router.types import Request
from workers.runtime.bounded import BoundedDict

PAGE_SIZE, MAX_PAGES = 200, 10
"""Messages of a thread that are asked for at once, and how often: a page of Slack's may hold fewer,
and of an app outside its Marketplace 15 at most."""
MAX_REMEMBERED = 1_000
"""Readings that were broken off and are remembered."""


class MessageMetadata(TypedDict, total=False):
    """What an app attaches to its message, unseen by people."""

    event_type: str
    event_payload: Json


class PostedMessage(TypedDict, total=False):
    """A message as `conversations.replies` returns it."""

    ts: Required[str]
    bot_id: str
    files: list[Json]
    metadata: MessageMetadata | None


class ThreadPages:
    """Reads threads; a reading that Slack breaks off goes on where it was. Safe for many threads.

    An app outside Slack's Marketplace gets a page a minute: who began anew would never see the
    second one.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._lock = threading.Lock()
        self._unfinished: BoundedDict[str, tuple[list[PostedMessage], str]] = BoundedDict(
            MAX_REMEMBERED
        )

    def read(self, request: Request) -> list[PostedMessage]:
        """Returns the messages of the request's thread that were posted since the request.

        Raises SlackApiError or one of `UNREACHABLE`; calling it again then goes on.
        """
        with self._lock:
            messages, cursor = self._unfinished.pop(request.id, ([], ""))

        try:
            for _ in range(MAX_PAGES):
                page, cursor = self._page(request, cursor)
                messages = messages + page
                if not cursor:
                    return messages
        except BaseException:
            with self._lock:
                self._unfinished[request.id] = (messages, cursor)
            raise

        return messages

    def _page(self, request: Request, cursor: str) -> tuple[list[PostedMessage], str]:
        page = self._clients.for_team(request.team).retrying.conversations_replies(
            channel=request.channel,
            ts=request.thread,
            oldest=request.ts,
            limit=PAGE_SIZE,
            cursor=cursor,
            include_all_metadata=True,
        )
        messages: list[PostedMessage] = page.get("messages") or []
        return messages, next_cursor(page)

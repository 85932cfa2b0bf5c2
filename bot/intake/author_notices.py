"""Tells authors of messages something that only they see, each once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.payloads import Event
from bot.transport.clients import UNREACHABLE, error_code
from router.errors import StoreAwayError
from router.log import get_log
from workers.runtime.background_calls import BackgroundCalls
from workers.runtime.bounded import BoundedDict

MAX_TOLD = 10_000
"""Messages that are remembered; Slack sends each up to three times more."""
MAX_WAITING = 500
"""Notices that wait to be posted: as many as Slack takes in five minutes, after which a message
does not come again."""


class AuthorNotices:
    """Posts notices on a thread of its own. Safe for many threads.

    What was told is held in memory. So after a restart somebody may be told again. A notice that
    finds no room is left out, and tried again where Slack brings its message again.
    """

    def __init__(self, client: Callable[[str], WebClient], name: str) -> None:
        self._client = client
        self._told: BoundedDict[tuple[str, str, str, str], None] = BoundedDict(MAX_TOLD)
        self._lock = threading.Lock()
        self._calls = BackgroundCalls(name, MAX_WAITING)
        self._name = name
        self._log = get_log(part="intake")

    @property
    def is_idle(self) -> bool:
        """Whether every notice has been posted or given up."""
        return self._calls.is_idle

    def tell(
        self, team: str, event: Event, text: str, is_settled: Callable[[], bool] = lambda: False
    ) -> None:
        """Starts to tell the author of a message, unless they were told this about it.

        Nothing is posted where `is_settled` then finds that it is not true any more.
        """
        key = (team, str(event.get("channel")), str(event.get("ts")), text)

        def post() -> None:
            if not is_settled():
                self._post(team, event, text)

        with self._lock:
            # Slack waits for its acknowledgement, and must learn soon that there is none.
            if key not in self._told and self._calls.submit(post):
                self._told[key] = None

    def _post(self, team: str, event: Event, text: str) -> None:
        try:
            self._client(team).chat_postEphemeral(
                channel=event["channel"],
                user=event["user"],
                text=text,
                thread_ts=event.get("thread_ts"),
            )
        except (SlackApiError, StoreAwayError, *UNREACHABLE) as error:
            self._log.warning("author_not_told", notice=self._name, error=error_code(error))

"""Events other than messages: several parts may listen to one kind, where Bolt would call only the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from router.log import get_log
from router.types import ChannelKind

KINDS: Mapping[str, ChannelKind] = {
    "channel": "public",
    "im": "dm",
    "group": "private",
    "mpim": "private",
}
"""What Slack's channel types are to us."""
SPOKEN = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Subtypes of messages in which a person says something."""
Handler = Callable[[Mapping[str, Any], str, WebClient], None]
"""Takes the event, the workspace's id, and a client for that workspace."""


class Events:
    """Hands an event of a kind to everybody who asked for it, in the order in which they asked."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._handlers: dict[str, list[Handler]] = {}
        self._log = get_log(part="events")

    def on(self, kind: str, handler: Handler) -> None:
        """The handler hears of every later event of that kind, after its acknowledgement."""
        if kind in self._handlers:
            self._handlers[kind].append(handler)
            return

        handlers = self._handlers[kind] = [handler]

        def run(event: dict[str, Any], body: dict[str, Any], client: WebClient) -> None:
            for one in handlers:
                try:
                    one(event, team_of(body), client)
                except Exception:  # noqa: BLE001  # the Slack listener boundary: one part must not silence the next
                    self._log.exception("event_broke", kind=kind)

        self._app.event(kind)(run)


def me_of(body: Mapping[str, Any], default: str) -> str:
    """Beagle's own user in the workspace that an event was sent to, `default` where the event does not say."""
    authorizations = body.get("authorizations") or [{}]
    return str(authorizations[0].get("user_id") or default)


def home_of(event: Mapping[str, Any], team: str) -> str:
    """The workspace of the person who did it where that is another one, in a channel shared by Slack Connect."""
    home = str(event.get("user_team") or event.get("source_team") or team)
    return "" if home == team else home


def team_of(body: Mapping[str, Any]) -> str:
    """The workspace that an event was sent to; with Slack Connect it is not always the one it comes from."""
    authorizations = body.get("authorizations") or [{}]
    return str(authorizations[0].get("team_id") or body.get("team_id") or "")

"""Dispatches events: several parts may handle one type, where Bolt calls only the first."""

from __future__ import annotations

from collections.abc import Mapping

from slack_bolt import App
from slack_sdk import WebClient

from bot.payloads import Event, EventBody, EventHandler
from router.log import get_log
from router.types import ChannelKind, SlackPerson

CHANNEL_KINDS: Mapping[str, ChannelKind] = {
    "channel": "public",
    "im": "dm",
    "group": "private",
    "mpim": "private",
}
"""Slack's channel types, mapped to ours."""
AUTHORED_SUBTYPES = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Subtypes of messages that somebody wrote; the others are notices by Slack."""


def is_authored(event: Event) -> bool:
    """Returns whether a person wrote the message, rather than an app or Slack itself."""
    return not event.get("bot_id") and event.get("subtype") in AUTHORED_SUBTYPES


class Events:
    """Hands an event to every handler of its type, in the order of registration."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._handlers: dict[str, list[EventHandler]] = {}
        self._log = get_log(part="events")

    def on(self, kind: str, handler: EventHandler) -> None:
        """Registers a handler for events of type `kind`. It runs after the acknowledgement."""
        if kind in self._handlers:
            self._handlers[kind].append(handler)
            return

        handlers = self._handlers[kind] = [handler]

        def run(event: Event, body: EventBody, client: WebClient) -> None:
            event = with_time(event, body)
            for handle in handlers:
                try:
                    handle(event, receiving_team(body), client)
                except Exception:  # noqa: BLE001  # a boundary: one part must not silence the next
                    self._log.exception("listener_crashed", kind=kind)

        self._app.event(kind)(run)


def with_time(event: Event, body: EventBody) -> Event:
    """Returns the event with the time of its envelope as `event_ts`, where it has none itself."""
    if event.get("event_ts") or "event_time" not in body:
        return event

    return {**event, "event_ts": str(body["event_time"])}


def event_person(event: Event, team: str) -> SlackPerson:
    """Returns whom an event is of, once `PeopleOfPayloads` has written down where they belong."""
    home = event.get("user_team", team)
    return SlackPerson(team, event.get("user", ""), "" if home == team else home)


def bot_user(body: EventBody, default: str) -> str:
    """Returns Beagle's own user id in the workspace that got the event, or `default`."""
    authorizations = body.get("authorizations") or [{}]
    return str(authorizations[0].get("user_id") or default)


def receiving_team(body: EventBody) -> str:
    """Returns the workspace that an event was sent to.

    With Slack Connect this is not always the workspace in which the event happened (`team_id`).
    """
    authorizations = body.get("authorizations") or [{}]
    return str(authorizations[0].get("team_id") or body.get("team_id") or "")

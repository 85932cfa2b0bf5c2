"""The pane in which people talk to Beagle alone: prompts that are theirs, and Stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.routing.service import Decider
from bot.transport.clients import UNREACHABLE, code
from bot.transport.events import Events
from bot.ui.blocks import clipped
from bot.ui.texts import common as texts
from router.log import get_log
from router.store import Store
from router.store.usage.stats import DAY

PROMPTS = 4
REMEMBERED_DAYS = 90
TITLE = 60


class Agent:
    """Hears that somebody opened the pane, and that somebody pressed Stop."""

    def __init__(self, store: Store, decider: Decider, now: Callable[[], float]) -> None:
        self._store, self._decider, self._now = store, decider, now
        self._log = get_log(part="agent")

    def listen(self, events: Events) -> None:
        """Both are heard from now on."""
        events.on("app_home_opened", self.opened)
        events.on("agent_session_stopped", self.stopped)

    def opened(self, event: Mapping[str, Any], team: str, client: WebClient) -> None:
        """The person is offered what they ask for most, then what others can ask."""
        if event.get("tab") != "messages":
            return

        prompts = self.prompts(team, str(event["user"]))
        client.assistant_threads_setSuggestedPrompts(
            channel_id=str(event["channel"]), prompts=prompts
        )

    def prompts(self, team: str, user: str) -> list[dict[str, str]]:
        """At most four, each a whole message that can be sent as it is."""
        mine = self._store.stats.since(team, self._now() - REMEMBERED_DAYS * DAY, user).routes
        order = [route.route for route in mine]
        offers = [offer for offer in self._decider.offers() if offer.example]
        offers.sort(
            key=lambda offer: order.index(offer.name) if offer.name in order else len(order)
        )
        found = [
            {"title": clipped(offer.example, TITLE), "message": offer.example}
            for offer in offers[: PROMPTS - 1]
        ]

        return [*found, {"title": texts.ASK_WHAT, "message": texts.ASK_WHAT}]

    def stopped(self, event: Mapping[str, Any], team: str, client: WebClient) -> None:
        """What was open in the thread is stopped, and a worker writes that down in place of the answer."""
        channel, thread = str(event.get("channel")), str(event.get("thread_ts"))

        keys = self._store.stops.thread(
            (team, channel, thread), str(event.get("user", "")), self._now()
        )
        for key in keys:
            self._decider.wake(key)

        self._log.info("stop_pressed", channel=channel, requests=len(keys))
        try:
            # The platform leaves the session in "processing": people would see a spinner that never
            # ends.
            client.agents_sessions_setStatus(channel_id=channel, thread_ts=thread, status="active")
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("no_session", error=code(error))

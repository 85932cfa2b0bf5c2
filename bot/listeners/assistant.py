"""Slack's assistant pane: suggested prompts, and the Stop button."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.payloads import Event
from bot.routing.service import RoutingService
from bot.transport.clients import UNREACHABLE, error_code
from bot.transport.events import Events, event_person
from bot.ui.texts import common as texts
from router.log import get_log
from router.store import Store
from router.store.usage.stats import DAY
from router.text.printable import shorten
from router.types import SlackPerson
from workers.prompting.missing_text import points_at_nothing

MAX_PROMPTS = 4
"""Slack shows at most four suggestions."""
HISTORY_DAYS = 90
"""Routes that a person used in this time are suggested first."""
MAX_TITLE = 60


class AssistantPane:
    """Reacts when somebody opens the pane, and when somebody presses Stop."""

    def __init__(self, store: Store, routing: RoutingService, now: Callable[[], float]) -> None:
        self._store = store
        self._routing = routing
        self._now = now
        self._log = get_log(part="agent")

    def listen(self, events: Events) -> None:
        """Registers for both events."""
        events.on("app_home_opened", self.opened)
        events.on("agent_session_stopped", self.stopped)

    def opened(self, event: Event, team: str, client: WebClient) -> None:
        """Suggests what the person asks for most, then what else they can ask."""
        if event.get("tab") != "messages":
            return

        channel = event["channel"]
        client.assistant_threads_setSuggestedPrompts(
            channel_id=channel, prompts=self.prompts(event_person(event, team), channel)
        )

    def prompts(self, person: SlackPerson, channel: str) -> list[dict[str, str]]:
        """Returns at most four suggestions; each is a whole message that can be sent as it is."""
        start = self._now() - HISTORY_DAYS * DAY
        period = self._store.stats.since(person.team, start, person.user)
        used = [] if person.home else [route.route for route in period.routes]
        rank = {route: position for position, route in enumerate(used)}

        # `sort` is stable: routes that the person never used keep their order.
        offers = []
        for offer in self._routing.offers(person, channel):
            # "Summarise this thread" cannot be sent as it is: there is none yet.
            if offer.example and not points_at_nothing(offer.example):
                offers.append(offer)

        # Of the others, what the included model mostly gets wrong comes last.
        offers.sort(key=lambda o: (rank.get(o.name, len(rank)), o.needs_larger_model))

        prompts = []
        for offer in offers[: MAX_PROMPTS - 1]:
            title = shorten(offer.example, MAX_TITLE)
            prompts.append({"title": title, "message": offer.example})

        prompts.append({"title": texts.ASK_WHAT, "message": texts.ASK_WHAT})
        return prompts

    def stopped(self, event: Event, team: str, client: WebClient) -> None:
        """Cancels the thread's open requests; a worker then says so in place of the answer."""
        channel, thread = str(event.get("channel")), str(event.get("thread_ts"))

        keys = self._store.cancellations.cancel_thread(
            (team, channel, thread), event.get("user", ""), self._now()
        )
        for key in keys:
            self._routing.wake(key)

        self._log.info("stop_pressed", channel=channel, requests=len(keys))
        try:
            # Slack leaves the session in "processing": people would see an endless spinner.
            client.agents_sessions_setStatus(channel_id=channel, thread_ts=thread, status="active")
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("session_missing", error=error_code(error))

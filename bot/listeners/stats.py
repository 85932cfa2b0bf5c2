"""The buttons under `/beagle stats`: another period, or the figures as a file."""

from __future__ import annotations

import re

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.payloads import Ack, Action, ActionBody, Respond, clicker, team_and_user
from bot.routing.service import RoutingService
from bot.routing.tier_report import visible_lines
from bot.transport.clients import UNREACHABLE, error_code
from bot.ui import dialogs
from bot.ui import stats as view
from bot.ui.ephemeral import send_ephemeral, send_text
from bot.ui.texts import common as texts
from bot.ui.texts import stats as stats_texts
from router.log import get_log
from router.store import Store
from router.store.usage.stats import Period, day_start

DEFAULT_SPAN = "7d"


class StatsActions:
    """Answers the buttons, to the person who presses only. Files go to their direct messages."""

    def __init__(self, store: Store, routing: RoutingService) -> None:
        self._store = store
        self._routing = routing
        self._now = routing.admins.now
        self._log = get_log(part="stats")

    def listen(self, app: App) -> None:
        """Registers for the buttons. Each click is acknowledged at once and then carried out."""
        app.action(re.compile(r"stats_span:\w+"))(self.change_span)
        app.action("stats_csv")(self.export)

    def change_span(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Shows the other period in place of this one."""
        ack()
        span = _span(action)
        since = day_start(self._now(), view.SPANS[span])
        reasons = self._store.stats.bad_answers(team_and_user(body)[0], since)
        period, tiers = self._period(body, span), self._tiers(body, span)
        message = view.render_stats(span, period, {}, tiers, reasons)
        send_ephemeral(respond, message, replace=True)

    def export(
        self, ack: Ack, body: ActionBody, action: Action, respond: Respond, client: WebClient
    ) -> None:
        """Sends the figures, with full precision, as a CSV file in a direct message."""
        ack()
        span = _span(action)
        period = self._period(body, span)

        try:
            channel = client.conversations_open(users=body["user"]["id"])["channel"]["id"]
            client.files_upload_v2(
                channel=channel,
                filename=f"beagle-{span}.csv",
                title=stats_texts.TITLE.format(span=span),
                content=view.as_csv(period),
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("not_exported", error=error_code(error))
            send_text(respond, texts.NOT_EXPORTED.format(code=error_code(error)))
            return

        send_text(respond, texts.EXPORTED)

    def _tiers(self, body: ActionBody, span: str) -> list[str]:
        channel = body.get("channel")
        since = day_start(self._now(), view.SPANS[span])
        place = channel["id"] if channel else ""
        return visible_lines(self._routing, self._store, clicker(body), place, since)

    def _period(self, body: ActionBody, span: str) -> Period:
        """Returns the figures that the person who pressed may see in the channel."""
        team, _ = team_and_user(body)
        channel = body.get("channel")
        period = self._store.stats.since(team, day_start(self._now(), view.SPANS[span]))
        return self._routing.visible_stats(period, clicker(body), channel["id"] if channel else "")


def _span(action: Action) -> str:
    span = dialogs.button_value(action).get("span", "")
    return span if span in view.SPANS else DEFAULT_SPAN

"""The buttons under `/beagle stats`: another span, or the figures as a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.listeners.slash_command import tell
from bot.transport.clients import UNREACHABLE, code
from bot.ui import dialogs as forms
from bot.ui import stats as figures
from bot.ui.texts import common as texts
from bot.ui.texts import stats as texts_figures
from router.log import get_log
from router.store import Store
from router.store.usage.stats import DAY


class StatsClicks:
    """Answers the buttons, to the person who presses only; a file goes to their direct messages."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store, self._now = store, now
        self._log = get_log(part="stats")

    def listen(self, app: App) -> None:
        """Each button is acknowledged at once and then carried out."""
        app.action(re.compile(r"stats_span:\w+"))(self.span)
        app.action("stats_csv")(self.export)

    def span(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """The figures of the other span stand in place of these."""
        ack()
        span = _span(action)
        period = self._store.stats.since(
            body["team"]["id"], self._now() - figures.SPANS[span] * DAY
        )
        tell(respond, figures.shown(span, period, {}), instead=True)

    def export(
        self,
        ack: Any,
        body: dict[str, Any],
        action: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """The figures are in the person's direct messages, as a CSV file with full precision."""
        ack()
        span = _span(action)
        period = self._store.stats.since(
            body["team"]["id"], self._now() - figures.SPANS[span] * DAY
        )

        try:
            place = client.conversations_open(users=body["user"]["id"])["channel"]["id"]
            client.files_upload_v2(
                channel=place,
                filename=f"beagle-{span}.csv",
                title=texts_figures.TITLE.format(span=span),
                content=figures.as_csv(period),
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("not_exported", error=code(error))
            respond(
                text=texts.NOT_EXPORTED.format(code=code(error)),
                response_type="ephemeral",
                replace_original=False,
            )

            return

        respond(text=texts.EXPORTED, response_type="ephemeral", replace_original=False)


def _span(action: dict[str, Any]) -> str:
    span = str(forms.parsed(str(action.get("value", ""))).get("span"))
    return span if span in figures.SPANS else "7d"

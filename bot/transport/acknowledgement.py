"""Acknowledges every event that the app is subscribed to, in one place.

Bolt answers an event without a listener with 404 over HTTP, and not at all in Socket Mode. Slack
then sends it again up to three times, and may switch off a subscription of which too few deliveries
are acknowledged (https://docs.slack.dev/apis/events-api).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from slack_bolt import App, BoltResponse

from bot.payloads import EventBody, InteractionBody, SlashCommand
from bot.ui.texts import install as texts
from router.log import get_log

ANY_EVENT = re.compile("")
"""Matches each event's type."""


def acknowledge_all_events(app: App) -> None:
    """Registers a listener for each event that no other listener takes.

    Call it last: Bolt asks its listeners in the order of their registration. Middleware has acted
    on the event by then.
    """
    app.event(ANY_EVENT)(_do_nothing)


class NoticeListener:
    """A Bolt middleware that acknowledges what Slack says about its own deliveries.

    `app_rate_limited` means that a workspace sends more than 30,000 events an hour: Slack drops the
    rest of that minute. `note_dropped` gets the workspace and the minute, in unix seconds.
    """

    def __init__(self, note_dropped: Callable[[str, int], object]) -> None:
        self._note_dropped = note_dropped

    def __call__(
        self,
        body: EventBody,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        """Passes everything else on."""
        if body.get("type") != "app_rate_limited":
            return next()

        team, minute = str(body.get("team_id", "")), body.get("minute_rate_limited")
        get_log(part="events").warning("events_dropped_by_slack", team=team, minute=minute)
        if team and isinstance(minute, int):
            self._note_dropped(team, minute)

        return BoltResponse(status=200, body="")


def refuse_organisations(
    body: EventBody | InteractionBody | SlashCommand,
    next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
) -> BoltResponse:
    """A Bolt middleware that takes up nothing for an install of a whole organisation.

    Beagle serves workspaces one by one: it has no token with which it could answer. Whoever types
    a command is told so.
    """
    payload: Mapping[str, object] = dict(body)
    authorizations = payload.get("authorizations")
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else payload
    if str(first.get("is_enterprise_install")).lower() != "true":
        return next()

    get_log(part="events").warning(
        "organisation_refused", enterprise=str(first.get("enterprise_id") or "")
    )
    return BoltResponse(status=200, body=texts.ORGANISATION if payload.get("command") else "")


def _do_nothing() -> None:
    """The event needs nothing after its middleware."""

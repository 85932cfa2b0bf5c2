"""The dialog in which an admin says how Beagle behaves in a channel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.admins import Admins
from bot.transport.clients import UNREACHABLE, code
from bot.ui import dialogs as forms
from bot.ui.blocks import Block
from bot.ui.texts import common as texts
from router.errors import StoreError
from router.log import get_log
from router.store import Store
from router.store.workspace.channel_rules import ChannelRule, Hears
from workers.privacy.erasure import scrub

VIEW = "channel_settings"
ACTION = "channel_settings"


class ChannelSettings:
    """Opens the dialog and keeps what was set; rights are looked at when it is opened and again when it is saved."""

    def __init__(self, store: Store, admins: Admins, routes: Callable[[], Sequence[str]]) -> None:
        self._store, self._rules, self._admins, self._routes = store, store.rules, admins, routes
        self._log = get_log(part="channel")

    def listen(self, app: App) -> None:
        """The settings button and the dialog are answered."""
        app.action(ACTION)(self.open)
        app.view(VIEW)(self.save)

    def open(
        self,
        ack: Any,
        body: dict[str, Any],
        action: dict[str, Any],
        client: WebClient,
        respond: Any,
    ) -> None:
        """The dialog is open for an admin; anybody else is told why not."""
        ack()
        team, user = body["team"]["id"], body["user"]["id"]
        channel = str(forms.parsed(str(action.get("value", ""))).get("channel", ""))

        if not self._admins.includes(team, user):
            self._admins.note((team, user), "channel", channel, "refused")
            respond(text=texts.ADMINS_ONLY, response_type="ephemeral", replace_original=False)
            return

        client.views_open(
            trigger_id=body["trigger_id"], view=view(self._rules.of(team, channel), self._routes())
        )

    def save(self, ack: Any, body: dict[str, Any], view: dict[str, Any], client: WebClient) -> None:
        """What was set counts; what cannot be is said at its question, and so is that somebody else was faster."""
        team, user = body["team"]["id"], body["user"]["id"]
        about = forms.parsed(view.get("private_metadata", ""))
        rule = ChannelRule(
            team, str(about.get("channel", "")), version=int(about.get("version", 0))
        )

        if not self._admins.includes(team, user):
            self._admins.note((team, user), "channel", rule.channel, "refused")
            ack(response_action="errors", errors={"hears": texts.ADMINS_ONLY})
            return

        wanted, errors = read(rule, view, self._routes())
        if errors:
            ack(response_action="errors", errors=errors)
            return

        before = self._rules.of(team, rule.channel)
        if not self._rules.put(wanted):
            self._admins.note((team, user), "channel", rule.channel, "late")
            ack(response_action="errors", errors={"hears": texts.CHANNEL_LATE})
            return

        ack()
        self._admins.note((team, user), "channel", rule.channel, "applied")
        mines = bool(forms.said(view, "mines"))
        self._log.info("channel_set", channel=rule.channel, hears=wanted.hears, mines=mines)

        if before.hears != wanted.hears:
            # Nobody's words are read without their knowing: the channel is told when everything is
            # heard, and when not.
            said = texts.HEARS_ALL if wanted.hears == "all" else texts.HEARS_MENTIONS
            client.chat_postMessage(
                channel=rule.channel, text=said.format(user=user), unfurl_links=False
            )

        if mines and not before.mined:
            self._mine(team, rule.channel, user, client)
        elif before.mined and not mines:
            self._stop_mining(team, rule.channel, user, client)

    def _mine(self, team: str, channel: str, user: str, client: WebClient) -> None:
        """The channel is told, and only when that stands there anything is kept; else the admin is told why not."""
        days = self._admins.settings.keep_days
        kept = texts.MINED_DAYS.format(days=days) if days else texts.MINED_FOREVER

        try:
            client.chat_postMessage(
                channel=channel, text=texts.MINED.format(user=user, days=kept), unfurl_links=False
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("channel_not_told", channel=channel, error=code(error))
            client.chat_postMessage(
                channel=user, text=texts.MINED_NOT.format(channel=channel), unfurl_links=False
            )

            return

        if self._store.overheard.start(team, channel, user, self._admins.now()):
            self._admins.note((team, user), "mine_channel", channel, "applied")

    def _stop_mining(self, team: str, channel: str, user: str, client: WebClient) -> None:
        """Nothing is kept any more, what was kept is gone, and the channel is told."""
        count = self._store.overheard.stop(team, channel)
        try:
            scrub(self._store)
        except StoreError as error:
            # Nobody can find it any more; its bytes go with the next texts that are let go.
            self._log.warning("bytes_not_erased", error=str(error))

        self._admins.note((team, user), "stop_mining", channel, "applied")
        client.chat_postMessage(
            channel=channel, text=texts.UNMINED.format(user=user, count=count), unfurl_links=False
        )


def view(rule: ChannelRule, routes: Sequence[str]) -> Block:
    """The dialog with what is set now."""
    hears = [forms.option(texts.HEAR_MENTIONS, "mentions"), forms.option(texts.HEAR_ALL, "all")]
    mines = forms.option(texts.MINES, "yes")
    options = [forms.option(name, name) for name in routes]
    none = forms.option(texts.NO_DEFAULT, "-")
    kept = [one for one in options if one["value"] in rule.routes]
    default = next((one for one in options if one["value"] == rule.default_route), none)
    blocks: list[Mapping[str, Any]] = [
        {
            "type": "alert",
            "level": "info",
            "text": {"type": "plain_text", "text": texts.CHANNEL_ALERT},
        },
        forms.question(
            "hears",
            texts.ASK_HEARS,
            {
                "type": "radio_buttons",
                "options": hears,
                "initial_option": hears[rule.hears == "all"],
            },
        ),
        forms.question(
            "mines",
            texts.ASK_MINES,
            {"type": "checkboxes", "options": [mines]}
            | ({"initial_options": [mines]} if rule.mined else {}),
            optional=True,
            hint=texts.ASK_MINES_HINT,
        ),
    ]

    if options:
        picker: dict[str, Any] = {"type": "multi_static_select", "options": options[:100]}
        picker |= {"initial_options": kept} if kept else {}
        blocks.append(
            forms.question(
                "routes", texts.ASK_ROUTES, picker, optional=True, hint=texts.ASK_ROUTES_HINT
            )
        )

    blocks += [
        forms.question(
            "default_route",
            texts.ASK_DEFAULT,
            {"type": "static_select", "options": [none, *options[:99]], "initial_option": default},
        ),
        forms.question(
            "usd",
            texts.ASK_USD,
            {
                "type": "number_input",
                "is_decimal_allowed": True,
                "min_value": "0",
                "initial_value": f"{rule.usd:g}",
            },
        ),
    ]

    about = {"channel": rule.channel, "version": rule.version}
    return forms.dialog(
        VIEW,
        texts.CHANNEL_TITLE,
        (texts.SUBMIT, texts.CANCEL),
        about,
        [dict(one) for one in blocks],
    )


def read(
    rule: ChannelRule, view: Mapping[str, Any], known: Sequence[str]
) -> tuple[ChannelRule, dict[str, str]]:
    """The rule that a dialog asks for, and what is wrong with it, by question."""
    errors = {}
    hears = forms.said(view, "hears")
    routes = tuple(route for route in forms.said(view, "routes") or () if route in known)
    default = forms.said(view, "default_route") or "-"
    default = "" if default == "-" else default

    if hears not in ("mentions", "all"):
        errors["hears"] = texts.ASK_HEARS
    if default and (default not in known or (routes and default not in routes)):
        errors["default_route"] = texts.DEFAULT_NOT_ALLOWED

    try:
        usd = float(forms.said(view, "usd") or 0)
    except ValueError:
        usd = math.nan

    if not (math.isfinite(usd) and 0 <= usd <= 1_000_000):
        errors["usd"] = texts.USD_WRONG

    return replace(
        rule, hears=cast("Hears", hears), routes=routes, default_route=default, usd=usd
    ), errors

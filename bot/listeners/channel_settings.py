"""The dialog in which an admin sets how Beagle behaves in a channel."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import cast

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.admins import Admins
from bot.payloads import (
    Ack,
    Action,
    ActionBody,
    Block,
    Respond,
    View,
    ViewBody,
    clicker,
    team_and_user,
)
from bot.transport.clients import UNREACHABLE, error_code
from bot.ui import dialogs
from bot.ui.ephemeral import send_text
from bot.ui.texts import channel_settings as texts
from bot.ui.texts import common
from router.errors import StoreError
from router.log import get_log
from router.store import Store
from router.store.workspace.channel_rules import ChannelRule, Hears
from workers.privacy.erasure import overwrite_deleted

VIEW = "channel_settings"
ACTION = "channel_settings"
MAX_OPTIONS = 100
"""Options that Slack allows in a select."""
MAX_USD = 1_000_000
MAX_OWNERS = 20
NO_ROUTE = "-"
"""The option for no default route; Slack takes no empty value."""


class ChannelSettings:
    """Opens the dialog and saves it. Both check that the person is an admin."""

    def __init__(
        self, store: Store, admins: Admins, routes: Callable[[str], Sequence[str]]
    ) -> None:
        self._store = store
        self._rules = store.channel_rules
        self._admins = admins
        self._routes = routes
        self._log = get_log(part="channel")

    def listen(self, app: App) -> None:
        """Registers for the settings button and the dialog."""
        app.action(ACTION)(self.open)
        app.view(VIEW)(self.save)

    def open(
        self, ack: Ack, body: ActionBody, action: Action, client: WebClient, respond: Respond
    ) -> None:
        """Opens the dialog for an admin; tells anybody else why not."""
        ack()
        team, user = team_and_user(body)
        channel = str(dialogs.button_value(action).get("channel", ""))

        if not self._admins.includes(clicker(body)):
            self._admins.record((team, user), "channel", channel, "refused")
            send_text(respond, common.ADMINS_ONLY)
            return

        rule = self._rules.for_channel(team, channel)
        client.views_open(
            trigger_id=body.get("trigger_id", ""), view=settings_dialog(rule, self._routes(team))
        )

    def save(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Saves the settings, and tells the channel what changes for it.

        Wrong values are reported at their question, and so is that somebody else was faster.
        """
        team, user = team_and_user(body)
        value = dialogs.dialog_value(view)
        channel = str(value.get("channel", ""))
        # The version that the dialog showed; `upsert` refuses when it is no longer the newest.
        seen = ChannelRule(team, channel, version=value.get("version", 0))

        if not self._admins.includes(clicker(body)):
            self._admins.record((team, user), "channel", channel, "refused")
            ack(response_action="errors", errors={"hears": common.ADMINS_ONLY})
            return

        rule, errors = parse_rule(seen, view, self._routes(team))
        if errors:
            ack(response_action="errors", errors=errors)
            return

        before = self._rules.for_channel(team, channel)
        if not self._rules.upsert(rule):
            self._admins.record((team, user), "channel", channel, "late")
            ack(response_action="errors", errors={"hears": texts.CHANNEL_LATE})
            return

        ack()
        self._admins.record((team, user), "channel", channel, "applied")
        is_mined = bool(dialogs.answers_to(view, "mines"))
        self._log.info("channel_set", channel=channel, hears=rule.hears, mines=is_mined)

        if before.hears != rule.hears:
            # Members must know what is read of their messages, so the channel learns of a change.
            text = texts.HEARS_ALL if rule.hears == "all" else texts.HEARS_MENTIONS
            client.chat_postMessage(
                channel=channel, text=text.format(user=user), unfurl_links=False
            )

        if is_mined and not before.mined:
            self._start_mining(team, channel, user, client)
        elif before.mined and not is_mined:
            self._stop_mining(team, channel, user, client)

    def _start_mining(self, team: str, channel: str, user: str, client: WebClient) -> None:
        """Tells the channel, and stores messages only after that succeeded."""
        days = self._admins.settings.retention_days
        duration = texts.MINED_DAYS.format(days=days) if days else texts.MINED_FOREVER

        try:
            text = texts.MINED.format(user=user, days=duration)
            client.chat_postMessage(channel=channel, text=text, unfurl_links=False)
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("channel_not_told", channel=channel, error=error_code(error))
            # The admin gets a direct message, for their dialog is closed already.
            text = texts.MINED_NOT.format(channel=channel)
            client.chat_postMessage(channel=user, text=text, unfurl_links=False)
            return

        now = self._admins.now()
        self._store.access.event_times.permit_channel(team, channel, now)
        if self._store.channel_messages.start_mining(team, channel, user, now):
            self._admins.record((team, user), "mine_channel", channel, "applied")

    def _stop_mining(self, team: str, channel: str, user: str, client: WebClient) -> None:
        """Deletes what was stored, and tells the channel."""
        count = self._store.channel_messages.stop_mining(team, channel)
        self._admins.record((team, user), "stop_mining", channel, "applied")
        try:
            client.chat_postMessage(
                channel=channel,
                text=texts.UNMINED.format(user=user, count=count),
                unfurl_links=False,
            )
        finally:
            # Last, because it may take minutes, in which this process may end.
            self._overwrite()

    def _overwrite(self) -> None:
        try:
            overwrite_deleted(self._store)
        except StoreError as error:
            # The rows are deleted. Their bytes are overwritten with the next expired texts.
            self._log.warning("bytes_not_erased", error=str(error))


def settings_dialog(rule: ChannelRule, routes: Sequence[str]) -> Block:
    """Returns the dialog, filled with the present settings."""
    blocks: list[Block] = [
        dialogs.notice(texts.CHANNEL_ALERT),
        _hears_question(rule),
        _mining_question(rule),
    ]

    if routes:
        blocks.append(_routes_question(rule, routes))

    blocks += [
        _default_route_question(rule, routes),
        _usd_question(rule),
        _owners_question(rule),
    ]
    return dialogs.dialog(
        VIEW,
        texts.CHANNEL_TITLE,
        (common.SUBMIT, common.CANCEL),
        {"channel": rule.channel, "version": rule.version},
        blocks,
    )


def parse_rule(
    rule: ChannelRule, view: View, routes: Collection[str]
) -> tuple[ChannelRule, dict[str, str]]:
    """Returns the rule that a dialog asks for, and what is wrong with it, by question."""
    errors = {}
    hears = dialogs.answer_to(view, "hears")
    allowed = tuple(route for route in dialogs.answers_to(view, "routes") if route in routes)
    default = dialogs.answer_to(view, "default_route")
    if default == NO_ROUTE:
        default = ""

    if hears not in ("mentions", "all"):
        errors["hears"] = texts.ASK_HEARS
    if default and (default not in routes or (allowed and default not in allowed)):
        errors["default_route"] = texts.DEFAULT_NOT_ALLOWED

    try:
        usd = float(dialogs.answer_to(view, "usd") or 0)
    except ValueError:
        usd = math.nan

    # float() also reads "nan" and "inf", which no comparison with a budget may ever meet.
    if not (math.isfinite(usd) and 0 <= usd <= MAX_USD):
        errors["usd"] = texts.USD_WRONG

    owners = tuple(user for user in dialogs.user_answers(view, "owners") if user)
    parsed = replace(
        rule,
        hears=cast("Hears", hears),
        routes=allowed,
        default_route=default,
        usd=usd,
        owners=owners[:MAX_OWNERS],
    )
    return parsed, errors


def _hears_question(rule: ChannelRule) -> Block:
    mentions = dialogs.option(texts.HEAR_MENTIONS, "mentions")
    everything = dialogs.option(texts.HEAR_ALL, "all")
    element = {
        "type": "radio_buttons",
        "options": [mentions, everything],
        "initial_option": everything if rule.hears == "all" else mentions,
    }
    return dialogs.question("hears", texts.ASK_HEARS, element)


def _mining_question(rule: ChannelRule) -> Block:
    yes = dialogs.option(texts.MINES, "yes")
    element: Block = {"type": "checkboxes", "options": [yes]}
    if rule.mined:
        element["initial_options"] = [yes]

    return dialogs.question(
        "mines", texts.ASK_MINES, element, optional=True, hint=texts.ASK_MINES_HINT
    )


def _routes_question(rule: ChannelRule, routes: Sequence[str]) -> Block:
    options = [dialogs.option(name, name) for name in routes]
    allowed = [option for option in options if option["value"] in rule.routes]
    element: Block = {"type": "multi_static_select", "options": options[:MAX_OPTIONS]}
    if allowed:  # Slack refuses an empty list
        element["initial_options"] = allowed

    return dialogs.question(
        "routes", texts.ASK_ROUTES, element, optional=True, hint=texts.ASK_ROUTES_HINT
    )


def _default_route_question(rule: ChannelRule, routes: Sequence[str]) -> Block:
    none = dialogs.option(texts.NO_DEFAULT, NO_ROUTE)
    options = [none, *(dialogs.option(name, name) for name in routes[: MAX_OPTIONS - 1])]
    chosen = none
    for option in options:
        if option["value"] == rule.default_route:
            chosen = option

    element = {"type": "static_select", "options": options, "initial_option": chosen}
    return dialogs.question("default_route", texts.ASK_DEFAULT, element)


def _usd_question(rule: ChannelRule) -> Block:
    element = {
        "type": "number_input",
        "is_decimal_allowed": True,
        "min_value": "0",
        "initial_value": f"{rule.usd:g}",
    }
    return dialogs.question("usd", texts.ASK_USD, element)


def _owners_question(rule: ChannelRule) -> Block:
    element: Block = {"type": "multi_users_select", "max_selected_items": MAX_OWNERS}
    if rule.owners:  # Slack refuses an empty list
        element["initial_users"] = list(rule.owners)

    return dialogs.question(
        "owners", texts.ASK_OWNERS, element, optional=True, hint=texts.ASK_OWNERS_HINT
    )

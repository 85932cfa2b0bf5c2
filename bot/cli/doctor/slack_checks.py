"""Checks of what Slack says: tokens, scopes, how events arrive, and the admin channel."""

from __future__ import annotations

import math
from contextlib import closing

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.app import now
from bot.cli.doctor.diagnosis import WarningText
from bot.cli.doctor.service_checks import database_file
from bot.transport.clients import error_code, web_client
from bot.transport.round_trip import make_round_trip, open_client
from bot.transport.scopes import BOT_SCOPES
from bot.transport.subscriptions import (
    BOT_EVENTS,
    DAY_SECONDS,
    QUIET_DAYS,
    quiet_subscriptions,
)
from bot.transport.workspaces import open_workspaces
from router.config import Settings
from router.errors import SettingsError
from router.store import open_store
from router.text.printable import counted

COMPARE = "compare Event Subscriptions with deploy/slack-manifest.yaml"
NOTHING_CAME = f"Slack tells no app which events it sends, and none came yet, so {COMPARE}"


def check_bot_token(settings: Settings) -> str:
    """Signs in with the token, and compares its scopes with those that Beagle needs."""
    token = settings.slack_bot_token.get_secret_value()
    if settings.slack_client_id:
        return _describe_installations(settings)

    if not token:
        raise SettingsError(
            "SLACK_BOT_TOKEN is not set; it starts with 'xoxb-' and is shown under "
            "OAuth & Permissions"
        )

    answer = web_client(token, settings.slack_api_url).auth_test()
    header = str(answer.headers.get("x-oauth-scopes", ""))
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    missing = sorted(set(BOT_SCOPES) - granted) if granted else []
    if missing:
        raise SettingsError(
            f"the token lacks the scopes {', '.join(missing)}; "
            "add them to the app and install it again"
        )

    return f"signed in as {answer['user']} in {answer['team']}"


def _describe_installations(settings: Settings) -> str:
    """Returns how many workspaces have a token, and which keys are in use."""
    store = open_store(settings.store_url, migrates=False)
    try:
        installations = open_workspaces(settings, store, None, now).installations
        teams = store.installations.teams()
        old_seals = installations.count_old_seals() if installations is not None else 0
    finally:
        store.close()

    with_token = counted(len(teams), "has", "have")
    text = f"each workspace installs Beagle at /slack/install; {with_token} a token"
    if old_seals:
        text += (
            f"; {counted(old_seals, 'is', 'are')} still encrypted with an older BEAGLE_TOKEN_KEY"
        )

    return text


def check_who_may_install(settings: Settings) -> str:
    """Names the workspaces that may install Beagle by OAuth; warns where every one may."""
    if settings.allowed_teams:
        return ", ".join(settings.allowed_teams)

    cap = settings.cap_team_usd
    spending = f"spend up to {cap:g} USD a day" if cap else "spend without a cap"
    return WarningText(
        f"any workspace, and each may {spending}: BEAGLE_ALLOWED_TEAMS is empty; write the ids "
        "(T…) of your workspaces into it"
    )


def check_receiving(settings: Settings) -> str:
    """Says how events arrive, and whether the token or secret for that is there and taken."""
    if settings.slack_mode == "http":
        if not settings.slack_signing_secret.get_secret_value():
            raise SettingsError("BEAGLE_SLACK_MODE is 'http' but SLACK_SIGNING_SECRET is not set")
        return f"signed HTTP at /slack/events; {_describe_arrivals(settings)}"

    token = settings.slack_app_token.get_secret_value()
    if not token:
        raise SettingsError(
            "SLACK_APP_TOKEN is not set; Socket Mode needs one with the scope connections:write"
        )

    web_client(token, settings.slack_api_url).apps_connections_open(app_token=token)
    return f"Socket Mode; {_describe_arrivals(settings)}"


def _describe_arrivals(settings: Settings) -> str:
    """Says of which subscribed events none came lately; there is no call that asks Slack."""
    file = database_file(settings)
    if file is not None and not file.exists():
        return NOTHING_CAME

    with closing(open_store(settings.store_url, migrates=False)) as store:
        arrived = store.event_kinds.arrived()

    if arrived is None:
        return NOTHING_CAME

    moment = now()
    days = min(QUIET_DAYS, max(1.0, math.ceil((moment - arrived.since) / DAY_SECONDS)))
    period = f"{days:.0f} days" if days > 1 else "a day"
    quiet = list(quiet_subscriptions(arrived, moment))
    if not quiet:
        return f"each subscribed event came within {period}"

    missing = ", ".join(f"{kind} ({BOT_EVENTS[kind]})" for kind in quiet)
    return f"in {period} none came of {missing}; where one should have, {COMPARE}"


def check_admins(settings: Settings) -> str:
    """Names the admins."""
    if settings.slack_client_id:
        return "; ".join(["whoever installed Beagle in a workspace", *settings.admins])

    if not settings.admins:
        return "nobody: BEAGLE_ADMINS is empty, so nobody may approve"

    return ", ".join(settings.admins)


def check_admin_channel(settings: Settings) -> str:
    """Says where digests, rollout cards and alarms go, and whether Beagle may post there."""
    channel = settings.admin_channel
    if not channel:
        return "none: BEAGLE_ADMIN_CHANNEL is empty, so no digest and no alarm is posted"

    for client in _clients(settings):
        try:
            found = client.conversations_info(channel=channel)["channel"]
        except SlackApiError as error:
            if error_code(error) == "channel_not_found":
                continue

            raise

        if found.get("is_archived"):
            raise SettingsError(
                f"BEAGLE_ADMIN_CHANNEL {channel!r} is archived; name another channel"
            )
        if not found.get("is_member"):
            raise SettingsError(
                f"Beagle is no member of BEAGLE_ADMIN_CHANNEL {channel!r}; invite it there"
            )

        return f"#{found.get('name') or channel}"

    raise SettingsError(
        f"BEAGLE_ADMIN_CHANNEL {channel!r} is no channel that Beagle can see; copy the id from the "
        "channel's details, and invite Beagle if it is private"
    )


def _clients(settings: Settings) -> list[WebClient]:
    """Returns a client of each workspace."""
    if not settings.slack_client_id:
        token = settings.slack_bot_token.get_secret_value()
        return [web_client(token, settings.slack_api_url)]

    with closing(open_store(settings.store_url, migrates=False)) as store:
        clients = open_workspaces(settings, store, None, now).clients
        return [clients.for_team(team).retrying for team in store.installations.teams()]


def check_round_trip(settings: Settings) -> str:
    """Says what this workspace's Slack can do, and what is used instead of the rest."""
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        raise SettingsError("a round trip needs SLACK_BOT_TOKEN, the token of one workspace")
    if not settings.admins:
        raise SettingsError("a round trip needs an admin in BEAGLE_ADMINS, who gets the message")

    user = settings.admins[0].rpartition(":")[2]
    trip = make_round_trip(open_client(token, settings.slack_api_url), user)

    lines = [f"posted, edited and deleted a message to {user}"]
    if trip.no_stream:
        lines.append(f"no streaming ({trip.no_stream}), so answers are edited as they grow")
    else:
        lines.append("answers can be streamed")
    if trip.no_session:
        lines.append(f"no agent sessions ({trip.no_session}), so answers have no Stop button")
    else:
        lines.append("answers can be stopped")
    if trip.no_status:
        lines.append(f"no status line ({trip.no_status}), so a wait is seen in the answer alone")
    if trip.refused_blocks:
        kinds = ", ".join(trip.refused_blocks)
        lines.append(f"no {kinds} here, so plainer blocks are sent instead")

    return "; ".join(lines)

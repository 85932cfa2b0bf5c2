"""Tells the bot what happened, as Slack's Events API words it, where the app is subscribed and takes part."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.context import Platform
from bot.sandbox.seed_data import APP_ID

Json = dict[str, Any]

INSIDE = frozenset({"streaming", "chunks", "metadata"})
"""Fields of a message that an event does not carry."""


def publish(platform: Platform, event: Json, subscription: str | None = None) -> None:
    """The event is on its way to the bot, if the app is subscribed to it and installed."""
    if (subscription or event["type"]) not in platform.events or not platform.grants.installed:
        return

    workspace = platform.workspace
    authorization = {
        "enterprise_id": None,
        "team_id": workspace.team["id"],
        "user_id": workspace.bot["id"],
        "is_bot": True,
        "is_enterprise_install": False,
    }

    payload = {
        "token": "sandbox",
        "team_id": workspace.team["id"],
        "context_team_id": workspace.team["id"],
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": workspace.next_id("Ev"),
        "event_time": int(platform.clock.now()),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": workspace.next_id("EC"),
    }

    # A copy: a retry has to say what the first attempt said, whatever became of the message since.
    platform.delivery.event(json.loads(json.dumps(payload)))


def said(platform: Platform, channel: str, message: Json) -> None:
    """A new message, told as `message` and, where a person mentions the bot in a channel, as `app_mention` too."""
    place = _place(platform, channel)
    if place is None:
        return

    shown = _shown(message)

    mention = f"<@{platform.workspace.bot['id']}>" in str(message.get("text", ""))
    if mention and not message.get("bot_id") and place["channel_type"] != "im":
        publish(
            platform,
            {**shown, "type": "app_mention", "channel": channel, "event_ts": message["ts"]},
        )

    publish(platform, {**shown, **place, "event_ts": message["ts"]}, _subscription(place))


def changed(platform: Platform, channel: str, message: Json, before: Json) -> None:
    """A message stands there with other words."""
    _hidden(
        platform,
        channel,
        "message_changed",
        {"message": _shown(message), "previous_message": _shown(before)},
    )


def deleted(platform: Platform, channel: str, before: Json) -> None:
    """A message is gone."""
    _hidden(
        platform,
        channel,
        "message_deleted",
        {"deleted_ts": before["ts"], "previous_message": _shown(before)},
    )


def reacted(
    platform: Platform, channel: str, ts: str, user: str, name: str, *, added: bool = True
) -> None:
    """A reaction was added to a message, or taken away."""
    message = platform.workspace.message(channel, ts)
    if message is None or _place(platform, channel) is None:
        return

    publish(
        platform,
        {
            "type": "reaction_added" if added else "reaction_removed",
            "user": user,
            "reaction": name,
            "item": {"type": "message", "channel": channel, "ts": ts},
            "item_user": message.get("user"),
            "event_ts": platform.workspace.next_ts(),
        },
    )


def joined(platform: Platform, channel: str, user: str, inviter: str | None = None) -> None:
    """Somebody, perhaps the bot, is a member of a channel now."""
    place = _place(platform, channel)
    if place is None:
        return

    event: Json = {
        "type": "member_joined_channel",
        "user": user,
        "channel": channel,
        "team": place["team"],
    }

    event["channel_type"] = "G" if place["channel_type"] == "group" else "C"
    if inviter is not None:
        event["inviter"] = inviter

    publish(platform, {**event, "event_ts": platform.workspace.next_ts()})


def left(platform: Platform, channel: str, user: str) -> None:
    """Somebody is no member of a channel any more."""
    place = _place(platform, channel)
    if place is None:
        return

    kind = "G" if place["channel_type"] == "group" else "C"
    event = {"type": "member_left_channel", "user": user, "channel": channel, "channel_type": kind}
    publish(platform, {**event, "team": place["team"], "event_ts": platform.workspace.next_ts()})


def _hidden(platform: Platform, channel: str, subtype: str, what: Json) -> None:
    place = _place(platform, channel)
    if place is None:
        return

    ts = platform.workspace.next_ts()
    event = {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        **place,
        **what,
    }

    publish(platform, event, _subscription(place))


def _place(platform: Platform, channel: str) -> Json | None:
    """Where something happened, as events say it; None where the bot is not a member and hears nothing."""
    found = platform.workspace.channels[channel]
    if platform.workspace.bot["id"] not in found["members"]:
        return None

    kind = "im" if found["is_im"] else "group" if found["is_private"] else "channel"
    return {"channel": channel, "channel_type": kind, "team": platform.workspace.team["id"]}


def _subscription(place: Json) -> str:
    return {"im": "message.im", "group": "message.groups", "channel": "message.channels"}[
        place["channel_type"]
    ]


def _shown(message: Json) -> Json:
    return {name: value for name, value in message.items() if name not in INSIDE}

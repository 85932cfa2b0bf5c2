"""Publishes Events API events for what happens in the workspace.

An event is sent only if the app is subscribed to it and, in a channel, if the bot is a member.
"""

from __future__ import annotations

import json
from typing import Literal, TypedDict

from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery import origins
from bot.sandbox.delivery.origins import Origin
from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import APP_ID
from bot.sandbox.workspace import INTERNAL_FIELDS

ChannelType = Literal["im", "mpim", "group", "channel"]
SUBSCRIPTIONS: dict[ChannelType, str] = {
    "im": "message.im",
    "mpim": "message.mpim",
    "group": "message.groups",
    "channel": "message.channels",
}
"""By channel type: the subscription for its messages."""
NOWHERE = Origin()
"""Of an event that does not happen in a channel."""


class EventLocation(TypedDict):
    """The fields that say where an event happened."""

    channel: str
    channel_type: ChannelType


def publish(
    context: SandboxContext,
    event: Json,
    subscription: str | None = None,
    origin: Origin = NOWHERE,
) -> None:
    """Sends an event to the bot if the app is subscribed to it and installed."""
    if (subscription or event["type"]) not in context.events:
        return
    if not context.tokens.is_app_installed:
        return

    workspace = context.workspace
    envelope = origins.base_envelope(workspace) | origin.envelope
    payload = {
        "token": "sandbox",
        # Slack leaves out what does not apply, as the organisation of a single workspace.
        **{name: value for name, value in envelope.items() if value is not None},
        "api_app_id": APP_ID,
        "event": {**event, **origin.event},
        "type": "event_callback",
        "event_id": workspace.next_id("Ev"),
        "event_time": int(context.clock.now()),
        "authorizations": origins.authorizations(workspace),
        "event_context": workspace.next_id("EC"),
    }

    # A deep copy: a retry repeats the first attempt, even if the message has changed since.
    context.dispatcher.dispatch_event(json.loads(json.dumps(payload)))


def publish_message(context: SandboxContext, channel: str, message: Json) -> None:
    """Publishes a new message: `message`, and `app_mention` if a user mentions the bot."""
    location = _location(context, channel)
    if location is None:
        return

    fields = event_fields(message)
    author = str(message.get("user", ""))

    is_mention = f"<@{context.workspace.bot['id']}>" in str(message.get("text", ""))
    if is_mention and not message.get("bot_id") and location["channel_type"] != "im":
        mention = {"type": "app_mention", "channel": channel, "event_ts": message["ts"]}
        origin = origins.of_mention(context.workspace, channel, author)
        publish(context, {**fields, **mention}, origin=origin)

    event = {**fields, **location, "event_ts": message["ts"]}
    origin = origins.of_message(context.workspace, channel, author)
    publish(context, event, SUBSCRIPTIONS[location["channel_type"]], origin)


def publish_change(context: SandboxContext, channel: str, message: Json, before: Json) -> None:
    """Publishes that a message was edited."""
    fields = {"message": event_fields(message), "previous_message": event_fields(before)}
    _publish_hidden(context, channel, "message_changed", fields)


def publish_deletion(context: SandboxContext, channel: str, before: Json) -> None:
    """Publishes that a message was deleted.

    One with replies is only blanked, so Slack sends a change to a tombstone instead of a deletion.
    """
    left = context.workspace.message(channel, before["ts"])
    if left is not None:
        tombstone = {**left, "user": "USLACKBOT", "hidden": True}
        publish_change(context, channel, tombstone, before)
        return

    fields = {"deleted_ts": before["ts"], "previous_message": event_fields(before)}
    _publish_hidden(context, channel, "message_deleted", fields)


def publish_reaction(
    context: SandboxContext, channel: str, ts: str, user: str, name: str, *, added: bool = True
) -> None:
    """Publishes that a reaction was added to a message, or removed."""
    message = context.workspace.message(channel, ts)
    if message is None or _location(context, channel) is None:
        return

    event = {
        "type": "reaction_added" if added else "reaction_removed",
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": channel, "ts": ts},
        "item_user": message.get("user"),
        "event_ts": context.workspace.next_ts(),
    }
    publish(context, event, origin=origins.of_reaction(context.workspace, channel))


def publish_join(
    context: SandboxContext, channel: str, user: str, inviter: str | None = None
) -> None:
    """Publishes that a user, or the bot itself, joined a channel."""
    event = _membership_event(context, "member_joined_channel", channel, user)
    if event is None:
        return

    if inviter is not None:
        event["inviter"] = inviter

    publish(context, event, origin=origins.of_membership(context.workspace, channel, user))


def publish_leave(context: SandboxContext, channel: str, user: str) -> None:
    """Publishes that a user left a channel."""
    event = _membership_event(context, "member_left_channel", channel, user)
    if event is not None:
        origin = origins.of_membership(context.workspace, channel, user, left=True)
        publish(context, event, origin=origin)


def event_fields(message: Json, *, metadata: bool = False) -> Json:
    """Returns a message as payloads carry it, without the sandbox's own fields."""
    hidden = INTERNAL_FIELDS if metadata else INTERNAL_FIELDS | {"metadata"}
    fields = {name: value for name, value in message.items() if name not in hidden}
    if fields.get("files"):
        fields["files"] = [file_as_sent(file) for file in fields["files"]]

    return fields


def file_as_sent(file: Json) -> Json:
    """Returns a file as events have it.

    One of a channel that another company shares is a stub with an id: the app has to ask for it.
    """
    if not file.get("is_stub"):
        return file

    return {"id": file["id"], "mode": "file_access", "file_access": "check_file_info"}


def _membership_event(
    context: SandboxContext, event_type: str, channel: str, user: str
) -> Json | None:
    location = _location(context, channel)
    if location is None:
        return None

    return {
        "type": event_type,
        "user": user,
        "channel": channel,
        "channel_type": "C" if location["channel_type"] == "channel" else "G",
        "event_ts": context.workspace.next_ts(),
    }


def _publish_hidden(context: SandboxContext, channel: str, subtype: str, fields: Json) -> None:
    """Publishes a `message` event about an earlier message."""
    location = _location(context, channel)
    if location is None:
        return

    ts = context.workspace.next_ts()
    event = {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        **location,
        **fields,
    }
    author = str(fields["previous_message"].get("user", ""))
    origin = origins.of_message(context.workspace, channel, author)
    # An edit and a deletion name no workspace themselves: the messages in them do.
    origin = Origin({}, origin.envelope)
    publish(context, event, SUBSCRIPTIONS[location["channel_type"]], origin)


def _location(context: SandboxContext, channel: str) -> EventLocation | None:
    """Returns the event's location, or None if the bot is not a member and receives no events."""
    conversation = context.workspace.channels[channel]
    if context.workspace.bot["id"] not in conversation["members"]:
        return None

    channel_type: ChannelType = "channel"
    if conversation["is_im"]:
        channel_type = "im"
    elif conversation["is_mpim"]:
        channel_type = "mpim"
    elif conversation["is_private"]:
        channel_type = "group"

    return {"channel": channel, "channel_type": channel_type}

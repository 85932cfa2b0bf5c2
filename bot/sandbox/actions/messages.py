"""Actions on messages and channels: posting, editing, reacting, uploading, joining, leaving."""

from __future__ import annotations

import base64 as base64_codec
import binascii
import uuid

from bot.sandbox.actions.person import Person
from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery import events, interactions
from bot.sandbox.element_values import ActionError
from bot.sandbox.json_types import Json
from bot.sandbox.mrkdwn_encoding import encode_mrkdwn
from bot.sandbox.web_api.files import SIZE_LIMIT, add_content, add_conversation

TEXT_LIMIT = 40_000


async def say(
    person: Person,
    *,
    channel: str,
    text: str,
    thread_ts: str | None = None,
    files: list[str] | None = None,
) -> Json:
    """Posts a message. Returns its ts."""
    conversation = resolve_channel(person, channel)
    if len(text) > TEXT_LIMIT:
        raise ActionError(
            "msg_too_long", f"saying {len(text)} characters: a message has at most {TEXT_LIMIT}"
        )

    if not text.strip() and not files:
        raise ActionError("no_text", "saying nothing: a message needs a text or a file")

    message: Json = {
        "user": person.id,
        "text": encode_mrkdwn(person.workspace, text),
        "client_msg_id": str(uuid.UUID(int=person.context.random.getrandbits(128))),
    }

    if thread_ts:
        message["thread_ts"] = thread_root(person.context, conversation, thread_ts)
    if files:
        message["files"] = [_find_file(person.context, file_id) for file_id in files]
        message["subtype"] = "file_share"

    # Events follow the state: the bot may read the message as soon as it has the event.
    posted = person.workspace.post(conversation["id"], message)
    events.publish_message(person.context, conversation["id"], posted)
    _suggest_inviting_bot(person, conversation, posted)

    return {"ts": posted["ts"]}


async def dm(person: Person, *, text: str, thread_ts: str | None = None) -> Json:
    """Posts a message in the DM with the bot. Returns its ts and channel."""
    channel = resolve_channel(person, "dm")["id"]
    posted = await say(person, channel=channel, text=text, thread_ts=thread_ts)
    return {**posted, "channel": channel}


async def edit(person: Person, *, channel: str, ts: str, text: str) -> Json:
    """Edits the person's own message."""
    conversation, message = _find_own_message(person, channel, ts)
    before = dict(message)

    edited = {"user": person.id, "ts": person.workspace.next_ts()}
    encoded = encode_mrkdwn(person.workspace, text)
    changed = person.workspace.update_message(conversation["id"], ts, text=encoded, edited=edited)
    events.publish_change(person.context, conversation["id"], changed, before)

    return {"ts": ts}


async def delete(person: Person, *, channel: str, ts: str) -> Json:
    """Deletes the person's own message."""
    conversation, _ = _find_own_message(person, channel, ts)
    before = person.workspace.delete_message(conversation["id"], ts)
    events.publish_deletion(person.context, conversation["id"], before)

    return {"ts": ts}


async def react(person: Person, *, channel: str, ts: str, name: str, remove: bool = False) -> Json:
    """Adds a reaction, or removes it with `remove`. Doing it twice has no further effect."""
    channel_id = resolve_channel(person, channel)["id"]
    find_message(person, channel_id, ts)

    emoji = name.strip(":")
    if person.workspace.react(channel_id, ts, person.id, emoji, add=not remove):
        events.publish_reaction(person.context, channel_id, ts, person.id, emoji, added=not remove)

    return {"ts": ts}


async def upload(
    person: Person,
    *,
    channel: str,
    name: str,
    base64: str,
    thread_ts: str | None = None,
    comment: str = "",
    stub: bool = False,
) -> Json:
    """Shares a file with an optional comment. Returns the file and the message's ts.

    With `stub` the app's event has only its id, as always in a channel that is shared with another
    company.
    """
    conversation = resolve_channel(person, channel)
    try:
        content = base64_codec.b64decode(base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ActionError(
            "invalid_arguments", f"uploading {name!r}: its base64 cannot be read: {error}"
        ) from error

    if not 0 < len(content) <= SIZE_LIMIT:
        raise ActionError(
            "invalid_arguments", f"uploading {len(content)} bytes: a file has 1 to {SIZE_LIMIT}"
        )

    file_id = person.workspace.next_id("F")
    file = add_content(person.context, file_id, name, person.id, content)
    file = add_conversation(file, conversation)
    if stub or conversation.get("is_ext_shared"):
        file["is_stub"] = True

    file = person.workspace.add_file(file)
    posted = await say(
        person, channel=conversation["id"], text=comment, thread_ts=thread_ts, files=[file_id]
    )

    return {"file": file, **posted}


async def forward(
    person: Person, *, channel: str, source: str, ts: str, text: str = "", thread_ts: str = ""
) -> Json:
    """Shares a message of the channel `source` elsewhere, with an optional text. Returns the ts.

    Its files come along in the attachment; they are not shared in the new conversation.
    """
    origin = resolve_channel(person, source)
    message = find_message(person, origin["id"], ts)
    conversation = resolve_channel(person, channel)

    attachment: Json = {
        "is_msg_unfurl": True,
        "is_share": True,
        "author_id": message.get("user"),
        "channel_id": origin["id"],
        "channel_team": person.workspace.team["id"],
        "team_id": person.workspace.company_of(str(message.get("user") or "")).team,
        "ts": ts,
        "text": message.get("text", ""),
        "fallback": f"[{ts}]: {message.get('text', '')}",
        "from_url": f"{person.context.url}/archives/{origin['id']}/p{ts.replace('.', '')}",
    }
    if message.get("files"):
        attachment["files"] = message["files"]

    content: Json = {
        "user": person.id,
        "text": encode_mrkdwn(person.workspace, text),
        "attachments": [attachment],
    }
    if thread_ts:
        content["thread_ts"] = thread_root(person.context, conversation, thread_ts)

    posted = person.workspace.post(conversation["id"], content)
    events.publish_message(person.context, conversation["id"], posted)
    return {"ts": posted["ts"]}


async def join(person: Person, *, channel: str) -> Json:
    """Joins a public channel. Has no effect for a member."""
    conversation = person.workspace.channel(channel)
    is_open = person.workspace.sees_public_channels(person.user)
    if conversation is None or conversation["is_private"] or not is_open:
        raise ActionError(
            "channel_not_found", f"joining {channel!r}: there is no such public channel"
        )

    members = conversation["members"]
    if person.id not in members:
        person.workspace.set_members(conversation["id"], [*members, person.id])
        events.publish_join(person.context, conversation["id"], person.id)

    return {}


async def leave(person: Person, *, channel: str) -> Json:
    """Leaves a channel."""
    conversation = resolve_channel(person, channel)
    members = [member for member in conversation["members"] if member != person.id]
    person.workspace.set_members(conversation["id"], members)
    events.publish_leave(person.context, conversation["id"], person.id)

    return {}


async def invite_bot(person: Person, *, channel: str) -> Json:
    """Invites the bot to a channel. Has no effect if it is a member."""
    conversation = resolve_channel(person, channel)
    bot = person.workspace.bot["id"]

    if bot not in conversation["members"]:
        person.workspace.set_members(conversation["id"], [*conversation["members"], bot])
        events.publish_join(person.context, conversation["id"], bot, person.id)

    return {}


async def suggest(person: Person, *, channel: str, number: int, thread_ts: str = "") -> Json:
    """Posts a suggested prompt, counted from 0. Returns the message's ts."""
    channel_id = resolve_channel(person, channel)["id"]
    suggested = person.workspace.prompts.get((channel_id, thread_ts), {}).get("prompts", [])
    if not 0 <= number < len(suggested):
        raise ActionError("no_such_choice", f"taking prompt {number}: there are {len(suggested)}")

    text = str(suggested[number]["message"])
    return await say(person, channel=channel_id, text=text, thread_ts=thread_ts or None)


def resolve_channel(person: Person, channel: str) -> Json:
    """Returns the person's channel with this id or name; `dm` is the DM with the bot.

    Raises ActionError if there is none, or if the person is not a member.
    """
    if channel == "dm":
        conversation = person.workspace.dm(person.id)
    else:
        conversation = person.workspace.channel(channel)

    is_member = conversation is not None and person.id in conversation["members"]
    sees_public = person.workspace.sees_public_channels(person.user)
    # Slack does not reveal that a private channel exists.
    is_hidden = conversation is not None and (conversation["is_private"] or not sees_public)
    if conversation is None or (is_hidden and not is_member):
        raise ActionError(
            "channel_not_found",
            f"looking for channel {channel!r}: {person.name} knows no such channel",
        )

    if not is_member:
        raise ActionError(
            "not_in_channel", f"acting in {channel!r}: {person.name} is no member; join it first"
        )

    return conversation


def find_message(person: Person, channel_id: str, ts: str) -> Json:
    """Returns a message that is not deleted. Raises ActionError."""
    message = person.workspace.message(channel_id, ts)
    if message is None or message.get("subtype") == "tombstone":
        name = person.workspace.channels[channel_id].get("name", "the DM")
        raise ActionError(
            "message_not_found", f"looking for message {ts!r}: there is none in {name}"
        )

    return message


def thread_root(context: SandboxContext, conversation: Json, ts: str) -> str:
    """Returns the ts of the thread that a message belongs to.

    A thread whose root was deleted can still be answered. Raises ActionError.
    """
    message = context.workspace.message(conversation["id"], ts)
    if message is None:
        raise ActionError("thread_not_found", f"answering in thread {ts!r}: there is none")

    return str(message.get("thread_ts") or ts)


def _find_own_message(person: Person, channel: str, ts: str) -> tuple[Json, Json]:
    conversation = resolve_channel(person, channel)

    message = find_message(person, conversation["id"], ts)
    if message.get("user") != person.id:
        raise ActionError(
            "cant_update_message", f"changing message {ts!r}: it is not {person.name}'s own"
        )

    return conversation, message


def _find_file(context: SandboxContext, file_id: str) -> Json:
    if file_id not in context.workspace.files:
        raise ActionError("file_not_found", f"sharing file {file_id!r}: there is no such file")
    return context.workspace.files[file_id]


def _suggest_inviting_bot(person: Person, conversation: Json, message: Json) -> None:
    """Points out, as Slack does, that the bot cannot see a mention outside its channels."""
    bot = person.workspace.bot["id"]
    if f"<@{bot}>" not in message["text"] or bot in conversation["members"]:
        return

    target = interactions.ResponseTarget(
        channel=conversation["id"], user=person.id, thread_ts=message.get("thread_ts")
    )
    interactions.post_slackbot_notice(
        person.context, target, f"You mentioned <@{bot}>, but it is not in this channel. Invite it?"
    )

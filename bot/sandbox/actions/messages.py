"""What people say: messages, edits, reactions, files, and who joins a channel."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any

from bot.sandbox.actions.person import Person
from bot.sandbox.context import Platform
from bot.sandbox.delivery import events, interactions
from bot.sandbox.element_values import ActError
from bot.sandbox.mrkdwn_encoding import kept
from bot.sandbox.web_api.files import SIZE_LIMIT, add_content

Json = dict[str, Any]

TEXT_LIMIT = 40_000


async def say(
    me: Person, *, channel: str, text: str, thread_ts: str | None = None,
    files: list[str] | None = None,
) -> Json:  # fmt: skip
    """The message stands, and the bot hears of it. Its ts."""
    place = where(me, channel)
    if len(text) > TEXT_LIMIT:
        raise ActError(
            "msg_too_long", f"saying {len(text)} characters: a message has at most {TEXT_LIMIT}"
        )

    if not text.strip() and not files:
        raise ActError("no_text", "saying nothing: a message needs a text or a file")

    message: Json = {
        "user": me.user["id"],
        "text": kept(me.platform.workspace, text),
        "client_msg_id": str(uuid.UUID(int=me.platform.random.getrandbits(128))),
    }

    if thread_ts:
        message["thread_ts"] = root(me.platform, place, thread_ts)
    if files:
        message |= {"files": [_file(me.platform, one) for one in files], "subtype": "file_share"}

    posted = me.platform.workspace.post(place["id"], message)
    events.said(me.platform, place["id"], posted)
    _invite(me, place, posted)

    return {"ts": posted["ts"]}


async def dm(me: Person, *, text: str, thread_ts: str | None = None) -> Json:
    """The bot was told something in private. The message's ts and channel."""
    place = where(me, "dm")
    return {
        **await say(me, channel=place["id"], text=text, thread_ts=thread_ts),
        "channel": place["id"],
    }


async def edit(me: Person, *, channel: str, ts: str, text: str) -> Json:
    """The person's own message has another text."""
    place, message = _own(me, channel, ts)
    before = dict(message)
    edited = {"user": me.user["id"], "ts": me.platform.workspace.next_ts()}
    changed = me.platform.workspace.change(
        place["id"], ts, text=kept(me.platform.workspace, text), edited=edited
    )
    events.changed(me.platform, place["id"], changed, before)

    return {"ts": ts}


async def delete(me: Person, *, channel: str, ts: str) -> Json:
    """The person's own message is gone."""
    place, _ = _own(me, channel, ts)
    events.deleted(me.platform, place["id"], me.platform.workspace.remove(place["id"], ts))
    return {"ts": ts}


async def react(me: Person, *, channel: str, ts: str, name: str, remove: bool = False) -> Json:
    """The person's reaction stands, or with `remove` is gone."""
    place = where(me, channel)
    standing(me.platform, place, ts)

    plain = name.strip(":")
    if me.platform.workspace.react(place["id"], ts, me.user["id"], plain, add=not remove):
        events.reacted(me.platform, place["id"], ts, me.user["id"], plain, added=not remove)

    return {"ts": ts}


async def upload(
    me: Person, *, channel: str, name: str, base64: str,
    thread_ts: str | None = None, comment: str = "",
) -> Json:  # fmt: skip
    """A file stands in the channel, with its comment. The file and the message's ts."""
    place = where(me, channel)
    try:
        content = _decoded(base64)
    except (binascii.Error, ValueError) as error:
        raise ActError(
            "invalid_arguments", f"uploading {name!r}: its base64 cannot be read: {error}"
        ) from error

    if not 0 < len(content) <= SIZE_LIMIT:
        raise ActError(
            "invalid_arguments", f"uploading {len(content)} bytes: a file has 1 to {SIZE_LIMIT}"
        )

    file = add_content(
        me.platform, me.platform.workspace.next_id("F"), name, me.user["id"], content
    )
    file = me.platform.workspace.add_file({**file, "channels": [place["id"]]})
    said = await say(me, channel=place["id"], text=comment, thread_ts=thread_ts, files=[file["id"]])

    return {"file": file, **said}


async def join(me: Person, *, channel: str) -> Json:
    """The person is a member of a public channel."""
    place = me.platform.workspace.channel(channel)
    if place is None or place["is_private"]:
        raise ActError("channel_not_found", f"joining {channel!r}: there is no such public channel")

    if me.user["id"] not in place["members"]:
        me.platform.workspace.set_members(place["id"], [*place["members"], me.user["id"]])
        events.joined(me.platform, place["id"], me.user["id"])

    return {}


async def leave(me: Person, *, channel: str) -> Json:
    """The person is no member of the channel any more."""
    place = where(me, channel)
    me.platform.workspace.set_members(
        place["id"], [one for one in place["members"] if one != me.user["id"]]
    )
    events.left(me.platform, place["id"], me.user["id"])

    return {}


async def invite_bot(me: Person, *, channel: str) -> Json:
    """The bot is a member of the channel, invited by the person."""
    place, bot = where(me, channel), me.platform.workspace.bot["id"]
    if bot not in place["members"]:
        me.platform.workspace.set_members(place["id"], [*place["members"], bot])
        events.joined(me.platform, place["id"], bot, me.user["id"])

    return {}


async def suggest(me: Person, *, channel: str, number: int, thread_ts: str = "") -> Json:
    """The person took the suggested prompt with this number (from 0). The message's ts."""
    place = where(me, channel)
    offered = me.platform.workspace.prompts.get((place["id"], thread_ts), {}).get("prompts", [])
    if not 0 <= number < len(offered):
        raise ActError("no_such_choice", f"taking prompt {number}: there are {len(offered)}")

    text = str(offered[number]["message"])
    return await say(me, channel=place["id"], text=text, thread_ts=thread_ts or None)


def where(me: Person, channel: str) -> Json:
    """The channel that the person means and is in; `dm` is the one with the bot. Raises ActError."""
    workspace = me.platform.workspace

    place = workspace.dm(me.user["id"]) if channel == "dm" else workspace.channel(channel)
    if place is None or (place["is_private"] and me.user["id"] not in place["members"]):
        raise ActError(
            "channel_not_found",
            f"looking for channel {channel!r}: {me.user['name']} knows no such channel",
        )

    if me.user["id"] not in place["members"]:
        raise ActError(
            "not_in_channel",
            f"acting in {channel!r}: {me.user['name']} is no member; join it first",
        )

    return place


def standing(platform: Platform, place: Json, ts: str) -> Json:
    """The message that stands there. Raises ActError."""
    message = platform.workspace.message(place["id"], ts)
    if message is None or message.get("subtype") == "tombstone":
        raise ActError(
            "message_not_found",
            f"looking for message {ts!r}: there is none in {place.get('name', 'the DM')}",
        )

    return message


def root(platform: Platform, place: Json, ts: str) -> str:
    """The ts of the thread that a message belongs to. A thread whose root was deleted can still be answered."""
    message = platform.workspace.message(place["id"], ts)
    if message is None:
        raise ActError("thread_not_found", f"answering in thread {ts!r}: there is none")

    return str(message.get("thread_ts") or ts)


def _own(me: Person, channel: str, ts: str) -> tuple[Json, Json]:
    place = where(me, channel)

    message = standing(me.platform, place, ts)
    if message.get("user") != me.user["id"]:
        raise ActError(
            "cant_update_message", f"changing message {ts!r}: it is not {me.user['name']}'s own"
        )

    return place, message


def _file(platform: Platform, file_id: str) -> Json:
    if file_id not in platform.workspace.files:
        raise ActError("file_not_found", f"sharing file {file_id!r}: there is no such file")
    return platform.workspace.files[file_id]


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _invite(me: Person, place: Json, message: Json) -> None:
    """Slackbot says why the bot does not hear a mention in a channel where it is no member."""
    bot = me.platform.workspace.bot
    if f"<@{bot['id']}>" in message["text"] and bot["id"] not in place["members"]:
        text = f"You mentioned <@{bot['id']}>, but it is not in this channel. Invite it?"
        about = {
            "channel": place["id"],
            "user": me.user["id"],
            "thread_ts": message.get("thread_ts"),
        }

        interactions.complain(me.platform, about, text)

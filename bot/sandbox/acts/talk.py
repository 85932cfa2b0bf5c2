"""What people say: messages, edits, reactions, files, and who joins a channel."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any

from bot.sandbox import events, interactions
from bot.sandbox.element_values import ActError
from bot.sandbox.platform import Platform
from bot.sandbox.web_api.files import SIZE_LIMIT, add_content
from bot.sandbox.wording import kept

Json = dict[str, Any]

TEXT_LIMIT = 40_000


async def say(
    platform: Platform, user: Json, *, channel: str, text: str, thread_ts: str | None = None,
    files: list[str] | None = None,
) -> Json:  # fmt: skip
    """The message stands, and the bot hears of it. Its ts."""
    place = where(platform, user, channel)
    if len(text) > TEXT_LIMIT:
        raise ActError("msg_too_long", f"saying {len(text)} characters: a message has at most {TEXT_LIMIT}")
    if not text.strip() and not files:
        raise ActError("no_text", "saying nothing: a message needs a text or a file")
    message: Json = {
        "user": user["id"],
        "text": kept(platform.workspace, text),
        "client_msg_id": str(uuid.UUID(int=platform.random.getrandbits(128))),
    }
    if thread_ts:
        message["thread_ts"] = root(platform, place, thread_ts)
    if files:
        message |= {"files": [_file(platform, one) for one in files], "subtype": "file_share"}
    posted = platform.workspace.post(place["id"], message)
    events.said(platform, place["id"], posted)
    _invite(platform, user, place, posted)
    return {"ts": posted["ts"]}


async def dm(platform: Platform, user: Json, *, text: str, thread_ts: str | None = None) -> Json:
    """The bot was told something in private. The message's ts and channel."""
    place = where(platform, user, "dm")
    return {**await say(platform, user, channel=place["id"], text=text, thread_ts=thread_ts), "channel": place["id"]}


async def edit(platform: Platform, user: Json, *, channel: str, ts: str, text: str) -> Json:
    """The person's own message has another text."""
    place, message = _own(platform, user, channel, ts)
    before = dict(message)
    edited = {"user": user["id"], "ts": platform.workspace.next_ts()}
    changed = platform.workspace.change(place["id"], ts, text=kept(platform.workspace, text), edited=edited)
    events.changed(platform, place["id"], changed, before)
    return {"ts": ts}


async def delete(platform: Platform, user: Json, *, channel: str, ts: str) -> Json:
    """The person's own message is gone."""
    place, _ = _own(platform, user, channel, ts)
    events.deleted(platform, place["id"], platform.workspace.remove(place["id"], ts))
    return {"ts": ts}


async def react(platform: Platform, user: Json, *, channel: str, ts: str, name: str, remove: bool = False) -> Json:
    """The person's reaction stands, or with `remove` is gone."""
    place = where(platform, user, channel)
    standing(platform, place, ts)
    plain = name.strip(":")
    if platform.workspace.react(place["id"], ts, user["id"], plain, add=not remove):
        events.reacted(platform, place["id"], ts, user["id"], plain, added=not remove)
    return {"ts": ts}


async def upload(
    platform: Platform, user: Json, *, channel: str, name: str, text: str = "", base64: str = "",
    thread_ts: str | None = None, comment: str = "",
) -> Json:  # fmt: skip
    """A file stands in the channel, with its comment. The file and the message's ts."""
    place = where(platform, user, channel)
    try:
        content = _decoded(base64) if base64 else text.encode()
    except (binascii.Error, ValueError) as error:
        raise ActError("invalid_arguments", f"uploading {name!r}: its base64 cannot be read: {error}") from error
    if not 0 < len(content) <= SIZE_LIMIT:
        raise ActError("invalid_arguments", f"uploading {len(content)} bytes: a file has 1 to {SIZE_LIMIT}")
    file = add_content(platform, platform.workspace.next_id("F"), name, user["id"], content)
    file = platform.workspace.add_file({**file, "channels": [place["id"]]})
    said = await say(platform, user, channel=place["id"], text=comment, thread_ts=thread_ts, files=[file["id"]])
    return {"file": file, **said}


async def join(platform: Platform, user: Json, *, channel: str) -> Json:
    """The person is a member of a public channel."""
    place = platform.workspace.channel(channel)
    if place is None or place["is_private"]:
        raise ActError("channel_not_found", f"joining {channel!r}: there is no such public channel")
    if user["id"] not in place["members"]:
        platform.workspace.set_members(place["id"], [*place["members"], user["id"]])
        events.joined(platform, place["id"], user["id"])
    return {}


async def invite_bot(platform: Platform, user: Json, *, channel: str) -> Json:
    """The bot is a member of the channel, invited by the person."""
    place, bot = where(platform, user, channel), platform.workspace.bot["id"]
    if bot not in place["members"]:
        platform.workspace.set_members(place["id"], [*place["members"], bot])
        events.joined(platform, place["id"], bot, user["id"])
    return {}


async def suggest(platform: Platform, user: Json, *, channel: str, number: int, thread_ts: str = "") -> Json:
    """The person took the suggested prompt with this number (from 0). The message's ts."""
    place = where(platform, user, channel)
    offered = platform.workspace.prompts.get((place["id"], thread_ts), {}).get("prompts", [])
    if not 0 <= number < len(offered):
        raise ActError("no_such_choice", f"taking prompt {number}: there are {len(offered)}")
    text = str(offered[number]["message"])
    return await say(platform, user, channel=place["id"], text=text, thread_ts=thread_ts or None)


def where(platform: Platform, user: Json, channel: str) -> Json:
    """The channel that the person means and is in; `dm` is the one with the bot. Raises ActError."""
    workspace = platform.workspace
    place = workspace.dm(user["id"]) if channel == "dm" else workspace.channel(channel)
    if place is None or (place["is_private"] and user["id"] not in place["members"]):
        raise ActError("channel_not_found", f"looking for channel {channel!r}: {user['name']} knows no such channel")
    if user["id"] not in place["members"]:
        raise ActError("not_in_channel", f"acting in {channel!r}: {user['name']} is no member; join it first")
    return place


def standing(platform: Platform, place: Json, ts: str) -> Json:
    """The message that stands there. Raises ActError."""
    message = platform.workspace.message(place["id"], ts)
    if message is None or message.get("subtype") == "tombstone":
        raise ActError(
            "message_not_found", f"looking for message {ts!r}: there is none in {place.get('name', 'the DM')}"
        )
    return message


def root(platform: Platform, place: Json, ts: str) -> str:
    """The ts of the thread that a message belongs to. A thread whose root was deleted can still be answered."""
    message = platform.workspace.message(place["id"], ts)
    if message is None:
        raise ActError("thread_not_found", f"answering in thread {ts!r}: there is none")
    return str(message.get("thread_ts") or ts)


def _own(platform: Platform, user: Json, channel: str, ts: str) -> tuple[Json, Json]:
    place = where(platform, user, channel)
    message = standing(platform, place, ts)
    if message.get("user") != user["id"]:
        raise ActError("cant_update_message", f"changing message {ts!r}: it is not {user['name']}'s own")
    return place, message


def _file(platform: Platform, file_id: str) -> Json:
    if file_id not in platform.workspace.files:
        raise ActError("file_not_found", f"sharing file {file_id!r}: there is no such file")
    return platform.workspace.files[file_id]


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _invite(platform: Platform, user: Json, place: Json, message: Json) -> None:
    """Slackbot says why the bot does not hear a mention in a channel where it is no member."""
    bot = platform.workspace.bot
    if f"<@{bot['id']}>" in message["text"] and bot["id"] not in place["members"]:
        text = f"You mentioned <@{bot['id']}>, but it is not in this channel. Invite it?"
        about = {"channel": place["id"], "user": user["id"], "thread_ts": message.get("thread_ts")}
        interactions.complain(platform, about, text)

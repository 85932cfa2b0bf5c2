"""The emulated workspace: users, channels, messages and views, with a notification per change.

A workspace belongs to one event loop: call all its methods there. Messages, channels, users and
views are stored as plain dicts in Slack's own shapes, so the Web API returns them as they are.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox import companies, seed_data
from bot.sandbox.companies import Company
from bot.sandbox.json_types import Json
from bot.sandbox.threads import reply_fields

Subscriber = Callable[[Json], None]
ThreadKey = tuple[str, str]
"""A channel's id and a thread's ts."""

STREAM_FIELDS = ("streaming", "streaming_since", "streaming_form", "task_display_mode")
"""Fields of a stored message that only an open stream has."""
INTERNAL_FIELDS = frozenset({*STREAM_FIELDS, "stopped_by_user", "chunks"})
"""Fields of a stored message that neither events nor answers of the Web API carry."""
TOMBSTONE = "This message was deleted."


class Workspace:
    """One workspace in memory. Subscribers receive each change, in order, as a JSON-safe dict."""

    def __init__(
        self,
        now: Callable[[], float],
        bot: str = "beagle",
        team: str = seed_data.TEAM_ID,
        enterprise: str = "",
    ) -> None:
        self.now = now
        self.team = seed_data.build_team(team, enterprise)
        self.bot = seed_data.build_bot(bot, team)
        self.own_company = Company(team, self.team["name"], enterprise)
        self.companies: dict[str, Company] = {team: self.own_company}
        """By workspace: this one, and each whose people or channels are known here."""
        users = [*seed_data.build_users(team), self.bot]
        if enterprise:
            for user in users:
                own = [self.own_company]
                user["enterprise_user"] = companies.enterprise_user(user["id"], own)

        channels = seed_data.build_channels(int(now()), team)

        self.users: dict[str, Json] = {user["id"]: user for user in users}
        self.channels: dict[str, Json] = {channel["id"]: channel for channel in channels}
        self.messages: dict[str, dict[str, Json]] = {channel: {} for channel in self.channels}
        self.ephemerals: dict[ThreadKey, Json] = {}
        """By channel and the message's own ts."""
        self.statuses: dict[ThreadKey, Json] = {}
        self.sessions: dict[ThreadKey, Json] = {}
        self.prompts: dict[ThreadKey, Json] = {}
        self.notice = ""
        self.views: dict[str, list[Json]] = {}
        self.homes: dict[str, Json] = {}
        self.files: dict[str, Json] = {}
        self.connected = False
        self.seq = 0
        self._last_ts = 0
        self._last_id = _first_id(team, now())
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Calls `subscriber` with each later change. Returns a function that unsubscribes it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def notify(self, kind: str, **fields: Any) -> None:
        """Sends a change to all subscribers, as a copy that later changes do not affect."""
        self.seq += 1
        if not self._subscribers:
            return

        change = json.loads(json.dumps({"type": kind, "seq": self.seq, **fields}))
        for subscriber in tuple(self._subscribers):
            subscriber(change)

    def next_ts(self) -> str:
        """Returns a timestamp in Slack's form, later than all earlier ones."""
        # Several messages within one microsecond still get distinct timestamps.
        self._last_ts = max(int(self.now() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        """Returns a new id in Slack's form."""
        self._last_id += 1
        return f"{prefix}0{self._last_id:09d}"

    def company_of(self, user: str) -> Company:
        """Returns the workspace that somebody belongs to; of Slack itself and of bots, this one."""
        team = self.users.get(user, {}).get("team_id", "")
        return self.companies.get(team, self.own_company)

    def is_colleague(self, user: Json) -> bool:
        """Returns whether somebody is of this workspace: Slack lists nobody else."""
        listed = user.get("enterprise_user", {}).get("teams", [])
        return self.own_company.team in {user["team_id"], *listed}

    def sees_public_channels(self, user: Json) -> bool:
        """Returns whether somebody sees channels without being in them: no guest, no outsider."""
        return self.is_colleague(user) and not user.get("is_restricted")

    def add_user(self, user: Json) -> Json:
        """Adds somebody."""
        self.users[user["id"]] = user
        self.notify("user", user=user)

        return user

    def humans(self) -> Iterator[Json]:
        """Yields every user that is not a bot."""
        return (user for user in self.users.values() if not user["is_bot"])

    def user(self, name: str) -> Json | None:
        """Returns the user with this id or name."""
        if name in self.users:
            return self.users[name]

        return _first_named(self.users, name.removeprefix("@"))

    def channel(self, name: str) -> Json | None:
        """Returns the channel with this id or name."""
        if name in self.channels:
            return self.channels[name]

        return _first_named(self.channels, name.removeprefix("#"))

    def dm(self, user: str) -> Json | None:
        """Returns the DM between this human and the bot."""
        for channel in self.channels.values():
            if channel["is_im"] and channel["user"] == user:
                return channel

        return None

    def message(self, channel: str, ts: str) -> Json | None:
        """Returns a message, which may be a tombstone."""
        return self.messages.get(channel, {}).get(ts)

    def thread(self, channel: str, ts: str) -> list[Json]:
        """Returns the message and its replies, oldest first."""
        messages = self.messages.get(channel, {}).values()
        return [m for m in messages if m["ts"] == ts or m.get("thread_ts") == ts]

    def post(self, channel: str, message: Json) -> Json:
        """Stores a new message and updates its parent's reply count.

        A message by a bot clears the status of its thread.
        """
        team = self.company_of(message.get("user", "")).team
        stored: Json = {"type": "message", "team": team, **message}
        stored.setdefault("ts", self.next_ts())

        parent = self.message(channel, stored.get("thread_ts", ""))
        if parent is not None:
            stored["parent_user_id"] = parent.get("user")

        self.messages[channel][stored["ts"]] = stored
        # The message first, so that pages know it before its thread and status change.
        self._notify_message("message", channel, stored)
        if stored.get("thread_ts"):
            self._count_replies(channel, stored["thread_ts"])
        if stored.get("bot_id"):
            self.set_status(channel, stored.get("thread_ts") or stored["ts"], "")

        return stored

    def update_message(self, channel: str, ts: str, **fields: Any) -> Json:
        """Sets fields of a message; a value of None removes the field."""
        message = self.messages[channel][ts]
        for name, value in fields.items():
            if value is None:
                message.pop(name, None)
            else:
                message[name] = value

        self._notify_message("update", channel, message)
        return message

    def delete_message(self, channel: str, ts: str) -> Json:
        """Deletes a message; as in Slack, one with replies leaves a tombstone. Returns its copy."""
        message = self.messages[channel][ts]
        before = dict(message)

        # Without its root, the page could not show the thread.
        if message.get("reply_count"):
            self.update_message(
                channel,
                ts,
                subtype="tombstone",
                text=TOMBSTONE,
                blocks=None,
                reactions=None,
                files=None,
            )
            return before

        del self.messages[channel][ts]
        self.notify("delete", channel=channel, ts=ts, thread_ts=before.get("thread_ts"))
        if before.get("thread_ts") not in (None, ts):
            self._count_replies(channel, before["thread_ts"])

        return before

    def react(self, channel: str, ts: str, user: str, name: str, *, add: bool = True) -> bool:
        """Adds or removes a user's reaction. Returns False if that changes nothing."""
        message = self.messages[channel][ts]
        reactions: list[Json] = message.setdefault("reactions", [])

        reaction = next((r for r in reactions if r["name"] == name), None)
        has_reacted = reaction is not None and user in reaction["users"]
        if has_reacted == add:
            return False

        if reaction is None:
            reaction = {"name": name, "users": [], "count": 0}
            reactions.append(reaction)

        if add:
            reaction["users"].append(user)
        else:
            reaction["users"].remove(user)

        reaction["count"] = len(reaction["users"])
        # Slack removes a reaction with its last user.
        message["reactions"] = [r for r in reactions if r["users"]]
        self._notify_message("reaction", channel, message)

        return True

    def post_ephemeral(self, channel: str, user: str, message: Json) -> Json:
        """Shows a message to one user only. It replaces an earlier one with the same ts."""
        stored: Json = {
            "type": "message",
            "channel": channel,
            "is_ephemeral": True,
            **message,
            "user": user,
        }

        stored.setdefault("ts", self.next_ts())
        self.ephemerals[channel, stored["ts"]] = stored
        self._notify_ephemeral(stored, stored)

        return stored

    def delete_ephemeral(self, channel: str, ts: str) -> None:
        """Deletes an ephemeral message. Does nothing if there is none."""
        message = self.ephemerals.pop((channel, ts), None)
        if message is not None:
            self._notify_ephemeral(message, None)

    def set_status(
        self, channel: str, thread_ts: str, status: str, loading_messages: list[str] | None = None
    ) -> None:
        """Shows what the bot is doing in a thread; an empty status clears it."""
        key = (channel, thread_ts)
        if not status and key not in self.statuses:
            return

        stored = {
            "channel": channel,
            "thread_ts": thread_ts,
            "status": status,
            "loading_messages": loading_messages or [],
        }
        if status:
            self.statuses[key] = stored
        else:
            del self.statuses[key]

        self.notify("status", **stored)

    def set_session(self, channel: str, thread_ts: str, **fields: str) -> Json:
        """Creates or updates the agent session of a thread (`status`, `title`)."""
        new = {"channel": channel, "thread_ts": thread_ts, "status": "active", "title": ""}
        session = self.sessions.setdefault((channel, thread_ts), new)
        session.update(fields)
        self.notify("session", **session)

        return session

    def set_notice(self, text: str) -> None:
        """Shows a line about the bot's processes on every page; an empty text removes it."""
        self.notice = text
        self.notify("notice", text=text)

    def set_prompts(self, channel: str, thread_ts: str, title: str, prompts: list[Json]) -> None:
        """Sets the suggested prompts of a thread, or of a DM if `thread_ts` is empty."""
        stored = {"channel": channel, "thread_ts": thread_ts, "title": title, "prompts": prompts}
        self.prompts[channel, thread_ts] = stored
        self.notify("prompts", **stored)

    def set_views(self, user: str, views: list[Json], errors: dict[str, str] | None = None) -> None:
        """Sets the user's open modals, bottom first. `errors` belong to inputs of the top one."""
        self.views[user] = views
        self.notify("view", user=user, views=views, errors=errors or {})

    def set_home(self, user: str, view: Json) -> None:
        """Sets the user's App Home."""
        self.homes[user] = view
        self.notify("home", user=user, view=view)

    def view(self, view_id: str) -> tuple[str, Json] | None:
        """Returns an open modal or App Home with the user it belongs to."""
        for user, home in self.homes.items():
            if home["id"] == view_id:
                return user, home

        for user, stack in self.views.items():
            for view in stack:
                if view["id"] == view_id:
                    return user, view

        return None

    def set_members(self, channel: str, members: list[str]) -> None:
        """Replaces a channel's members."""
        self.channels[channel]["members"] = members
        self.notify("channel", channel=channel, data=self.channels[channel])

    def add_channel(self, channel: Json) -> Json:
        """Adds a channel."""
        self.channels[channel["id"]] = channel
        self.messages.setdefault(channel["id"], {})
        self.notify("channel", channel=channel["id"], data=channel)

        return channel

    def add_file(self, file: Json) -> Json:
        """Adds or replaces a file's description; `SandboxContext.file_contents` holds its bytes."""
        self.files[file["id"]] = file
        self.notify("file", file=file)
        return file

    def set_connected(self, connected: bool) -> None:
        """Sets whether a bot is listening."""
        if connected != self.connected:
            self.connected = connected
            self.notify("connection", connected=connected)

    def _notify_message(self, kind: str, channel: str, message: Json) -> None:
        self.notify(
            kind,
            channel=channel,
            ts=message["ts"],
            thread_ts=message.get("thread_ts"),
            message=message,
        )

    def _notify_ephemeral(self, message: Json, current: Json | None) -> None:
        self.notify(
            "ephemeral",
            channel=message["channel"],
            user=message["user"],
            ts=message["ts"],
            thread_ts=message.get("thread_ts"),
            message=current,
        )

    def _count_replies(self, channel: str, thread_ts: str) -> None:
        if self.message(channel, thread_ts) is None:
            return

        replies = [m for m in self.thread(channel, thread_ts) if m["ts"] != thread_ts]
        self.update_message(channel, thread_ts, **reply_fields(thread_ts, replies))


def _first_id(team: str, now: float) -> int:
    """Returns where a workspace starts counting: as in Slack, ids are unique across workspaces.

    They are unique across runs, too: less than one id is given out in a millisecond.
    """
    workspace = 0 if team == seed_data.TEAM_ID else zlib.crc32(team.encode()) % 8 + 1
    return workspace * 10**15 + int(now * 1000)


def _first_named(objects: dict[str, Json], name: str) -> Json | None:
    for item in objects.values():
        # A DM has no name.
        if item.get("name") == name:
            return item

    return None

"""What stands in the loopback workspace: people, channels, messages, views, and a word for each change.

A workspace belongs to one event loop: every method is called there. Messages, channels, users and
views are plain dicts in Slack's own shapes, so what the Web API returns is what is kept.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox import seed_data as people

Json = dict[str, Any]
Subscriber = Callable[[Json], None]
Place = tuple[str, str]
"""A channel's id and a thread's ts."""

TOMBSTONE = "This message was deleted."


class Workspace:
    """One workspace in memory. Each change is told to every subscriber, in order, as one JSON-safe dict."""

    def __init__(
        self, now: Callable[[], float], bot: str = "beagle", team: str = people.TEAM_ID
    ) -> None:
        self.now = now
        self.team = people.team(team)
        self.bot = people.bot(bot, team)
        self.users: dict[str, Json] = {user["id"]: user for user in (*people.users(team), self.bot)}
        self.channels: dict[str, Json] = {
            channel["id"]: channel for channel in people.channels(int(now()), team)
        }
        self.messages: dict[str, dict[str, Json]] = {channel: {} for channel in self.channels}
        self.ephemerals: dict[Place, Json] = {}
        self.statuses: dict[Place, Json] = {}
        self.sessions: dict[Place, Json] = {}
        self.prompts: dict[Place, Json] = {}
        self.views: dict[str, list[Json]] = {}
        self.homes: dict[str, Json] = {}
        self.files: dict[str, Json] = {}
        self.connected = False
        self.seq = 0
        self._last_ts = 0
        # Ids of events are unique among all workspaces, as Slack's are.
        self._serial = (
            0
            if team == people.TEAM_ID
            else zlib.crc32(team.encode()) % 8 * 100_000_000 + 100_000_000
        )

        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Every later change is handed to `subscriber`; calling what is returned ends that."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def tell(self, kind: str, **what: Any) -> None:
        """Subscribers know that `kind` happened. They get a copy that no later change touches."""
        self.seq += 1
        if not self._subscribers:
            return

        change = json.loads(json.dumps({"type": kind, "seq": self.seq, **what}))
        for subscriber in tuple(self._subscribers):
            subscriber(change)

    def next_ts(self) -> str:
        """A timestamp later than every earlier one, in Slack's form."""
        self._last_ts = max(int(self.now() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        """An id that was never given before, in Slack's form."""
        self._serial += 1
        return f"{prefix}0{self._serial:09d}"

    def humans(self) -> Iterator[Json]:
        """Every user that is not a bot."""
        return (user for user in self.users.values() if not user["is_bot"])

    def user(self, name: str) -> Json | None:
        """The user with this id or name."""
        plain = name.removeprefix("@")
        return self.users.get(name) or next(
            (u for u in self.users.values() if u["name"] == plain), None
        )

    def channel(self, name: str) -> Json | None:
        """The channel with this id or name."""
        plain = name.removeprefix("#")
        return self.channels.get(name) or next(
            (c for c in self.channels.values() if c.get("name") == plain), None
        )

    def dm(self, user: str) -> Json | None:
        """The DM between this human and the bot."""
        return next((c for c in self.channels.values() if c["is_im"] and c["user"] == user), None)

    def message(self, channel: str, ts: str) -> Json | None:
        """The message that stands there now."""
        return self.messages.get(channel, {}).get(ts)

    def thread(self, channel: str, ts: str) -> list[Json]:
        """The message and its replies, oldest first."""
        kept = self.messages.get(channel, {})
        return [m for m in kept.values() if m["ts"] == ts or m.get("thread_ts") == ts]

    def post(self, channel: str, message: Json) -> Json:
        """A new message stands in the channel; its parent counts it, and a bot's message ends the thread's status."""
        kept: Json = {"type": "message", "team": self.team["id"], **message}
        kept.setdefault("ts", self.next_ts())

        parent = self.message(channel, kept.get("thread_ts", ""))
        if parent is not None:
            kept["parent_user_id"] = parent.get("user")

        self.messages[channel][kept["ts"]] = kept
        self._tell_message("message", channel, kept)
        if kept.get("thread_ts"):
            self._count_replies(channel, kept["thread_ts"])
        if kept.get("bot_id"):
            self.set_status(channel, kept.get("thread_ts") or kept["ts"], "")

        return kept

    def change(self, channel: str, ts: str, **fields: Any) -> Json:
        """Fields of a message have new values; a value of None takes the field away."""
        message = self.messages[channel][ts]
        message.update(fields)

        for name in [name for name, value in fields.items() if value is None]:
            del message[name]

        self._tell_message("update", channel, message)
        return message

    def remove(self, channel: str, ts: str) -> Json:
        """The message is gone; one with replies leaves a tombstone, as in Slack. Returns what stood there."""
        message = self.messages[channel][ts]
        before = dict(message)

        if message.get("reply_count"):
            self.change(
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
        self.tell("delete", channel=channel, ts=ts, thread_ts=before.get("thread_ts"))
        if before.get("thread_ts") not in (None, ts):
            self._count_replies(channel, before["thread_ts"])

        return before

    def react(self, channel: str, ts: str, user: str, name: str, *, add: bool = True) -> bool:
        """The user's reaction stands (or is gone); False when it was so before."""
        message = self.messages[channel][ts]
        reactions: list[Json] = message.setdefault("reactions", [])

        reaction = next((r for r in reactions if r["name"] == name), None)
        if (reaction is not None and user in reaction["users"]) == add:
            return False

        if reaction is None:
            reaction = {"name": name, "users": [], "count": 0}
            reactions.append(reaction)

        (reaction["users"].append if add else reaction["users"].remove)(user)
        reaction["count"] = len(reaction["users"])
        message["reactions"] = [r for r in reactions if r["users"]]
        self._tell_message("reaction", channel, message)

        return True

    def whisper(self, channel: str, user: str, message: Json) -> Json:
        """Only `user` sees the message in the channel; one with the ts of an earlier one replaces it."""
        kept: Json = {
            "type": "message",
            "channel": channel,
            "is_ephemeral": True,
            **message,
            "user": user,
        }

        kept.setdefault("ts", self.next_ts())
        self.ephemerals[channel, kept["ts"]] = kept
        self.tell(
            "ephemeral",
            channel=channel,
            user=user,
            ts=kept["ts"],
            thread_ts=kept.get("thread_ts"),
            message=kept,
        )

        return kept

    def unwhisper(self, channel: str, ts: str) -> None:
        """An ephemeral message is gone; nothing happens where none is."""
        gone = self.ephemerals.pop((channel, ts), None)
        if gone is not None:
            thread = gone.get("thread_ts")
            self.tell(
                "ephemeral",
                channel=channel,
                user=gone["user"],
                ts=ts,
                thread_ts=thread,
                message=None,
            )

    def set_status(
        self, channel: str, thread_ts: str, status: str, loading_messages: list[str] | None = None
    ) -> None:
        """The thread shows what the bot is doing; an empty status ends that."""
        place = (channel, thread_ts)
        if not status and place not in self.statuses:
            return

        loading = loading_messages or []
        kept = {
            "channel": channel,
            "thread_ts": thread_ts,
            "status": status,
            "loading_messages": loading,
        }

        self.statuses[place] = kept
        if not status:
            del self.statuses[place]

        self.tell("status", **kept)

    def set_session(self, channel: str, thread_ts: str, **fields: str) -> Json:
        """The agent session of a thread has these fields (`status`, `title`)."""
        new = {"channel": channel, "thread_ts": thread_ts, "status": "active", "title": ""}
        session = self.sessions.setdefault((channel, thread_ts), new)
        session.update(fields)
        self.tell("session", **session)

        return session

    def set_prompts(self, channel: str, thread_ts: str, title: str, prompts: list[Json]) -> None:
        """A thread, or with an empty `thread_ts` a DM, offers these prompts."""
        kept = {"channel": channel, "thread_ts": thread_ts, "title": title, "prompts": prompts}
        self.prompts[channel, thread_ts] = kept
        self.tell("prompts", **kept)

    def set_views(self, user: str, views: list[Json], errors: dict[str, str] | None = None) -> None:
        """The user's open modals are these, bottom first; `errors` are shown at the top one's inputs."""
        self.views[user] = views
        self.tell("view", user=user, views=views, errors=errors or {})

    def set_home(self, user: str, view: Json) -> None:
        """The user's App Home shows this view."""
        self.homes[user] = view
        self.tell("home", user=user, view=view)

    def view(self, view_id: str) -> tuple[str, Json] | None:
        """Whose view this is, and the view: an open modal or a home."""
        for user, home in self.homes.items():
            if home["id"] == view_id:
                return user, home

        for user, stack in self.views.items():
            for view in stack:
                if view["id"] == view_id:
                    return user, view

        return None

    def set_members(self, channel: str, members: list[str]) -> None:
        """The channel has these members."""
        self.channels[channel]["members"] = members
        self.tell("channel", channel=channel, data=self.channels[channel])

    def add_channel(self, channel: Json) -> Json:
        """A new channel stands in the workspace."""
        self.channels[channel["id"]] = channel
        self.messages.setdefault(channel["id"], {})
        self.tell("channel", channel=channel["id"], data=channel)

        return channel

    def add_file(self, file: Json) -> Json:
        """A file is known; its content is kept elsewhere."""
        self.files[file["id"]] = file
        self.tell("file", file=file)
        return file

    def set_connected(self, connected: bool) -> None:
        """Whether a bot listens."""
        if connected != self.connected:
            self.connected = connected
            self.tell("connection", connected=connected)

    def _tell_message(self, kind: str, channel: str, message: Json) -> None:
        self.tell(
            kind,
            channel=channel,
            ts=message["ts"],
            thread_ts=message.get("thread_ts"),
            message=message,
        )

    def _count_replies(self, channel: str, thread_ts: str) -> None:
        parent = self.message(channel, thread_ts)
        if parent is None:
            return

        replies = [m for m in self.thread(channel, thread_ts) if m["ts"] != thread_ts]
        users = list(dict.fromkeys(m["user"] for m in replies if m.get("user")))
        self.change(
            channel,
            thread_ts,
            thread_ts=thread_ts if replies else None,
            reply_count=len(replies) or None,
            reply_users=users or None,
            reply_users_count=len(users) or None,
            latest_reply=replies[-1]["ts"] if replies else None,
        )

"""Follows what happens in Slack: what is said where an admin allowed it, and who may read it from now on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from router.store.knowledge.access import Readers
from router.store.knowledge.index import Knowledge
from workers.knowledge.sources.slack_message import (
    anchor,
    is_said,
    message_piece,
    said,
    thread_document,
    unsaid,
)

Event = Mapping[str, Any]
CLOSED = frozenset({"channel_deleted", "group_deleted", "channel_left", "group_left"})


class History:
    """The knowledge that comes from Slack itself. Every event may arrive twice or late.

    `link` makes the link of a channel's messages (`workers.sources.slack_message.permalinks`);
    `out` says of a workspace's user whether they want nothing of theirs to be kept.
    """

    def __init__(
        self,
        index: Knowledge,
        readers: Readers,
        link: Callable[[str], str],
        out: Callable[[str, str], bool] = lambda *_: False,
    ) -> None:
        self._index, self._readers, self._link, self._out = index, readers, link, out

    def hear(self, team: str, event: Event) -> None:
        """What the event says holds for the next search."""
        kind = str(event.get("type"))
        if kind == "message":
            self._message(team, event)
        elif kind in CLOSED:
            self.close(team, str(event.get("channel")))
        elif kind == "file_deleted":
            self._index.delete(team, self._index.keys_ending(team, f":file:{event.get('file_id')}"))
        elif kind == "member_joined_channel":
            self._readers.joined(team, str(event["channel"]), str(event["user"]))
        elif kind == "member_left_channel":
            self._readers.left(team, str(event["channel"]), str(event["user"]))
        elif kind in ("channel_shared", "channel_unshared"):
            self._readers.set_channel(team, str(event["channel"]), shared=kind == "channel_shared")
        elif kind in ("channel_created", "channel_rename"):
            self._named(team, event)
        elif kind in ("team_join", "user_change"):
            self._person(team, event["user"])

    def allow(
        self, team: str, channel: str, name: str, *, public: bool, shared: bool, members: list[str]
    ) -> None:
        """From now on what is said in the channel is kept; its members may find it. The caller has told the channel."""
        self._readers.set_channel(team, channel, name=name, public=public, shared=shared, read=True)
        self._readers.joined(team, channel, *members)

    def forbid(self, team: str, channel: str) -> int:
        """Nothing more is kept of the channel, and what was kept is gone; returns how many threads."""
        self._readers.stop_reading(team, channel)
        return self._index.delete(team, self._index.hashes(team, f"slack:{channel}"))

    def close(self, team: str, channel: str) -> None:
        """The channel is gone, or Beagle is no more in it: nothing of it is kept, and nobody counts as its member."""
        self.forbid(team, channel)
        self._readers.forget_channel(team, channel)

    def _message(self, team: str, event: Event) -> None:
        channel, subtype = str(event.get("channel")), event.get("subtype")
        if subtype in ("channel_convert_to_private", "channel_convert_to_public"):
            self._readers.set_channel(team, channel, public=subtype.endswith("public"))
        elif not self._readers.may_read_history(team, channel):
            return
        elif subtype == "message_deleted":
            before = event.get("previous_message") or {}
            self._unsay(team, channel, before, str(event.get("deleted_ts") or ""))
            self._index.delete(team, [file_key(channel, one) for one in _files(before)])
        elif subtype == "message_changed":
            self._say(team, channel, event.get("message") or {})
        else:
            self._say(team, channel, event)

    def _say(self, team: str, channel: str, message: Event) -> None:
        if message.get("subtype") == "tombstone":  # deleted, but its thread goes on
            self._unsay(team, channel, message, str(message.get("ts")))
        if not is_said(message) or self._out(team, str(message["user"])):
            return

        name = self._readers.name(team, channel) or channel
        thread = str(message.get("thread_ts") or message["ts"])

        piece = message_piece(message, name)
        if piece is not None:
            empty = thread_document(team, channel, name, thread, self._link)
            self._index.edit(team, empty.key, lambda old: said(old, empty, piece))
        else:
            self._unsay(team, channel, message, str(message["ts"]))

    def _unsay(self, team: str, channel: str, message: Event, ts: str) -> None:
        thread = str(message.get("thread_ts") or ts)
        self._index.edit(team, f"slack:{channel}:{thread}", lambda old: unsaid(old, anchor(ts)))

    def _named(self, team: str, event: Event) -> None:
        about = event["channel"]
        values: dict[str, Any] = {"name": str(about.get("name") or "")}

        if event["type"] == "channel_created":
            values["public"] = (
                True  # Slack tells everybody of new public channels, and of no others
            )

        self._readers.set_channel(team, str(about["id"]), **values)

    def _person(self, team: str, user: Event) -> None:
        guest = any(
            user.get(flag) for flag in ("is_restricted", "is_ultra_restricted", "is_stranger")
        )
        foreign = bool(user.get("team_id")) and user.get("team_id") != team
        self._readers.set_person(team, str(user["id"]), guest=bool(guest or foreign))


def file_keys(team: str, event: Event) -> list[str]:
    """The keys of the step `shared`, one for each file of a new message."""
    return (
        [f"{team} {event.get('channel')} {one}" for one in _files(event)]
        if is_shared(event)
        else []
    )


def is_shared(event: Event) -> bool:
    """Whether a person put files into a channel with this message."""
    return event.get("subtype") == "file_share" and not event.get("bot_id")


def file_key(channel: str, file: str) -> str:
    """The document that a file of a channel becomes."""
    return f"slack:{channel}:file:{file}"


def _files(message: Event) -> list[str]:
    return [
        str(one["id"])
        for one in message.get("files") or ()
        if isinstance(one, Mapping) and one.get("id")
    ]

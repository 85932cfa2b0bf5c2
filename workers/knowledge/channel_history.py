"""Applies Slack's events: stores messages where an admin allowed it, and who may read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from router.index import Index
from router.store.knowledge.access import AccessControl, ChannelFields
from router.store.knowledge.event_times import seconds
from workers.affiliation import affiliation
from workers.knowledge.sources.slack_message import (
    Message,
    home_team,
    is_user_message,
    message_anchor,
    message_chunk,
    thread_document,
    with_message,
    without_message,
)
from workers.ports import ChannelInfo
from workers.runtime.job_key import job_key

CLOSING_EVENTS = frozenset({"channel_deleted", "group_deleted", "channel_left", "group_left"})
"""After these Beagle gets no more events from the channel."""


class ChannelHistory:
    """The knowledge that comes from Slack itself.

    Every event may arrive twice or late: one that is older than the newest about the same channel,
    member, person or message changes nothing. `link` returns the permalink template of a channel's
    messages (`slack_message.permalink_builder`). `is_opted_out` takes a workspace, a user and
    the user's own workspace if it is another one, and returns whether nothing of theirs may be
    stored.
    """

    def __init__(
        self,
        index: Index,
        access: AccessControl,
        link: Callable[[str], str],
        is_opted_out: Callable[[str, str, str], bool] = lambda *_: False,
    ) -> None:
        self._index = index
        self._access = access
        self._times = access.event_times
        self._link = link
        self._is_opted_out = is_opted_out

    def apply(self, team: str, event: Message) -> None:
        """Applies an event, so that it counts for the next search; other events are ignored.

        `event_ts` is when it happened, in unix seconds; an event without it counts as the newest.
        """
        kind = str(event.get("type"))
        channel, at = str(event.get("channel")), event_time_of(event)

        if kind == "message":
            self._apply_message(team, channel, event)
        elif kind in CLOSING_EVENTS:
            self.close(team, channel, at)
        elif kind == "file_deleted":
            suffix = f":file:{event.get('file_id')}"
            self._index.delete(team, self._index.keys_with_suffix(team, suffix))
        elif kind == "member_joined_channel":
            self._access.add_member(team, channel, str(event["user"]), said_at=at)
        elif kind == "member_left_channel":
            self._access.remove_member(team, channel, str(event["user"]), said_at=at)
        elif kind in ("channel_shared", "channel_unshared"):
            self._access.set_channel(team, channel, said_at=at, shared=kind == "channel_shared")
        elif kind in ("channel_created", "channel_rename", "group_rename"):
            self._set_name(team, event)
        elif kind in ("team_join", "user_change"):
            self._set_user(team, event["user"], at)

    def allow(self, team: str, info: ChannelInfo, members: Sequence[str], at: float) -> None:
        """Stores the channel's messages from now on, for its members to find.

        The caller has told the channel before, and has asked Slack at that time (unix seconds).
        """
        self._access.set_channel(
            team, info.id, at=at, name=info.name, public=info.public, shared=info.shared, read=True
        )
        self._access.set_members(team, info.id, members, at)
        self._times.permit_channel(team, info.id, at)

    def forbid(self, team: str, channel: str) -> int:
        """Stores nothing more of the channel and deletes its threads; returns how many."""
        # In this order: a message that arrives in between is not stored after the deletion.
        self._access.stop_reading(team, channel)
        return self._index.delete(team, self._index.hashes(team, f"slack:{channel}"))

    def close(self, team: str, channel: str, at: float | None) -> bool:
        """Deletes everything of a channel that is gone, or that Beagle left at that time.

        That is its threads, its notes, the documents that were brought for its members alone, and
        who its members are. Returns False, and deletes nothing, if Beagle came back since.
        """
        if not self._times.close_channel(team, channel, at):
            return False

        self.forbid(team, channel)
        self._index.delete(team, self._index.keys_with_acl(team, channel))
        self._access.delete_channel(team, channel, said_at=at)
        return True

    def _apply_message(self, team: str, channel: str, event: Message) -> None:
        subtype = event.get("subtype")
        if subtype in ("channel_convert_to_private", "channel_convert_to_public"):
            is_public = subtype.endswith("public")
            self._access.set_channel(team, channel, said_at=event_time_of(event), public=is_public)
            return

        if not self._access.may_read_history(team, channel):
            return

        if subtype == "message_deleted":
            deleted = event.get("previous_message") or {}
            self._remove(team, channel, deleted, str(event.get("deleted_ts") or ""))
            keys = [file_document_key(channel, file) for file in _file_ids(deleted)]
            self._index.delete(team, keys)
        elif subtype == "message_changed":
            self._edit(team, channel, event)
        elif event.get("ts") and not self._times.is_replaced(team, channel, str(event["ts"])):
            self._put(team, channel, event)

    def _edit(self, team: str, channel: str, event: Message) -> None:
        """Replaces a message's text, unless it was edited or deleted again since."""
        message = event.get("message") or {}
        ts = str(message.get("ts") or "")
        if self._times.edit_message(team, channel, ts, event_time_of(event)):
            self._put(team, channel, message)

    def _put(self, team: str, channel: str, message: Message) -> None:
        """Inserts the message into its thread, or replaces its earlier text."""
        # A tombstone takes the place of a deleted message whose thread goes on.
        if message.get("subtype") == "tombstone":
            self._remove(team, channel, message, str(message.get("ts")))

        # An admin here cannot let Beagle keep what people of another company say.
        if not is_user_message(message) or home_team(message, team):
            return
        if self._is_opted_out(team, str(message["user"]), ""):
            return

        name = self._access.channel_name(team, channel) or channel
        chunk = message_chunk(message, team, name)
        if chunk is None:
            # An edit that left no words.
            self._remove(team, channel, message, str(message["ts"]))
            return

        thread_ts = str(message.get("thread_ts") or message["ts"])
        empty = thread_document(team, channel, name, thread_ts, self._link)
        self._index.edit(team, empty.key, lambda thread: with_message(thread, empty, chunk))

    def _remove(self, team: str, channel: str, message: Message, ts: str) -> None:
        thread_ts = str(message.get("thread_ts") or ts)
        anchor = message_anchor(ts)
        self._index.edit(
            team,
            f"slack:{channel}:{thread_ts}",
            lambda thread: without_message(thread, anchor),
        )

    def _set_name(self, team: str, event: Message) -> None:
        channel, at = event["channel"], event_time_of(event)
        fields: ChannelFields = {"name": str(channel.get("name") or "")}
        if event["type"] == "channel_created":
            # Slack announces new public channels to everybody, and no others.
            fields["public"] = True

        self._access.set_channel(team, str(channel["id"]), said_at=at, **fields)

    def _set_user(self, team: str, user: Message, at: float | None) -> None:
        person = affiliation(user, team, shared=True)
        self._access.set_user(team, str(user["id"]), person.guest, said_at=at, teams=person.teams)


def event_time_of(event: Message) -> float | None:
    """Returns when an event happened, in unix seconds; None where it does not say so."""
    return seconds(event.get("event_ts"))


def file_job_keys(team: str, event: Message) -> list[str]:
    """Returns the keys of the job `ingest_shared_file`, one for each file of a new message."""
    if not shares_files(event):
        return []

    channel = str(event.get("channel"))
    return [job_key(team, channel, file) for file in _file_ids(event)]


def shares_files(event: Message) -> bool:
    """Returns whether a person put files into a channel with this message."""
    return event.get("subtype") == "file_share" and not event.get("bot_id")


def file_document_key(channel: str, file: str) -> str:
    """Returns the key of the document that a file of a channel becomes."""
    return f"slack:{channel}:file:{file}"


def _file_ids(message: Message) -> list[str]:
    # The payload is Slack's; a file that was removed may come without its id.
    return [
        str(file["id"])
        for file in message.get("files") or ()
        if isinstance(file, Mapping) and file.get("id")
    ]

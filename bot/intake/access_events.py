"""Applies events that change who may read what, and the history of channels that Beagle may read.

A right that somebody lost must count for the next answer. So this is a middleware and no listener:
when it fails, nothing is acknowledged and Slack sends the event again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from slack_bolt import BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.payloads import Event, EventBody
from bot.transport.clients import MAX_WORKSPACES, UNREACHABLE
from bot.transport.events import receiving_team, with_time
from router.errors import QueueError
from router.log import get_log
from router.store import Store
from workers.knowledge.channel_history import (
    CLOSING_EVENTS,
    ChannelHistory,
    event_time_of,
    file_job_keys,
)
from workers.knowledge.sources.slack_message import home_team, permalink_builder
from workers.ports import Queue


class AccessEvents:
    """A Bolt middleware that passes every event on.

    `me` returns Beagle's own user in a workspace, `client` the workspace's client.
    """

    def __init__(
        self,
        store: Store,
        queue: Queue,
        me: Callable[[str], str],
        client: Callable[[str], WebClient],
    ) -> None:
        self._store = store
        self._queue = queue
        self._me = me
        # Asked once per workspace: the address does not change while the process runs.
        self._url = lru_cache(MAX_WORKSPACES)(lambda team: _workspace_url(client(team)))
        self._log = get_log(part="access_events")

    def __call__(
        self,
        body: EventBody,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        """Applies the event before anything else sees it."""
        event = body.get("event")
        if body.get("type") == "event_callback" and isinstance(event, dict):
            self._apply(receiving_team(body), with_time(event, body))

        return next()

    def _apply(self, team: str, event: Event) -> None:
        history = ChannelHistory(
            self._store.documents,
            self._store.access,
            lambda channel: permalink_builder(self._url(team))(channel),
            self._store.opt_outs.is_opted_out,
        )
        kind = event.get("type")
        channel = str(event.get("channel"))

        is_own = event.get("user") == self._me(team)
        if kind in CLOSING_EVENTS or (kind == "member_left_channel" and is_own):
            # Beagle gets no more events from there, so it would miss who leaves and what is
            # deleted. What it stored can no longer be kept correct.
            if history.close(team, channel, event_time_of(event)):
                self._close(team, channel)
            return

        history.apply(team, event)
        if kind == "member_joined_channel" and is_own:
            self._store.access.event_times.open_channel(team, channel, event_time_of(event))

        if kind == "message" and self._store.access.may_read_history(team, channel):
            self._ingest_files(team, event)

    def _close(self, team: str, channel: str) -> None:
        """Deletes captured messages, and what would bring the channel's documents back."""
        self._store.channel_messages.stop_mining(team, channel)
        self._store.sources.remove_for_channel(team, channel)

    def _ingest_files(self, team: str, event: Event) -> None:
        """Enqueues the message's files, unless its author opted out or is of another company."""
        if home_team(event, team):
            return
        if self._store.opt_outs.is_opted_out(team, str(event.get("user"))):
            return

        for key in file_job_keys(team, event):
            try:
                self._queue.enqueue("ingest_shared_file", key)
            except QueueError as error:
                # The message's text is stored already; its file is read when it is shared again.
                self._log.warning("shared_file_not_read", error=str(error))


def _workspace_url(client: WebClient) -> str:
    """Returns the URL that links into the workspace start with.

    Empty when it is unknown, so that no wrong link is built.
    """
    try:
        return str(client.auth_test().get("url") or "")
    except (SlackApiError, *UNREACHABLE) as error:
        get_log(part="access_events").warning("workspace_url_unknown", error=type(error).__name__)
        return ""

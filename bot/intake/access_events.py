"""Hears what changes in Slack: who may read what, and what is said in channels where an admin let Beagle read.

A right that is lost counts with the next answer, so this is no listener but a middleware: when it
fails, nothing is acknowledged and Slack sends the event again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.transport.clients import UNREACHABLE
from router.errors import QueueError
from router.log import get_log
from router.store import Store
from router.store.knowledge.access import Readers
from router.store.knowledge.index import Knowledge
from workers.knowledge.channel_history import CLOSED, History, file_keys
from workers.knowledge.sources.slack_message import permalinks
from workers.ports import Queue


class Ears:
    """A Bolt middleware; every event goes on to whatever else listens. `me` gives Beagle's own user in a workspace."""

    def __init__(
        self,
        store: Store,
        queue: Queue,
        me: Callable[[str], str],
        client: Callable[[str], WebClient],
    ) -> None:
        self._store, self._queue, self._me = store, queue, me
        self._index, self._readers = Knowledge(store.engine), Readers(store.engine)
        self._url = cache(lambda team: _workspace_url(client(team)))
        self._log = get_log(part="ears")

    def __call__(self, body: dict[str, Any], next: Callable[[], Any]) -> Any:  # noqa: A002  # Bolt's name
        """What the event says holds for the next search."""
        if body.get("type") == "event_callback" and isinstance(body.get("event"), dict):
            self._hear(team_of(body), body["event"])
        return next()

    def _hear(self, team: str, event: Mapping[str, Any]) -> None:
        history = History(
            self._index,
            self._readers,
            lambda channel: permalinks(self._url(team))(channel),
            self._store.opt_outs.out,
        )
        if event.get("type") == "member_left_channel" and event.get("user") == self._me(team):
            # From now on nobody tells when somebody leaves or deletes something.
            history.close(team, str(event.get("channel")))
            self._store.overheard.stop(team, str(event.get("channel")))
            return

        history.hear(team, event)
        if event.get("type") in CLOSED:
            self._store.overheard.stop(team, str(event.get("channel")))
        elif event.get("subtype") == "channel_convert_to_private":
            self._store.overheard.hide(team, str(event.get("channel")))

        if event.get("type") == "message" and self._readers.may_read_history(
            team, str(event.get("channel"))
        ):
            out = self._store.opt_outs.out(team, str(event.get("user")))
            for key in () if out else file_keys(team, event):
                try:
                    self._queue.wake("ingest_shared_file", key)
                except QueueError as error:
                    # The words of the message count; its file is read when somebody shares it
                    # again.
                    self._log.warning("file_not_read", error=str(error))


def team_of(body: Mapping[str, Any]) -> str:
    """The workspace that an event was sent to; with Slack Connect it is not always the one it comes from."""
    authorizations = body.get("authorizations") or [{}]
    return str(authorizations[0].get("team_id") or body.get("team_id") or "")


def _workspace_url(client: WebClient) -> str:
    """The address that links into the workspace begin with; empty, so that no wrong link is made, when unknown."""
    try:
        return str(client.auth_test().get("url") or "")
    except (SlackApiError, *UNREACHABLE) as error:
        get_log(part="ears").warning("workspace_url_unknown", error=type(error).__name__)
        return ""

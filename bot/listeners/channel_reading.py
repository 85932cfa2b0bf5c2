"""Starts and stops reading along in a channel, after telling the channel."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.transport.clients import UNREACHABLE
from bot.ui.texts import knowledge as texts
from router.errors import PathError
from router.log import get_log
from router.store import Store
from workers.knowledge.channel_history import ChannelHistory
from workers.ports import Directory


class ChannelReading:
    """Reads along in channels of one workspace. `client` and `directory` are that workspace's."""

    def __init__(
        self, store: Store, client: WebClient, directory: Directory, now: Callable[[], float]
    ) -> None:
        self._store = store
        self._client = client
        self._directory = directory
        self._now = now
        # Links into the workspace are only needed when messages arrive.
        self._history = ChannelHistory(store.documents, store.access, lambda _channel: "")
        self._log = get_log(part="knowledge")

    def start(self, team: str, user: str, channel: str) -> str:
        """Stores the channel's messages from now on; returns what to tell the admin (`user`)."""
        at = self._now()
        try:
            info = self._directory.channel_info(team, channel)
            if info.is_dm:
                return texts.READ_NO_CHANNEL

            members = self._directory.members(team, channel)
            # The notice comes first: nothing is stored before the members could know of it.
            self._tell_channel(channel, texts.READ_TOLD.format(user=user))
        except (PathError, SlackApiError, *UNREACHABLE) as error:
            self._log.warning("channel_not_read", channel=channel, error=type(error).__name__)
            return texts.READ_NOT

        self._history.allow(team, info, members, at)
        return texts.READ

    def stop(self, team: str, user: str, channel: str) -> str:
        """Deletes what was stored and stores nothing more; returns what to tell the admin."""
        count = self._history.forbid(team, channel)
        try:
            self._tell_channel(channel, texts.UNREAD_TOLD.format(user=user))
        except (SlackApiError, *UNREACHABLE) as error:
            # Nothing is read any more either way, so the admin is told that it worked.
            self._log.warning("channel_not_told", channel=channel, error=type(error).__name__)

        return texts.UNREAD.format(count=count)

    def _tell_channel(self, channel: str, text: str) -> None:
        self._client.chat_postMessage(
            channel=channel, text=text, unfurl_links=False, unfurl_media=False
        )

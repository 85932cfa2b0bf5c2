"""The buttons of `/beagle knowledge`: an admin has a source read again, or removed."""

from __future__ import annotations

from slack_bolt import App

from bot.admins import Admins
from bot.listeners.knowledge_view import CHANNEL_PREFIX, REFRESH, REMOVE
from bot.payloads import Ack, Action, ActionBody, Respond, clicker, team_and_user
from bot.ui import dialogs
from bot.ui.ephemeral import send_text
from bot.ui.texts import common
from bot.ui.texts import knowledge as texts
from router.errors import QueueError
from router.log import get_log
from router.store import Store
from workers.knowledge.refresh import refresh_key, remove_source
from workers.ports import Queue


class KnowledgeActions:
    """Answers the buttons. Each click checks for an admin again and is audited."""

    def __init__(self, store: Store, queue: Queue, admins: Admins) -> None:
        self._store = store
        self._queue = queue
        self._admins = admins
        self._log = get_log(part="knowledge")

    def listen(self, app: App) -> None:
        """Registers for both buttons."""
        app.action(REFRESH)(self.refresh)
        app.action(REMOVE)(self.remove)

    def refresh(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Has a worker read the source again."""
        ack()
        source = self._source(body, action, "refresh", respond)
        if source is None:
            return

        team, _ = team_and_user(body)
        try:
            self._queue.enqueue("refresh_source", refresh_key(team, source))
        except QueueError as error:
            self._log.warning("not_refreshed", error=str(error))
            send_text(respond, texts.KNOWLEDGE_NO_QUEUE)
            return

        send_text(respond, texts.KNOWLEDGE_REFRESHING)

    def remove(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Deletes the source. If it is a channel, stops reading it too."""
        ack()
        source = self._source(body, action, "remove", respond)
        if source is None:
            return

        team, _ = team_and_user(body)
        if source.startswith(CHANNEL_PREFIX):
            # First the reading, then the documents: no message may arrive in between.
            self._store.access.stop_reading(team, source.removeprefix(CHANNEL_PREFIX))

        count = remove_source(self._store, team, source)
        self._log.info("source_removed", documents=count)
        send_text(respond, texts.KNOWLEDGE_REMOVED.format(count=count))

    def _source(self, body: ActionBody, action: Action, verb: str, respond: Respond) -> str | None:
        """Returns the source that the button names.

        None, and the person is told, if they are no admin or the source is gone.
        """
        team, user = team_and_user(body)
        key = str(dialogs.button_value(action).get("source", ""))

        if not self._admins.includes(clicker(body)):
            self._admins.record((team, user), f"knowledge {verb}", key, "refused")
            send_text(respond, common.ADMINS_ONLY)
            return None

        source = self._find_source(team, key)
        if source is None:
            self._admins.record((team, user), f"knowledge {verb}", key, "late")
            send_text(respond, common.ALREADY)
            return None

        self._admins.record((team, user), f"knowledge {verb}", key, "applied")
        return source

    def _find_source(self, team: str, key: str) -> str | None:
        names = {summary.source for summary in self._store.documents.sources(team)}
        names |= {source.name for source in self._store.sources.for_team(team)}
        for name in names:
            if refresh_key(team, name) == key:
                return name

        return None

"""Erases a person's data when they confirm it, and reports what was checked afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlalchemy.engine import make_url

from bot.payloads import Ack, Action, ActionBody, Respond, clicker, team_and_user
from bot.transport.clients import UNREACHABLE
from bot.ui import dialogs
from bot.ui.ephemeral import send_text
from bot.ui.texts import common
from bot.ui.texts import erasure as texts
from router.config import Settings
from router.errors import QueueError
from router.log import get_log
from router.store import Store
from router.store.privacy.erasures import Erasure
from workers.ports import Queue
from workers.privacy.erasure import (
    ErasureResult,
    erase_copies,
    erase_person,
    prove_erased,
)
from workers.privacy.exports import exported_files
from workers.privacy.folder_erasure import FolderErasures
from workers.privacy.places import searched_files

ACTION = "forget_me"
SECOND_LOOK_SECONDS = 120.0
"""After an erasure: an answer that was being written then is stored by now."""


class ErasureActions:
    """Answers the button of `/beagle forget me`; `retrain` trains the team's router without them.

    `folders` erases in the folder of this process.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        queue: Queue,
        retrain: Callable[[str], object],
        folders: FolderErasures,
    ) -> None:
        self._settings = settings
        self._store = store
        self._queue = queue
        self._now = folders.now
        self._retrain = retrain
        self._folders = folders
        self._log = get_log(part="forget")

    def listen(self, app: App) -> None:
        """Registers for the button."""
        app.action(ACTION)(self.erase)

    def erase(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Erases whoever clicked, if the button was made for them, and tells them the result."""
        ack()

        team, user = team_and_user(body)
        # Whoever has the same id in another company is not the person whose words go.
        if dialogs.button_value(action).get("user") != user or clicker(body).home:
            send_text(respond, common.ALREADY)
            return

        _replace(respond, texts.FORGETTING)
        with self._store.disk_reserve.lent():
            erased = erase_person(self._store, self._store.documents, team, user, self._now())

        self._retrain(team)
        self._compact_queue()
        erasure = self._erase_in_folders(team, user, erased)

        # Proof: look for the person's words in the bytes of every file that may have held them.
        locations = list(text_locations(self._settings, team))
        remaining = prove_erased(self._store, locations, erased.terms)
        self._log.info(
            "person_erased",
            rows=dict(erased.rows),
            retrain=list(erased.retrain),
            left=[*remaining, *erased.remaining],
        )
        summary = erasure_summary(erased, remaining, erasure, own=self._store.is_embedded)
        _replace(respond, summary)

    def _erase_in_folders(self, team: str, user: str, erased: ErasureResult) -> Erasure:
        """Has every data folder erased, the one of this process at once."""
        key = uuid.uuid4().hex
        # So that this folder is among those that have to confirm.
        self._folders.run_once()
        self._store.erasures.start(
            Erasure(key, team, user, erased.sentences, erased.datasets, self._now())
        )
        self._folders.run_once()

        erasure = self._store.erasures.get(key)
        assert erasure is not None
        if not erasure.confirmed:
            self._store.erasures.mark_waiting(key)

        return erasure

    def _compact_queue(self) -> None:
        try:
            self._queue.compact()
        except QueueError as error:
            self._log.warning("queue_not_compacted", error=str(error))


class ErasureReports:
    """Looks a second time at each erasure, and tells the people who were promised a message."""

    def __init__(
        self, store: Store, client: Callable[[str], WebClient], now: Callable[[], float]
    ) -> None:
        self._store = store
        self._client = client
        self._now = now
        self._log = get_log(part="forget")

    def tick(self) -> None:
        """Ends every erasure that all folders have confirmed; run it every minute or so."""
        for erasure in self._store.erasures.all():
            if erasure.confirmed and self._now() - erasure.at >= SECOND_LOOK_SECONDS:
                self._end(erasure)

    def _end(self, erasure: Erasure) -> None:
        remaining: dict[str, int] = {}
        if erasure.user:
            remaining = dict(erase_copies(self._store, erasure))
            left = erasure.left + len(remaining)
            if erasure.waiting or left:
                self._tell(erasure, left)

        self._store.erasures.remove(erasure.id)
        self._log.info("erasure_confirmed", team=erasure.team, left=erasure.left, rows=remaining)

    def _tell(self, erasure: Erasure, left: int) -> None:
        text = texts.FORGOTTEN_EVERYWHERE
        if left:
            text = texts.FORGOTTEN_SOMEWHERE.format(count=left)

        try:
            self._client(erasure.team).chat_postMessage(channel=erasure.user, text=text)
        except (SlackApiError, *UNREACHABLE) as error:
            # Nobody waits for ever with a person's digests: the log still tells an admin.
            self._log.warning("erasure_not_told", error=type(error).__name__)


def text_locations(settings: Settings, team: str) -> Iterator[Path]:
    """Yields the files on this machine that may hold words of the workspace's people."""
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite" and url.database:
        for suffix in ("", "-wal", "-shm"):  # SQLite keeps recent changes beside the database
            yield Path(f"{url.database}{suffix}")

    for file, _ in searched_files(settings.data, team):
        yield file

    yield from exported_files(settings.data)


def erasure_summary(
    erased: ErasureResult, remaining: Sequence[str], erasure: Erasure, *, own: bool
) -> str:
    """Returns what was erased and how far that is proven.

    Only the database's `own` files can be searched; on a database server less is proven.
    """
    counts = []
    for name, count in erased.rows.items():
        if count:
            counts.append(texts.FORGOTTEN_ROWS[name].format(count=count))

    lines = [texts.FORGOTTEN.format(counts=", ".join(counts) or texts.FORGOTTEN_NOTHING)]
    if erased.retrain:
        lines.append(texts.FORGOTTEN_TUNED.format(versions=", ".join(erased.retrain)))

    if erased.shared:
        lines.append(texts.FORGOTTEN_SHARED.format(count=erased.shared))

    left = len(remaining) + len(erased.remaining)
    if not erased.overwritten:
        when = texts.FORGOTTEN_SOON if own else texts.FORGOTTEN_TONIGHT
        lines.append(texts.FORGOTTEN_BYTES.format(when=when))
    elif left:
        lines.append(texts.FORGOTTEN_LEFT.format(count=left))
    else:
        lines.append(texts.FORGOTTEN_PROOF if own else texts.FORGOTTEN_SERVER)

    waiting = [folder.name for folder in erasure.folders if not folder.confirmed]
    if waiting:
        lines.append(texts.FORGOTTEN_WAITING.format(names=", ".join(waiting)))

    return "\n".join(lines)


def _replace(respond: Respond, text: str) -> None:
    respond(text=text, response_type="ephemeral", replace_original=True)

"""Erases a person's data when they confirm it, and reports what was checked afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from slack_bolt import App
from sqlalchemy.engine import make_url

from bot.payloads import Ack, Action, ActionBody, Respond, team_and_user
from bot.ui import dialogs
from bot.ui.ephemeral import send_text
from bot.ui.texts import common
from bot.ui.texts import erasure as texts
from router.config import Settings
from router.errors import QueueError, StoreError
from router.log import get_log
from router.store import Store
from workers.llm.call_recording import FOLDER, delete_old_recordings
from workers.ports import Queue
from workers.privacy.erasure import ErasureResult, erase_person, find_own_remaining

ACTION = "forget_me"
DATA_FOLDERS = ("appendonlydir", "router", "datasets", "adapters", FOLDER)
"""Folders of the data directory that may hold people's words: queue log, routers, data sets ..."""


class ErasureActions:
    """Answers the button of `/beagle forget me`; `retrain` trains the router without the person."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        queue: Queue,
        now: Callable[[], float],
        retrain: Callable[[str], object],
    ) -> None:
        self._settings = settings
        self._store = store
        self._queue = queue
        self._now = now
        self._retrain = retrain
        self._log = get_log(part="forget")

    def listen(self, app: App) -> None:
        """Registers for the button."""
        app.action(ACTION)(self.erase)

    def erase(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Erases whoever clicked, if the button was made for them, and tells them the result."""
        ack()

        team, user = team_and_user(body)
        if dialogs.button_value(action).get("user") != user:
            send_text(respond, common.ALREADY)
            return

        _replace(respond, texts.FORGETTING)
        try:
            erased = erase_person(self._store, self._store.documents, team, user, self._now())
        except StoreError as error:
            # The rows are deleted. The next housekeeping overwrites their bytes.
            self._log.warning("bytes_not_erased", error=str(error))
            _replace(respond, texts.FORGOTTEN_LATER)
            return

        self._retrain(team)
        delete_old_recordings(self._settings.data)

        try:
            self._queue.compact()
        except QueueError as error:
            self._log.warning("queue_not_compacted", error=str(error))

        # Proof: look for the person's words in the bytes of every file that may have held them.
        locations = text_locations(self._settings)
        remaining = find_own_remaining(self._store, locations, erased.terms)
        self._log.info(
            "person_erased",
            rows=dict(erased.rows),
            retrain=list(erased.retrain),
            left=[*remaining, *erased.remaining],
        )
        _replace(respond, erasure_summary(erased, remaining, own=self._store.is_embedded))


def text_locations(settings: Settings) -> list[Path]:
    """Returns the files and folders on this machine that may hold people's words."""
    locations = []
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite" and url.database:
        for suffix in ("", "-wal", "-shm"):  # SQLite keeps recent changes beside the database
            locations.append(Path(f"{url.database}{suffix}"))

    locations += [settings.data / name for name in DATA_FOLDERS]
    return locations


def erasure_summary(erased: ErasureResult, remaining: Sequence[str], *, own: bool) -> str:
    """Returns what was erased and how far that is proven.

    Only the database's `own` files can be searched; on a database server less is proven.
    """
    counts = []
    for name, count in erased.rows.items():
        if count:
            counts.append(f"{count} {texts.FORGOTTEN_ROWS[name]}")

    lines = [texts.FORGOTTEN.format(counts=", ".join(counts) or texts.FORGOTTEN_NOTHING)]
    if erased.retrain:
        lines.append(texts.FORGOTTEN_TUNED.format(versions=", ".join(erased.retrain)))

    if erased.shared:
        lines.append(texts.FORGOTTEN_SHARED.format(count=erased.shared))

    if remaining or erased.remaining:
        places = len(remaining) + len(erased.remaining)
        lines.append(texts.FORGOTTEN_LEFT.format(count=places))
    else:
        lines.append(texts.FORGOTTEN_PROOF if own else texts.FORGOTTEN_SERVER)

    return "\n".join(lines)


def _replace(respond: Respond, text: str) -> None:
    respond(text=text, response_type="ephemeral", replace_original=True)

"""Erases a person when they confirm it, and shows them that nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from slack_bolt import App
from sqlalchemy.engine import make_url

from bot.ui import dialogs as forms
from bot.ui.texts import common as texts
from bot.ui.texts import erasure as in_words
from router.config import Settings
from router.errors import QueueError, StoreError
from router.log import get_log
from router.store import Store
from router.store.knowledge.index import Knowledge
from workers.llm.metered import FOLDER, sweep
from workers.ports import Queue
from workers.privacy.erasure import Forgotten, forget_person, needles, traces

ACTION = "forget_me"


class Forgetting:
    """Answers the button of `/beagle forget me`. `relearn` trains the router without what the person had taught it."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        queue: Queue,
        now: Callable[[], float],
        relearn: Callable[[], object],
    ) -> None:
        self._settings, self._store, self._queue, self._now = settings, store, queue, now
        self._relearn = relearn
        self._log = get_log(part="forget")

    def listen(self, app: App) -> None:
        """The button is answered."""
        app.action(ACTION)(self.erase)

    def erase(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """Whoever pressed it is forgotten, if the button was made for them, and told what was done."""
        ack()

        team, user = str(body["team"]["id"]), str(body["user"]["id"])
        if forms.parsed(str(action.get("value", ""))).get("user") != user:
            respond(text=texts.ALREADY, response_type="ephemeral", replace_original=False)
            return

        respond(text=in_words.FORGETTING, response_type="ephemeral", replace_original=True)
        try:
            gone = forget_person(
                self._store, Knowledge(self._store.engine), team, user, self._now()
            )
        except StoreError as error:
            # What was deleted can be found by nobody; its bytes go with the next housekeeping.
            self._log.warning("bytes_not_erased", error=str(error))
            respond(text=in_words.FORGOTTEN_LATER, response_type="ephemeral", replace_original=True)
            return

        self._relearn()
        sweep(self._settings.data)

        try:
            self._queue.compact()
        except QueueError as error:
            self._log.warning("queue_not_compacted", error=str(error))

        left = traces(places(self._settings), needles(self._store, gone.said))
        self._log.info("forgotten", rows=dict(gone.rows), retrain=list(gone.retrain), left=left)
        own = self._store.engine.dialect.name == "sqlite"
        respond(text=said(gone, left, own=own), response_type="ephemeral", replace_original=True)


def places(settings: Settings) -> list[Path]:
    """Where words of people may stand on this machine: the database's files, the queue's log, routers, data sets."""
    url = make_url(settings.store_url)
    database = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
    own = [Path(f"{database}{end}") for end in ("", "-wal", "-shm")] if database else []

    return [
        *own,
        *(
            settings.data / name
            for name in ("appendonlydir", "router", "datasets", "adapters", FOLDER)
        ),
    ]


def said(gone: Forgotten, left: Sequence[str], *, own: bool) -> str:
    """What was erased, in words, and the proof; without the database's `own` files at hand it is a smaller one."""
    counts = ", ".join(
        f"{count} {in_words.FORGOTTEN_ROWS[name]}" for name, count in gone.rows.items() if count
    )
    lines = [in_words.FORGOTTEN.format(counts=counts or in_words.FORGOTTEN_NOTHING)]
    if gone.retrain:
        lines.append(in_words.FORGOTTEN_TUNED.format(versions=", ".join(gone.retrain)))

    proof = in_words.FORGOTTEN_PROOF if own else in_words.FORGOTTEN_SERVER
    lines.append(in_words.FORGOTTEN_LEFT.format(count=len(left)) if left else proof)
    return "\n".join(lines)

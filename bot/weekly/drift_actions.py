"""The clicks on a version that drifts: train anew, keep, roll back, retire. Each counts once, and for admins only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from bot.admins import Admins
from bot.ui.dialogs import parsed, said
from bot.ui.texts import common as texts
from bot.weekly.drift_card import show_again
from bot.weekly.drift_view import KEEP_VIEW, NO_PROMPT, RETIRE_NOTE, keep_dialog
from router.config import Settings
from router.errors import LifecycleError, QueueError, SettingsError
from router.lifecycle import State
from router.log import get_log
from router.store import Store
from router.types import Candidate
from workers.drift import retraining as retune
from workers.drift.live_version import Lived, lived
from workers.drift.replacement import TRAINED, best_prompted
from workers.ports import Queue

RETUNING = "Back to the dataset: {rows} examples wait for a review. This version answers until a new one is promoted."
KEPT = "Kept as it is. Later weeks are compared with this one."
AGAIN = "The prompt is made the most of again, with what is known now. This version answers until a better one is let in."
STOPPED = "It drifts again, and waits for your word: /beagle road has its buttons."
ROLLED_BACK = "Rolled back: the version before it answers from the next request on."


class Drifting:
    """Everything that answers a click on the card of a version that drifts."""

    def __init__(self, settings: Settings, store: Store, queue: Queue, admins: Admins) -> None:
        self._settings, self._store, self._queue, self._admins = settings, store, queue, admins
        self._log = get_log(part="drift")

    def listen(self, app: App) -> None:
        """The card's buttons and its dialog are listened to."""
        actions: dict[str, Callable[..., None]] = {
            "drift_retune": self.retune,
            "drift_keep": self.ask_why,
            "drift_back": self.roll_back,
            "drift_retire": self.retire,
            "drift_stop": self.stop,
        }
        for name, act in actions.items():
            app.action(name)(act)

        app.view(KEEP_VIEW)(self.keep)

    def retune(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """A new dataset waits for a review; for a prompt, the prompt is made the most of again.

        The version that drifts answers until a new one is promoted.
        """
        ack()
        of = self._one(parsed(str(action.get("value", ""))), body, respond)
        if of is None:
            return

        version = self._store.versions.get(of.route, of.version)
        if version is not None and version.kind not in TRAINED:
            told = {"drifts": of.version, "why": "an admin had the prompt made the most of again"}
            self._move(of.candidate, "approved", told, (body, respond, client), AGAIN)
            return

        try:
            made = retune.new_dataset(self._store, self._settings, of, self._admins.now())
        except SettingsError as error:
            self._tell(respond, str(error))
            return

        waiting = sum(row["review"] == "waiting" for row in made.rows)
        told = retune.told(self._store, of, made)
        self._move(
            of.candidate, "dataset", told, (body, respond, client), RETUNING.format(rows=waiting)
        )

    def ask_why(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """A dialog asks why it is fine."""
        ack()
        of = self._one(parsed(str(action.get("value", ""))), body, respond)
        if of is not None:
            client.views_open(trigger_id=body["trigger_id"], view=keep_dialog(of.candidate))

    def keep(self, ack: Any, body: dict[str, Any], view: dict[str, Any], client: WebClient) -> None:
        """It is live again, with the reason, and what was found this week is what later ones are compared with."""
        ack()
        of = self._one(parsed(view.get("private_metadata", "")), body, None)

        reason = str(said(view, "why") or "").strip()
        if of is None or not reason:
            return

        seen = self._store.drifts.newest(of.candidate.id)
        told = self._told(of) | {"reason": reason, "drift": seen.id if seen is not None else ""}
        self._move(of.candidate, "live", told, (body, None, client), KEPT)

    def roll_back(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """The version before it answers from the next request on, on every worker: each looks it up anew."""
        ack()

        of = self._one(parsed(str(action.get("value", ""))), body, respond)
        if of is not None:
            told = self._told(of) | {"why": "an admin rolled it back because it drifts"}
            self._move(of.candidate, "rolled_back", told, (body, respond, client), ROLLED_BACK)

    def retire(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """The best prompted version answers from the next request on, and the retired one never again."""
        ack()
        of = self._one(parsed(str(action.get("value", ""))), body, respond)

        instead = best_prompted(self._store, of) if of is not None else None
        if of is None or instead is None:
            if of is not None:
                self._tell(respond, NO_PROMPT)
            return

        told = self._told(of) | {
            "instead": instead.id,
            "why": "an admin retired it because it drifts",
        }
        said = RETIRE_NOTE.format(version=instead.id)
        self._move(of.candidate, "retired", told, (body, respond, client), said)

    def stop(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """It drifts again and waits for a word; the new dataset stays for another time."""
        ack()
        of = self._one(parsed(str(action.get("value", ""))), body, respond, "dataset")
        seen = self._store.drifts.newest(of.candidate.id) if of is not None else None

        if of is not None:
            told = self._told(of) | {
                "why": "an admin stopped training it anew",
                "drift": seen.id if seen else "",
            }
            self._move(of.candidate, "drifting", told, (body, respond, client), STOPPED)

    def _told(self, of: Lived) -> dict[str, Any]:
        return {"version": of.version, "before": of.before}

    def _one(
        self,
        value: Mapping[str, Any],
        body: Mapping[str, Any],
        respond: Any,
        state: State = "drifting",
    ) -> Lived | None:
        """The version of a click, if the person is an admin and has seen its candidate as it is now."""
        one = self._store.candidates.get(str(value.get("candidate", "")))
        who = (str(body.get("team", {}).get("id", "")), str(body["user"]["id"]))
        if one is None or one.team != who[0]:
            return None

        if not self._admins.includes(*who):
            self._admins.note(who, "drift", one.id, "refused")
            self._tell(respond, texts.ADMINS_ONLY)
            return None

        of = (
            lived(self._store, one)
            if one.version == value.get("version") and one.state == state
            else None
        )
        if of is None:
            self._admins.note(who, "drift", one.id, "late")
            self._tell(respond, texts.CANDIDATE_CHANGED)

        return of

    def _move(
        self,
        one: Candidate,
        to: State,
        told: Mapping[str, Any],
        click: tuple[Mapping[str, Any], Any, Any],
        words: str,
    ) -> None:
        """If this click was the first that counted, it is done, told, and seen on the card. `click` is where to."""
        body, respond, client = click
        user = str(body["user"]["id"])

        try:
            self._store.candidates.advance(
                one.id, to, actor=user, at=self._admins.now(), evidence=told, version=one.version
            )
        except LifecycleError:
            self._admins.note((one.team, user), f"drift_{to}", one.id, "late")
            self._tell(respond, texts.CANDIDATE_CHANGED)
            return

        self._admins.note((one.team, user), f"drift_{to}", one.id, "applied")
        self._tell(respond, words)
        show_again(self._store, client, one.id)

        try:
            self._queue.wake("advance", one.id)
        except QueueError as error:
            # The candidate's state is the truth; the bot looks at the road again soon.
            self._log.info("not_woken", candidate=one.id, error=str(error))

    def _tell(self, respond: Any, words: str) -> None:
        if respond is not None:
            respond(text=words, response_type="ephemeral", replace_original=False)

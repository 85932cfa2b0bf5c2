"""The clicks on a candidate's way to a live version: review its examples, let it in, take it back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from bot.admins import Admins
from bot.listeners.slash_command import tell
from bot.ui.dialogs import parsed, said
from bot.ui.texts import common as texts
from bot.weekly import report_view as report_card
from bot.weekly.rollout_view import AT_ONCE, REVIEW_VIEW, review_dialog
from router.catalog.version import Version
from router.config import Settings
from router.errors import BeagleError, LifecycleError, QueueError, SettingsError
from router.lifecycle import State
from router.log import get_log
from router.rollout import SHARES
from router.store import Store
from router.store.weekly.datasets import StoredDataset
from router.types import Candidate
from workers.datasets.review import accept_rest, as_rows, decide, of_rows, sample
from workers.evaluation.guardrails import FEWEST, seen_enough
from workers.ports import Queue

SEED = 0
"""Draws the sample; the same for everybody, so that two reviewers look at the same rows."""
TRAINING = "Reviewed. Training begins as soon as a worker is free; the message says how it goes."
TRIED = "It runs beside the live version from now on; nobody sees its answers."
LET_IN = "It answers 5 % of the people from now on."
TAKEN_BACK = "Taken back: the version before it answers from the next request on."


class Promotion:
    """Everything that answers a click on a candidate after it was approved."""

    def __init__(self, settings: Settings, store: Store, queue: Queue, admins: Admins) -> None:
        self._settings, self._store, self._queue, self._admins = settings, store, queue, admins
        self._log = get_log(part="promotion")

    def listen(self, app: App) -> None:
        """The card's buttons and its dialog are listened to."""
        actions: dict[str, Callable[..., None]] = {
            "road_review": self.ask,
            "road_accept": self.accept,
            "road_try": self.try_beside,
            "road_canary": self.let_in,
            "road_back": self.take_back,
            "road_report": self.report,
        }
        for name, act in actions.items():
            app.action(name)(act)

        app.view(REVIEW_VIEW)(self.review)

    def ask(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """A dialog shows the next rows of the sample that wait."""
        ack()
        one = self._one(parsed(str(action.get("value", ""))), body, respond)

        stored = self._store.datasets.of(one.id) if one is not None else None
        if one is None or stored is None:
            return

        rows = of_rows(stored.rows)
        drawn = sample(rows, self._settings.dataset_sample, SEED)

        waiting = [place for place in drawn if rows[place].review == "waiting"]
        if not waiting:
            self._tell(respond, "The whole sample was looked at. “Accept the rest” is next.")
            return

        view = review_dialog(one, stored.id, rows, waiting[:AT_ONCE])
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def review(self, ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        """The verdicts of the dialog are kept; a wrong one is told beside its row and none of them counts."""
        about = parsed(view.get("private_metadata", ""))
        one = self._one(about, body, None)

        stored = self._store.datasets.get(str(about.get("dataset", "")))
        if one is None or stored is None or stored.candidate != one.id:
            ack()
            return

        rows, by, schema = of_rows(stored.rows), str(body["user"]["id"]), self._schema(stored)
        for place in about.get("places", ()):
            written = said(view, f"answer{place}")
            verdict = "fixed" if written else str(said(view, f"verdict{place}") or "waiting")
            if verdict == "waiting":
                continue

            try:
                rows = decide(rows, int(place), verdict, by, _answer(written, schema), schema)
            except (SettingsError, ValueError) as error:
                ack(response_action="errors", errors={f"answer{place}": str(error)[:150]})
                return

        ack()
        self._keep(one, stored, as_rows(rows), by)

    def accept(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any) -> None:
        """The rows that wait are accepted if the sample was good enough, and training begins."""
        ack()
        one = self._one(parsed(str(action.get("value", ""))), body, respond)

        stored = self._store.datasets.of(one.id) if one is not None else None
        if one is None or stored is None:
            return

        by, rows = str(body["user"]["id"]), of_rows(stored.rows)
        drawn = sample(rows, self._settings.dataset_sample, SEED)

        try:
            done = accept_rest(
                rows, drawn, by, self._settings.dataset_most_wrong, self._schema(stored)
            )
        except SettingsError as error:
            self._tell(respond, str(error))
            return

        if self._keep(one, stored, as_rows(done), by, respond):
            self._move(one, "reviewed", {"dataset": stored.id}, by, respond, TRAINING)

    def try_beside(
        self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any
    ) -> None:
        """A prompt that was proved goes the careful way of every version: beside the live one first."""
        ack()
        one = self._one(parsed(str(action.get("value", ""))), body, respond)

        version = self._version(one) if one is not None else None
        if one is None or one.route is None or version is None:
            return

        report = self._store.datasets.report(one.route, version)
        told = {"version": version, "report": report.id if report is not None else None}
        self._move(one, "shadow", told, str(body["user"]["id"]), respond, TRIED)

    def let_in(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any) -> None:
        """The version answers the first people; the later steps follow by themselves."""
        ack()
        one = self._one(parsed(str(action.get("value", ""))), body, respond)

        version = self._version(one) if one is not None else None
        if one is None or one.route is None or version is None:
            return

        beside, live = (
            self._store.trials.beside(one.route, version),
            self._store.versions.live(one.route),
        )

        seconds = self._admins.now() - self._store.candidates.history(one.id)[-1].at
        if live is None or not seen_enough(self._settings, beside.calls, seconds):
            said = texts.SHADOW_FIRST.format(calls=beside.calls, wanted=self._settings.shadow_calls)
            if self._settings.shadow_hours:
                said += texts.SHADOW_FIRST_HOURS.format(
                    fewest=FEWEST, hours=self._settings.shadow_hours
                )

            self._tell(respond, said)
            return

        twice = self._store.trials.beside(one.route, live.id)
        told = {
            "version": version,
            "share": SHARES[0],
            "before": live.id,
            "calls": beside.calls,
            "agreed": round(beside.agreed, 4),
            "live_agreed_with_itself": round(twice.agreed, 4) if twice.calls else None,
        }

        self._move(one, "canary", told, str(body["user"]["id"]), respond, LET_IN)

    def take_back(
        self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any
    ) -> None:
        """The version answers nobody from the next request on, on every worker: each looks it up anew."""
        ack()
        one = self._one(parsed(str(action.get("value", ""))), body, respond)

        version = self._version(one) if one is not None else None
        if one is None or one.route is None or version is None:
            return

        user = str(body["user"]["id"])
        told = {"version": version, "why": "an admin took it back"}
        self._move(one, "rolled_back", told, user, respond, TAKEN_BACK)

    def report(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any) -> None:
        """The whole report is shown to the person who asked."""
        ack()
        one = self._one(parsed(str(action.get("value", ""))), body, respond)

        version = self._version(one) if one is not None else None
        if one is None or one.route is None or version is None:
            return

        found = self._store.datasets.report(one.route, version)
        if found is None:
            self._tell(respond, f"No report of {version} is kept.")
            return

        tell(respond, report_card.shown(found))

    def _one(
        self, value: Mapping[str, Any], body: Mapping[str, Any], respond: Any
    ) -> Candidate | None:
        """The candidate of a click, if the person is an admin and has seen it as it is now."""
        one = self._store.candidates.get(str(value.get("candidate", "")))
        who = (str(body.get("team", {}).get("id", "")), str(body["user"]["id"]))
        if one is None or one.team != who[0]:
            return None

        if not self._admins.includes(*who):
            self._admins.note(who, "road", one.id, "refused")
            self._tell(respond, texts.ADMINS_ONLY)
            return None

        if one.version != value.get("version"):
            self._admins.note(who, "road", one.id, "late")
            self._tell(respond, texts.CANDIDATE_CHANGED)
            return None

        return one

    def _move(
        self,
        one: Candidate,
        to: State,
        told: Mapping[str, Any],
        user: str,
        respond: Any,
        words: str,
    ) -> bool:
        """Whether this click was the one that counted; then a worker goes on."""
        try:
            self._store.candidates.advance(
                one.id, to, actor=user, at=self._admins.now(), evidence=told, version=one.version
            )
        except LifecycleError:
            self._admins.note((one.team, user), f"road_{to}", one.id, "late")
            self._tell(respond, texts.CANDIDATE_CHANGED)
            return False

        self._admins.note((one.team, user), f"road_{to}", one.id, "applied")
        self._tell(respond, words)

        try:
            self._queue.wake("advance", one.id)
        except QueueError as error:
            self._log.info("not_woken", candidate=one.id, error=str(error))

        return True

    def _keep(
        self,
        one: Candidate,
        stored: StoredDataset,
        rows: list[dict[str, Any]],
        by: str,
        respond: Any = None,
    ) -> bool:
        try:
            self._store.datasets.review(stored, rows, dict(stored.card))
        except BeagleError as error:
            self._log.info("review_late", candidate=one.id, error=str(error))
            self._admins.note((one.team, by), "road_review", one.id, "late")
            self._tell(respond, texts.CANDIDATE_CHANGED)

            return False

        self._admins.note((one.team, by), "road_review", one.id, "applied")
        return True

    def _version(self, one: Candidate) -> str | None:
        history = self._store.candidates.history(one.id)
        found = history[-1].evidence.get("version") if history else None
        return str(found) if found else None

    def _schema(self, stored: StoredDataset) -> Mapping[str, Any] | None:
        live = self._store.versions.live(stored.route)
        return Version.model_validate(dict(live.body)).output if live is not None else None

    def _tell(self, respond: Any, words: str) -> None:
        if respond is not None:
            respond(text=words, response_type="ephemeral", replace_original=False)


def _answer(written: Any, schema: Mapping[str, Any] | None) -> Any:
    """The right answer as it was written. Raises ValueError when it has to be JSON and is not."""
    if not written or schema is None:
        return written
    return json.loads(str(written))

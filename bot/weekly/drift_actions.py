"""The buttons of a drifting version: retrain, dismiss, roll back, retire, stop retraining."""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt import App
from slack_sdk import WebClient

from bot.payloads import Ack, Action, ActionBody, Respond, View, ViewBody
from bot.ui.dialogs import answer_to
from bot.ui.texts import drift as texts
from bot.weekly.action_ids import listen
from bot.weekly.candidate_click import CandidateClick, CandidateClicks
from bot.weekly.drift_card import update_drift_cards
from bot.weekly.drift_view import DISMISS_VIEW, dismiss_dialog
from router.config import Settings
from router.errors import InputError
from router.kinds import TRAINED_KINDS
from router.lifecycle import State
from router.lifecycle_evidence import (
    ApprovalEvidence,
    DriftEvidence,
    LiveEvidence,
    RetirementEvidence,
    RollbackEvidence,
    TransitionEvidence,
)
from router.store import Store
from workers.drift.live_version import LiveVersion, live_version
from workers.drift.replacement import best_prompted
from workers.drift.retraining import build_retraining_dataset, retraining_evidence


class DriftActions:
    """Answers every click on the card of a drifting version."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clicks: CandidateClicks,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._store = store
        self._clicks = clicks
        self._now = now

    def listen(self, app: App) -> None:
        """Registers the card's buttons and its dialog."""
        actions = {
            "drift_retune": self.retrain,
            "drift_keep": self.open_dismissal,
            "drift_rollback": self.roll_back,
            "drift_retire": self.retire,
            "drift_stop": self.stop_retraining,
        }
        listen(app, actions, {DISMISS_VIEW: self.dismiss})

    def retrain(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Builds a new dataset to review; of a prompted version, the prompt is optimised again.

        The drifting version keeps answering until a new one is promoted.
        """
        ack()
        click = self._clicks.on_button("drift", action, body, respond, client)
        live = self._resolve(click)
        if live is None:
            return

        # Only a trained version has examples to learn from again; a prompt is optimised again.
        version = self._store.versions.get(live.candidate.team, live.route, live.version)
        if version is not None and version.kind not in TRAINED_KINDS:
            approval = ApprovalEvidence(
                retraining_of=live.version, explanation=texts.PROMPT_AGAIN_BY_ADMIN
            )
            self._advance(click, live, approval, texts.PROMPT_AGAIN, client)
            return

        try:
            dataset = build_retraining_dataset(self._store, self._settings, live, self._now())
        except InputError as error:
            click.tell(str(error))
            return

        waiting = sum(row["review"] == "waiting" for row in dataset.rows)
        evidence = retraining_evidence(self._store, live, dataset)
        self._advance(click, live, evidence, texts.RETRAINING.format(rows=waiting), client)

    def open_dismissal(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Asks why the version is fine as it is."""
        ack()
        live = self._resolve(self._clicks.on_button("drift", action, body, respond, client))
        if live is not None:
            view = dismiss_dialog(live.candidate)
            client.views_open(trigger_id=body["trigger_id"], view=view)

    def dismiss(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Marks the version as live again; later weeks are compared with this one."""
        click = self._clicks.on_dialog("drift", ack, body, view, "why")
        live = self._resolve(click)
        if live is None:
            return

        # Blanks pass Slack's check for a required answer.
        reason = answer_to(view, "why").strip()
        if not reason:
            click.tell(texts.DISMISS_WHY)
            return

        evidence = LiveEvidence(
            version=live.version,
            previous_version=live.previous,
            reason=reason,
            drift_check=self._newest_check(live),
        )
        self._advance(click, live, evidence, texts.DISMISSED, client)

    def roll_back(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Lets the previous version answer again, from the next request on and on every worker."""
        ack()
        click = self._clicks.on_button("drift", action, body, respond, client)
        live = self._resolve(click)
        if live is not None:
            evidence = RollbackEvidence(
                version=live.version,
                previous_version=live.previous,
                explanation=texts.ROLLED_BACK_BY_ADMIN,
            )
            self._advance(click, live, evidence, texts.ROLLED_BACK, client)

    def retire(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Lets the best prompted version answer instead; the retired one never answers again."""
        ack()
        click = self._clicks.on_button("drift", action, body, respond, client)
        live = self._resolve(click)
        if live is None:
            return

        replacement = best_prompted(self._store, live)
        if replacement is None:
            click.tell(texts.NO_PROMPT)
            return

        evidence = RetirementEvidence(
            version=live.version,
            previous_version=live.previous,
            replacement=replacement.id,
            explanation=texts.RETIRED_BY_ADMIN,
        )
        self._advance(click, live, evidence, texts.RETIRED.format(version=replacement.id), client)

    def stop_retraining(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Marks the version as drifting again; the new dataset stays in the store."""
        ack()
        click = self._clicks.on_button("drift", action, body, respond, client)
        live = self._resolve(click, "dataset")
        if live is not None:
            evidence = DriftEvidence(
                version=live.version,
                previous_version=live.previous,
                explanation=texts.STOPPED_BY_ADMIN,
                drift_check=self._newest_check(live),
            )
            self._advance(click, live, evidence, texts.STOPPED, client)

    def _resolve(self, click: CandidateClick, state: State = "drifting") -> LiveVersion | None:
        """Returns the live version of the click's candidate, if the click still counts."""
        candidate = click.resolve(states=(state,))
        if candidate is None:
            return None

        live = live_version(self._store, candidate)
        if live is None:
            # Another version answers now: there is nothing left to decide.
            click.refuse_late(candidate)

        return live

    def _advance(
        self,
        click: CandidateClick,
        live: LiveVersion,
        evidence: TransitionEvidence,
        text: str,
        client: WebClient,
    ) -> None:
        # The cards first: an admin looks at them while the worker begins.
        if click.advance(live.candidate, evidence, text) is not None:
            update_drift_cards(self._store, client, live.candidate.id)
            click.wake_worker(live.candidate)

    def _newest_check(self, live: LiveVersion) -> str:
        check = self._store.drift_checks.newest(live.candidate.id)
        return "" if check is None else check.id

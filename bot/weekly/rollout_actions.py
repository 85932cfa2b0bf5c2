"""The buttons of a rollout: review the dataset, start the shadow test or the canary, roll back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from bot.payloads import Ack, Action, ActionBody, Respond, View, ViewBody
from bot.ui.dialogs import answer_to, dialog_value
from bot.ui.ephemeral import send_ephemeral
from bot.ui.texts import drafts
from bot.ui.texts import rollout as texts
from bot.weekly import report_view, review_form
from bot.weekly.action_ids import listen
from bot.weekly.candidate_click import CandidateClick, CandidateClicks
from bot.weekly.rollout_state import is_only_version, simulated_requests
from router.canary import CANARY_SHARES, share_with_somebody
from router.catalog.version import Version
from router.config import Settings
from router.errors import BeagleError, InputError
from router.lifecycle_evidence import (
    CanaryEvidence,
    DraftedEvidence,
    ReviewedEvidence,
    RollbackEvidence,
    ShadowEvidence,
    TransitionEvidence,
)
from router.log import get_log
from router.store import Store
from router.store.weekly.datasets import StoredDataset
from router.types import Candidate
from workers.datasets.build import DatasetExample
from workers.datasets.review import (
    SAMPLE_SEED,
    accept_rest,
    draw_sample,
    from_records,
    record_verdict,
    to_records,
)
from workers.evaluation.guardrails import MIN_ANSWERS, shadow_complete, trial_row_count

ERROR_LIMIT = 150
"""Characters of a problem that a dialog shows at a question."""


class RolloutActions:
    """Answers every click on a candidate after its approval."""

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
        self._log = get_log(part="promotion")

    def listen(self, app: App) -> None:
        """Registers the card's buttons and its dialog."""
        actions = {
            "rollout_review": self.open_review,
            "rollout_accept": self.accept_remaining,
            "rollout_shadow": self.start_shadow,
            "rollout_canary": self.start_canary,
            "rollout_rollback": self.roll_back,
            "rollout_report": self.show_report,
        }
        listen(app, actions, {review_form.REVIEW_VIEW: self.save_review})

    def open_review(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Shows the next rows of the sample that nobody has reviewed."""
        ack()
        click = self._clicks.on_button("rollout", action, body, respond, client)
        candidate = click.resolve()
        if candidate is None:
            return

        stored = self._store.datasets.newest_for_candidate(candidate.team, candidate.id)
        if stored is None:
            return

        rows = from_records(stored.rows)
        waiting = [place for place in self._sample(rows) if rows[place].review == "waiting"]
        if not waiting:
            click.tell(texts.SAMPLE_DONE)
            return

        schema = self._schema(stored)
        places = waiting[: review_form.rows_per_dialog(review_form.fields_of(schema))]
        view = review_form.review_dialog(candidate, stored.id, rows, places, schema)
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def save_review(self, ack: Ack, body: ViewBody, view: View) -> None:
        """Stores the dialog's verdicts. A wrong one is shown at its row, and then none counts."""
        value = dialog_value(view)
        places = value.get("places", [])
        question = review_form.verdict_name(places[0]) if places else ""
        click = self._clicks.on_dialog("rollout", ack, body, view, question)
        candidate = click.resolve()
        if candidate is None:
            return

        stored = self._store.datasets.get(candidate.team, str(value.get("dataset", "")))
        if stored is None or stored.candidate != candidate.id:
            click.refuse_late(candidate)
            return

        rows = from_records(stored.rows)
        schema = self._schema(stored)

        for place in places:
            try:
                rows = _with_verdict(view, rows, int(place), click.user, schema)
            except (InputError, ValueError) as error:
                problem = str(error)[:ERROR_LIMIT]
                ack(response_action="errors", errors={review_form.verdict_name(place): problem})
                return

        if self._save_rows(click, candidate, stored, rows):
            click.succeed("")

    def accept_remaining(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Accepts the rows that nobody reviewed if the sample was good enough; training starts."""
        ack()
        click = self._clicks.on_button("rollout", action, body, respond, client)
        candidate = click.resolve()
        if candidate is None:
            return

        stored = self._store.datasets.newest_for_candidate(candidate.team, candidate.id)
        if stored is None:
            return

        rows = from_records(stored.rows)
        try:
            rows = accept_rest(
                rows,
                self._sample(rows),
                click.user,
                self._settings.dataset_max_error_rate,
                self._schema(stored),
            )
        except InputError as error:
            click.tell(str(error))
            return

        # Two steps, not one transaction: if the second fails, the accepted rows are only kept.
        if self._save_rows(click, candidate, stored, rows):
            evidence = ReviewedEvidence(dataset=stored.id)
            self._advance(click, candidate, evidence, texts.TRAINING_STARTED)

    def start_shadow(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Runs a better prompt beside the live version, as every new version does first."""
        ack()
        click = self._clicks.on_button("rollout", action, body, respond, client)
        candidate = click.resolve()
        version = self._version(candidate)
        if candidate is None or candidate.route is None or version is None:
            return

        refusal = self._draft_refusal(candidate)
        if refusal:
            click.tell(refusal)
            return

        report = self._store.datasets.newest_report(candidate.team, candidate.route, version)
        evidence = ShadowEvidence(version=version, report=None if report is None else report.id)
        is_only = is_only_version(self._store, candidate.team, candidate.route, version)
        started = drafts.SHADOW_STARTED if is_only else texts.SHADOW_STARTED

        self._advance(click, candidate, evidence, started)

    def start_canary(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Gives the version to the first users; larger shares follow automatically."""
        ack()
        click = self._clicks.on_button("rollout", action, body, respond, client)
        candidate = click.resolve()
        version = self._version(candidate)
        if candidate is None or candidate.route is None or version is None:
            return

        team, route, runs = candidate.team, candidate.route, self._store.shadow_runs
        began = self._store.candidates.history(candidate.id)[-1].at
        in_shadow = runs.shadow_metrics(team, route, version, began)
        live = self._store.versions.live(team, route)
        seconds = self._now() - began

        calls = in_shadow.calls
        if live is None:
            calls += trial_row_count(self._store.datasets.newest_report(team, route, version))

        # Fewer requests than this could not tell a worse version from chance.
        drafted = self._store.drafted_routes.get(team, route)
        complete = shadow_complete(self._settings, calls, seconds)
        if not complete or (live is None and drafted is None):
            click.tell(self._shadow_incomplete(calls))
            return

        # The live version, asked twice, shows how much of the disagreement is chance.
        previous = "" if live is None else live.id
        share = CANARY_SHARES[0]
        if drafted is not None:
            share = share_with_somebody(route, drafted.askers, share)

        live_again = runs.shadow_metrics(team, route, previous)
        evidence = CanaryEvidence(
            version=version,
            share=share,
            previous_version=previous,
            shadow_calls=in_shadow.calls,
            agreement=round(in_shadow.agreed, 4),
            live_self_agreement=round(live_again.agreed, 4) if live_again.calls else None,
        )
        self._advance(click, candidate, evidence, texts.CANARY_STARTED.format(share=share))

    def roll_back(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Lets the previous version answer again, from the next request on and on every worker."""
        ack()
        click = self._clicks.on_button("rollout", action, body, respond, client)
        candidate = click.resolve()
        version = self._version(candidate)
        if candidate is None or candidate.route is None or version is None:
            return

        evidence = RollbackEvidence(version=version, explanation=texts.ROLLED_BACK_BY_ADMIN)
        is_only = is_only_version(self._store, candidate.team, candidate.route, version)
        back = drafts.ROLLED_BACK if is_only else texts.ROLLED_BACK
        self._advance(click, candidate, evidence, back)

    def show_report(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Shows the whole report to the person who asked."""
        ack()
        click = self._clicks.on_button("rollout", action, body, respond, client)
        candidate = click.resolve()
        version = self._version(candidate)
        if candidate is None or candidate.route is None or version is None:
            return

        report = self._store.datasets.newest_report(candidate.team, candidate.route, version)
        if report is None:
            click.tell(texts.NO_REPORT.format(version=version))
            return

        simulated = simulated_requests(self._store, candidate)
        send_ephemeral(respond, report_view.render_report(report, simulated))

    def _draft_refusal(self, candidate: Candidate) -> str:
        """Returns why a drafted route cannot be started; empty where it can, or is no draft."""
        if candidate.state != "drafted":
            return ""

        evidence = self._store.candidates.history(candidate.id)[-1].evidence
        if isinstance(evidence, DraftedEvidence) and evidence.passed:
            return ""

        failed = [one for one in getattr(evidence, "reasons", ()) if one.startswith("Not passed")]
        reason = failed[0] if failed else drafts.NOT_EVALUATED
        return drafts.NOT_STARTED.format(reason=reason)

    def _advance(
        self,
        click: CandidateClick,
        candidate: Candidate,
        evidence: TransitionEvidence,
        text: str,
    ) -> None:
        if click.advance(candidate, evidence, text) is not None:
            click.wake_worker(candidate)

    def _save_rows(
        self,
        click: CandidateClick,
        candidate: Candidate,
        stored: StoredDataset,
        rows: Sequence[DatasetExample],
    ) -> bool:
        """Stores reviewed rows; returns False, and tells the person, if somebody else was first."""
        try:
            # Refused if another reviewer saved since: their verdicts must not be overwritten.
            self._store.datasets.save_review(stored, to_records(rows), dict(stored.card))
        except BeagleError as error:
            self._log.info("review_late", candidate=candidate.id, error=str(error))
            click.refuse_late(candidate, "rollout_review")
            return False

        click.record(candidate, "review", "applied")
        return True

    def _sample(self, rows: Sequence[DatasetExample]) -> list[int]:
        return draw_sample(rows, self._settings.dataset_sample, SAMPLE_SEED)

    def _version(self, candidate: Candidate | None) -> str | None:
        """Returns the version that the candidate's newest step moves; None if there is none."""
        if candidate is None:
            return None

        history = self._store.candidates.history(candidate.id)
        return history[-1].evidence.version if history else None

    def _schema(self, stored: StoredDataset) -> Mapping[str, Any] | None:
        # Reviewers correct answers to the schema that is live, because the new version replaces it.
        live = self._store.versions.live(stored.team, stored.route)
        return None if live is None else Version.model_validate(dict(live.body)).output

    def _shadow_incomplete(self, calls: int) -> str:
        wanted = self._settings.shadow_min_requests
        text = texts.SHADOW_FIRST.format(calls=calls, wanted=wanted)
        if self._settings.shadow_hours:
            text += " " + texts.SHADOW_FIRST_HOURS.format(
                fewest=MIN_ANSWERS, hours=self._settings.shadow_hours
            )

        return text


def _with_verdict(
    view: View,
    rows: tuple[DatasetExample, ...],
    place: int,
    user: str,
    schema: Mapping[str, Any] | None,
) -> tuple[DatasetExample, ...]:
    """Returns the rows with what the dialog says of one of them; as they were if it says nothing.

    Raises InputError for an answer that does not fit, ValueError for a field that cannot be read.
    """
    if not 0 <= place < len(rows):
        raise InputError(f"reviewing row {place}: the dataset has {len(rows)} rows")

    verdict = answer_to(view, review_form.verdict_name(place))
    answer = None
    if verdict != "dropped":
        answer = review_form.corrected_answer(view, place, rows[place], schema)
    if answer is not None:
        # A corrected field is a verdict of its own, whether or not *Right* was chosen, too.
        verdict = "fixed"

    return record_verdict(rows, place, verdict, user, answer, schema) if verdict else rows
